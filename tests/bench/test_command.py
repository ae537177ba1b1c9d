from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest

from pytest_genx import builtin, hookimpl, plugins
from pytest_genx.bench.command import Unlabelled, bench_rank, known_rankers
from pytest_genx.config import Config
from pytest_genx.errors import UnknownName, WriteRefused
from pytest_genx.rankers.majority import majority


class Mine:
    """A plugin with a ranker and the sandbox of these tests."""

    def __init__(self, sandbox):
        self.sandbox = sandbox

    @hookimpl
    def genx_rankers(self):
        return {"another": lambda config: majority}

    @hookimpl
    def genx_sandboxes(self):
        return {"in-process": lambda config: self.sandbox}


@pytest.fixture
def manager(sandbox):
    """The package's parts, and `Mine`."""
    return plugins.load([("conftest.py", Mine(sandbox))])


@pytest.fixture
def config(tmp_path):
    """Runs in this process."""
    return Config(rootdir=tmp_path, sandbox="in-process", timeout=0.25)


def written(tmp_path, *tasks):
    path = tmp_path / "numbers.jsonl"
    path.write_text("".join(json.dumps(asdict(task)) + "\n" for task in tasks), encoding="utf-8")
    return path


def test_the_packages_own_rankers_come_first(manager):
    """From the simplest on; then what plugins add, by name."""
    names = known_rankers(manager)
    assert names[:3] == ["random", "majority", "codet"]
    assert names[-2:] == ["dual_critic", "another"]
    assert names[:-1] == list(builtin.genx_rankers())


def test_every_known_ranker_is_measured(tmp_path, pool, config, manager, capsys):
    """Those of plugins included; the file holds what the tables show, and the settings."""
    target = tmp_path / "all.json"
    bench_rank([written(tmp_path, *pool.tasks)], config, manager, json_path=target)
    body = json.loads(target.read_text())
    assert (body["timeout"], body["seed"], body["sandbox"]) == (0.25, 0, "in-process")
    assert body["environment"] == ["TZ=UTC"]
    (measured,) = body["pools"]
    assert list(measured["tables"][0]["rankers"]) == [*known_rankers(manager), "ceiling"]
    assert "another" in capsys.readouterr().out


def test_named_rankers_alone_are_shown(tmp_path, pool, config, manager, capsys):
    """In the order given, each once."""
    names = ["codet", "majority", "codet"]
    bench_rank([written(tmp_path, *pool.tasks)], config, manager, names=names)
    text = capsys.readouterr().out
    assert "dual_critic" not in text
    assert 0 < text.index("\n  codet") < text.index("\n  majority")


def test_an_unknown_ranker_is_refused_before_anything_runs(
    tmp_path, half, config, manager, sandbox
):
    """With the names that are known."""
    with pytest.raises(UnknownName, match="no ranker named 'nope'; known: aces_c, aces_o, another"):
        bench_rank([written(tmp_path, half)], config, manager, names=["nope"])
    assert sandbox.cpu_limits == []


def test_missing_labels_are_an_error_after_ranking(tmp_path, half, config, manager, capsys):
    """What could be said has been said by then."""
    path = written(tmp_path, replace(half, label_test=None))
    with pytest.raises(Unlabelled, match="numbers: task 'half' has no label_test"):
        bench_rank([path], config, manager, json_path=tmp_path / "all.json")
    assert "ranked, without labels to judge by" in capsys.readouterr().out
    assert json.loads((tmp_path / "all.json").read_text())["pools"][0]["tables"] == []


def test_a_file_that_cannot_be_written_is_named(tmp_path, half, config, manager):
    """A directory that is not there."""
    with pytest.raises(WriteRefused, match=r"will not write .*all\.json: No such file"):
        bench_rank(
            [written(tmp_path, half)], config, manager, json_path=tmp_path / "no" / "all.json"
        )
