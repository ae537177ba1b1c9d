"""A whole run, from nothing or from where it was killed: rounds x stages, in order."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pytest_genx.config import worker_option
from pytest_genx.domain import Role
from pytest_genx.train.rounds.bases import Base, based, find_base, own_name
from pytest_genx.train.rounds.lock import held, locked
from pytest_genx.train.rounds.methods.settings import check_method
from pytest_genx.train.rounds.problems import load_sets, measured_of
from pytest_genx.train.rounds.recipe import RoundsRecipe
from pytest_genx.train.rounds.roles import lora_config, parts
from pytest_genx.train.rounds.sft import check_trl
from pytest_genx.train.rounds.stages import (
    MEASURED,
    METRICS,
    STAGES,
    measure,
    run_stage,
    summaries,
    write_metrics,
)
from pytest_genx.train.rounds.store import Place, RunError, keeping, write_text
from pytest_genx.train.rounds.track import check_trackers, tracked
from pytest_genx.train.rounds.work import Watch, Work

SAVED, LOG = "recipe.json", "log.jsonl"
PATHS = "paths"  # in `SAVED`: for who reads it, and nothing that a run goes by


def open_work(recipe: RoundsRecipe, watch: Watch, bases: Mapping[str, Base]) -> Work:
    """Read the problems of a recipe, without those that equal what is measured.

    Args:
        recipe: names them.
        watch: told of progress.
        bases: by part; a dry run may have none yet.

    Raises:
        MissingDependency: what the form of the roles takes is not installed.
        RecipeError, DataError, UnknownName: as the recipe and its files are read.
        MissingDependency: the recipe's method needs TRL.
        RunError: no problem is left to train on.
    """
    lora_config(recipe)
    check_trl(recipe)
    check_method(recipe)
    worker_option(str(recipe.execution.workers))
    train, dropped = load_sets(
        recipe.data.train, recipe.data, limit=recipe.data.limit, seed=recipe.seed,
        measured=measured_of(recipe), chosen=lambda identity: not recipe.held_out(identity),
    )  # fmt: skip
    test, dropped_test = load_sets(
        recipe.data.test, recipe.data, limit=recipe.eval.limit, seed=recipe.seed
    )
    if recipe.data.holdout:
        apart, dropped_apart = load_sets(
            recipe.data.train, recipe.data, limit=recipe.eval.limit, seed=recipe.seed,
            chosen=recipe.held_out,
        )  # fmt: skip
        test |= {f"{name} held out": of_set for name, of_set in apart.items()}
        dropped_test |= {f"{name} held out": counts for name, counts in dropped_apart.items()}
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
    return Work(recipe, problems, test, counts, watch, bases)


def find_bases(recipe: RoundsRecipe) -> dict[str, Base]:
    """Find the base of each part.

    Raises:
        BaseMissing: it is not on this machine, or lacks a part.
    """
    found = {}
    for part in parts(recipe.roles):
        other = recipe.tester_base if part == Role.TESTER.value else None
        key, given = ("base", recipe.base) if other is None else ("tester_base", other)
        found[part] = find_base(recipe.path, key, given, download=recipe.download)
    return found


def run(recipe: RoundsRecipe, watch: Watch, *, resume: bool = False) -> None:
    """Run what is left of all rounds.

    Args:
        recipe: when it goes on, all that decides results must be as before; `rounds` may grow.
        watch: told of progress.
        resume: whether the output folder is to hold a run already.

    Raises:
        RunError: there is a run already, or none, it was begun with another recipe, another
            process works in the folder, or the disk is full.
        MissingDependency: a tracker is not installed.
        GenxError: a stage cannot be done; what was done before is kept.
    """
    bases = find_bases(recipe)
    if resume and not (recipe.output / SAVED).exists():
        check_saved(recipe, bases, resume=True)  # before a folder is made
    with keeping(recipe.output, "the run"), _opened(recipe, watch) as told:
        check_saved(recipe, bases, resume=resume)
        work = open_work(recipe, told, bases)
        save(work)
        for name, counts in work.dropped.items():
            watch.notice(f"{name}: " + ", ".join(f"{n} {what}" for what, n in counts.items()))
        run_base(work)
        for number in range(recipe.rounds + 1):
            for stage in STAGES:
                if stage == "train" and recipe.train.launch:
                    launch(work, number)
                run_stage(work, number, stage)


def launch(work: Work, number: int) -> None:
    """Train in the processes that the recipe's `train.launch` starts.

    Raises:
        RunError: they failed, or cannot be started.
    """
    import yaml  # noqa: PLC0415

    if work.place(number).done("train"):
        return
    tree = work.recipe.plain()
    tree["train"]["launch"] = []
    recipe = work.recipe.output / "launch.yaml"
    write_text(recipe, yaml.safe_dump(tree, sort_keys=False))
    words = [*work.recipe.train.launch, "-m", "pytest_genx.train.cli", "train", str(recipe)]
    try:
        done = subprocess.run(
            [*words, "--round", str(number)], check=False, env=held(work.recipe.output)
        )
    except OSError as error:
        raise RunError(work.recipe.output, f"cannot start {words[0]}: {error.strerror}") from None
    if done.returncode:
        raise RunError(work.recipe.output, f"{words[0]} ended with status {done.returncode}")


def run_alone(
    recipe: RoundsRecipe, number: int, stage: str, watch: Watch, *, main: bool = True
) -> None:
    """Run one stage of one round; those before it must be done.

    Args:
        recipe: of the run.
        number: of the round.
        stage: one of `STAGES`.
        watch: told of progress.
        main: false in all but the first of processes that train together; these write nothing.

    Raises:
        RunError: a file of an earlier stage is missing, or the folder is of another recipe.
    """
    bases = find_bases(recipe)
    if not main:
        if stage == "train":
            work = open_work(recipe, Watch(), bases)
            run_stage(dataclasses.replace(work, main=False), number, stage)
        return
    with keeping(recipe.output, stage), _opened(recipe, watch) as told:
        if (recipe.output / SAVED).exists():
            check_saved(recipe, bases, resume=True)
        work = open_work(recipe, told, bases)
        save(work)
        run_stage(work, number, stage)


def run_base(work: Work) -> None:
    """Measure the base itself, as version 0, once."""
    place = Place(work.recipe.output / "base", work.place(0).head)
    if not work.test or place.done("evaluate"):
        return
    with keeping(place.folder, "evaluate"):
        measured = measure(work, 0, place)
        place.write(MEASURED, measured)
        write_metrics(work, 0, place, summaries(measured, [], work.recipe.seed))
        place.finish("evaluate", [MEASURED, METRICS], {"problems": len(measured)})
        place.clean()


@contextmanager
def _opened(recipe: RoundsRecipe, watch: Watch) -> Iterator[Watch]:
    """Hold the output folder, and tell the log and the trackers what the watch is told."""
    check_trackers(recipe.tracking)
    run = f"{recipe.name} ({recipe.output.name})"
    with (
        locked(recipe.output),
        open_log(recipe.output) as log,
        tracked(recipe.tracking, recipe.output, run, recipe.decisive(), log) as tell,
    ):
        yield Watch(watch.notice, watch.progress, tell)


def save(work: Work) -> None:
    """Leave in the output folder what its run was begun with, and where its bases lie."""
    paths = {own_name(work.bases, part): str(base.path.absolute())
             for part, base in work.bases.items()}  # fmt: skip
    saved = {**_saved(work.recipe, work.bases), PATHS: paths}
    text = json.dumps(saved, indent=1) + "\n"
    write_text(work.recipe.output / SAVED, text)


def _saved(recipe: RoundsRecipe, bases: Mapping[str, Base]) -> dict[str, Any]:
    hashes = {key: value for key, value in based(bases).items() if key.endswith("base")}
    return {**recipe.decisive(), **hashes}


def check_saved(recipe: RoundsRecipe, bases: Mapping[str, Base], *, resume: bool) -> None:
    """Refuse to mix runs of different recipes in one folder."""
    saved = recipe.output / SAVED
    if not saved.exists():
        if resume:
            raise RunError(recipe.output, "nothing to resume; start with `genx-train run`")
        return
    if not resume:
        raise RunError(recipe.output, "there is a run already; go on with `genx-train resume`")
    kept = json.loads(saved.read_text("utf-8"))
    kept.pop(PATHS, None)
    before, now = flat(kept), flat(_saved(recipe, bases))
    # A key that is younger than the run had no other value than its default.
    before = flat(RoundsRecipe(recipe.path, "", recipe.base, recipe.output).decisive()) | before
    for path in sorted({*before, *now}):
        one, other = before.get(path), now.get(path)
        if one != other:
            raise RunError(
                recipe.output, f"was begun with {path} = {one!r}, and the recipe says {other!r}"
            )


class open_log:  # noqa: N801 -- used like `open`
    """Append JSON lines, each with the time; a line that was cut off is dropped."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / LOG
        if path.exists():
            whole, newline, _cut = path.read_bytes().rpartition(b"\n")
            os.truncate(path, len(whole) + len(newline))
        self._file = path.open("a", encoding="utf-8")
        self._clock = clock

    def __enter__(self) -> Callable[[dict[str, Any]], None]:
        return self.write

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, event: dict[str, Any]) -> None:
        """Write one event."""
        self._file.write(json.dumps({"time": round(self._clock(), 1), **event}) + "\n")
        self._file.flush()


def flat(tree: dict[str, Any], where: str = "") -> dict[str, Any]:
    """Settings by dotted key."""
    found: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            found |= flat(value, f"{where}{key}.")
        else:
            found[where + key] = value
    return found
