"""Records survive the way through a line of JSON, and bad lines are told by their number."""

from __future__ import annotations

import dataclasses
import json
import typing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_genx.errors import RecordError
from pytest_genx.records import (
    SCHEMA,
    Progress,
    Record,
    RunEnded,
    RunStarted,
    SampleTaken,
    TargetDone,
    decode,
    encode,
    read,
)

RECORDS = st.one_of([st.from_type(kind) for kind in typing.get_args(Record)])


@given(RECORDS)
def test_every_record_survives(record: Record) -> None:
    """Whatever the fields hold, decoding gives the record back, from one line."""
    if isinstance(record, RunStarted):
        record = dataclasses.replace(record, schema=SCHEMA)
    line = encode(record)
    assert "\n" not in line
    again = decode(line)
    assert encode(again) == line  # NaN is not equal to itself, its text is
    assert type(again) is type(record)


def test_line_names_its_record_first() -> None:
    """A person who greps the file sees what each line is."""
    assert encode(Progress("a.py::f", "sampled", 1, 2)) == (
        '{"record": "Progress", "target": "a.py::f", "stage": "sampled", "done": 1, "total": 2}'
    )


def test_letters_beyond_ascii_stay_readable() -> None:
    """Code in any language is text, not escapes."""
    assert "größe" in encode(SampleTaken("a", "coder", "llama", 0, "größe"))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("[]", "not a record"),
        ('"RunEnded"', "not a record"),
        ('{"record": "Nonsense"}', "known: RunStarted, TargetStarted, Progress"),
        ('{"record": "RunEnded", "interrupted": 1, "seconds": 1.0}', "expected bool, got 1"),
        ('{"record": "RunEnded", "interrupted": false, "seconds": "1"}', "expected float"),
        ('{"record": "RunEnded", "interrupted": false}', "RunEnded: .*'seconds'"),
        ('{"record": "RunEnded", "interrupted": false, "seconds": 1, "x": 2}', "no field 'x'"),
        ('{"record": "TargetDone", "target": "a", "candidates": [3]}', "must be an object"),
        ('{"record": "TargetDone", "target": "a", "notes": "abc"}', "expected"),
        ("{", "Expecting"),
    ],
)
def test_bad_lines_say_why(line: str, message: str) -> None:
    """What is missing, unknown or of the wrong type is named."""
    with pytest.raises(ValueError, match=message):
        decode(line)


def test_whole_numbers_do_as_fractions() -> None:
    """JSON writers of other languages drop the `.0`."""
    record = decode('{"record": "RunEnded", "interrupted": true, "seconds": 3}')
    assert record == RunEnded(interrupted=True, seconds=3.0)


def test_another_schema_is_refused() -> None:
    """A file of a later version is not half understood."""
    started = RunStarted("1", 0, "code", (), "process", "codet", ())
    body = {**json.loads(encode(started)), "schema": SCHEMA + 1}
    with pytest.raises(ValueError, match=f"schema {SCHEMA + 1} is not supported"):
        decode(json.dumps(body))


def test_optional_fields_may_be_null_or_missing() -> None:
    """`proposal` has no default and may be null; `notes` may be left out."""
    line = (
        '{"record": "TargetDone", "target": "a", "candidates": [], "cases": [], "outcomes": [], '
        '"findings": [], "proposal": null}'
    )
    assert decode(line) == TargetDone("a", (), (), (), (), None)


def test_reading_skips_empty_lines(tmp_path: Path) -> None:
    """Files put together by hand have some."""
    path = tmp_path / "a.jsonl"
    ended = RunEnded(interrupted=False, seconds=0.5)
    path.write_text(f"\n{encode(ended)}\n  \n{encode(ended)}\n")
    assert list(read(path)) == [ended, ended]


@pytest.mark.parametrize("bad", ["nonsense", '{"record": 1}'])
def test_reading_names_the_bad_line(tmp_path: Path, bad: str) -> None:
    """The line's number is in the message, counted from 1, empty ones included."""
    path = tmp_path / "a.jsonl"
    good = encode(RunEnded(interrupted=False, seconds=0.5))
    path.write_text(f"{good}\n\n{bad}\n{good}\n")
    with pytest.raises(RecordError, match=r"a\.jsonl, line 3: "):
        list(read(path))


def test_file_that_is_no_text_is_a_record_error(tmp_path: Path) -> None:
    """A binary file ends in a sentence too."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\xff\n")
    with pytest.raises(RecordError, match="can't decode"):
        list(read(path))


def test_missing_file_is_a_record_error(tmp_path: Path) -> None:
    """There is one kind of error for a file that cannot be used."""
    with pytest.raises(RecordError, match="No such file"):
        list(read(tmp_path / "none.jsonl"))
