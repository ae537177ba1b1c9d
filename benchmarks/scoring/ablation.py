"""What each term of the dual critic is worth: the mean over pools of pass@1 without it."""

from __future__ import annotations

from dataclasses import replace

from scoring.setting import Setting, mean_of_pools, pass_at_1, percent

from pytest_genx.interfaces import Ranker
from pytest_genx.matrix import PassMatrix, Ranking
from pytest_genx.rankers.dual_critic import DEFAULT, Parameters, dual_critic

NOTHING = float("-inf")
WITHOUT = {
    "pairs": replace(DEFAULT, pairs_worth=NOTHING),
    "cases": replace(DEFAULT, cases_worth=NOTHING),
    "shyness (t0 like t1)": replace(DEFAULT, shyness=1e-6),
    "discount of witnesses": replace(DEFAULT, witness=1.0),
    "what no case sees": replace(DEFAULT, unseen=0.0),
    "agreement of observations": replace(DEFAULT, agreement=0.0),
    "pairs half as much": replace(DEFAULT, pairs_worth=0.5),
    "three times the shyness": replace(DEFAULT, shyness=90.0),
    "a third of the shyness": replace(DEFAULT, shyness=10.0),
}


def show(setting: Setting) -> None:
    """Print for each term what pass@1 is without it, against the whole."""
    whole = [pass_at_1(dual_critic, tasks) for tasks in setting.executed]
    print("dual_critic, with observations, without one of its terms: mean over pools, change")
    for name, ranker in {**_rankers(), "weights of weak cases": _unweighted}.items():
        values = [pass_at_1(ranker, tasks) for tasks in setting.executed]
        change = mean_of_pools([a - b for a, b in zip(values, whole, strict=True)])
        mean = sum(of_pool.mean() for of_pool in values) / len(values)
        print(f"   {name:28} {100 * mean:5.1f}   {percent(change, '+')}")


def _rankers() -> dict[str, Ranker]:
    return {name: _with(parameters) for name, parameters in WITHOUT.items()}


def _with(parameters: Parameters) -> Ranker:
    return lambda matrix: dual_critic(matrix, parameters=parameters)


def _unweighted(matrix: PassMatrix) -> Ranking:
    return dual_critic(replace(matrix, weights=None))
