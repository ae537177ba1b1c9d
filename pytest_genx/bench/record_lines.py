"""Files of JSON lines, gzipped or plain, one record a line: what pools and sets of bugs are."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Container, Iterator
from pathlib import Path
from typing import Any, TypeVar

from pytest_genx.errors import RecordError, TargetNotFound

GZIP_MAGIC = b"\x1f\x8b"

_Record = TypeVar("_Record")


def read_records(
    path: Path,
    parse: Callable[[Any, Container[str]], tuple[str, _Record]],
    *,
    what: str,
    empty: str,
) -> tuple[str, tuple[_Record, ...]]:
    """Read a file of records whole; empty lines are skipped.

    Args:
        path: the file.
        parse: makes a record and its identifier of a JSON value, knowing the identifiers so far;
            raises ValueError.
        what: the file, as errors name it.
        empty: what is said of a file without records.

    Returns:
        The name of the file without its suffixes, and its records.

    Raises:
        TargetNotFound: there is no such file.
        RecordError: the file cannot be read, holds no record, or has a bad line (its number is
            in the message).
    """
    if not path.is_file():
        raise TargetNotFound(what, str(path), [str(p) for p in path.parent.glob("*.jsonl*")])
    records: dict[str, _Record] = {}
    number = 0
    try:
        for number, line in enumerate(_lines(path), 1):  # noqa: B007 -- told when parsing fails
            if line.strip():
                identifier, record = parse(json.loads(line), records)
                records[identifier] = record
    except (OSError, ValueError, EOFError, RecursionError, zlib.error) as error:
        raise RecordError(path, number, str(error)) from None
    if not records:
        raise RecordError(path, number, empty)
    return path.name.split(".jsonl")[0], tuple(records.values())


def text_of(record: dict[str, Any], key: str) -> str:
    """Return a field that is a string.

    Raises:
        ValueError: it is not there, or something else.
    """
    value = record.get(key)
    if not isinstance(value, str):
        raise ValueError(f"field {key!r} must be a string, got {value!r:.40}")  # noqa: TRY004
    return value


def texts_of(record: dict[str, Any], key: str) -> tuple[str, ...]:
    """Return a field that is a list of strings.

    Raises:
        ValueError: it is not there, or something else.
    """
    value = record.get(key)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError(f"field {key!r} must be a list of strings, got {value!r:.40}")
    return tuple(value)


def _lines(path: Path) -> Iterator[str]:
    """Yield the lines of a file, gzipped or plain."""
    with path.open("rb") as start:
        gzipped = start.read(2) == GZIP_MAGIC
    if gzipped:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            yield from lines
    else:
        with path.open(encoding="utf-8") as lines:
            yield from lines
