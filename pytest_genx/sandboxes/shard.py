"""Shards of a batch: consecutive programs, small enough to be run, lost and run again elsewhere.

What is cut here does not show in a verdict: rows do not depend on one another.
"""

from __future__ import annotations

import array
import functools
import hashlib
import math
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest_genx
from pytest_genx.config import Config
from pytest_genx.domain import Batch, Execution
from pytest_genx.errors import GenxError
from pytest_genx.interfaces import Sandbox
from pytest_genx.sandboxes.interruptible import interruptible

Make = Callable[[Config], Sandbox]

_AIM = 2.0  # seconds that a shard shall take
_LEAST = 0.2  # seconds below which starting a worker would be most of it
_EACH = 4  # shards for each slot at least, so that all slots end at about the same time
_NONE = 2**32 - 1  # the place of a pair that was not reported
_GUESS = 0.0002  # seconds for a pair, until the first shard is back


@dataclass(frozen=True, slots=True)
class Shared:
    """What holds for all shards of a batch; it goes to a node once."""

    edition: str  # of this package, where the batch comes from
    make: Make  # opens the sandbox of a node
    config: Config
    batch: Batch  # without programs
    needed: tuple[str, ...]  # paths that must exist on a node, as they do where it comes from


@dataclass(frozen=True, slots=True)
class Shard:
    """Programs of a batch; `rows` are their numbers in it."""

    rows: tuple[int, ...]
    programs: tuple[str, ...]
    known: tuple[Mapping[int, Execution], ...] = ()


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of a shard; equal executions travel once.

    `places` holds, for each pair row by row, an unsigned int: which of `distinct` it is.
    """

    sandbox: str  # the mechanism, as the node names it
    seconds: float
    distinct: tuple[Execution, ...]
    places: bytes

    def executions(self) -> Iterator[Execution]:
        """Yield the execution of each pair, row by row."""
        return (self.distinct[place] for place in array.array("I", self.places))


class Cutter:
    """Cuts shards off the rows of a batch, sized by how long the ones before took."""

    def __init__(self, batch: Batch, rows: Sequence[int]) -> None:
        self._batch = batch
        self._rows = list(rows)
        self._next = 0
        self._seen = 0  # rows whose time is known
        self._seconds = 0.0

    @property
    def left(self) -> int:
        """Rows that are not cut off yet."""
        return len(self._rows) - self._next

    def learn(self, n_rows: int, seconds: float) -> None:
        """Take the time that a shard took."""
        self._seen += n_rows
        self._seconds += seconds

    def cut(self, slots: int) -> Shard:
        """Cut off the next shard; there must be rows left.

        Args:
            slots: shards that run at the same time.
        """
        each = self._seconds / self._seen if self._seen else _GUESS * len(self._batch.cases)
        each = max(each, 1e-9)
        least = int(_LEAST / each) if self._seen else 1
        size = min(int(_AIM / each), max(least, math.ceil(self.left / (_EACH * slots))))
        rows = tuple(self._rows[self._next : self._next + max(1, size)])
        self._next += len(rows)
        known = self._batch.known
        return Shard(
            rows,
            tuple(self._batch.programs[row] for row in rows),
            tuple(known[row] for row in rows) if known else (),
        )


def share(batch: Batch, make: Make, config: Config) -> Shared:
    """Say what holds for all shards, with paths that mean the same on every node.

    Args:
        batch: relative paths are taken from the current directory.
        make: opens the sandbox of a node; must be importable there.
        config: what it is opened with; a shard has one process.
    """
    path = os.path.abspath(batch.path)  # noqa: PTH100 -- links stay as they are
    sys_path = tuple(os.path.abspath(entry) for entry in batch.sys_path)  # noqa: PTH100
    bare = replace(batch, path=path, sys_path=sys_path, programs=(), known=())
    needed = tuple(place for place in (path, *sys_path, *batch.conftests) if os.path.exists(place))  # noqa: PTH110
    return Shared(edition(), make, for_node(config), bare, needed)


@functools.cache
def edition() -> str:
    """Return the version of this package with a digest of its code, which a checkout may change."""
    root = Path(pytest_genx.__file__).parent
    digest = hashlib.blake2b(digest_size=4)
    for file in sorted(root.rglob("*.py")):
        code = file.read_bytes()
        digest.update(f"{file.relative_to(root).as_posix()} {len(code)} ".encode() + code)
    return f"{pytest_genx.__version__} (code {digest.hexdigest()})"


def for_node(config: Config) -> Config:
    """Return the configuration with which one core of a node opens its own sandbox."""
    return replace(config, ray=None, workers=1)


def run_shard(shared: Shared, shard: Shard) -> Ran | str:
    """Run the rows of a shard on this machine.

    Returns:
        What became of them, or one sentence that says why this machine cannot.
    """
    host = socket.gethostname()
    if shared.edition != edition():
        return f"{host} has pytest-genx {edition()}, here it is {shared.edition}"
    for place in shared.needed:
        if not os.path.exists(place):  # noqa: PTH110
            return f"{host} has no {place}; the project must lie under the same path on every node"
    batch = replace(shared.batch, programs=shard.programs, known=shard.known)
    n_cases = len(batch.cases)
    numbers: dict[Execution, int] = {}
    places = array.array("I", [_NONE]) * (n_cases * len(shard.programs))

    def on_pair(program: int, case: int, execution: Execution) -> None:
        places[program * n_cases + case] = numbers.setdefault(execution, len(numbers))

    started = time.monotonic()
    try:
        with interruptible(), closing(shared.make(shared.config)) as sandbox:
            sandbox.run(batch, on_pair)
            name = sandbox.name
    except GenxError as error:  # their constructors take facts, so they cannot be pickled
        return f"{host}: {error}"
    if _NONE in places:
        return f"{host}: {name} left out {places.count(_NONE)} of {len(places)} pairs"
    return Ran(name, time.monotonic() - started, tuple(numbers), places.tobytes())


def describe(make: Make, config: Config) -> tuple[str, tuple[str, ...]] | str:
    """Open the sandbox of this machine and close it.

    Returns:
        Its name and what a run has to say about it, or one sentence that says why there is none.
    """
    try:
        with closing(make(config)) as sandbox:
            return sandbox.name, tuple(getattr(sandbox, "notes", ()))
    except GenxError as error:
        return str(error)
