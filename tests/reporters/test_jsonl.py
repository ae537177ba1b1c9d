"""The file of records: everything that matters, line by line, as it happens."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_genx.config import Config
from pytest_genx.errors import BadOption
from pytest_genx.records import Progress, Record, RunStarted, read
from pytest_genx.reporters.jsonl import jsonl_reporter


def config(root: Path, file: str = "out.jsonl", replay: Path | None = None) -> Config:
    """A configuration that names the report."""
    return Config(root, reports=(("jsonl", file),), replay=replay)


def test_file_holds_every_record_but_progress(tmp_path: Path, run: list[Record]) -> None:
    """What was said can be read back, without what was for displays."""
    reporter = jsonl_reporter(config(tmp_path))
    for record in run:
        reporter.record(record)
    reporter.close()
    kept = [record for record in run if not isinstance(record, Progress)]
    assert len(kept) == len(run) - 1
    assert list(read(tmp_path / "out.jsonl")) == kept


def test_each_line_is_there_at_once(tmp_path: Path, run: list[Record]) -> None:
    """An interrupted run keeps what was done."""
    reporter = jsonl_reporter(config(tmp_path))
    reporter.record(run[0])
    (first,) = read(tmp_path / "out.jsonl")
    assert isinstance(first, RunStarted)
    reporter.close()


def test_old_file_is_replaced(tmp_path: Path) -> None:
    """A report is of one run."""
    (tmp_path / "out.jsonl").write_text("old\n")
    jsonl_reporter(config(tmp_path)).close()
    assert (tmp_path / "out.jsonl").read_text() == ""


@pytest.mark.parametrize("file", ["no/such/directory.jsonl", "."])
def test_unwritable_file_is_refused(tmp_path: Path, file: str) -> None:
    """Neither a missing directory nor a directory itself is made into a file."""
    with pytest.raises(BadOption, match="expected a file that can be written"):
        jsonl_reporter(config(tmp_path, file))


def test_file_that_is_replayed_is_not_overwritten(tmp_path: Path) -> None:
    """Opening the report would empty what replay is about to read."""
    path = tmp_path / "out.jsonl"
    path.write_text("recorded\n")
    with pytest.raises(BadOption, match="another file"):
        jsonl_reporter(config(tmp_path, replay=tmp_path / "sub" / ".." / "out.jsonl"))
    assert path.read_text() == "recorded\n"
