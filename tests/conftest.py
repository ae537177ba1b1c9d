"""What all tests share: none of them sees the user's own cache of outcomes."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def user_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache directory for each test, of the processes it starts too, as platformdirs reads it."""
    directory = tmp_path_factory.mktemp("user-cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(directory))
    monkeypatch.setenv("WIN_PD_OVERRIDE_LOCAL_APPDATA", str(directory))
    return directory
