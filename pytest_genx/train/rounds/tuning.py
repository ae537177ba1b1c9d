"""Accepted rows -> the weights of the next version, part by part."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from pytest_genx.domain import Role
from pytest_genx.train.rounds import finetune
from pytest_genx.train.rounds.bases import load_words
from pytest_genx.train.rounds.roles import MODEL, lora_config, parts
from pytest_genx.train.rounds.store import Place, write_text
from pytest_genx.train.rounds.work import Work


def train_parts(
    work: Work, number: int, place: Place, rows: Sequence[Mapping[str, Any]]
) -> tuple[list[str], dict[str, Any]]:
    """Train each part of a version from its base, on the rows of the roles that it plays.

    A part that a killed run has finished is not trained again.

    Args:
        work: the run.
        number: of the round.
        place: its folder.
        rows: accepted ones, of all rounds that are mixed.

    Returns:
        The files that were made, and counts for the manifest, by part where there are two.
    """
    recipe = work.recipe
    origins = Counter(f"round {row['round']}" for row in rows)

    def report(step: dict[str, float]) -> None:
        steps = int(step.get("steps", 0))
        work.watch.progress(f"round {number}, train", int(step["step"]), steps)
        work.watch.log({"event": "step", "round": number, **step})

    def notice(line: str) -> None:
        work.watch.notice(f"round {number}, train: {line}")
        work.watch.log({"event": "notice", "round": number, "text": line})

    facts: dict[str, Any] = {}
    for part, roles in parts(recipe.roles).items():
        done = place.folder / f"train.{part}.part"
        if done.exists():
            counts = json.loads(done.read_text("utf-8"))
        else:
            lora = lora_config(recipe)
            base = work.bases[part]
            path = base.path if lora is None else work.base_folder(part)
            played = {role.value for role in roles}
            documents = finetune.make_documents(
                [row for row in rows if row["role"] in played],
                work.train,
                recipe.train.answers,
                recipe.seed,
                load_words(path).chat,
            )
            job = finetune.Job(
                recipe.train,
                recipe.seed,
                f"{recipe.name}-v{number + 1}",
                part,
                lora=lora,
                trl=recipe.trl,
                gguf=work.gguf,
                licence=base.licence,
                main=work.main,
            )
            counts = finetune.finetune(
                documents, path, place.folder, job, report=report, notice=notice
            )
            if work.main:
                write_text(done, json.dumps(counts))
        facts |= counts if part == MODEL else {part: counts}
    facts["rows"] = dict(sorted(origins.items()))
    for role in Role:
        of_role = Counter(f"round {row['round']}" for row in rows if row["role"] == role.value)
        facts[f"{role.value} rows"] = dict(sorted(of_role.items()))
    return trained_files(place, recipe.roles), facts


def trained_files(place: Place, form: str) -> list[str]:
    """Weights and GGUF files of a round, as the manifest lists them."""
    found = []
    for part in parts(form):
        if (place.folder / f"{part}.gguf").exists():
            found.append(f"{part}.gguf")
        weights = sorted((place.folder / part).glob("*.safetensors"))
        found += [f"{part}/{path.name}" for path in weights]
    return found
