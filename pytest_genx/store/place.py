"""Where caches are."""

from __future__ import annotations

import os
from pathlib import Path

from pytest_genx.config import Config

NONE = "none"  # as a directory: nothing is kept


def cache_directory(config: Config) -> Path | None:
    """Return the directory that the configuration names, or the user's own; None for no cache."""
    if config.cache == NONE:
        return None
    if config.cache:
        path = os.path.expanduser(config.cache)  # noqa: PTH111 -- pathlib's raises
        return config.rootdir / path
    import platformdirs  # noqa: PLC0415 -- not needed by who names a directory

    return platformdirs.user_cache_path("pytest-genx")
