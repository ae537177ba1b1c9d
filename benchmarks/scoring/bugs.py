"""Row 6 of `ranking.py`: suspected bugs on mutants of references, and on the references."""

from __future__ import annotations

import sys

from common import Line
from scoring.setting import CPU, OWN, Setting

from pytest_genx.bench.bug_score import Rate, lines
from pytest_genx.bench.bugs import recorded_mutants
from pytest_genx.bench.runner import Runner
from pytest_genx.rankers.dual_critic import dual_critic

DETECTED, ALARMED = 0.45, 0.05
N_MUTANTS = 6
GOAL_POOL = "humaneval-codegen16b-dev"


def suspected(setting: Setting) -> Line:
    """Try the samples of each HumanEval pool; the goal is for the first of them."""
    runner = Runner(setting.session.sandbox, CPU, setting.session.cache)
    shown: list[Line] = []
    for pool in setting.pools:
        if not pool.name.startswith("humaneval"):
            continue  # labels of the others take minutes a task
        result = recorded_mutants(pool, runner, (OWN, dual_critic), _tell, n=N_MUTANTS, seed=0)
        own, rivals = lines(result, seed=0)
        assert own.solvable is not None
        figure = f"detected {_share(own.solvable)} of mutants, false alarms {_share(own.alarms)}"
        print(
            f"   {pool.name}: detected {_share(own.detection)} of all mutants, where a candidate "
            f"is correct {_share(own.solvable)}; false alarms {_share(own.alarms)}; by accepting "
            f"what passes {_share(rivals.detection)} and {_share(rivals.alarms)}"
        )
        reached = own.solvable.mean >= DETECTED and own.alarms.mean <= ALARMED
        what = f"suspected bugs, {pool.name}, where a candidate is correct"
        goal = f"at least {DETECTED:.0%} at {ALARMED:.0%} or less"
        shown.append(Line(what, figure, goal, reached))
    return next((one for one in shown if GOAL_POOL in one.what), shown[0])


def _share(rate: Rate) -> str:
    low, high = 100 * rate.low, 100 * rate.high
    return f"{100 * rate.mean:.1f} % [{low:.1f}, {high:.1f}] of {rate.total}"


def _tell(title: str, done: int, total: int) -> None:
    if done == total or done % 20 == 0:
        sys.stderr.write(f"{title}: {done} of {total} problems\n")
