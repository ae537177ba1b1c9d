"""What a person reads: byte for byte where there is no terminal, and a display where there is."""

from __future__ import annotations

import io
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_genx.config import Config
from pytest_genx.records import Progress, Record, RunEnded, TargetDone, TargetStarted
from pytest_genx.reporters.terminal import terminal_reporter

GOLDEN = Path(__file__).parent / "golden"


def shown(run: list[Record], capsys: pytest.CaptureFixture[str], **kwargs: object) -> str:
    """Feed records to a reporter and say what it wrote."""
    reporter = terminal_reporter(Config(Path(), **kwargs))  # type: ignore[arg-type]
    for record in run:
        reporter.record(record)
    reporter.close()
    return capsys.readouterr().out


@pytest.fixture(autouse=True)
def columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the width of the terminal that runs these tests, they see none."""
    monkeypatch.delenv("COLUMNS", raising=False)
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("shutil.get_terminal_size", os.terminal_size)


@pytest.mark.parametrize(("verbosity", "name"), [(0, "default"), (-1, "quiet"), (1, "verbose")])
def test_text_is_as_recorded(
    run: list[Record], capsys: pytest.CaptureFixture[str], verbosity: int, name: str
) -> None:
    """The same records give the same text, at each verbosity."""
    expected = (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")
    assert shown(run, capsys, verbosity=verbosity) == expected


def test_no_line_is_wider_than_the_width(
    run: list[Record], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Long cases are broken, not cut: all of their text is there."""
    monkeypatch.setattr("shutil.get_terminal_size", lambda _: os.terminal_size((60, 24)))
    text = shown(run, capsys)
    assert max(len(line) for line in text.splitlines()) <= 60
    assert "".join(text.split()).count("long") == 40


def test_nothing_moves_without_a_terminal(
    run: list[Record], capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither colours nor a display of progress end up in a file."""
    assert "\x1b" not in shown(run, capsys)
    assert "\r" not in shown(run, capsys)


def test_control_characters_of_samples_are_escaped(
    run: list[Record], capsys: pytest.CaptureFixture[str]
) -> None:
    """A model cannot write to the terminal, even where colours are on."""
    assert "\x1b[31m\\" not in shown(run, capsys, color=True)
    assert "\\x1b[31m" in shown(run, capsys, color=False)


def test_colours_come_when_asked_for(run: list[Record], capsys: pytest.CaptureFixture[str]) -> None:
    """`--color=yes` colours a pipe too, and still shows no display there."""
    text = shown(run, capsys, color=True)
    assert "\x1b[" in text
    assert "\r" not in text


def test_other_encodings_get_escapes(run: list[Record], monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal that lacks a character gets its escape, not a traceback."""
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    done = replace(next(r for r in run if isinstance(r, TargetDone)), notes=("naïve — ☃",))
    reporter = terminal_reporter(Config(Path()))
    reporter.record(done)
    sys.stdout.flush()
    assert b"na\\xefve \\u2014 \\u2603" in raw.getvalue()
    assert b"slugify ---" in raw.getvalue()


class _Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_display_of_progress_goes_when_the_target_is_done(
    run: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a terminal both stages are counted, and the cursor comes back."""
    stream = _Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stdout", stream)
    reporter = terminal_reporter(Config(Path()))
    reporter.record(run[0])
    reporter.record(TargetStarted("t.py::f[0]", is_stub=False))
    reporter.record(Progress("t.py::f[0]", "sampled", 3, 16))
    reporter.record(Progress("t.py::f[0]", "executed", 40, 200))
    reporter.record(Progress("t.py::f[0]", "unheard of", 1, 2))
    reporter.close()
    text = stream.getvalue()
    assert "1/4 t.py::f[0] sampled" in text
    assert "3/16" in text
    assert "40/200" in text
    assert text.rindex("\x1b[?25h") > text.rindex("40/200")


def test_interrupted_run_says_so(run: list[Record], capsys: pytest.CaptureFixture[str]) -> None:
    """What was done stays, and the last line is honest."""
    text = shown([*run[:5], RunEnded(interrupted=True, seconds=1.0)], capsys)
    assert text.endswith("genx: 1 target, 3 kept cases, 0 suspected bugs in 1.0 s, interrupted\n")


def test_the_cache_is_told_of_in_the_last_lines(
    run: list[Record], capsys: pytest.CaptureFixture[str]
) -> None:
    """How much it spared, and what is wrong with it."""
    ended = RunEnded(
        interrupted=False, seconds=1.0, executed=12_345, cached=12_000, notes=("it is full",)
    )
    text = shown([run[0], ended], capsys)
    end = " in 1.0 s\n12,345 pairs executed, 12,000 from the cache\nnote: it is full\n"
    assert text.endswith(end)
    assert "pairs" not in shown([run[0], ended], capsys, verbosity=-1)


def test_hint_at_writing_only_when_there_is_something_to_write(
    run: list[Record], capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever asked for files, or has no cases, needs no hint."""
    assert "write=accept" in shown(run, capsys)
    assert "write=accept" not in shown(run, capsys, write="accept")
    assert "write=accept" not in shown([run[0], run[-1]], capsys)
