"""Trackers beside the log: tensorboard and trackio, on this machine alone.

The log itself, `log.jsonl`, is always written. A tracker gets the numbers of the same events:
training steps, what a stage did, and the figures of each version.
"""

# ruff: noqa: PLC0415 -- a tracker is imported by those who asked for it

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from pytest_genx.errors import GenxError, MissingDependency

TRACKERS = ("tensorboard", "trackio")
PROJECT = "genx-train"
_ELSEWHERE = ("TRACKIO_SPACE_ID", "TRACKIO_SERVER_URL")  # they send what is logged away
_OF_A_STEP = ("loss", "answer_loss", "rate", "tokens_per_second")

Event = dict[str, Any]
Log = Callable[[Event], None]
Add = Callable[[Mapping[str, float], int], None]  # values by name, and the step they belong to


class TrackerElsewhere(GenxError):
    """A tracker would send what is logged to another machine."""

    def __init__(self, variable: str) -> None:
        super().__init__(
            f"{variable} is set, and trackio would send the log there; unset it, trackers of "
            "genx-train stay on this machine"
        )


def check_trackers(names: Sequence[str]) -> None:
    """Say before anything is run whether the trackers can be had.

    Raises:
        MissingDependency: a package is not installed.
        TrackerElsewhere: trackio is told by its environment to send what is logged away.
    """
    for name in names:
        if importlib.util.find_spec(name) is None:
            raise MissingDependency(f"tracking: [{name}]", name, f"pip install {name}")
    if "trackio" in names:
        for variable in _ELSEWHERE:
            if os.environ.get(variable):
                raise TrackerElsewhere(variable)


@contextmanager
def tracked(
    names: Sequence[str], folder: Path, run: str, settings: Mapping[str, Any], log: Log
) -> Iterator[Log]:
    """Open trackers, and give what tells an event to the log and to all of them.

    Args:
        names: of `TRACKERS`, perhaps none.
        folder: of the run; tensorboard writes below it.
        run: its name.
        settings: of the recipe, for trackers that show them.
        log: takes each event as it is.

    Raises:
        MissingDependency, TrackerElsewhere: as `check_trackers` does.
    """
    check_trackers(names)
    makers = {
        "tensorboard": lambda: _tensorboard(folder),
        "trackio": lambda: _trackio(run, settings),
    }
    with ExitStack() as stack:
        takers = [stack.enter_context(makers[name]()) for name in names]

        def tell(event: Event) -> None:
            log(event)
            values, step = numbers(event)
            if values:
                for add in takers:
                    add(values, step)

        yield tell


def numbers(event: Event) -> tuple[dict[str, float], int]:
    """Values of an event by name, and the training step, round or version they belong to.

    >>> numbers({"event": "step", "round": 1, "step": 10, "loss": 2.5})
    ({'round 1/loss': 2.5}, 10)
    """
    kind = event["event"]
    if kind == "step":
        head = f"round {event['round']}"
        return {f"{head}/{k}": event[k] for k in _OF_A_STEP if k in event}, event["step"]
    if kind == "done":
        skipped = ("event", "round", "stage")
        values = {
            f"{event['stage']}/{name}": value
            for name, value in event.items()
            if name not in skipped and isinstance(value, int | float)
        }
        return values, event["round"]
    if kind == "measured":
        values = {
            f"{of_set}/{name}": one["mean"]
            for of_set, figures in event["sets"].items()
            for name, one in figures.items()
        }
        return values, event["version"]
    return {}, 0


@contextmanager
def _tensorboard(folder: Path) -> Iterator[Add]:
    from torch.utils import tensorboard

    writer: Any = tensorboard.SummaryWriter  # untyped
    with writer(str(folder / "tensorboard")) as opened:

        def add(values: Mapping[str, float], step: int) -> None:
            for name, value in values.items():
                opened.add_scalar(name, value, step)
            opened.flush()

        yield add


@contextmanager
def _trackio(run: str, settings: Mapping[str, Any]) -> Iterator[Add]:
    import trackio

    tracker = trackio.init(
        project=PROJECT, name=run, config=dict(settings), resume="allow", embed=False,
        auto_log_gpu=False, auto_log_cpu=False,
    )  # fmt: skip
    try:
        yield lambda values, step: tracker.log(dict(values), step=step)
    finally:
        tracker.finish()
