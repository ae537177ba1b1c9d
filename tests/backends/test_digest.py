from __future__ import annotations

import hashlib
import os

import pytest

from pytest_genx.backends import digest
from pytest_genx.backends.digest import file_digest
from pytest_genx.config import Config


@pytest.fixture
def model(tmp_path):
    """A file, and how often files were read from here on."""
    path = tmp_path / "m.gguf"
    path.write_bytes(b"GGUF" * 1_000)
    return path


@pytest.fixture
def reads(monkeypatch):
    """Which files were read for their digests."""
    read, compute = [], digest.file_hash
    monkeypatch.setattr(digest, "file_hash", lambda path: read.append(path) or compute(path))
    return read


def test_a_file_is_hashed_once(model, reads, tmp_path):
    """Its SHA-256 is known from then on, under other names too."""
    expected = hashlib.sha256(model.read_bytes()).hexdigest()
    link = tmp_path / "link.gguf"
    link.symlink_to(model)
    config = Config(tmp_path)
    assert [file_digest(path, config) for path in (model, model, link)] == [expected] * 3
    assert len(reads) == 1


def test_a_file_that_looks_different_is_hashed_again(model, reads, tmp_path):
    """The time of change suffices, at the same size."""
    first = file_digest(model, Config(tmp_path))
    status = model.stat()
    model.write_bytes(b"FUGG" * 1_000)
    os.utime(model, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    assert file_digest(model, Config(tmp_path)) != first
    assert len(reads) == 2


def test_without_a_cache_it_is_hashed_each_time(model, reads, tmp_path, user_cache):
    """And nothing is kept."""
    for _ in range(2):
        file_digest(model, Config(tmp_path, cache="none"))
    assert len(reads) == 2
    assert list(user_cache.iterdir()) == []


def test_a_directory_that_cannot_be_used_does_no_harm(model, reads, tmp_path):
    """The digest is computed each time."""
    config = Config(tmp_path, cache="m.gguf")
    assert file_digest(model, config) == file_digest(model, config)
    assert len(reads) == 2
