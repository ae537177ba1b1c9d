"""One round's samples and what running them gave -> which answers are right, and pairs of them.

On-policy: an answer is what the current version wrote, to the letter. What it was worth is read
from the artefacts of the round; nothing is run here, and no model is loaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_genx.domain import Candidate, Outcome, Prompt, Role, Sample
from pytest_genx.pipeline.extract import extract_candidates, extract_cases, merge
from pytest_genx.train.rounds.bases import Chat
from pytest_genx.train.rounds.lines import filter_line
from pytest_genx.train.rounds.problems import Problem
from pytest_genx.train.rounds.programs import answered
from pytest_genx.train.rounds.recipe import PreferencePart
from pytest_genx.train.rounds.sample import read_samples

_PASS = Outcome.PASS.value
_TRUE = ("", "duplicate")  # statuses of a case whose value the references agree on


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; `ended` is False where the limit of tokens cut it off."""

    problem: str
    role: Role
    prompt: str
    completion: str
    ended: bool
    right: bool


@dataclass(frozen=True, slots=True)
class Pair:
    """A right and a wrong answer to the same prompt."""

    chosen: Answer
    rejected: Answer


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that a round has of one problem: its line of each file."""

    problem: Problem
    samples: Mapping[str, Any]
    cases: Mapping[str, Any]
    codes: Mapping[str, Any]
    outcomes: Mapping[str, Any]


def judged(evidence: Evidence, valid: float, limit: int, chat: Chat | None = None) -> list[Answer]:
    """Say of every sample of a problem whether it is right, coder's first.

    A coder's answer is right when its code passes all sound original tests and all validated
    cases. A tester's is right when the reference agrees with its cases *as they were written*,
    with a share of at least `valid` of them, and when one of those fails a mutant or a code that
    is wrong by the original tests; if there is none of either, agreeing is enough. An answer
    that holds nothing is wrong.

    Args:
        evidence: of a problem with a reference; of any other there is no truth, and no answer.
        valid: share of an answer's cases.
        limit: tokens at which a sample was cut off.
        chat: how messages are put to a chat model; None for a plain one.
    """
    problem = evidence.problem
    if problem.target.is_stub:
        return []
    facts = filter_line(problem, *map(dict, (evidence.cases, evidence.codes, evidence.outcomes)))
    passing = [set(code["outcomes"]) == {_PASS} for code in facts["codes"]]
    worth = _worth(facts, evidence.outcomes)
    found: list[Answer] = []

    def add(prompt: Prompt, sample: Sample, *, right: bool) -> None:
        shown = prompt.text if chat is None else chat(prompt.messages)
        text = sample.text.removeprefix(prompt.prefix) if chat is None else sample.text
        ended = sample.tokens < limit
        found.append(Answer(problem.id, prompt.role, shown, text, ended=ended, right=right))

    coder = read_samples(dict(evidence.samples), Role.CODER)
    for sample, code in zip(coder, _numbered(coder, problem), strict=True):
        add(problem.coder, sample, right=code is not None and passing[code])
    for sample in read_samples(dict(evidence.samples), Role.TESTER):
        cases = [worth.get(case.source, (False, False))
                 for case in extract_cases([sample], problem.target)]  # fmt: skip
        true = [kills for is_true, kills in cases if is_true]
        right = len(true) >= valid * len(cases) and any(true)
        add(problem.tester, sample, right=right)
    return found


def candidates(samples: Sequence[Sample], problem: Problem) -> list[Candidate]:
    """Codes of coder's samples, as execution finds them."""
    read = [answered(sample) for sample in samples] if problem.reads else samples
    return extract_candidates(read, problem.target)


def contested(answers: Sequence[Answer], recipe: PreferencePart) -> list[Answer]:
    """Keep problems, for each role apart, that the model can solve and does not always.

    The share of right answers must lie strictly between the limits of the recipe; equal answers
    count in it, and stay once.
    """
    groups: dict[tuple[str, Role], list[Answer]] = {}
    for answer in answers:
        groups.setdefault((answer.problem, answer.role), []).append(answer)
    kept: dict[tuple[str, Role, str], Answer] = {}
    for key, group in groups.items():
        rate = sum(answer.right for answer in group) / len(group)
        if recipe.lowest < rate < recipe.highest:
            for answer in group:
                kept.setdefault((*key, answer.completion), answer)
    return list(kept.values())


def pairs(answers: Iterable[Answer], most: int) -> list[Pair]:
    """Pair right with wrong answers of each problem and role, no pair twice, `most` of one.

    >>> def answer(text, right):
    ...     return Answer("p", Role.CODER, "def f():", text, True, right)
    >>> made = pairs([answer("a", True), answer("b", False), answer("c", False)], 4)
    >>> [(pair.chosen.completion, pair.rejected.completion) for pair in made]
    [('a', 'b'), ('a', 'c')]
    """
    groups: dict[tuple[str, Role], tuple[list[Answer], list[Answer]]] = {}
    for answer in answers:
        both = groups.setdefault((answer.problem, answer.role), ([], []))
        both[0 if answer.right else 1].append(answer)
    found: list[Pair] = []
    for right, wrong in groups.values():
        if right and wrong:
            n = min(most, max(len(right), len(wrong)))
            found += [Pair(right[i % len(right)], wrong[i % len(wrong)]) for i in range(n)]
    return found


def _numbered(samples: Sequence[Sample], problem: Problem) -> Iterator[int | None]:
    """For each coder's sample which of the round's codes it is; None for no code."""
    known: list[Candidate] = []
    for sample in samples:
        made = candidates([sample], problem)
        if not made:
            yield None
            continue
        before, known = known, merge([*known, *made])
        more = zip(before, known, strict=False)
        again = [i for i, (old, new) in enumerate(more) if new.count > old.count]
        yield again[0] if again else len(known) - 1


def _worth(facts: Mapping[str, Any], outcomes: Mapping[str, Any]) -> dict[str, tuple[bool, bool]]:
    """Of each case as written: whether it is true, and whether something wrong fails it."""
    useful = outcomes["useful"]
    tests = [j for j, letter in enumerate(outcomes["reference"])
             if useful <= j < useful + outcomes["tests"] and letter == _PASS]  # fmt: skip
    wrong = [row for row in outcomes["code_rows"] if any(row[j] != _PASS for j in tests)]
    faults = [*facts["mutants"], *wrong]
    columns: dict[str, int] = {}
    for case in facts["cases"]:
        if not case["status"]:
            columns[case["corrected"]] = len(columns)
    found: dict[str, tuple[bool, bool]] = {}
    for case in facts["cases"]:
        column = columns.get(case["corrected"])
        true = case["outcome"] == _PASS and case["status"] in _TRUE and column is not None
        kills = not faults or (column is not None and any(row[column] != _PASS for row in faults))
        found[case["written"]] = (true, true and kills)
    return found
