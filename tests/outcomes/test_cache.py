from __future__ import annotations

import contextlib
import sqlite3
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_genx.config import Config
from pytest_genx.domain import Case, Execution, Outcome
from pytest_genx.outcomes.cache import OutcomeCache, open_cache

NAME = "outcomes-1.sqlite"


def test_a_second_identical_run_executes_nothing(batch, run, sandbox, tmp_path):
    """And gives the same matrix."""
    first, _ = run(batch, tmp_path / "cache")
    assert len(sandbox.executed) == 4
    second, notes = run(batch, tmp_path / "cache")
    assert len(sandbox.executed) == 4
    assert first == second
    assert notes == ()


def test_only_what_is_new_is_executed(batch, run, sandbox, tmp_path):
    """A further case, then a further program."""
    run(batch, tmp_path / "cache")
    sandbox.executed.clear()
    more = replace(batch, cases=(Case("b = 1", "test"), *batch.cases))
    matrix, _ = run(more, tmp_path / "cache")
    assert sandbox.executed == [(program, "b = 1") for program in batch.programs]
    assert [[e.outcome.value for e in row] for row in matrix] == [list("FPF"), list("PFP")]
    sandbox.executed.clear()
    run(replace(more, programs=("new", *batch.programs)), tmp_path / "cache")
    assert {program for program, _ in sandbox.executed} == {"new"}


def test_executed_and_found_pairs_are_counted(batch, sandbox, tmp_path):
    """Distinct ones; nothing is counted as executed that was cut off."""
    for executed, found in ((4, 0), (0, 4)):
        with contextlib.closing(OutcomeCache(tmp_path)) as cache:
            journal = cache.journal(batch, sandbox)
            for i, known in enumerate(journal.known):
                for j in {0, 1} - known.keys():
                    journal.keep(i, j, Execution(Outcome.PASS))
            journal.keep(0, 0, Execution(Outcome.TIMEOUT, "not run: 5 cases before"))
            journal.close()
            assert (cache.executed, cache.found) == (executed, found)


def test_an_interrupted_run_keeps_what_was_reported(batch, run, sandbox, tmp_path, monkeypatch):
    """What follows goes on from there."""
    monkeypatch.setattr(sandbox, "execute", _interrupted(sandbox.execute, after=3))
    with pytest.raises(KeyboardInterrupt):
        run(batch, tmp_path / "cache")
    monkeypatch.undo()
    sandbox.executed.clear()
    run(batch, tmp_path / "cache")
    assert sandbox.executed == [(batch.programs[1], batch.cases[1].source)]


def test_none_keeps_nothing(batch, sandbox, tmp_path, user_cache):
    """It counts all the same."""
    with contextlib.closing(open_cache(Config(tmp_path, cache="none"))) as cache:
        journal = cache.journal(batch, sandbox)
        journal.keep(0, 0, Execution(Outcome.PASS))
        journal.close()
        assert cache.executed == 1
    assert list(user_cache.iterdir()) == []


def test_the_default_is_the_users_cache_directory(tmp_path, user_cache):
    """As the platform has it."""
    open_cache(Config(tmp_path)).close()
    assert [path.name for path in user_cache.rglob("*.sqlite")] == [NAME]


def test_a_directory_is_taken_from_the_rootdir(tmp_path):
    """As other paths are."""
    open_cache(Config(tmp_path, cache="kept/here")).close()
    assert (tmp_path / "kept" / "here" / NAME).is_file()


def spoil_text(path: Path) -> None:
    path.write_bytes(b"these are no outcomes\n" * 500)


def spoil_empty(path: Path) -> None:
    path.write_bytes(b"")


def spoil_foreign(path: Path) -> None:
    path.unlink()
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE row (key, used, body)")
        db.execute("INSERT INTO row VALUES (1, 2, 3)")


def spoil_pages(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:100] + b"\xa5" * (len(data) - 100))


def spoil_cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5_000])


def spoil_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


SPOILERS = [spoil_text, spoil_empty, spoil_foreign, spoil_pages, spoil_cut, spoil_directory]


@pytest.mark.parametrize("spoil", SPOILERS, ids=lambda f: f.__name__[6:])
def test_a_file_that_is_no_cache_is_left_alone_with_a_notice(batch, run, sandbox, tmp_path, spoil):
    """A fresh one beside it does the job."""
    first, _ = run(batch, tmp_path)
    path = tmp_path / NAME
    spoil(path)
    before = path.read_bytes() if path.is_file() else None
    second, notes = run(batch, tmp_path)
    assert second == first
    (note,) = notes
    assert note.startswith(f"{path} is left alone, it cannot be used for outcomes: ")
    assert (path.read_bytes() if path.is_file() else None) == before
    sandbox.executed.clear()
    third, _ = run(batch, tmp_path)
    assert third == first
    assert sandbox.executed == []


def test_without_any_usable_file_the_run_goes_on(batch, run, sandbox, tmp_path):
    """All names that would be tried are taken."""
    for name in (NAME, *(f"outcomes-1.{i}.sqlite" for i in (2, 3, 4))):
        spoil_text(tmp_path / name)
    _, notes = run(batch, tmp_path)
    assert len(notes) == 4
    assert len(sandbox.executed) == 4


def test_damaged_outcomes_are_executed_again(batch, run, sandbox, tmp_path):
    """A row that SQLite gives and that was not written by us."""
    first, _ = run(batch, tmp_path)
    with contextlib.closing(sqlite3.connect(tmp_path / NAME)) as db, db:
        db.execute("UPDATE row SET body = CAST(substr(body, 2) AS BLOB) WHERE id = 1")
    sandbox.executed.clear()
    second, notes = run(batch, tmp_path)
    assert second == first
    assert notes == (f"{tmp_path / NAME} holds damaged outcomes, which are executed again",)
    assert len(sandbox.executed) == 2


def test_a_file_that_breaks_while_it_is_used_is_given_up(batch, sandbox, tmp_path):
    """With one notice, and the run goes on."""
    with contextlib.closing(OutcomeCache(tmp_path)) as cache:
        with contextlib.closing(sqlite3.connect(tmp_path / NAME)) as db:
            db.execute("DROP TABLE row")
        for _ in range(2):
            journal = cache.journal(batch, sandbox)
            journal.keep(0, 0, Execution(Outcome.PASS))
            journal.close()
    assert cache.notes == (f"{tmp_path / NAME} was not used any further: no such table: row",)
    assert cache.executed == 2


def test_a_directory_that_cannot_be_made_is_told(batch, run, sandbox, tmp_path):
    """A file is in its place."""
    (tmp_path / "file").write_text("")
    _, notes = run(batch, tmp_path / "file" / "cache")
    assert notes == (f"no outcome cache in {tmp_path / 'file' / 'cache'}: Not a directory",)
    assert len(sandbox.executed) == 4


def test_an_interpreter_without_sqlite_runs_without_a_cache(
    batch, run, sandbox, tmp_path, monkeypatch
):
    """Some are built so."""
    monkeypatch.setitem(sys.modules, "pytest_genx.store.file", None)
    _, notes = run(batch, tmp_path)
    (note,) = notes
    assert note.startswith("no outcome cache with this interpreter: ")
    assert len(sandbox.executed) == 4


def test_a_disk_that_is_read_only_is_told(batch, run, sandbox, disk):
    """The run goes on without a cache."""
    _, notes = run(batch, disk("ro"))
    assert len(notes) == 4
    assert len(sandbox.executed) == 4


def test_a_full_disk_is_told_and_harms_nothing(batch, run, sandbox, disk):
    """What is in the file stays readable, and all pairs are executed."""
    directory = disk("size=400k")
    first, _ = run(batch, directory)
    large = replace(batch, programs=tuple(f"a = 1 # {i}\n" * 400 for i in range(200)))
    matrix, notes = run(large, directory)
    assert [len(row) for row in matrix] == [2] * 200
    (note,) = notes
    assert note == f"{directory / NAME} was not used any further: database or disk is full"
    sandbox.executed.clear()
    assert run(batch, directory)[0] == first
    assert sandbox.executed == []


def _interrupted(execute, after):
    """Let some executions pass, and interrupt the next."""
    left = [after]

    def wrapped(*pair):
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return execute(*pair)

    return wrapped


def test_a_file_is_no_directory_for_a_cache(tmp_path):
    """Said in those words, and the run goes on without a cache."""
    (tmp_path / "file").write_text("mine")
    cache = OutcomeCache(tmp_path / "file")
    cache.close()
    assert cache.notes == (
        f"no outcome cache in {tmp_path / 'file'}: it is a file, not a directory",
    )
    assert (tmp_path / "file").read_text() == "mine"
