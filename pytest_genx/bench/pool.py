"""Pools: recorded samples of a set of problems, with true labels, one JSON object a line.

A pool is read whole and checked field by field. Turning its raw samples into candidates and
cases is `protocol.py`; running them is `rank.py`.
"""

from __future__ import annotations

import ast
import gzip
import json
import warnings
import zlib
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_genx.errors import RecordError, TargetNotFound

GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class PoolTask:
    """One problem of a pool, as recorded.

    `prompt` is code that the code samples continue, or a statement for people; `test_prompt`
    is the text that the test samples continue, None when they are whole assertions.
    `label_test` is run after a candidate and raises when it is wrong; a ranker never sees it.
    """

    task_id: str
    entry_point: str
    prompt: str
    code_samples: tuple[str, ...]
    test_samples: tuple[str, ...]
    test_prompt: str | None = None
    reference: str | None = None
    label_test: str | None = None

    @property
    def continues(self) -> bool:
        """Whether the code samples continue `prompt`: it then defines the entry point."""
        return defines(self.prompt + "\n    pass\n", self.entry_point)


@dataclass(frozen=True, slots=True)
class Pool:
    """The tasks of one file, under the file's name without its suffixes."""

    name: str
    tasks: tuple[PoolTask, ...]


def read(path: Path) -> Pool:
    """Read a pool from JSON lines, gzipped or plain; empty lines are skipped.

    Raises:
        TargetNotFound: there is no such file.
        RecordError: the file cannot be read, holds no task, or has a bad line (its number is
            in the message).
    """
    if not path.is_file():
        raise TargetNotFound("pool", str(path), _neighbours(path))
    tasks: dict[str, PoolTask] = {}
    number = 0
    try:
        for number, line in enumerate(lines_of(path), 1):  # noqa: B007 -- told when parsing fails
            if not line.strip():
                continue
            task = _task(json.loads(line), tasks)
            tasks[task.task_id] = task
    except (OSError, ValueError, EOFError, RecursionError, zlib.error) as error:
        raise RecordError(path, number, str(error)) from None
    if not tasks:
        raise RecordError(path, number, "the pool holds no tasks")
    return Pool(path.name.split(".jsonl")[0], tuple(tasks.values()))


def defines(source: str, name: str) -> bool:
    """Whether `source` is Python that defines a function or class `name` at its top level."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes in other people's docstrings
        try:
            body = ast.parse(source).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return any(isinstance(node, kinds) and node.name == name for node in body)


def _neighbours(path: Path) -> list[str]:
    """Other pools in the same directory, for the hint of an error."""
    return [str(other) for other in path.parent.glob("*.jsonl*")]


def lines_of(path: Path) -> Iterator[str]:
    """Yield the lines of a file, gzipped or plain."""
    with path.open("rb") as start:
        gzipped = start.read(2) == GZIP_MAGIC
    if gzipped:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            yield from lines
    else:
        with path.open(encoding="utf-8") as lines:
            yield from lines


def _task(record: Any, known: Container[str]) -> PoolTask:
    """Check one record; unknown fields are left alone."""
    if not isinstance(record, dict):
        raise ValueError("expected an object")  # noqa: TRY004 -- reported with its line
    task_id = _text(record, "task_id")
    if task_id in known:
        raise ValueError(f"a second task named {task_id!r}")
    return PoolTask(
        task_id=task_id,
        entry_point=_text(record, "entry_point"),
        prompt=_text(record, "prompt"),
        code_samples=_texts(record, "code_samples"),
        test_samples=_texts(record, "test_samples"),
        test_prompt=_optional(record, "test_prompt"),
        reference=_optional(record, "reference"),
        label_test=_optional(record, "label_test"),
    )


def _text(record: dict[str, Any], key: str) -> str:
    value = record.get(key)
    if not isinstance(value, str):
        raise ValueError(f"field {key!r} must be a string, got {value!r:.40}")  # noqa: TRY004
    return value


def _optional(record: dict[str, Any], key: str) -> str | None:
    return None if record.get(key) is None else _text(record, key)


def _texts(record: dict[str, Any], key: str) -> tuple[str, ...]:
    value = record.get(key)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError(f"field {key!r} must be a list of strings, got {value!r:.40}")
    return tuple(value)
