"""Frames among rubbish."""

from __future__ import annotations

import json
import os

import pytest

from pytest_genx.sandboxes.channel import FrameReader, encode, find_frame, take
from pytest_genx.sandboxes.worker import wire

WORKER, PROGRAM, CASE = b"w" * 16, b"p" * 16, b"c" * 16


def frame(token: bytes, *fields: str | None) -> bytes:
    """Write a frame as the worker does."""
    out, into = os.pipe()
    wire.send(into, token, fields)
    os.close(into)
    with os.fdopen(out, "rb") as file:
        return file.read()


@pytest.fixture
def reader() -> FrameReader:
    """A reader that knows both tokens."""
    reader = FrameReader(WORKER, 1000)
    reader.program_token = PROGRAM
    return reader


@pytest.mark.parametrize("step", [1, 7, 10_000])
def test_frames_are_found_however_they_arrive(reader, step):
    """Rubbish, split frames and empty fields do not matter."""
    verdict = frame(CASE, "P", "", None, "ä\0b")
    stream = (
        b"x" * 50 + verdict + b"yyy" + frame(PROGRAM, "ended", "exit 0") + frame(WORKER, "done")
    )
    seen = []
    for start in range(0, len(stream), step):
        reader.feed(stream[start : start + step], CASE)
        seen += reader.frames()
    assert [f.fields for f in seen] == [["ended", "exit 0"], ["done"]]
    assert [f.from_worker for f in seen] == [False, True]
    assert find_frame(seen[0].before, CASE) == ["P", "", None, "ä\\0b"]


def test_a_verdict_that_is_cut_short_is_none(reader):
    """The frame that follows is not taken for its rest."""
    reader.feed(frame(CASE, "P", "x" * 100)[:40] + frame(PROGRAM, "ended", "signal 9"), CASE)
    (found,) = reader.frames()
    assert found.fields == ["ended", "signal 9"]
    assert find_frame(found.before, CASE) == []


def test_a_verdict_with_another_token_is_none():
    """Only the pair's own token counts."""
    assert find_frame(frame(PROGRAM, "P"), CASE) == []
    assert find_frame(frame(CASE, "P"), b"") == []


def test_a_flood_is_not_kept_but_the_verdict_in_it_is(reader):
    """Memory stays bounded, before and after a verdict."""
    for _ in range(50):
        reader.feed(b"z" * 999, CASE)
        assert list(reader.frames()) == []
        assert len(reader._bytes) <= 3000
    reader.feed(frame(CASE, "F"), CASE)
    for _ in range(50):
        reader.feed(b"z" * 999, CASE)
        assert list(reader.frames()) == []
        assert len(reader._bytes) <= 4000
    reader.feed(frame(PROGRAM, "ended", "exit 0"), CASE)
    (found,) = reader.frames()
    assert find_frame(found.before, CASE) == ["F"]


def test_a_frame_is_taken_when_it_is_whole():
    """An incomplete one is None."""
    whole = frame(CASE, "P")
    assert take(whole, 0) == (["P"], len(whole))
    assert [take(whole[:n], 0) for n in range(len(whole))] == [None] * len(whole)


def test_messages_are_read_back():
    """What the trusted side writes, the worker reads, surrogates included."""
    message = {"program": "x = '\ud800ä'", "cases": [1, 2]}
    out, into = os.pipe()
    os.write(into, encode(message))
    assert wire.receive(out) == json.loads(json.dumps(message))
    os.close(into)
    assert wire.receive(out) is None
    os.close(out)


def test_a_frame_that_claims_to_be_endless_is_none(reader):
    """A program that knows its token cannot have the trusted side wait, and collect, for ever."""
    reader.feed(PROGRAM + b"\xff\xff\xff\xff" + b"x" * 100 + frame(WORKER, "done"), CASE)
    (found,) = reader.frames()
    assert (found.from_worker, found.fields) == (True, ["done"])
