"""Rows 2 and 3: what the first kept cases reach and kill, with a model, without one, with both.

Cases are kept by the product's own stages, the code being trusted, so that every value comes from
running it. Differences are paired by problem.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from common import Line
from proposing.setting import FIRST, Setting, Shown, counted, mean, percent

from pytest_genx.bench.kept import kept_cases, placed
from pytest_genx.bench.kills import Kills, kills
from pytest_genx.bench.metrics import Interval
from pytest_genx.bench.reach import Reach, Unmeasured, reach
from pytest_genx.bench.runner import Runner
from pytest_genx.domain import Case
from pytest_genx.errors import GenxError

SET = "mbpp-test"
MODEL, FREE, BOTH = "embedded", "heuristic", "embedded + heuristic"
ARMS = (MODEL, FREE, BOTH)
GOAL_REACHED, GOAL_LEAD = 0.9, 0.1
_CPU = 0.5  # seconds for a case on a mutant


@dataclass(frozen=True, slots=True)
class Kept:
    """One problem and the cases that each arm keeps of it, best first."""

    problem: Shown
    arms: Mapping[str, Sequence[Case]]


@cache
def kept(setting: Setting) -> tuple[Kept, ...]:
    """Run the product with each arm on the problems of the set, once for both rows."""
    found: list[Kept] = []
    parts = setting.parts
    arms = {MODEL: (setting.embedded,), FREE: (setting.heuristic,), BOTH: parts.backends}
    started = time.perf_counter()
    for _, problem in counted(setting.problems(SET), "kept cases"):
        own: dict[str, list[Case]] = {}
        with placed(problem.tester, problem.entry_point) as target:
            for arm, backends in arms.items():
                own[arm] = kept_cases(target, replace(parts, backends=backends))
        found.append(Kept(problem, own))
    if found:
        numbers = ", ".join(
            f"{arm} {sum(len(one.arms[arm]) for one in found) / len(found):.1f}" for arm in ARMS
        )
        seconds = time.perf_counter() - started
        print(f"cases kept, {SET}, n={len(found)}: {numbers} ({seconds:.0f} s)", flush=True)
    return tuple(found)


def reached(setting: Setting) -> Iterator[Line]:
    """Row 2: lines and branches of the target and of the helpers that it uses."""
    shares: dict[str, list[float]] = {arm: [] for arm in ARMS}
    left_out = 0
    for one in kept(setting):
        groups = [one.arms[arm][:FIRST] for arm in ARMS]
        try:
            measured: list[Reach] = reach(one.problem.tester, one.problem.entry_point, groups)
        except Unmeasured as error:
            print(f"  {one.problem.id} left out: {error}")
            left_out += 1
            continue
        for arm, each in zip(ARMS, measured, strict=True):
            shares[arm].append(each.share)
    if not shares[MODEL]:
        return
    what = f"lines and branches reached by the first {FIRST} kept cases, {SET}"
    table(what, shares)
    own, lead = mean(shares[MODEL]), leads(shares, MODEL)
    goal = f"{100 * GOAL_REACHED:g} % or more"
    yield Line(what, f"{percent(own)}, n={len(shares[MODEL])}", goal, own.mean >= GOAL_REACHED)
    figure = f"{percent(lead, sign=True)}, n={len(shares[MODEL])}"
    yield Line(f"{what}, {MODEL} - {FREE}", figure, "above 0", lead.mean > 0.0)


def killed(setting: Setting) -> Iterator[Line]:
    """Row 3: mutants of the program."""
    runner = Runner(setting.parts.sandbox, _CPU)
    found: list[Kills] = []
    for one in kept(setting):
        first = {arm: cases[:FIRST] for arm, cases in one.arms.items()}
        problem = one.problem
        try:
            found.append(
                kills(
                    problem.tester, problem.entry_point, first, problem.tests, runner,
                    limit=setting.mutants, seed=setting.seed,
                )
            )  # fmt: skip
        except GenxError as error:
            print(f"  {problem.id} left out: {error}")
    some = [one for one in found if one.detectable]
    if not some:
        return
    whole = sum(one.mutants for one in found)
    alive = whole - sum(one.detectable for one in found)
    print(f"{whole} mutants of {len(found)} programs, {alive} of them killed by nothing at hand")
    what = f"mutants killed by the first {FIRST} kept cases, {SET}"
    every = [one for one in found if one.mutants]
    table(f"{what}, of all mutants", {a: [o.share_of_all(a) or 0.0 for o in every] for a in ARMS})
    shares = {arm: [one.share(arm) or 0.0 for one in some] for arm in ARMS}
    table(f"{what}, of those that something kills", shares)
    lead = leads(shares, MODEL)
    goal = f"{100 * GOAL_LEAD:+g} points or more"
    figure = f"{percent(lead, sign=True)}, n={len(some)}"
    yield Line(f"{what}, {MODEL} - {FREE}", figure, goal, lead.mean >= GOAL_LEAD)


def leads(shares: Mapping[str, Sequence[float]], arm: str) -> Interval:
    """An arm's lead over the one without a model, paired by problem."""
    return mean([a - b for a, b in zip(shares[arm], shares[FREE], strict=True)])


def table(what: str, shares: Mapping[str, Sequence[float]]) -> None:
    """Print every arm, and its lead."""
    for arm in ARMS:
        text = f"{what}, {arm}: {percent(mean(shares[arm]))}"
        if arm != FREE:
            text += f"; - {FREE}: {percent(leads(shares, arm), sign=True)}"
        print(f"{text}, n={len(shares[arm])}", flush=True)
