"""Executions <-> bytes: what the body of a stored row looks like.

A body is a sequence of segments, one appended by each write. A segment is a checksum, a length
and records; a record is the digest of a case, a length and the execution as JSON. Of two
records for one case the later counts.
"""

from __future__ import annotations

import json
import re
import struct
import zlib
from collections.abc import Iterable, Mapping

from pytest_genx.domain import Execution, Outcome
from pytest_genx.store.faults import Damaged

DIGEST = 8  # bytes that name a case within a row
_HEAD = struct.Struct("<II")  # checksum, bytes that follow
_SIZE = struct.Struct("<I")
_PREFIX = DIGEST + _SIZE.size
_KILLED = re.compile(r"\bsignal 9\b")


def storable(execution: Execution) -> bool:
    """Say whether an execution is a property of its pair, not of the machine at that moment.

    What was cut off, what the wall clock ended and what somebody killed may end otherwise
    another time.
    """
    if execution.outcome is Outcome.TIMEOUT:
        return not was_cut_off(execution) and "nothing happened for" not in execution.detail
    return execution.outcome is not Outcome.CRASH or not _KILLED.search(execution.detail)


def was_cut_off(execution: Execution) -> bool:
    """Say whether the pair was never run, as its program timed out too often before."""
    return execution.outcome is Outcome.TIMEOUT and execution.detail.startswith("not run")


def pack(execution: Execution) -> bytes:
    """Write one execution, with its length before it; defaults at the end are left out."""
    fields = [
        execution.outcome.value,
        execution.detail,
        execution.value,
        execution.raised,
        execution.digest,
        execution.returned_type,
    ]
    while fields[-1] is None:
        fields.pop()
    if fields[1:] == [""]:
        fields.pop()
    payload = json.dumps(fields, separators=(",", ":")).encode()
    return _SIZE.pack(len(payload)) + payload


def segment(parts: Iterable[bytes]) -> bytes:
    """Close digests and packed executions, in turns, to what can be appended to a body."""
    records = b"".join(parts)
    return _HEAD.pack(zlib.crc32(records), len(records)) + records


def unpack(
    body: bytes, columns: Mapping[bytes, int], interned: dict[bytes, Execution]
) -> dict[int, Execution]:
    """Read a body.

    Args:
        body: segments.
        columns: the number of each case by its digest; other cases are passed over.
        interned: executions by their bytes; equal ones are made once.

    Returns:
        Executions by the number of their case.

    Raises:
        Damaged: a checksum, a length or a record is wrong.
    """
    found: dict[int, Execution] = {}
    at = 0
    while at < len(body):
        try:
            checksum, length = _HEAD.unpack_from(body, at)
        except struct.error:
            raise Damaged from None
        at += _HEAD.size
        records = body[at : at + length]
        at += length
        if len(records) != length or zlib.crc32(records) != checksum:
            raise Damaged
        start = 0
        while start < length:
            digest = records[start : start + DIGEST]
            end = start + _PREFIX + _SIZE.unpack_from(records, start + DIGEST)[0]
            column = columns.get(digest)
            if column is not None:
                payload = records[start + _PREFIX : end]
                execution = interned.get(payload)
                if execution is None:
                    execution = interned[payload] = _execution(payload)
                found[column] = execution
            start = end
    return found


def _execution(payload: bytes) -> Execution:
    letter, *fields = json.loads(payload)
    return Execution(Outcome(letter), *fields)
