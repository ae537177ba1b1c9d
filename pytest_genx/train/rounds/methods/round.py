"""What one round has -> the next version, by the recipe's method."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pytest_genx.domain import Role
from pytest_genx.errors import GenxError
from pytest_genx.train.gguf_file import write_gguf
from pytest_genx.train.rounds.bases import load_base, save_words
from pytest_genx.train.rounds.methods.settings import make_config
from pytest_genx.train.rounds.methods.trainers import (
    Start,
    train_dpo,
    train_grpo,
    train_kto,
)
from pytest_genx.train.rounds.preferences import Answer, Evidence, contested, judged, pairs
from pytest_genx.train.rounds.recipe import RoundsRecipe
from pytest_genx.train.rounds.rewards import Run, arena
from pytest_genx.train.rounds.roles import MODEL
from pytest_genx.train.rounds.store import CHECKPOINTS


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
            f"{limits.highest} ({right})"
        )


def train_on(
    evidence: Sequence[Evidence], recipe: RoundsRecipe, before: Path, folder: Path, run: Run, *,
    name: str, report: Callable[[dict[str, float]], None],
) -> dict[str, Any]:  # fmt: skip
    """Train on from the version that sampled, by kto, dpo or grpo.

    Earlier rounds are not replayed: their answers are not this version's. It goes on from a
    checkpoint that a killed run left.

    Args:
        evidence: of each problem of the round.
        recipe: method, settings, limits.
        before: the version that sampled, a folder of transformers.
        folder: gets the model in both formats.
        run: the engine, for grpo.
        name: what the GGUF file says the model is called.
        report: called with each line of the trainer's log.

    Returns:
        Counts of what was trained on, and steps.

    Raises:
        NothingContested: no answer is of use.
        RecipeError, MissingDependency: as `make_config`.
    """
    method, limits = recipe.train.method, recipe.preferences
    import torch  # noqa: PLC0415

    torch.set_num_threads(recipe.train.threads)
    model, words = load_base(before)
    context = int(model.config.max_position_embeddings)
    del model
    start = Start(before, words.tokenizer, context)
    limit = min(recipe.sampling.max_tokens, context // 2)  # as backends have it
    sampled = [a for one in evidence for a in judged(one, limits.valid, limit)]
    answers = contested(sampled, limits)
    more = {"max_completion_length": limit} if method == "grpo" else {"max_length": context}
    config = make_config(recipe, folder / CHECKPOINTS, **more)
    if method == "kto":
        trained = train_kto(start, answers, config, report)
    elif method == "dpo":
        trained = train_dpo(start, pairs(answers, limits.pairs), config, report)
    else:
        found = [
            arena(one, n_mutants=recipe.filter.mutants, most=limits.wrong, seed=recipe.seed)
            for one in evidence
        ]
        arenas = [place for place in found if place is not None]
        known = {place.problem.id for place in arenas}
        contests = list(dict.fromkeys((a.problem, a.role.value) for a in answers))
        contests = [pair for pair in contests if pair[0] in known]
        trained = train_grpo(start, arenas, contests, config, run, report)
    if trained is None:
        raise NothingContested(recipe, sampled)
    trained.model.save_pretrained(folder / MODEL)
    save_words(words, before, folder / MODEL)
    write_gguf(folder / MODEL, folder / f"{MODEL}.gguf", name=name)
    return {"method": method, **trained.counts}
