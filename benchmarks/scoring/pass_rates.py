"""Rows 1 to 3 of `ranking.py`: how often the first pick is correct."""

from __future__ import annotations

from common import Line
from scoring.setting import (
    OWN,
    Setting,
    mean_of_pools,
    pass_at_1,
    percent,
)

from pytest_genx.bench.session import passes_alone
from pytest_genx.interfaces import Ranker
from pytest_genx.matrix import Floats

SLACK = 0.01
USES_OBSERVATIONS = ("srank", "mbr_exec", OWN)
WIDTH = 24


def measure(setting: Setting) -> dict[str, list[Floats]]:
    """Return pass@1 of every ranker on every task, "NAME, P" being the one shown passes alone."""
    found: dict[str, list[Floats]] = {}
    for name, ranker in setting.rankers.items():
        sides: dict[str, Ranker] = {f"{name}, P": passes_alone(ranker)}
        if name in USES_OBSERVATIONS:
            sides[name] = ranker
        for title, side in sides.items():
            found[title] = [pass_at_1(side, tasks) for tasks in setting.executed]
    return found


def show(setting: Setting, found: dict[str, list[Floats]]) -> None:
    """Print the table; leads are those of the dual critic from passes alone."""
    print("pass@1 in %, expected over ties; lead of dual_critic, P with 95 % intervals")
    heads = "".join(f"{pool.name[:WIDTH]:>{WIDTH + 2}}" for pool in setting.pools)
    print(f"{'ranker':16}{heads}    mean   lead")
    own = found[f"{OWN}, P"]
    for title, values in found.items():
        cells = "".join(f"{100 * of_pool.mean():{WIDTH + 2}.1f}" for of_pool in values)
        lead = mean_of_pools([a - b for a, b in zip(own, values, strict=True)])
        mean = sum(of_pool.mean() for of_pool in values) / len(values)
        print(f"{title:16}{cells}  {100 * mean:6.1f}   {percent(lead, '+')}")


def on_each_pool(found: dict[str, list[Floats]], names: list[str]) -> Line:
    """Row 1: not below the best other ranker of each pool, all of them shown passes alone."""
    own = found[f"{OWN}, P"]
    others = {t: v for t, v in found.items() if t.endswith(", P") and t != f"{OWN}, P"}
    parts, reached = [], True
    for i, name in enumerate(names):
        best = max(others, key=lambda title: float(others[title][i].mean()))
        ahead = float(own[i].mean() - others[best][i].mean())
        reached &= ahead >= -SLACK
        parts.append(f"{name} {100 * ahead:+.1f} over {best}")
    what = "from passes alone, against the best other of each pool"
    return Line(what, "; ".join(parts), f"at least -{100 * SLACK:.0f} on each", reached)


def on_the_mean(found: dict[str, list[Floats]]) -> Line:
    """Row 2: above every other ranker from passes alone, on the mean of the pools."""
    own = found[f"{OWN}, P"]
    leads = {
        title: mean_of_pools([a - b for a, b in zip(own, values, strict=True)])
        for title, values in found.items()
        if title.endswith(", P") and title != f"{OWN}, P"
    }
    least = min(leads, key=lambda title: leads[title].low)
    return Line(
        "from passes alone, the least lead on the mean",
        f"{percent(leads[least], '+')} over {least}",
        "lower end above 0",
        leads[least].low > 0.0,
    )


def with_observations(found: dict[str, list[Floats]]) -> Line:
    """Row 3: what observations add to the dual critic, and its lead over others that use them."""
    gain = mean_of_pools([a - b for a, b in zip(found[OWN], found[f"{OWN}, P"], strict=True)])
    for name in USES_OBSERVATIONS[:-1]:
        lead = mean_of_pools([a - b for a, b in zip(found[OWN], found[name], strict=True)])
        print(f"   with observations, over {name}: {percent(lead, '+')}")
    return Line("what observations add", percent(gain, "+"), "at least +1.5", gain.mean >= 0.015)
