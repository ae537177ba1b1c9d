"""Files of a run survive a kill, and equal content has equal hashes."""

from __future__ import annotations

import json

import pytest

from pytest_genx.train.rounds.store import Part, Place, RunError, read_lines, write_lines

parquet = pytest.importorskip("pyarrow.parquet", reason="needs the train extra")


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
    place.write("codes.parquet", [{"problem": "a"}])
    assert not place.done("sample")
    place.finish("sample", ["codes.parquet"], {"samples": 3})
    assert place.done("sample")
    assert place.manifest()["stages"]["sample"]["samples"] == 3
    (tmp_path / "codes.parquet").unlink()
    assert not place.done("sample")


LINES = {
    "samples": [{"problem": "p", "round": 1, "coder": [],
                 "tester": [{"text": "é\n", "seed": 2**31 - 1, "tokens": 5}]}],
    "cases": [{"problem": "p", "round": 1, "silent": 2,
               "cases": [{"written": "assert f(1) == 2", "count": 1, "outcome": "P",
                          "call": None, "corrected": None, "status": "flaky"}]}],
    "codes": [{"problem": "p", "round": 1, "unreadable": 0,
               "codes": [{"source": "def f(): pass", "count": 3}]}],
    "outcomes": [{"problem": "p", "round": 1, "useful": 1, "tests": 0, "reference": "P",
                  "mutants": ["F", "P"], "code_rows": []}],
    "accepted": [{"problem": "p", "round": 1, "role": "coder", "source": "x", "kills": None},
                 {"problem": "p", "round": 0, "role": "tester", "source": "y", "kills": [0, 2]}],
    "measured": [{"problem": "p", "round": 1, "set": "s",
                  "figures": {"coder pass@1": 0.5, "mutants killed": None}}],
}  # fmt: skip


@pytest.mark.parametrize("kind", LINES)
def test_tables_are_read_as_they_were_written(kind, tmp_path):
    """Nothing is lost, not even a figure that does not exist, and empty tables have columns."""
    write_lines(tmp_path / f"{kind}.parquet", LINES[kind])
    assert read_lines(tmp_path / f"{kind}.parquet") == LINES[kind]
    write_lines(tmp_path / f"{kind}.parquet", [])
    assert read_lines(tmp_path / f"{kind}.parquet") == []


def test_columns_have_types_and_the_round_of_origin(tmp_path):
    """What reads Parquet needs nothing of ours."""
    place = Place(tmp_path, {"round": 3})
    place.write("accepted.parquet", [{"problem": "p"}, {"problem": "p", "round": 1}])
    found = parquet.read_table(tmp_path / "accepted.parquet")
    assert found["round"].to_pylist() == [3, 1]
    assert {f.name: str(f.type) for f in found.schema} == {
        "problem": "string", "round": "int32", "role": "string", "source": "string",
        "kills": "list<element: int32>",
    }  # fmt: skip


def test_equal_lines_give_equal_bytes(tmp_path):
    """No time and no name is in the file, and groups are cut alike."""
    lines = [{"problem": str(i), "source": "é" * (i % 7)} for i in range(1100)]
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        write_lines(tmp_path / name / "accepted.parquet", iter(lines))
    one, other = (tmp_path / name / "accepted.parquet" for name in ("one", "other"))
    assert one.read_bytes() == other.read_bytes()
    assert [line["problem"] for line in read_lines(one)] == [str(i) for i in range(1100)]


def test_a_key_without_a_column_is_not_lost_in_silence(tmp_path):
    """The table and the key are named, and an earlier file stays as it was."""
    path = tmp_path / "codes.parquet"
    write_lines(path, [])
    before = path.read_bytes()
    with pytest.raises(ValueError, match="codes has no column 'reward'"):
        write_lines(path, [{"problem": "a", "reward": 1.0}])
    assert path.read_bytes() == before


def test_damaged_files_are_one_sentence(tmp_path):
    """A missing file names the stage before, a broken one says that it is broken."""
    with pytest.raises(RunError, match="run the stage before"):
        read_lines(tmp_path / "cases.parquet")
    (tmp_path / "cases.parquet").write_bytes(b"no table")
    with pytest.raises(RunError, match="damaged"):
        read_lines(tmp_path / "cases.parquet")
