"""Sets of problems -> tasks, and what is dropped, counted by cause.

A row that no problem can be made of is dropped, and the reason is what it is counted by. Nothing
is run here: a reference that fails its own tests shows when it is executed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from pytest_genx.errors import UnknownName
from pytest_genx.train.rounds.files import HUB, DataError, Row, find, rows
from pytest_genx.train.rounds.schemas import ADAPTERS, LONGEST, Exchange, Task, Unusable

__all__ = ["DataError", "Exchange", "Task", "read_set"]

# What an adapter may stumble over in a row of another schema.
_STUMBLES = (
    KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError, MemoryError,
    SyntaxError,
)  # fmt: skip


def read_set(
    spec: str, folder: Path, *, longest_input: int = 2000, download: bool = False
) -> tuple[list[Task], Counter[str]]:
    """Read one set of problems.

    Args:
        spec: `NAME` or `FORMAT:NAME`, where NAME may be `hub:OWNER/NAME[@REVISION][:SPLIT]`; the
            format is `problems` when none is given.
        folder: where a name is looked for, as `find` does.
        longest_input: characters of one test; longer tests are left out.
        download: whether the hub may be asked for what is not on this machine.

    Returns:
        The problems in the order of the files, and how many rows were dropped by cause.

    Raises:
        DataError: there is no such file, or it is damaged.
        UnknownName: there is no such format.
    """
    form, name = _parted(spec)
    adapter = ADAPTERS.get(form)
    if adapter is None:
        raise UnknownName("format of problems", form, ADAPTERS)
    tasks: list[Task] = []
    dropped: Counter[str] = Counter()
    seen: set[str] = set()
    for number, row in enumerate(_rows(find(folder, name, download=download))):
        try:
            if row is None:
                raise Unusable("no JSON record")  # noqa: TRY301 -- counted as all the others
            task = _checked(adapter(row, number))
        except Unusable as unusable:
            dropped[str(unusable)] += 1
            continue
        except _STUMBLES as error:
            dropped[f"row not in this format ({type(error).__name__})"] += 1
            continue
        short = replace(
            task,
            tests=tuple(t for t in task.tests if len(t) <= longest_input),
            exchanges=tuple(e for e in task.exchanges if e.length <= longest_input),
        )
        dropped["tests too long"] += _count(task) - _count(short)
        cause = _missing(short) or ("id stands twice" if task.id in seen else "")
        if cause:
            dropped[cause] += 1
        else:
            seen.add(task.id)
            tasks.append(short)
    return tasks, +dropped


def _parted(spec: str) -> tuple[str, str]:
    """Part a set's format from its name, in which there may be colons of the hub's."""
    if spec.startswith(HUB):
        return "problems", spec
    form, marker, place = spec.partition(f":{HUB}")
    if marker:
        return form, HUB + place
    form, colon, name = spec.rpartition(":")
    return (form if colon else "problems"), name


def _rows(paths: Iterable[Path]) -> Iterator[Row | None]:
    for path in paths:
        yield from rows(path)


def _checked(task: Task) -> Task:
    """Refuse a task whose fields are no texts, or of a size that nobody trains on."""
    texts = (task.id, task.statement, task.entry_point, task.setup, task.starter)
    sides = [side for e in task.exchanges for side in (e.given, e.printed)]
    if not all(isinstance(t, str) for t in (*texts, *task.solutions, *task.tests, *sides)):
        raise Unusable("a field is no text")
    try:
        "".join((*texts, *task.solutions, *task.tests, *sides)).encode()
    except UnicodeEncodeError:  # half of a pair of surrogates
        raise Unusable("a field is no text") from None
    if max(map(len, (task.statement, *task.solutions[:1]))) > LONGEST:
        raise Unusable("statement or solution too long")
    return task


def _count(task: Task) -> int:
    return len(task.tests) + len(task.exchanges)


def _missing(task: Task) -> str:
    """What a task cannot do without; "" when it has all."""
    if not task.solutions:
        return "" if task.starter or task.exchanges else "no solution"
    return "" if _count(task) else "no tests"
