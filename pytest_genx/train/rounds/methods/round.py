"""What one round has -> the next version, by kto, dpo or grpo, part by part."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pytest_genx.domain import Role
from pytest_genx.errors import GenxError
from pytest_genx.train.rounds import finetune
from pytest_genx.train.rounds.bases import best_device, load_base, load_words
from pytest_genx.train.rounds.methods.settings import make_config
from pytest_genx.train.rounds.methods.trainers import Start, train_dpo, train_grpo, train_kto
from pytest_genx.train.rounds.preferences import Answer, Evidence, contested, judged, pairs
from pytest_genx.train.rounds.recipe import RoundsRecipe
from pytest_genx.train.rounds.rewards import Run, arena
from pytest_genx.train.rounds.roles import MODEL
from pytest_genx.train.rounds.store import Place
from pytest_genx.train.rounds.tuning import Turn, each_part
from pytest_genx.train.rounds.work import Work

_SHOWN = "shown"  # answers, pairs or prompts of each role, those too long included


class NothingContested(GenxError):
    """A round has no problem that the version solves sometimes, and not always."""

    def __init__(self, recipe: RoundsRecipe, answers: Sequence[Answer]) -> None:
        right = ", ".join(
            f"{sum(a.right for a in answers if a.role is role)} of "
            f"{sum(a.role is role for a in answers)} {role.value}'s answers are right"
            for role in Role
        )
        limits = recipe.preferences
        super().__init__(
            f"nothing for {recipe.train.method} to train on: no problem's share of right answers "
            f"lies between preferences.lowest = {limits.lowest} and preferences.highest = "
            f"{limits.highest}, or what lies there is too long ({right})"
        )


def train_on(
    work: Work, number: int, place: Place, evidence: Sequence[Evidence], run: Run
) -> tuple[list[str], dict[str, Any]]:
    """Train on from the version that sampled.

    Earlier rounds are not replayed: their answers are not this version's. A part that goes on
    from nothing stays as it is, if it is one of two. A killed run goes on from its checkpoint.

    Args:
        work: the run.
        number: of the round.
        place: its folder.
        evidence: of each problem of the round.
        run: the engine, for grpo.

    Returns:
        The files that were made, and counts for the manifest, by part where there are two.

    Raises:
        NothingContested: no answer is of use to the one part there is.
        OutOfMemory: a step does not fit the GPU.
    """

    def train(turn: Turn) -> dict[str, Any]:
        part = turn.job.part
        before = work.place(number - 1).folder / part
        target = place.folder / part
        source = before if turn.job.lora is None else turn.base
        start = _start(work.recipe, turn, before, source)
        counts = _trained(work.recipe, turn, start, evidence, place.folder, target, run)
        if counts is None:
            turn.notice(f"{part} stays as it is: no answer of {' or '.join(turn.roles)} is of use")
            if turn.job.main:
                shutil.copytree(before, target, dirs_exist_ok=True)
            counts = {"steps": 0}
        if turn.job.main:
            finetune.complete(start.words, source, place.folder, turn.job)
        return counts

    files, facts = each_part(work, number, place, train)
    shown: Counter[str] = Counter()
    for counts in (facts, *(facts[role.value] for role in Role if role.value in facts)):
        shown.update(counts.pop(_SHOWN, {}))
    # As sft has them: by round of origin, which is always this one.
    facts["rows"] = {f"round {number}": shown.total()}
    for role in Role:
        facts[f"{role.value} rows"] = {f"round {number}": shown[role.value]}
    return files, {"method": work.recipe.train.method, **facts}


def _start(recipe: RoundsRecipe, turn: Turn, before: Path, source: Path) -> Start:
    """The version that sampled; TRL reads its whole weights once more, as the reference."""
    import torch  # noqa: PLC0415
    from transformers import AutoConfig  # noqa: PLC0415
    from transformers.utils.logging import disable_progress_bar  # noqa: PLC0415

    disable_progress_bar()
    torch.set_num_threads(recipe.train.threads)
    config = AutoConfig.from_pretrained(source, local_files_only=True)
    context = min(int(config.max_position_embeddings), finetune.LONGEST_ROW)

    def load() -> Any:
        if turn.job.lora is None:
            return str(before)
        import peft  # noqa: PLC0415

        torch.manual_seed(recipe.seed)
        dtype = "bfloat16" if best_device() == "cuda" else "float32"
        model, _ = load_base(source, dtype=dtype)
        return peft.PeftModel.from_pretrained(model, str(before), is_trainable=True)

    return Start(load, load_words(source), context)


def _trained(
    recipe: RoundsRecipe, turn: Turn, start: Start, evidence: Sequence[Evidence], folder: Path,
    target: Path, run: Run,
) -> dict[str, Any] | None:  # fmt: skip
    """Train one part by the recipe's method; None where nothing is of use."""
    method, limits, chat = recipe.train.method, recipe.preferences, start.words.chat
    limit = min(recipe.sampling.max_tokens, start.context // 2)  # as backends have it
    sampled = [a for one in evidence for a in judged(one, limits.valid, limit, chat)]
    of_roles = [answer for answer in sampled if answer.role.value in turn.roles]
    answers = contested(of_roles, limits)
    state = folder if turn.job.part == MODEL else folder / turn.job.part
    more = {"max_completion_length": limit} if method == "grpo" else {"max_length": start.context}
    config = make_config(recipe, state / finetune.TRL, **more)
    counts: dict[str, Any] | None
    if method == "kto":
        roles = [answer.role.value for answer in answers]
        counts = train_kto(start, answers, config, target, turn)
    elif method == "dpo":
        paired = pairs(answers, limits.pairs)
        roles = [pair.chosen.role.value for pair in paired]
        counts = train_dpo(start, paired, config, target, turn)
    else:
        found = (
            arena(one, n_mutants=recipe.filter.mutants, most=limits.wrong, seed=recipe.seed)
            for one in evidence
        )
        places = {one.problem.id: one for one in found if one is not None}
        prompts = {(a.problem, a.role.value): a.prompt for a in answers if a.problem in places}
        roles = [role for _, role in prompts]
        counts = train_grpo(start, list(places.values()), prompts, config, target, turn, run)
    if counts is None and turn.job.part == MODEL:
        raise NothingContested(recipe, sampled)
    return counts and {**counts, _SHOWN: dict(Counter(roles))}
