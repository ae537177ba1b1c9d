"""Results as text for a person, each target as soon as it is done.

On a terminal a display of how far the work is stands below, and goes when it is over; in a
pipe or a file there is none, and the lines are as wide as COLUMNS says, or 100.
"""

from __future__ import annotations

import shutil
import sys

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from pytest_genx import records
from pytest_genx.config import Config
from pytest_genx.interfaces import Reporter
from pytest_genx.reporters import layout

WIDTH = 100  # columns, where there is no terminal to ask


def terminal_reporter(config: Config) -> Reporter:
    """Report to standard output, as it is when the first record comes."""
    return _Terminal(config)


class _Terminal:
    """A console from the first record on, and at times a display of progress on it."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._console: Console | None = None
        self._display: Progress | None = None
        self._stages: dict[str, TaskID] = {}  # stage to the display's task
        self._planned = self._begun = 0  # targets
        self._totals = {"target": 0, "kept case": 0, "suspected bug": 0, "failed target": 0}

    def record(self, record: records.Record) -> None:
        """Show one record; samples and prompts are not for people."""
        if isinstance(record, records.Progress):
            self._advance(record)
        elif isinstance(record, records.TargetStarted):
            self._begun += 1
            self._start_display(record.target)
        elif not isinstance(record, (records.SampleTaken, records.PromptMade)):
            self._stop_display()
            self._show(record)

    def close(self) -> None:
        """Take the display away, however the run ended."""
        self._stop_display()

    def _show(self, record: records.Record) -> None:
        verbosity = self._config.verbosity
        if isinstance(record, records.RunStarted):
            self._planned = len(record.targets)
            if verbosity >= 0:
                self._print(layout.started(record, verbosity))
        elif isinstance(record, records.TargetDone):
            self._totals["target"] += 1
            self._totals["kept case"] += sum(case.kept for case in record.cases)
            self._totals["suspected bug"] += len(record.findings)
            self._print(layout.done(record, verbosity))
        elif isinstance(record, records.TargetFailed):
            self._totals["failed target"] += 1
            self._print(layout.failed(record))
        elif isinstance(record, records.FileWritten):
            self._print(layout.written(record))
        elif isinstance(record, records.RunEnded):
            self._print(self._summary(record))

    def _summary(self, record: records.RunEnded) -> Text:
        """One line with what the whole run came to."""
        always = {"target", "kept case", "suspected bug"}
        counts = [
            layout.count(number, noun)
            for noun, number in self._totals.items()
            if number or noun in always
        ]
        line = Text("genx: " + ", ".join(counts), "bold")
        line.append(f" in {record.seconds:.1f} s", "dim")
        if record.interrupted:
            line.append(", interrupted", "red")
        elif (
            self._config.write == "report"
            and self._totals["kept case"]
            and self._config.verbosity >= 0
        ):
            hint = "nothing was written; write=accept puts kept cases into new test files"
            line.append(f"\n{hint}", "dim")
        tallies = (
            ("samples drawn", record.sampled, record.remembered),
            ("pairs executed", record.executed, record.cached),
        )
        for done, anew, known in tallies:
            if (anew or known) and self._config.verbosity >= 0:
                line.append(f"\n{anew:,} {done}, {known:,} from the cache", "dim")
        if record.timings and self._config.verbosity > 0:
            spent = ", ".join(f"{one.stage} {one.seconds:.1f} s" for one in record.timings)
            line.append(f"\n{spent}", "dim")
        for note in record.notes:
            line.append("\nnote: ", "yellow").append_text(layout.plain(note, "yellow"))
        return line

    def _print(self, renderable: RenderableType) -> None:
        console = self._open()
        with console.capture() as captured:
            console.print(renderable)
        # Code can hold characters that the terminal's encoding lacks.
        lines = (line.rstrip(" ") for line in captured.get().split("\n"))
        text = "\n".join(lines).encode(console.encoding, "backslashreplace")
        sys.stdout.write(text.decode(console.encoding))
        sys.stdout.flush()

    def _open(self) -> Console:
        """Make the console on first use: a front end may redirect output until then."""
        if self._console is None:
            self._console = _console(self._config.color)
        return self._console

    def _start_display(self, target: str) -> None:
        console = self._open()
        if not sys.stdout.isatty() or self._config.verbosity < -1:
            return
        self._stop_display()
        self._display = Progress(
            SpinnerColumn("line"),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.completed:.0f}/{task.total:.0f}"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        name = layout.plain(f"{self._begun}/{self._planned} {target}").plain.replace("[", "\\[")
        self._stages = {
            stage: self._display.add_task(f"{name} {stage}", total=0, visible=False)
            for stage in ("sampled", "executed")
        }
        self._display.start()

    def _advance(self, record: records.Progress) -> None:
        if self._display is not None and record.stage in self._stages:
            self._display.update(
                self._stages[record.stage],
                completed=record.done,
                total=record.total,
                visible=True,
            )

    def _stop_display(self) -> None:
        if self._display is not None:
            self._display.stop()
            self._display = None


def _console(color: bool | None) -> Console:  # noqa: FBT001 -- as `Config.color`
    """Open standard output with the colours asked for."""
    return Console(
        file=sys.stdout,
        width=shutil.get_terminal_size((WIDTH, 24)).columns,
        force_terminal=color or None,
        no_color=color is False or None,
        markup=False,
        emoji=False,
        highlight=False,
    )
