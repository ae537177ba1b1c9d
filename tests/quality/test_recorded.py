"""Real samples, run in the sandbox: what rankings are worth on them."""

from __future__ import annotations

from contextlib import closing, nullcontext
from pathlib import Path

import pytest

from pytest_genx.bench import pool as pools
from pytest_genx.bench.pool import Pool
from pytest_genx.bench.rank import measure
from pytest_genx.rankers.codet import codet
from pytest_genx.rankers.dual_critic import dual_critic
from pytest_genx.rankers.random import random
from pytest_genx.sandboxes.process import ProcessSandbox

POOL = Path(__file__).parents[3] / "shared" / "data" / "pools" / "humaneval-codegen16b-dev.jsonl.gz"
SMALL = ("HumanEval/2", "HumanEval/34", "HumanEval/50")

pytestmark = pytest.mark.skipif(not POOL.is_file(), reason="the recorded pools are not here")


@pytest.fixture(scope="module")
def result():
    """Three tasks with few pairs, measured."""
    recorded = pools.read(POOL)
    few = Pool(recorded.name, tuple(t for t in recorded.tasks if t.task_id in SMALL))
    rankers = {"random": random, "codet": codet, "dual_critic": dual_critic}
    with closing(ProcessSandbox(1)) as sandbox:
        return measure(
            few, rankers, sandbox, cpu=0.25, seed=0, watch=lambda *_: nullcontext(lambda _: None)
        )


def test_every_reference_passes_its_label(result):
    """So that labels mean something in this sandbox."""
    assert len(result.executed) == len(SMALL)
    assert result.warnings == ()


def test_the_dual_critic_is_not_below_codet_and_well_above_chance(result):
    """Between a random pick and the ceiling, nearer to the ceiling."""
    lines = {line.ranker: line.pass_at[1].mean for line in result.tables[0].lines}
    assert lines["codet"] <= lines["dual_critic"] <= lines["ceiling"] == 1.0
    assert lines["dual_critic"] > (lines["random"] + lines["ceiling"]) / 2
