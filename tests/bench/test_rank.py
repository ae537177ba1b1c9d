from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace

import pytest

from pytest_genx.bench.as_json import of_ranking
from pytest_genx.bench.pool import Pool
from pytest_genx.bench.rank import compare, measure
from pytest_genx.rankers.codet import codet
from pytest_genx.rankers.majority import majority
from pytest_genx.rankers.random import random

RANKERS = {"random": random, "majority": majority, "codet": codet}


@contextmanager
def unwatched(title, total):
    yield lambda n: None


def measured(pool, sandbox, rankers=RANKERS):
    return measure(pool, rankers, sandbox, cpu=0.25, seed=0, watch=unwatched, baseline="codet")


def test_numbers_are_those_worked_out_by_hand(pool, sandbox):
    """Rows 110, 011 and 000: votes tie two ways, CodeT prefers the two samples that agree."""
    everything, mixed = measured(pool, sandbox).tables
    assert (everything.n_tasks, mixed.n_tasks) == (2, 1)
    pass_at_1 = {line.ranker: line.pass_at[1].mean for line in mixed.lines}
    assert pass_at_1 == pytest.approx(
        {"random": 0.5, "majority": 2 / 3, "codet": 1.0, "ceiling": 1.0}
    )
    assert everything.lines[0].pass_at[1].mean == pytest.approx((0.5 + 1.0) / 2)


def test_leads_are_over_the_baseline(pool, sandbox):
    """The baseline itself has none, nor has the ceiling."""
    _, mixed = measured(pool, sandbox).tables
    leads = {line.ranker: line.lead and line.lead.mean for line in mixed.lines}
    assert leads == {
        "random": pytest.approx(-0.5),
        "majority": pytest.approx(-1 / 3),
        "codet": None,
        "ceiling": None,
    }


def test_without_the_baseline_there_are_no_leads(pool, sandbox):
    """Nothing to compare with."""
    tables = measured(pool, sandbox, {"majority": majority}).tables
    assert {line.lead for table in tables for line in table.lines} == {None}


def test_totals_count_distinct_programs_and_assertions(pool, sandbox):
    """Three by three and one by one."""
    result = measured(pool, sandbox)
    assert (result.n_candidates, result.n_cases, result.n_pairs) == (4, 4, 10)


def test_progress_is_announced_with_all_that_is_to_be_done(pool, sandbox):
    """Pairs and labels, summed over tasks."""
    announced, told = [], []

    @contextmanager
    def watch(title, total):
        announced.append((title, total))
        yield told.append

    measure(pool, RANKERS, sandbox, cpu=0.25, seed=0, watch=watch)
    assert announced == [("numbers", 14)]
    assert sum(told) == 14


def test_a_pool_without_labels_is_ranked_but_not_judged(pool, double, sandbox):
    """One task without a label is enough: all tasks count, or none."""
    result = measured(Pool("p", (replace(double, label_test=None), pool.tasks[1])), sandbox)
    assert result.tables == ()
    assert [one.ranker for one in result.ranked] == list(RANKERS)
    assert result.ranked[2].scores[0].argmax() == 0


def test_a_choice_without_tasks_has_no_lines(half, sandbox):
    """Every sample of the only task is correct: none is mixed."""
    _, mixed = measured(Pool("p", (half,)), sandbox).tables
    assert (mixed.n_tasks, mixed.lines) == (0, ())


def test_json_holds_every_number(pool, sandbox):
    """Plain types, tables and tasks, and what the tables were made from."""
    result = measured(pool, sandbox)
    body = json.loads(json.dumps(of_ranking([result], (), ())))["pools"][0]
    assert (body["tasks"], body["candidates"], body["cases"], body["pairs"]) == (2, 4, 4, 10)
    of_codet = body["tables"][1]["rankers"]["codet"]
    assert set(of_codet) == {"pass@1", "pass@2", "pass@10", "lead over codet", "seconds"}
    assert of_codet["pass@1"] == {"mean": 1.0, "low": 1.0, "high": 1.0}
    task = body["per_task"][0]
    assert (task["task_id"], task["pass_rate"]) == ("double", 0.5)
    assert task["pass_at"]["codet"]["1"] == 1.0
    assert len(task["scores"]["majority"]) == 3


def test_over_several_pools_means_of_pools_are_averaged(double, half, sandbox):
    """A pool of three tasks counts as much as one of one, and leads are paired in each."""
    thrice = tuple(replace(double, task_id=str(i)) for i in range(3))
    results = [measured(Pool("a", thrice), sandbox), measured(Pool("b", (half,)), sandbox)]
    everything, mixed = compare(results, baseline="codet", seed=0)
    assert (everything.n_tasks, everything.n_pools) == (4, 2)
    of_random = everything.lines[0]
    assert of_random.pass_at[1].mean == pytest.approx((0.5 + 1.0) / 2)
    assert of_random.lead.mean == pytest.approx((-0.5 + 0.0) / 2)
    assert (of_random.lead.low, of_random.lead.high) == (-0.25, -0.25)
    assert (mixed.n_tasks, mixed.n_pools) == (3, 1)


def test_pools_without_labels_are_not_compared(double, half, sandbox):
    """One that is left is no comparison."""
    unlabelled = Pool("b", (replace(half, label_test=None),))
    results = [measured(Pool("a", (double,)), sandbox), measured(unlabelled, sandbox)]
    assert compare(results, baseline="codet", seed=0) == ()
