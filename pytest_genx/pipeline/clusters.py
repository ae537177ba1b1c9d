"""Ranking and observations -> the question whose answer would settle what the ranking cannot.

Where wrong candidates and wrong cases share a misconception, no ranking made of who passes what
can tell which is right; somebody who knows what the target is for sees it at once. Candidates
that were observed to do the same on every case are one cluster. What it does not do: ask.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from pytest_genx.domain import Answer, Candidate, Case, CaseForm, Execution, Question
from pytest_genx.matrix import PassMatrix, Ranking
from pytest_genx.syntax.claims import claim
from pytest_genx.syntax.source import parse_expression

LEADER = 0.5  # below this probability the leading cluster settles nothing,
RIVAL = 0.5  # nor does it when the next one has more than this share of its probability
CLUSTERS = 3  # answers shown
DIGITS = 6  # of probabilities: the same on every processor
LONG = 240  # characters of a call with both values; more takes longer than a second to judge


@dataclass(frozen=True, slots=True)
class Cluster:
    """Candidates that do the same everywhere: row numbers, and how likely they are right.

    They are right together or not at all, so that the highest score among them is theirs.
    """

    members: tuple[int, ...]
    probability: float


def clusters(matrix: PassMatrix, ranking: Ranking) -> list[Cluster]:
    """Group candidates by what was observed; the most probable first.

    Args:
        matrix: with `observed`; without, those with identical rows of passes are one cluster.
        ranking: `candidate_scores` are taken for probabilities of being right.

    Returns:
        Clusters. At most one is right: where the highest scores of all add up to more than 1,
        each is divided by that sum.
    """
    looks = matrix.passed if matrix.observed is None else matrix.observed
    groups: dict[bytes, list[int]] = defaultdict(list)
    for i, row in enumerate(np.ascontiguousarray(looks)):
        groups[row.tobytes()].append(i)
    highest = [float(ranking.candidate_scores[rows].max()) for rows in groups.values()]
    total = max(sum(highest), 1.0)
    found = [
        Cluster(tuple(rows), round(score / total, DIGITS))
        for rows, score in zip(groups.values(), highest, strict=True)
    ]
    return sorted(found, key=lambda c: (-c.probability, -len(c.members), c.members))


def undecided(found: Sequence[Cluster]) -> bool:
    """Say whether the ranking's confidence is low: `LEADER` and `RIVAL` say when."""
    if len(found) < 2 or found[1].probability <= 0.0:
        return False
    leader, rival = found[0].probability, found[1].probability
    return leader < LEADER or rival > RIVAL * leader


def ask_about(
    candidates: Sequence[Candidate],
    cases: Sequence[Case],
    executions: Sequence[Sequence[Execution]],
    matrix: PassMatrix,
    ranking: Ranking,
    asked: Collection[str] = (),
) -> Question | None:
    """Find the call on which the two leading clusters differ, if the ranking is undecided.

    Only calls of cases that call and compare are taken, where both clusters return values that
    can be written down. Of these it is the one with the most probability against the leader's
    value (to two places), then the shortest with its values.

    Args:
        candidates: rows.
        cases: columns.
        executions: `[n_candidates][n_cases]`.
        matrix: made from the three above.
        ranking: scores of both sides.
        asked: calls that were asked about.

    Returns:
        The call with at most `CLUSTERS` answers that have any probability, each with all
        candidates that return it; None when the ranking is sure or there is no such call.
    """
    found = clusters(matrix, ranking)
    if not undecided(found):
        return None
    leader, rival = found[0].members[0], found[1].members[0]
    best: tuple[tuple[float, int, str], Question] | None = None
    for j, case in enumerate(cases):
        expected = case.expectation
        if expected is None or case.form is not CaseForm.SNIPPET or expected.call in asked:
            continue
        values = [_returned(executions[i][j]) for i in (leader, rival)]
        if "" in values or _key(values[0]) == _key(values[1]):
            continue
        length = len(expected.call) + sum(map(len, values))
        if length > LONG or executions[leader][j].digest == executions[rival][j].digest:
            continue
        answers = _answers(candidates, [row[j] for row in executions], found)
        against = sum(a.probability for a in answers if _key(a.value) != _key(values[0]))
        key = (-round(against, 2), length, expected.call)
        if best is None or key < best[0]:
            best = key, Question(expected.call, answers[:CLUSTERS])
    return best[1] if best is not None else None


def _answers(
    candidates: Sequence[Candidate], column: Sequence[Execution], found: Sequence[Cluster]
) -> tuple[Answer, ...]:
    """Say what is returned on one case, by whom, and how likely that is: clusters add up."""
    probabilities: dict[Hashable, float] = defaultdict(float)
    members: dict[Hashable, list[int]] = defaultdict(list)
    texts: dict[Hashable, str] = {}  # as the most probable cluster has it
    for cluster in found:
        value = _returned(column[cluster.members[0]])
        if value:
            key = _key(value)
            texts.setdefault(key, value)
            probabilities[key] += cluster.probability
            members[key] += cluster.members
    answers = (
        Answer(
            texts[key],
            len(rows),
            sum(candidates[i].count for i in rows),
            round(probabilities[key], DIGITS),
        )
        for key, rows in members.items()
        if probabilities[key] > 0.0
    )
    return tuple(sorted(answers, key=lambda a: (-a.probability, -a.candidates, a.value)))


def _key(value: str) -> Hashable:
    """Equal for values that no `==` tells apart, such as `0` and `0.0`."""
    return claim(f"assert call == {value}", {"call"})


def _returned(execution: Execution) -> str:
    """What a call returned, as an expression; "" when it returned nothing that can be written."""
    if execution.raised is not None or execution.value is None or execution.digest is None:
        return ""
    return execution.value if parse_expression(execution.value) is not None else ""
