"""One process at a time works in the folder of a run.

The lock is the system's own, on an open file: it ends with the process that holds it, however
that ends, so that nobody has to remove a stale one. The file itself stays, and only says who.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from pytest_genx.train.rounds.store import RunError

LOCK = "lock"
_HELD = "GENX_TRAIN_HELD"  # tells a process that the one which started it holds this folder
_FAR = 1 << 20  # a byte that is not there: Windows lets nobody read what is locked


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder of a run.

    Raises:
        RunError: another process holds it.
        OSError: the file cannot be written.
    """
    if os.environ.get(_HELD) == str(folder.resolve()):
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a+", encoding="utf-8") as file:
        if not _take(file):
            file.seek(0)
            who = file.read().strip() or "another one"
            raise RunError(
                folder, f"process {who} works in it already; wait for it, or name another output"
            )
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def held(folder: Path) -> dict[str, str]:
    """The environment for processes that work in a folder for the one that holds it."""
    return {**os.environ, _HELD: str(folder.resolve())}


def _take(file: IO[str]) -> bool:
    """Lock an open file without waiting; a file system that has no locks says yes."""
    try:
        import fcntl  # noqa: PLC0415 -- not there on Windows
    except ImportError:
        return _take_on_windows(file)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _take_on_windows(file: IO[str]) -> bool:
    import msvcrt  # noqa: PLC0415 -- there on Windows alone

    file.seek(_FAR)
    try:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    except OSError:
        return False
    return True
