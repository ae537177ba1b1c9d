"""Outcomes of earlier runs, and of this one as they arrive: opened and closed by front ends.

What is wrong with the file is told in `notes`, and the run goes on without it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_genx.config import Config
from pytest_genx.domain import Batch, Execution
from pytest_genx.interfaces import Sandbox
from pytest_genx.outcomes.closure import Closure, Files
from pytest_genx.outcomes.codec import unpack, was_cut_off
from pytest_genx.outcomes.faults import Damaged, StoreFault
from pytest_genx.outcomes.keys import case_digests, row_keys
from pytest_genx.outcomes.writer import Writer

if TYPE_CHECKING:
    from pytest_genx.outcomes.store import Store

NONE = "none"  # as a directory: nothing is kept
LIMIT = 512 << 20  # bytes


def open_cache(config: Config) -> OutcomeCache:
    """Open the cache in the directory that the configuration names, or in the user's own."""
    if config.cache == NONE:
        return OutcomeCache(None)
    if config.cache:
        path = os.path.expanduser(config.cache)  # noqa: PTH111 -- pathlib's raises
        return OutcomeCache(config.rootdir / path)
    import platformdirs  # noqa: PLC0415 -- not needed by who names a directory

    return OutcomeCache(platformdirs.user_cache_path("pytest-genx"))


class OutcomeCache:
    """Known outcomes; counts what was executed and what was found."""

    def __init__(self, directory: Path | None, limit: int = LIMIT) -> None:
        """Open the file in a directory.

        Args:
            directory: None keeps nothing; counts are taken all the same.
            limit: bytes the file may take, about.
        """
        self.executed = 0
        self.found = 0
        self._notes: list[str] = []
        self._store = None if directory is None else _open_store(directory, self._notes, limit)
        self._writer = None if self._store is None else Writer(self._store, self._give_up)
        self._broken = False
        self._files = Files()

    @property
    def notes(self) -> tuple[str, ...]:
        """What is wrong with the cache, a sentence each."""
        return tuple(self._notes)

    def journal(self, batch: Batch, sandbox: Sandbox) -> Journal:
        """Look up what is known of a batch, and take down what becomes known.

        Args:
            batch: what stands in its `known` is not counted as found.
            sandbox: what would execute it.
        """
        if self._store is None or self._writer is None or self._broken:
            return Journal(self, None, [], [], ({},) * len(batch.programs))
        closure = Closure(batch.module, batch.path, batch.sys_path, self._files)
        rows = row_keys(batch, sandbox, closure)
        cases = case_digests(batch, closure)
        try:
            bodies = self._store.read(rows)
        except StoreFault as error:
            self._give_up(error)
            bodies = {}
        columns = {digest: j for j, digest in enumerate(cases)}
        interned: dict[bytes, Execution] = {}
        known = tuple(self._read(bodies.pop(row, b""), columns, interned) for row in rows)
        before = batch.known or ({},) * len(known)
        self.found += sum(len(k.keys() - b.keys()) for k, b in zip(known, before, strict=True))
        return Journal(self, self._writer, rows, cases, known)

    def close(self) -> None:
        """Write what is left, and close the file."""
        if self._store is None or self._writer is None:
            return
        self._writer.close()
        if self._broken:
            self._store.abandon()
            return
        try:
            self._store.close()
        except StoreFault as error:
            self._give_up(error)

    def _read(
        self, body: bytes, columns: Mapping[bytes, int], interned: dict[bytes, Execution]
    ) -> dict[int, Execution]:
        try:
            return unpack(body, columns, interned)
        except Damaged:
            assert self._store is not None, "what was read was read from a store"
            self._note(f"{self._store.path} holds damaged outcomes, which are executed again")
            return {}

    def _give_up(self, error: StoreFault) -> None:
        assert self._store is not None, "there is no error without a store"
        self._broken = True
        self._note(f"{self._store.path} was not used any further: {error}")

    def _note(self, note: str) -> None:
        if note not in self._notes:
            self._notes.append(note)


class Journal:
    """One batch: `known` from earlier runs, by program and case; `keep` what is executed."""

    def __init__(
        self,
        cache: OutcomeCache,
        writer: Writer | None,
        rows: list[bytes],
        cases: list[bytes],
        known: tuple[Mapping[int, Execution], ...],
    ) -> None:
        self.known = known
        self._cache = cache
        self._writer = writer
        self._rows = rows
        self._cases = cases

    def keep(self, program: int, case: int, execution: Execution) -> None:
        """Take an outcome down; it is in the file a moment later."""
        if was_cut_off(execution):
            return
        self._cache.executed += 1
        if self._writer is not None:
            self._writer.put(self._rows[program], self._cases[case], execution)

    def close(self) -> None:
        """Return when all of it is in the file."""
        if self._writer is not None:
            self._writer.drain()


def _open_store(directory: Path, notes: list[str], limit: int) -> Store | None:
    try:
        from pytest_genx.outcomes.store import open_store  # noqa: PLC0415 -- some lack SQLite
    except ImportError as error:
        notes.append(f"no outcome cache with this interpreter: {error}")
        return None
    return open_store(directory, notes, limit)
