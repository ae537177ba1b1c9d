"""Rewards of GRPO by cross-execution: fresh answers of both roles, run against what a round knows.

* coder: the share of validated cases that its code passes, plus 0.1 where there is a code;
* tester: 0.85 x detected + 0.05 x valid / max(12, n) + 0.1 x format, after UTRL (arXiv 2508.21107).
  `detected` is the share of wrong programs that fail one of its valid cases, `valid` the number of
  cases that the reference passes as they were written, n the number it wrote; the denominator keeps
  a few trivial cases from being worth as much as a dozen.

UTRL detects codes of the coder that it trains beside; here wrong programs are mutants of the
reference and codes of the round that fail original tests.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_genx.domain import Case, Execution, Outcome, Prompt, Role, Sample
from pytest_genx.pipeline.extract import extract_cases
from pytest_genx.train.rounds.execute import faulty
from pytest_genx.train.rounds.lines import sound_tests
from pytest_genx.train.rounds.preferences import Evidence, candidates
from pytest_genx.train.rounds.problems import Problem
from pytest_genx.train.rounds.sample import read_samples

Run = Callable[[Sequence[str], Sequence[Case], int], list[list[Execution]]]

MANY = 12  # cases; fewer are not paid as if they were all one could ask for
_PASS = Outcome.PASS


@dataclass(frozen=True, slots=True)
class Arena:
    """What answers to one problem are run against."""

    problem: Problem
    cases: tuple[Case, ...]  # validated ones and sound original tests
    wrong: tuple[str, ...]  # whole programs


def arena(evidence: Evidence, *, n_mutants: int, most: int, seed: int) -> Arena | None:
    """Make the arena of a problem from what a round has of it.

    Args:
        evidence: of the round; mutants are those that it was executed with.
        n_mutants: as in that execution.
        most: wrong programs, drawn by the seed.
        seed: as in that execution.

    Returns:
        None without a reference, or where nothing tells right from wrong.
    """
    problem, outcomes = evidence.problem, evidence.outcomes
    if problem.target.is_stub:
        return None
    useful = [c["corrected"] for c in evidence.cases["cases"] if not c["status"]]
    cases = [_case(source, problem) for source in useful]
    sound = set(sound_tests(problem, dict(outcomes)))
    tests = [case for case in problem.tests if case.source in sound]
    first = outcomes["useful"]
    columns = [first + j for j, case in enumerate(problem.tests) if case.source in sound]
    mutants = faulty(problem, n_mutants, seed)
    wrong = [
        mutant
        for mutant, row in zip(mutants, outcomes["mutants"], strict=True)
        if row != outcomes["reference"]
    ]
    codes = candidates(read_samples(dict(evidence.samples), Role.CODER), problem)
    wrong += [
        code.program
        for code, row in zip(codes, outcomes["code_rows"], strict=True)
        if any(row[j] != _PASS.value for j in columns)
    ]
    if len(wrong) > most:
        wrong = random.Random(f"{seed} {problem.id} wrong").sample(wrong, most)
    if not (cases or tests):
        return None
    return Arena(problem, (*cases, *tests), tuple(wrong))


def pay_coder(passed: Sequence[bool] | None) -> float:
    """Reward one coder's answer; None is an answer without a code.

    >>> pay_coder([True, True, False, False]), pay_coder(None)
    (0.6, 0.0)
    """
    if passed is None:
        return 0.0
    return sum(passed) / max(1, len(passed)) + 0.1


def pay_tester(valid: Sequence[bool], fails: Sequence[Sequence[bool]]) -> float:
    """Reward one tester's answer.

    Args:
        valid: of each case it wrote, whether the reference passes it.
        fails: [n_wrong][n_cases], whether a wrong program fails a case.

    >>> pay_tester([True, False], [[True, False], [False, True]])  # half is detected
    0.5291666666666667
    >>> pay_tester([], [[]])
    0.0
    """
    if not valid:
        return 0.0
    detected = [any(f and v for f, v in zip(row, valid, strict=True)) for row in fails]
    share = sum(detected) / max(1, len(detected))
    return 0.85 * share + 0.05 * sum(valid) / max(MANY, len(valid)) + 0.1


def reward_coder(
    place: Arena, completions: Sequence[str], run: Run, *, chat: bool = False
) -> list[float]:
    """Run the codes of several answers to one problem in one batch."""
    samples = _samples(place.problem.coder, completions, chat=chat)
    found = [candidates([sample], place.problem) for sample in samples]
    programs = [codes[0].program for codes in found if codes]
    rows = iter(run(programs, place.cases, 1) if programs else [])
    return [
        pay_coder([e.outcome is _PASS for e in next(rows)] if codes else None) for codes in found
    ]


def reward_tester(
    place: Arena, completions: Sequence[str], run: Run, *, chat: bool = False
) -> list[float]:
    """Run the cases of several answers to one problem in one batch."""
    samples = _samples(place.problem.tester, completions, chat=chat)
    found = [extract_cases([sample], place.problem.target) for sample in samples]
    cases = list({case.source: case for own in found for case in own}.values())
    if not cases:
        return [0.0] * len(completions)
    position = {case.source: j for j, case in enumerate(cases)}
    rows = run([place.problem.references[0], *place.wrong], cases, 1)
    passed = [[e.outcome is _PASS for e in row] for row in rows]
    rewards = []
    for own in found:
        at = [position[case.source] for case in own]
        fails = [[not row[j] for j in at] for row in passed[1:]]
        rewards.append(pay_tester([passed[0][j] for j in at], fails))
    return rewards


def reward_functions(
    arenas: Sequence[Arena], run: Run, *, chat: bool = False
) -> list[Callable[..., list[float | None]]]:
    """Make the two functions that GRPO calls with a batch of both roles.

    Each gives None for the other role's rows. The columns `problem` and `role` of the data set
    say whose rows they are; completions that stand together are run together. A plain model's go
    on after the prompt's prefix and are cut where the product would stop; a chat model's are whole.
    """
    places = {place.problem.id: place for place in arenas}

    def made_for(own: Role) -> Callable[..., list[float | None]]:
        act = reward_coder if own is Role.CODER else reward_tester

        def rewards(
            completions: Sequence[str], problem: Sequence[str], role: Sequence[str], **_: Any
        ) -> list[float | None]:
            rows: dict[str, list[int]] = {}
            for i, (identity, name) in enumerate(zip(problem, role, strict=True)):
                if name == own.value:
                    rows.setdefault(identity, []).append(i)
            made: list[float | None] = [None] * len(completions)
            for identity, at in rows.items():
                found = act(places[identity], [completions[i] for i in at], run, chat=chat)
                for i, value in zip(at, found, strict=True):
                    made[i] = value
            return made

        rewards.__name__ = own.value  # the name in TRL's log
        return rewards

    return [made_for(role) for role in Role]


def _samples(prompt: Prompt, completions: Sequence[str], *, chat: bool) -> list[Sample]:
    """What the product's backends would make of completions."""
    if chat:
        return [Sample(prompt.role, text, "model") for text in completions]
    found = []
    for text in completions:
        ends = [at for stop in prompt.stop if (at := text.find(stop)) >= 0]
        found.append(Sample(prompt.role, prompt.prefix + text[: min(ends, default=None)], "model"))
    return found


def _case(source: str, problem: Problem) -> Case:
    """A case from its text, with what it expects and imports."""
    made = extract_cases([Sample(Role.TESTER, source, "model")], problem.target)
    return made[0] if len(made) == 1 else Case(source, "model")
