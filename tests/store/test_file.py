from __future__ import annotations

import subprocess
import sys

import pytest

from pytest_genx.store import file
from pytest_genx.store.faults import StoreFault
from pytest_genx.store.file import open_store


@pytest.fixture
def opened(tmp_path):
    """Open stores in one directory; they are closed when the test ends."""
    stores = []

    def open_one(limit=1 << 20):
        notes = []
        one = open_store(tmp_path / "cache", "outcome", notes, limit)
        assert notes == []
        assert one is not None
        stores.append(one)
        return one

    yield open_one
    for one in stores:
        one.abandon()


def key(number: int) -> bytes:
    """Make the key of a row."""
    return number.to_bytes(16, "big")


def test_bodies_are_appended_to(opened):
    """Bytes of any value, in the order they came; other rows are not there."""
    one = opened()
    one.append({key(1): b"a\x00\xff", key(2): b"\x00"})
    one.append({key(1): b"\xfe\x00b"})
    assert one.read([key(1), key(2), key(3)]) == {key(1): b"a\x00\xff\xfe\x00b", key(2): b"\x00"}


def test_more_rows_than_a_statement_takes_are_read(opened):
    """In chunks."""
    one = opened()
    rows = {key(i): b"x" for i in range(1_203)}
    one.append(rows)
    assert one.read(list(rows)) == rows


def test_what_was_appended_is_there_for_others_at_once(opened):
    """Another connection sees it while the first is open."""
    first, second = opened(), opened()
    first.append({key(1): b"a"})
    second.append({key(1): b"b"})
    assert first.read([key(1)]) == {key(1): b"ab"}


def test_the_file_is_bounded(opened):
    """However much is written, it takes about what it may."""
    one = opened(limit=1 << 20)
    for i in range(400):
        one.append({key(i): bytes(20_000)})
    assert one.path.stat().st_size < 1.5 * (1 << 20)
    assert 20 <= sum(bool(one.read([key(i)])) for i in range(400)) <= 60


def test_rows_used_least_recently_go_first(opened, monkeypatch):
    """Reading is using."""
    now = 1_000_000.0
    monkeypatch.setattr(file.time, "time", lambda: now)
    one = opened(limit=1 << 20)
    for i in range(50):
        one.append({key(i): bytes(15_000)})
    now += 3_600
    one.read([key(3)])
    for i in range(50, 100):
        one.append({key(i): bytes(15_000)})
    left = one.read([key(i) for i in range(100)])
    assert key(3) in left
    assert key(99) in left
    assert key(2) not in left
    assert key(4) not in left


def test_a_row_that_grows_without_end_is_begun_anew(opened, monkeypatch):
    """One program with ever new cases must not fill the file."""
    monkeypatch.setattr(file, "_ROW", 10)
    one = opened()
    for part in (b"12345678", b"9012", b"new"):
        one.append({key(1): part})
    assert one.read([key(1)]) == {key(1): b"new"}


def test_a_failed_write_leaves_the_rows_as_they_were(opened):
    """All of an append or none."""
    one = opened()
    with pytest.raises(StoreFault):
        one.append({key(1): b"a", key(2): None})
    one.append({key(3): b"c"})
    assert one.read([key(1), key(2), key(3)]) == {key(3): b"c"}


WRITE = """
import sys
from pathlib import Path
from pytest_genx.store.file import open_store
first, directory = int(sys.argv[1]), Path(sys.argv[2])
notes = []
store = open_store(directory, "outcome", notes, 1 << 20)
for i in range(150):
    store.append({(first + i).to_bytes(16, "big"): b"own", bytes(16): b"."})
store.close()
assert notes == [], notes
"""


def test_processes_write_at_the_same_time(opened, tmp_path):
    """From the creation of the file on, and nothing of either is lost."""
    command = [sys.executable, "-W", "error", "-c", WRITE]
    writers = [
        subprocess.Popen([*command, str(first), str(tmp_path / "cache")], stderr=subprocess.PIPE)
        for first in (1_000, 2_000, 3_000)
    ]
    for writer in writers:
        assert writer.communicate()[1] == b""
        assert writer.returncode == 0
    one = opened()
    keys = [key(first + i) for first in (1_000, 2_000, 3_000) for i in range(150)]
    assert one.read(keys) == dict.fromkeys(keys, b"own")
    assert one.read([bytes(16)]) == {bytes(16): b"." * 450}
    assert [path.name for path in (tmp_path / "cache").glob(".*")] == []
