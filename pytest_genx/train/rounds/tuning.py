"""Accepted rows -> the weights of the next version, part by part."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
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

    def train(turn: Turn) -> dict[str, Any]:
        documents = finetune.make_documents(
            [row for row in rows if row["role"] in turn.roles],
            work.train,
            work.recipe.train.answers,
            work.recipe.seed,
            load_words(turn.base).chat,
        )
        return finetune.finetune(
            documents, turn.base, place.folder, turn.job, report=turn.report, notice=turn.notice
        )

    files, facts = each_part(work, number, place, train)
    origins = Counter(f"round {row['round']}" for row in rows)
    facts["rows"] = dict(sorted(origins.items()))
    for role in Role:
        of_role = Counter(f"round {row['round']}" for row in rows if row["role"] == role.value)
        facts[f"{role.value} rows"] = dict(sorted(of_role.items()))
    return files, facts


@dataclass(frozen=True, slots=True)
class Turn:
    """The training of one part: how, of which roles, from which base, and who is told."""

    job: finetune.Job
    roles: frozenset[str]
    base: Path
    report: Callable[[dict[str, float]], None]
    notice: Callable[[str], None]


def each_part(
    work: Work, number: int, place: Place, train: Callable[[Turn], dict[str, Any]]
) -> tuple[list[str], dict[str, Any]]:
    """Let `train` make the weights of each part, unless a killed run has finished it.

    Returns:
        The files that were made, and the counts that `train` gave, by part where there are two.
    """
    recipe = work.recipe

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
            played = frozenset(role.value for role in roles)
            counts = train(Turn(job, played, path, report, notice))
            if work.main:
                write_text(done, json.dumps(counts))
        facts |= counts if part == MODEL else {part: counts}
    return _files(place, recipe.roles), facts


def _files(place: Place, form: str) -> list[str]:
    """Weights and GGUF files of a round, as the manifest lists them."""
    found = []
    for part in parts(form):
        if (place.folder / f"{part}.gguf").exists():
            found.append(f"{part}.gguf")
        weights = sorted((place.folder / part).glob("*.safetensors"))
        found += [f"{part}/{path.name}" for path in weights]
    return found
