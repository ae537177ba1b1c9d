"""What a person sees of a run's progress."""

from __future__ import annotations

import re

import pytest

from pytest_genx.train.rounds.command import Display


def test_progress_is_plain_lines_where_there_is_no_terminal(capsys):
    """One a minute, with count and time left; a new stage has a speed of its own."""
    now = [0.0]
    with Display(clock=lambda: now[0]) as display:
        for second in range(0, 200, 10):
            now[0] = float(second)
            display.progress("round 1, sample", second // 10, 100)
        display.progress("version 2, evaluate", 1, 4)
        now[0] += 61.0
        display.progress("version 2, evaluate", 3, 4)
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "round 1, sample, 7/100, about 16 minutes left",
        "round 1, sample, 14/100, about 14 minutes left",
        "version 2, evaluate, 3/4, about 1 minutes left",
    ]


def test_progress_is_a_bar_on_a_terminal(monkeypatch, capsys):
    """It has the stage, the count and the time left."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with Display() as display:
        display.progress("version 0, evaluate", 3, 8)
        display.notice("round 0, sample: 0 s")
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", capsys.readouterr().err)
    assert re.search(r"version 0, evaluate .* 3/8 .* left", text)
    assert "round 0, sample: 0 s" in text


@pytest.mark.parametrize("stage", ["sample", "execute", "filter", "train", "evaluate"])
def test_each_stage_alone_is_a_verb(stage, tmp_path, capsys):
    """A recipe that is not there is one line."""
    from pytest_genx.train.cli import main

    assert main([stage, str(tmp_path / "none.yaml"), "--round", "1"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "none.yaml: No such file or directory" in line
