"""SHA-256 of model files, each computed once for as long as the file looks the same."""

from __future__ import annotations

import hashlib
import os
from contextlib import closing
from pathlib import Path

from pytest_genx.config import Config
from pytest_genx.models.store import file_hash
from pytest_genx.store.place import cache_directory
from pytest_genx.store.rows import Rows

LIMIT = 1 << 20  # bytes
_LENGTH = 32  # bytes of a digest


def file_digest(path: Path, config: Config) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits.

    It is known again by the file's real path, size and time of change; without a cache it is
    computed each time.

    Args:
        path: the file.
        config: `cache` says where digests are kept.

    Raises:
        OSError: the file cannot be read.
    """
    with closing(Rows(cache_directory(config), "digest", LIMIT)) as rows:
        key = _looks(path)
        known = rows.read([key]).get(key, b"")[-_LENGTH:]
        if len(known) < _LENGTH:
            known = bytes.fromhex(file_hash(path))
            if _looks(path) == key:  # else it was written to meanwhile
                rows.append({key: known})
        return known.hex()


def _looks(path: Path) -> bytes:
    status = path.stat()
    described = f"{os.path.realpath(path)}\0{status.st_size}\0{status.st_mtime_ns}"
    return hashlib.sha256(described.encode("utf-8", "surrogateescape")).digest()
