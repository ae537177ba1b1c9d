"""Rows that a run can go on without: whatever is wrong with their file is a note, and no error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_genx.store.faults import StoreFault

if TYPE_CHECKING:
    from pytest_genx.store.file import Store


class Rows:
    """One file of a cache, or none. Threads may share it."""

    def __init__(self, directory: Path | None, kind: str, limit: int) -> None:
        """Open the file in a directory.

        Args:
            directory: where it is or shall be; None keeps nothing.
            kind: what it holds, one noun: "outcome".
            limit: bytes it may take, about; then the rows used least recently go.
        """
        self._notes: list[str] = []
        self._broken = False
        self._store = None if directory is None else _open(directory, kind, self._notes, limit)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is wrong with the file, a sentence each."""
        return tuple(self._notes)

    @property
    def usable(self) -> bool:
        """Whether anything is read and kept."""
        return self._store is not None and not self._broken

    def read(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return the bodies of those rows that are there."""
        if self._store is None or self._broken:
            return {}
        try:
            return self._store.read(keys)
        except StoreFault as error:
            self._give_up(error)
            return {}

    def append(self, segments: Mapping[bytes, bytes]) -> None:
        """Add bytes to the bodies of rows; they are in the file when this returns."""
        if self._store is None or self._broken:
            return
        try:
            self._store.append(segments)
        except StoreFault as error:
            self._give_up(error)

    def note(self, finding: str) -> None:
        """Say once what was found in the file."""
        assert self._store is not None, "what was found was read from a file"
        note = f"{self._store.path} {finding}"
        if note not in self._notes:
            self._notes.append(note)

    def close(self) -> None:
        """Close the file."""
        if self._store is None:
            return
        if self._broken:
            self._store.abandon()
            return
        try:
            self._store.close()
        except StoreFault as error:
            self._give_up(error)

    def _give_up(self, error: StoreFault) -> None:
        self._broken = True
        self.note(f"was not used any further: {error}")


def _open(directory: Path, kind: str, notes: list[str], limit: int) -> Store | None:
    try:
        from pytest_genx.store.file import open_store  # noqa: PLC0415 -- some lack SQLite
    except ImportError as error:
        notes.append(f"no {kind} cache with this interpreter: {error}")
        return None
    return open_store(directory, kind, notes, limit)
