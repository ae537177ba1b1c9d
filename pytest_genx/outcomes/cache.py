"""Outcomes of earlier runs, and of this one as they arrive: opened and closed by front ends.

What is wrong with the file is told in `notes`, and the run goes on without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pytest_genx.config import Config
from pytest_genx.domain import Batch, Execution
from pytest_genx.interfaces import Sandbox
from pytest_genx.outcomes.closure import Closure, Files
from pytest_genx.outcomes.codec import unpack, was_cut_off
from pytest_genx.outcomes.keys import case_digests, row_keys
from pytest_genx.outcomes.writer import Writer
from pytest_genx.store.faults import Damaged
from pytest_genx.store.place import cache_directory
from pytest_genx.store.rows import Rows

LIMIT = 512 << 20  # bytes


def open_cache(config: Config) -> OutcomeCache:
    """Open the cache in the directory that the configuration names, or in the user's own."""
    return OutcomeCache(cache_directory(config))


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
        self._rows = Rows(directory, "outcome", limit)
        self._writer = Writer(self._rows)
        self._files = Files()

    @property
    def notes(self) -> tuple[str, ...]:
        """What is wrong with the cache, a sentence each."""
        return self._rows.notes

    def journal(self, batch: Batch, sandbox: Sandbox) -> Journal:
        """Look up what is known of a batch, and take down what becomes known.

        Args:
            batch: what stands in its `known` is not counted as found.
            sandbox: what would execute it.
        """
        if not self._rows.usable:
            return Journal(self, None, [], [], ({},) * len(batch.programs))
        closure = Closure(batch.module, batch.path, batch.sys_path, self._files)
        rows = row_keys(batch, sandbox, closure)
        cases = case_digests(batch, closure)
        bodies = self._rows.read(rows)
        columns = {digest: j for j, digest in enumerate(cases)}
        interned: dict[bytes, Execution] = {}
        known = tuple(self._read(bodies.pop(row, b""), columns, interned) for row in rows)
        before = batch.known or ({},) * len(known)
        self.found += sum(len(k.keys() - b.keys()) for k, b in zip(known, before, strict=True))
        return Journal(self, self._writer, rows, cases, known)

    def close(self) -> None:
        """Write what is left, and close the file."""
        self._writer.close()
        self._rows.close()

    def _read(
        self, body: bytes, columns: Mapping[bytes, int], interned: dict[bytes, Execution]
    ) -> dict[int, Execution]:
        try:
            return unpack(body, columns, interned)
        except Damaged:
            self._rows.note("holds damaged outcomes, which are executed again")
            return {}


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
