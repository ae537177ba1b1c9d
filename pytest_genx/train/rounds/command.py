"""The verbs of joint training: `init`, `check`, `run`, `resume`, `report`, and stages alone."""

# ruff: noqa: PLC0415 -- a verb imports what it needs when it is run

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Self

    from pytest_genx.train.rounds.recipe import RoundsRecipe
    from pytest_genx.train.rounds.work import Watch

_QUIET_SECONDS = 60.0  # between plain lines when the output is no terminal
_ALONE = {
    "sample": "sample both roles with the current version",
    "execute": "run what was sampled",
    "filter": "choose what is trained on",
    "train": "train the next version from the base",
    "evaluate": "measure the version that the round made",
}


def add_rounds(verbs: Any) -> None:
    """Add the verbs to those of `genx-train`."""
    init = verbs.add_parser("init", help="write a commented recipe of rounds into a new file")
    init.add_argument("recipe", type=Path, help="YAML file that does not exist yet")
    init.set_defaults(run=_init)
    for name, text, act in (
        ("check", "try a recipe of rounds: data, execution, tokens, time, disk, memory", _check),
        ("run", "run all rounds of a recipe", _run),
        ("resume", "go on with a run that was interrupted or killed", _resume),
        ("report", "write report.md and report.html into the run's folder", _report),
    ):
        verb = _recipe(verbs.add_parser(name, help=text))
        verb.set_defaults(run=act)
        if name == "report":
            verb.add_argument(
                "--arm", action="append", default=[], type=Path, metavar="FOLDER",
                help="another run to set beside it, such as a control arm",
            )  # fmt: skip
    for name, text in _ALONE.items():
        verb = _recipe(verbs.add_parser(name, help=f"one stage alone: {text}"))
        verb.add_argument("--round", type=int, required=True, help="0 is the original data")
        verb.set_defaults(run=_stage, stage=name)


def _recipe(verb: argparse.ArgumentParser) -> argparse.ArgumentParser:
    verb.add_argument("recipe", type=Path, help="YAML file, or the folder of a run to report")
    verb.add_argument("overrides", nargs="*", metavar="key.sub=value")
    return verb


def _load(arguments: argparse.Namespace) -> RoundsRecipe:
    from pytest_genx.train.rounds.recipe import load_rounds

    return load_rounds(arguments.recipe, arguments.overrides)


def _init(arguments: argparse.Namespace) -> int:
    from pytest_genx.train.rounds.template import write_template

    write_template(arguments.recipe)
    sys.stdout.write(f"wrote {arguments.recipe}; try it: genx-train check {arguments.recipe}\n")
    return 0


def _check(arguments: argparse.Namespace) -> int:
    from pytest_genx.train.rounds.check import check

    for line in check(_load(arguments)):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    return 0


def _run(arguments: argparse.Namespace, *, resume: bool = False) -> int:
    from pytest_genx.train.rounds.run import run

    recipe = _load(arguments)
    with Display() as display:
        try:
            run(recipe, display.watch(), resume=resume)
        except KeyboardInterrupt:
            display.notice(f"all that is done is kept; go on: genx-train resume {recipe.path}")
            raise
    return _written(recipe.output)


def _resume(arguments: argparse.Namespace) -> int:
    return _run(arguments, resume=True)


def _stage(arguments: argparse.Namespace) -> int:
    from pytest_genx.train.rounds.run import run_alone

    with Display() as display:
        run_alone(
            _load(arguments), arguments.round, arguments.stage, display.watch(),
            main=os.environ.get("RANK", "0") == "0",
        )  # fmt: skip
    return 0


def _report(arguments: argparse.Namespace) -> int:
    given: Path = arguments.recipe
    folder = given if given.is_dir() else _load(arguments).output
    return _written(folder, arguments.arm)


def _written(folder: Path, arms: Sequence[Path] = ()) -> int:
    from pytest_genx.train.rounds.report import write_report

    for path in write_report(folder, arms):
        sys.stdout.write(f"wrote {path}\n")
    return 0


class Display:
    """A bar with count and time left on a terminal, plain lines anywhere else."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        self._clock, self._last, self._before = clock, clock(), 0
        self._console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[count]}"),
            TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(),
            console=self._console, disable=not self._console.is_terminal,
        )  # fmt: skip
        self._what = "reading problems"
        self._task = self._bar.add_task(self._what, total=None, count="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def watch(self) -> Watch:
        """What a run tells its progress to."""
        from pytest_genx.train.rounds.work import Watch

        return Watch(self.notice, self.progress)

    def notice(self, line: str) -> None:
        """Print one line."""
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)

    def progress(self, what: str, done: int, total: int) -> None:
        """Show how far a stage is; a total of 0 is unknown."""
        count = f"{done}/{total}" if total else f"step {done}"
        if what != self._what:  # another stage has another speed
            self._bar.remove_task(self._task)
            self._task = self._bar.add_task(what, total=None, count=count)
            self._what, self._last, self._before = what, self._clock(), done
        self._bar.update(self._task, completed=done, total=total or None, count=count)
        if self._console.is_terminal:
            return
        seconds = self._clock() - self._last
        if seconds > _QUIET_SECONDS:
            left = (total - done) * seconds / max(done - self._before, 1) / 60
            self.notice(f"{what}, {count}" + (f", about {left:.0f} minutes left" if total else ""))
            self._last, self._before = self._clock(), done
