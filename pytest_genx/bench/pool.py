"""Pools: recorded samples of a set of problems, with true labels, one JSON object a line.

A pool is read whole and checked field by field. Turning its raw samples into candidates and
cases is `protocol.py`; running them is `rank.py`.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_genx.bench.record_lines import read_records, text_of, texts_of


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
    name, tasks = read_records(path, _task, what="pool", empty="the pool holds no tasks")
    return Pool(name, tasks)


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


def _task(record: Any, known: Container[str]) -> tuple[str, PoolTask]:
    """Check one record; unknown fields are left alone."""
    if not isinstance(record, dict):
        raise ValueError("expected an object")  # noqa: TRY004 -- reported with its line
    task_id = text_of(record, "task_id")
    if task_id in known:
        raise ValueError(f"a second task named {task_id!r}")
    task = PoolTask(
        task_id=task_id,
        entry_point=text_of(record, "entry_point"),
        prompt=text_of(record, "prompt"),
        code_samples=texts_of(record, "code_samples"),
        test_samples=texts_of(record, "test_samples"),
        test_prompt=_optional(record, "test_prompt"),
        reference=_optional(record, "reference"),
        label_test=_optional(record, "label_test"),
    )
    return task_id, task


def _optional(record: dict[str, Any], key: str) -> str | None:
    return None if record.get(key) is None else text_of(record, key)
