"""Shards: how a batch is cut, what travels, and what a node does with it."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from pytest_genx import builtin
from pytest_genx.config import Config
from pytest_genx.domain import Batch, Case, Execution, Outcome
from pytest_genx.errors import SandboxError
from pytest_genx.sandboxes import shard
from pytest_genx.sandboxes.shard import Cutter, Ran, Shard, Shared, describe, run_shard, share

CASES = (Case("assert f(1) == 2", "x"), Case("assert f(2) == 3", "x"))


def batch(n: int, **fields: object) -> Batch:
    """A batch of `n` programs, all of them different."""
    programs = tuple(f"def f(x):\n    return x + {i}\n" for i in range(n))
    return Batch("mod", "mod.py", (), programs, CASES, **fields)


def sizes(cutter: Cutter, slots: int) -> list[int]:
    """Cut until nothing is left."""
    found = []
    while cutter.left:
        found.append(len(cutter.cut(slots).rows))
    return found


def test_every_row_is_cut_off_once_and_in_order():
    """Shards are consecutive, with the programs and the known executions of their rows."""
    known = tuple({0: Execution(Outcome.PASS, str(i))} for i in range(50))
    whole = batch(50, known=known)
    cutter = Cutter(whole, [row for row in range(50) if row != 7])
    shards = []
    while cutter.left:
        shards.append(cutter.cut(2))
    assert [row for s in shards for row in s.rows] == [row for row in range(50) if row != 7]
    for each in shards:
        assert each.programs == tuple(whole.programs[row] for row in each.rows)
        assert each.known == tuple(known[row] for row in each.rows)


def test_every_slot_gets_several_shards_whose_size_falls():
    """Slots end at about the same time: the last shards are the smallest."""
    found = sizes(Cutter(batch(200), range(200)), 2)
    assert found[0] == 25
    assert found[-1] == 1
    assert found == sorted(found, reverse=True)


def test_size_follows_from_the_time_of_earlier_shards():
    """Slow rows are cut small, quick rows not so small that starting is most of the work."""
    slow, quick = Cutter(batch(1000), range(1000)), Cutter(batch(1000), range(1000))
    slow.learn(10, 10.0)
    quick.learn(1000, 1.0)
    assert len(slow.cut(2).rows) == 2
    assert sizes(quick, 100)[0] == 200


def test_a_row_that_takes_longer_than_a_shard_is_a_shard():
    """There is always at least one row."""
    cutter = Cutter(batch(3), range(3))
    cutter.learn(1, 60.0)
    assert sizes(cutter, 1) == [1, 1, 1]


def test_equal_executions_travel_once(tmp_path):
    """The answer of a node is a table and places in it, and comes through a pickle."""
    shared = share(batch(0), builtin._process, Config(tmp_path))
    first, second, _ = batch(3).programs
    found = run_shard(shared, Shard((4, 5, 6), (first, second, first)))
    assert isinstance(found, Ran)
    found = pickle.loads(pickle.dumps(found))
    letters = "".join(execution.outcome.value for execution in found.executions())
    assert (letters, found.sandbox) == ("FFPPFF", describe(builtin._process, shared.config)[0])
    assert len(found.distinct) == len(set(found.distinct)) == 4


class Knowing:
    """A sandbox that reports what is known, and nothing else."""

    name = "knowing"

    def __init__(self, config: Config) -> None:
        self.open = True

    def run(self, batch, on_pair):
        assert self.open
        for program, known in enumerate(batch.known):
            for case, execution in known.items():
                on_pair(program, case, execution)

    def close(self):
        self.open = False


def test_what_is_known_reaches_the_sandbox_of_the_node(tmp_path):
    """Executions of an earlier run come back as they are."""
    old = Execution(Outcome.CRASH, "earlier")
    shared = share(batch(0), Knowing, Config(tmp_path))
    found = run_shard(shared, Shard((0,), batch(1).programs, ({0: old, 1: old},)))
    assert isinstance(found, Ran)
    assert (list(found.executions()), found.sandbox) == ([old, old], "knowing")


def test_pairs_that_a_sandbox_leaves_out_are_not_made_up(tmp_path):
    """A sandbox that reports less than it should is an error."""
    old = Execution(Outcome.CRASH, "earlier")
    shared = share(batch(0), Knowing, Config(tmp_path))
    answer = run_shard(shared, Shard((0,), batch(1).programs, ({0: old},)))
    assert isinstance(answer, str)
    assert answer.endswith("knowing left out 1 of 2 pairs")


def test_paths_do_not_depend_on_the_directory_of_a_node(tmp_path, monkeypatch):
    """They are made absolute where the batch comes from; those that exist there are needed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mod.py").touch()
    config = Config(tmp_path, workers=5, ray="h:1")
    shared = share(Batch("mod", "mod.py", ("", "no"), ("",), CASES), builtin._process, config)
    assert shared.batch.path == str(tmp_path / "mod.py")
    assert shared.batch.sys_path == (str(tmp_path), str(tmp_path / "no"))
    assert shared.needed == (str(tmp_path / "mod.py"), str(tmp_path))
    assert (shared.config.ray, shared.config.workers) == (None, 1)
    assert shared.batch.programs == ()


def test_a_node_without_the_project_says_so(tmp_path):
    """The sentence names the path, and what it takes."""
    (tmp_path / "src").mkdir()
    whole = Batch("mod", "mod.py", (str(tmp_path / "src"),), ("",), CASES)
    shared = share(whole, builtin._process, Config(tmp_path))
    (tmp_path / "src").rmdir()
    answer = run_shard(shared, Shard((0,), ("",)))
    assert isinstance(answer, str)
    assert f"has no {tmp_path / 'src'}; the project must lie under the same path" in answer


def test_a_node_with_another_version_says_so(tmp_path, monkeypatch):
    """Both versions are named."""
    shared = share(batch(0), builtin._process, Config(tmp_path))
    monkeypatch.setattr(shard, "edition", lambda: "0.0.1")
    answer = run_shard(shared, Shard((0,), ("",)))
    assert isinstance(answer, str)
    assert f"has pytest-genx 0.0.1, here it is {shared.edition}" in answer


def broken(config: Config) -> None:
    """A factory for a machine that gives no sandbox."""
    raise SandboxError("process", "nothing works")


def test_a_node_without_a_sandbox_says_so(tmp_path):
    """An error that a user can act on comes back as its sentence."""
    shared = Shared(shard.edition(), broken, Config(tmp_path), batch(0), ())
    answer = run_shard(shared, Shard((0,), ("",)))
    assert isinstance(answer, str)
    assert answer.endswith("sandbox 'process': nothing works")
    assert describe(broken, Config(Path())) == "sandbox 'process': nothing works"


def test_other_errors_are_not_hidden(tmp_path):
    """A mistake of ours is a traceback, not a sentence."""

    def make(config: Config) -> None:
        raise ZeroDivisionError

    shared = Shared(shard.edition(), make, Config(tmp_path), batch(0), ())
    with pytest.raises(ZeroDivisionError):
        run_shard(shared, Shard((0,), ("",)))
