"""The file of a cache: SQLite, rows of bytes by their keys.

Several processes may read and write at once. A write is there as soon as `append` returns, for
whoever opens the file next, should this process be killed then; a power failure may cost the
file, which is a cache after all. A file that is not ours, or no longer a database, is never
touched: the next free name beside it is taken.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pytest_genx.store.faults import StoreFault

FORMAT = 1  # of rows; another format has another file
_APPLICATION = 0x67656E78  # what SQLite calls its id: "genx"
_MAGIC = b"SQLite format 3\x00"
_TRIED = 4  # names of files
_PATIENCE = 10.0  # seconds to wait for other processes
_TOUCH = 60  # seconds within which a use need not be noted again
_ROW = 1 << 24  # bytes; a longer row is begun anew
_CHECK = 16  # the part of the limit that is written between two looks at the size
_KEEP = 0.75  # the share of the limit that is left after rows went
_CHUNK = 500  # parameters of one statement


class Store:
    """An open file. Threads may share it; any method may raise `StoreFault`."""

    def __init__(self, path: Path, limit: int) -> None:
        """Open a file that `_create` made.

        Args:
            path: the file.
            limit: bytes it may take, about; then the rows used least recently go.

        Raises:
            sqlite3.Error: it is not such a file.
        """
        self.path = path
        self.limit = limit
        self._lock = threading.Lock()
        self._written = 0
        self._db = sqlite3.connect(
            path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
        )
        try:
            self._db.execute("PRAGMA synchronous = OFF")
            self._db.execute("SELECT used, body FROM row LIMIT 1").fetchall()
        except sqlite3.Error:
            self._db.close()
            raise

    def read(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return the bodies of those rows that are there, and note that they were used."""
        found: dict[bytes, bytes] = {}
        stale: list[bytes] = []
        now = int(time.time())
        with self._guarded():
            for at in range(0, len(keys), _CHUNK):
                chunk = keys[at : at + _CHUNK]
                marks = ",".join("?" * len(chunk))
                rows = self._db.execute(
                    f"SELECT key, used, body FROM row WHERE key IN ({marks})",  # noqa: S608
                    chunk,
                )
                for key, used, body in rows:
                    found[key] = body
                    if abs(now - used) >= _TOUCH:
                        stale.append(key)
            if stale:
                with self._transaction():
                    self._db.executemany(
                        "UPDATE row SET used = ? WHERE key = ?", [(now, key) for key in stale]
                    )
        return found

    def append(self, segments: Mapping[bytes, bytes]) -> None:
        """Add bytes to the bodies of rows, all or none."""
        now = int(time.time())
        with self._guarded():
            with self._transaction():
                self._db.executemany(
                    "INSERT INTO row (key, used, body) VALUES (?, ?, ?)"
                    " ON CONFLICT (key) DO UPDATE SET used = excluded.used, body ="
                    " CASE WHEN length(body) > ? THEN excluded.body"
                    " ELSE CAST(body || excluded.body AS BLOB) END",
                    [(key, now, body, _ROW) for key, body in segments.items()],
                )
            self._written += sum(map(len, segments.values()))
            if self._written >= self.limit // _CHECK:
                self._written = 0
                self._shrink()

    def close(self) -> None:
        """Make room if need be, and close the file."""
        with self._guarded():
            try:
                if self._written:
                    self._shrink()
            finally:
                self._db.close()

    def abandon(self) -> None:
        """Close a file that has given trouble, whatever it says."""
        with self._lock, contextlib.suppress(sqlite3.Error):
            self._db.close()

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        with self._lock:
            try:
                yield
            except sqlite3.Error as error:
                raise StoreFault(str(error)) from error

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):  # a full disk has rolled back already
                self._db.execute("ROLLBACK")
            raise

    def _size(self) -> int:
        """Bytes in use; pages that rows left free are used before the file grows."""
        ((pages,), (free,), (size,)) = (
            self._db.execute(f"PRAGMA {name}").fetchone()
            for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)

    def _shrink(self) -> None:
        """Delete the rows that were used least recently until the rest fits."""
        if self._size() <= self.limit:
            return
        with self._transaction():
            while (excess := self._size() - int(self.limit * _KEEP)) > 0:
                oldest = self._db.execute(
                    "SELECT id, length(body) FROM row ORDER BY used, id LIMIT 1000"
                ).fetchall()
                if not oldest:
                    break
                doomed = []
                for number, length in oldest:
                    if excess <= 0:
                        break
                    doomed.append((number,))
                    excess -= length
                self._db.executemany("DELETE FROM row WHERE id = ?", doomed)


def open_store(directory: Path, kind: str, notes: list[str], limit: int) -> Store | None:
    """Open a file in a directory, which is made if need be.

    Args:
        directory: where the file is or shall be.
        kind: what it holds, one noun: "outcome".
        notes: takes one sentence for each file that cannot be used.
        limit: bytes the file may take, about.

    Returns:
        None when no file can be used.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except FileExistsError:
        notes.append(f"no {kind} cache in {directory}: it is a file, not a directory")
        return None
    except OSError as error:
        notes.append(f"no {kind} cache in {directory}: {error.strerror or error}")
        return None
    for number in range(1, _TRIED + 1):
        again = f".{number}" if number > 1 else ""
        path = directory / f"{kind}s-{FORMAT}{again}.sqlite"
        try:
            if not path.exists():
                _create(path)
            reason = _strange(path)
            if not reason:
                return Store(path, limit)
        except (OSError, sqlite3.Error) as error:
            reason = getattr(error, "strerror", None) or str(error)
        notes.append(f"{path} is left alone, it cannot be used for {kind}s: {reason}")
    return None


def _create(path: Path) -> None:
    """Make an empty file of ours; whoever looks sees all of it or nothing."""
    draft = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
    draft.unlink(missing_ok=True)  # of a process that was killed
    try:
        with contextlib.closing(sqlite3.connect(draft, isolation_level=None)) as db:
            db.execute(f"PRAGMA application_id = {_APPLICATION}")
            db.execute(
                "CREATE TABLE row (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE,"
                " used INTEGER NOT NULL, body BLOB NOT NULL)"
            )
            db.execute("PRAGMA journal_mode = WAL")
        if not path.exists():  # else another process was faster; its file is as good
            _place(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _place(draft: Path, path: Path) -> None:
    """Give a file its name unless there is one of that name."""
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return
    except OSError:  # a file system without hard links
        draft.rename(path)


def _strange(path: Path) -> str:
    """Say what is wrong with a file, without letting SQLite near it; "" for nothing."""
    with path.open("rb") as file:
        head = file.read(100)
    if len(head) < 100 or not head.startswith(_MAGIC):
        return "it is no database"
    if int.from_bytes(head[68:72], "big") != _APPLICATION:
        return "it is a database of another program"
    return ""
