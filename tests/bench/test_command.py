from __future__ import annotations

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from pytest_genx import builtin, hookimpl, plugins
from pytest_genx.bench.calibration import BadScore
from pytest_genx.bench.command import bench_calibration, bench_rank
from pytest_genx.bench.session import Unlabelled, known_rankers
from pytest_genx.config import Config
from pytest_genx.errors import BadOption, RecordError, UnknownName, WriteRefused
from pytest_genx.matrix import Ranking
from pytest_genx.rankers.majority import majority


def wrong(matrix):
    """Score everything 2."""
    n, m = matrix.passed.shape
    return Ranking("wrong", np.full(n, 2.0), np.full(m, 2.0))


class Mine:
    """A plugin with a ranker and the sandbox of these tests."""

    def __init__(self, sandbox):
        self.sandbox = sandbox

    @hookimpl
    def genx_rankers(self):
        return {"another": lambda config: majority, "wrong": lambda config: wrong}

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
    assert names[-3:] == ["dual_critic", "another", "wrong"]
    assert names[:-2] == list(builtin.genx_rankers())


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


def test_leads_are_over_the_chosen_baseline(tmp_path, pool, config, manager, capsys):
    """It is shown even when it was not among the rankers asked for."""
    target = tmp_path / "all.json"
    path = written(tmp_path, *pool.tasks)
    bench_rank([path], config, manager, names=["majority"], baseline="codet", json_path=target)
    body = json.loads(target.read_text())
    rankers = body["pools"][0]["tables"][1]["rankers"]
    assert body["baseline"] == "codet"
    assert rankers["majority"]["lead over codet"]["mean"] == pytest.approx(-1 / 3)
    assert rankers["codet"]["lead over codet"] is None
    assert "pass@1 over codet" in " ".join(capsys.readouterr().out.split())


def test_an_unknown_baseline_is_refused_before_anything_runs(
    tmp_path, half, config, manager, sandbox
):
    """As an unknown ranker is."""
    with pytest.raises(UnknownName, match="no ranker named 'nope'"):
        bench_rank([written(tmp_path, half)], config, manager, baseline="nope")
    assert sandbox.cpu_limits == []


def test_several_pools_are_compared(tmp_path, double, half, config, manager, capsys):
    """The mean of one half and of one, though the first pool has two tasks."""
    first = written(tmp_path, double, replace(double, task_id="again"))
    second = tmp_path / "others.jsonl"
    second.write_text(json.dumps(asdict(half)) + "\n", encoding="utf-8")
    target = tmp_path / "all.json"
    bench_rank([first, second], config, manager, names=["random"], json_path=target)
    every, mixed = json.loads(target.read_text())["over_pools"]
    assert every["rankers"]["random"]["pass@1"]["mean"] == 0.75
    assert (every["n_tasks"], every["n_pools"]) == (3, 2)
    assert (mixed["n_tasks"], mixed["n_pools"]) == (2, 1)
    assert "mean over pools, all tasks (3 tasks of 2 pools)" in capsys.readouterr().out


def test_curves_are_drawn_on_demand_alone(tmp_path, double, config, manager, capsys):
    """Two draws for each size that the samples allow: four candidates, three cases."""
    target = tmp_path / "all.json"
    path = written(tmp_path, double)
    bench_rank([path], config, manager, names=["codet"], json_path=target)
    assert json.loads(target.read_text())["curves"] == []
    bench_rank([path], config, manager, names=["codet"], draws=2, json_path=target)
    (curves,) = json.loads(target.read_text())["curves"]
    (point,) = curves["points"]
    assert (point["n_candidates"], point["n_cases"], curves["draws"]) == (3, 3, 2)
    assert "numbers: pass@1 in % with fewer samples" in capsys.readouterr().out


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_both_commands_draw_charts(suffix, tmp_path, pool, config, manager):
    """Files of the kind that the suffix says."""
    path = written(tmp_path, *pool.tasks)
    charts = [tmp_path / f"{name}.{suffix}" for name in ("rank", "calibration")]
    bench_rank([path], config, manager, names=["codet"], draws=1, plot_path=charts[0])
    bench_calibration([path], config, manager, plot_path=charts[1])
    for chart in charts:
        assert chart.read_bytes().startswith(b"\x89PNG" if suffix == "png" else b"<?xml")


@pytest.mark.parametrize("command", [bench_rank, bench_calibration])
def test_a_chart_of_another_kind_is_refused_before_anything_runs(
    command, tmp_path, half, config, manager, sandbox
):
    """With the kinds there are."""
    with pytest.raises(BadOption, match=r"--plot is '.*chart\.pdf'; expected .* \.png or \.svg"):
        command([written(tmp_path, half)], config, manager, plot_path=tmp_path / "chart.pdf")
    assert sandbox.cpu_limits == []


def test_calibration_refuses_a_pool_without_labels_before_anything_runs(
    tmp_path, half, config, manager, sandbox
):
    """Without them there is nothing to say."""
    path = written(tmp_path, replace(half, label_test=None))
    with pytest.raises(Unlabelled, match="'half' has no label_test, so there is no calibration"):
        bench_calibration([path], config, manager)
    assert sandbox.cpu_limits == []


def test_calibration_judges_both_sides(tmp_path, pool, config, manager, capsys):
    """Votes on both tasks: 2/3, 2/3, 0 and 1 of which one, none, none and one are right."""
    target = tmp_path / "all.json"
    path = written(tmp_path, *pool.tasks)
    bench_calibration([path], config, manager, names=["majority"], json_path=target)
    (of_pool,) = json.loads(target.read_text())["pools"]
    candidates = of_pool["rankers"][0]["candidates"]
    assert candidates["number"] == 4
    assert candidates["ece"]["mean"] == pytest.approx(2 * abs(2 / 3 - 1 / 2) / 4)
    assert candidates["bins"][6]["share_right"]["mean"] == 0.5
    cases = of_pool["rankers"][0]["cases"]
    assert (cases["number"], cases["share_right"]) == (4, 0.75)  # double(5) == 25 is wrong
    text = capsys.readouterr().out
    assert "numbers: 2 tasks" in text
    assert "majority, cases" in text


def test_several_pools_are_calibrated_together_too(tmp_path, double, half, config, manager):
    """Each of them, and then all."""
    first = written(tmp_path, double)
    second = tmp_path / "others.jsonl"
    second.write_text(json.dumps(asdict(half)) + "\n", encoding="utf-8")
    target = tmp_path / "all.json"
    bench_calibration([first, second], config, manager, json_path=target)
    found = json.loads(target.read_text())["pools"]
    numbers = [(one["pool"], one["rankers"][0]["candidates"]["number"]) for one in found]
    assert numbers == [("numbers", 3), ("others", 1), ("all pools", 4)]


def test_tasks_without_a_reference_have_no_judged_cases(tmp_path, half, config, manager, capsys):
    """Their number is said, and the candidates are judged all the same."""
    target = tmp_path / "all.json"
    path = written(tmp_path, replace(half, reference=None))
    bench_calibration([path], config, manager, json_path=target)
    (of_pool,) = json.loads(target.read_text())["pools"]
    assert of_pool["rankers"][0]["cases"] is None
    assert of_pool["rankers"][0]["candidates"]["number"] == 1
    assert "1 tasks have no reference" in capsys.readouterr().out


def test_references_that_fail_are_counted_where_the_pool_is_named(
    tmp_path, half, config, manager, capsys
):
    """By both commands."""
    path = written(tmp_path, replace(half, reference="def half(n):\n    return n"))
    for command in (bench_rank, bench_calibration):
        command([path], config, manager, names=["codet"])
        assert "1 references fail their labels" in capsys.readouterr().out


def test_a_score_that_is_no_probability_is_named(tmp_path, half, config, manager):
    """With its ranker and its task."""
    with pytest.raises(BadScore, match=r"ranker 'wrong' gave the score 2\.0 in task 'half'"):
        bench_calibration([written(tmp_path, half)], config, manager, names=["wrong"])


@pytest.mark.parametrize("command", [bench_rank, bench_calibration])
def test_an_empty_pool_is_refused(command, tmp_path, config, manager):
    """Nothing can be said of no tasks."""
    with pytest.raises(RecordError, match="holds no tasks"):
        command([written(tmp_path)], config, manager)


@pytest.mark.parametrize("field", ["code_samples", "test_samples"])
def test_a_task_without_samples_is_defined(field, tmp_path, half, config, manager):
    """One side is empty, and so is its half of the numbers."""
    path = written(tmp_path, replace(half, **{field: ()}))
    target = tmp_path / "all.json"
    bench_rank([path], config, manager, draws=1, plot_path=tmp_path / "rank.svg")
    bench_calibration([path], config, manager, json_path=target, plot_path=tmp_path / "c.svg")
    (found,) = json.loads(target.read_text())["pools"][0]["rankers"]
    assert found["candidates" if field == "code_samples" else "cases"] is None
    assert found["cases" if field == "code_samples" else "candidates"]["number"] == 1
