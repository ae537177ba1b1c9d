"""A whole run, from nothing or from where it was killed: rounds x stages, in order."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pytest_genx.models.store import file_hash
from pytest_genx.train.rounds.methods.settings import check_method
from pytest_genx.train.rounds.problems import load_sets, measured_code
from pytest_genx.train.rounds.recipe import RoundsRecipe
from pytest_genx.train.rounds.stages import (
    MEASURED,
    METRICS,
    STAGES,
    Watch,
    Work,
    measure,
    run_stage,
    summaries,
)
from pytest_genx.train.rounds.store import Place, RunError, write_text

SAVED, LOG = "recipe.json", "log.jsonl"


def open_work(recipe: RoundsRecipe, watch: Watch) -> Work:
    """Read the problems of a recipe, without those that equal what is measured.

    Raises:
        RecipeError, DataError, UnknownName: as the recipe and its files are read.
        MissingDependency: the recipe's method needs TRL.
        RunError: no problem is left to train on.
    """
    check_method(recipe)
    measured = measured_code(recipe.data.test, recipe.data)
    train, dropped = load_sets(
        recipe.data.train, recipe.data, limit=recipe.data.limit, seed=recipe.seed,
        measured=measured,
    )  # fmt: skip
    test, dropped_test = load_sets(
        recipe.data.test, recipe.data, limit=recipe.eval.limit, seed=recipe.seed
    )
    for name, of_set in test.items():
        # What is measured must be known: a problem without a reference only trains.
        test[name] = [p for p in of_set if not p.target.is_stub]
        if left_out := len(of_set) - len(test[name]):
            dropped_test[name] |= {"problems": len(test[name]), "no reference": left_out}
    problems = {p.id: p for of_set in train.values() for p in of_set}
    if not problems:
        raise RunError(recipe.output, f"no problem to train on; dropped: {dropped}")
    counts = {
        **{f"train {name}": c for name, c in dropped.items()},
        **{f"test {name}": c for name, c in dropped_test.items()},
    }
    return Work(recipe, problems, test, counts, watch, base_hash(recipe))


def run(recipe: RoundsRecipe, watch: Watch, *, resume: bool = False) -> None:
    """Run what is left of all rounds.

    Args:
        recipe: when it goes on, all that decides results must be as before; `rounds` may grow.
        watch: told of progress.
        resume: whether the output folder is to hold a run already.

    Raises:
        RunError: there is a run already, or none, or it was begun with another recipe.
        GenxError: a stage cannot be done; what was done before is kept.
    """
    check_saved(recipe, resume=resume)
    with open_log(recipe.output) as log:
        watch = Watch(watch.notice, watch.progress, log)
        work = open_work(recipe, watch)
        save(recipe)
        for name, counts in work.dropped.items():
            watch.notice(f"{name}: " + ", ".join(f"{n} {what}" for what, n in counts.items()))
        run_base(work)
        for number in range(recipe.rounds + 1):
            for stage in STAGES:
                run_stage(work, number, stage)


def run_alone(recipe: RoundsRecipe, number: int, stage: str, watch: Watch) -> None:
    """Run one stage of one round; those before it must be done.

    Raises:
        RunError: a file of an earlier stage is missing, or the folder is of another recipe.
    """
    if (recipe.output / SAVED).exists():
        check_saved(recipe, resume=True)
    with open_log(recipe.output) as log:
        work = open_work(recipe, Watch(watch.notice, watch.progress, log))
        save(recipe)
        run_stage(work, number, stage)


def run_base(work: Work) -> None:
    """Measure the base itself, as version 0, once."""
    place = Place(work.recipe.output / "base", work.place(0).head)
    if not work.test or place.done("evaluate"):
        return
    measured = measure(work, 0, place)
    place.write(MEASURED, measured)
    metrics = summaries(measured, [], work.recipe.seed)
    text = json.dumps({"version": 0, "sets": metrics}, indent=1)
    write_text(place.folder / METRICS, text + "\n")
    place.finish("evaluate", [MEASURED, METRICS], {"problems": len(measured)})
    place.clean()


def save(recipe: RoundsRecipe) -> None:
    """Leave in the output folder what its run was begun with."""
    write_text(recipe.output / SAVED, json.dumps(_saved(recipe), indent=1) + "\n")


def base_hash(recipe: RoundsRecipe) -> str:
    """SHA-256 over the files that hold the base's weights."""
    base = recipe.base
    files = sorted(base.glob("*.safetensors")) if base.is_dir() else [base]
    hashes = "".join(map(file_hash, files))
    return hashes if len(files) == 1 else hashlib.sha256(hashes.encode()).hexdigest()


def _saved(recipe: RoundsRecipe) -> dict[str, Any]:
    return {**recipe.decisive(), "base": base_hash(recipe)}


def check_saved(recipe: RoundsRecipe, *, resume: bool) -> None:
    """Refuse to mix runs of different recipes in one folder."""
    saved = recipe.output / SAVED
    if not saved.exists():
        if resume:
            raise RunError(recipe.output, "nothing to resume; start with `genx-train run`")
        return
    if not resume:
        raise RunError(recipe.output, "there is a run already; go on with `genx-train resume`")
    before, now = json.loads(saved.read_text("utf-8")), _saved(recipe)
    for path in sorted({*_flat(before), *_flat(now)}):
        one, other = _flat(before).get(path), _flat(now).get(path)
        if one != other:
            raise RunError(
                recipe.output, f"was begun with {path} = {one!r}, and the recipe says {other!r}"
            )


class open_log:  # noqa: N801 -- used like `open`
    """Append JSON lines, each with the time."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = (folder / LOG).open("a", encoding="utf-8")
        self._clock = clock

    def __enter__(self) -> Callable[[dict[str, Any]], None]:
        return self.write

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, event: dict[str, Any]) -> None:
        """Write one event."""
        self._file.write(json.dumps({"time": round(self._clock(), 1), **event}) + "\n")
        self._file.flush()


def _flat(tree: dict[str, Any], where: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{where}{key}.")
        else:
            flat[where + key] = value
    return flat
