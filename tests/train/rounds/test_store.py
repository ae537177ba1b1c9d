"""Files of a run survive a kill, and equal content has equal hashes."""

from __future__ import annotations

import json

import pytest

from pytest_genx.train.rounds.store import Part, Place, RunError, read_lines, write_lines


def test_a_line_that_was_cut_off_is_dropped(tmp_path):
    """What is whole is kept, and new lines follow it."""
    path = tmp_path / "sample.part"
    path.write_text('{"problem": "a", "x": 1}\n{"problem": "b", "x"')
    part = Part(path)
    assert list(part.lines) == ["a"]
    part.add({"problem": "c"})
    part.close()
    assert [json.loads(line)["problem"] for line in path.read_text().splitlines()] == ["a", "c"]


def test_a_stage_is_done_when_it_is_listed_and_its_files_are_there(tmp_path):
    """A file that is missing makes it undone again."""
    place = Place(tmp_path, {"round": 1})
    place.write("x.jsonl.gz", [{"problem": "a"}])
    assert not place.done("sample")
    place.finish("sample", ["x.jsonl.gz"], {"samples": 3})
    assert place.done("sample")
    assert place.manifest()["stages"]["sample"]["samples"] == 3
    (tmp_path / "x.jsonl.gz").unlink()
    assert not place.done("sample")


def test_equal_lines_give_equal_bytes(tmp_path):
    """No time and no name is in the file."""
    for name in ("one.gz", "other.gz"):
        write_lines(tmp_path / name, [{"a": "é"}])
    assert (tmp_path / "one.gz").read_bytes() == (tmp_path / "other.gz").read_bytes()
    assert read_lines(tmp_path / "one.gz") == [{"a": "é"}]


def test_damaged_files_are_one_sentence(tmp_path):
    """A missing file names the stage before, a broken one says that it is broken."""
    with pytest.raises(RunError, match="run the stage before"):
        read_lines(tmp_path / "none.gz")
    (tmp_path / "cut.gz").write_bytes(b"no gzip")
    with pytest.raises(RunError, match="damaged"):
        read_lines(tmp_path / "cut.gz")
