"""What samples came to -> what a second round asks.

Where candidates compete, testers are shown one of each of the two leading clusters and asked for
cases that tell them apart. Where no candidate passes all that several testers agree on, coders are
shown those cases. What it does not do: ask, or say who is right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pytest_genx.domain import Candidate, Case, CaseForm, Followup, Role, Stage
from pytest_genx.matrix import PassMatrix, Ranking
from pytest_genx.pipeline.budget import tokens
from pytest_genx.pipeline.clusters import clusters, undecided

WRITTEN = 2  # samples that wrote a case which counts
GROUP = 2  # such cases at least that no candidate passes together
MAX_CASES = 8  # shown
ROOM = 400  # tokens of each candidate that is shown, and of the cases


def second_round(
    candidates: Sequence[Candidate],
    cases: Sequence[Case],
    matrix: PassMatrix,
    ranking: Ranking,
    *,
    written: Mapping[str, int],
    n: int,
) -> list[Followup]:
    """Find what is worth asking once more, of coders and of testers.

    Args:
        candidates: rows.
        cases: columns.
        matrix: pass matrix of the two.
        ranking: scores of both sides.
        written: how many samples wrote a case, by its source.
        n: samples that are asked for.
    """
    asked = []
    wanted = unsolved(cases, matrix, written)
    if wanted:
        shown = {"wanted": "\n".join(case.source for case in wanted)}
        asked.append(Followup(Role.CODER, Stage.SECOND, shown, n))
    pair = rivals(candidates, matrix, ranking)
    if pair is not None:
        shown = {"leader": pair[0].source.rstrip(), "rival": pair[1].source.rstrip()}
        asked.append(Followup(Role.TESTER, Stage.SECOND, shown, n))
    return asked


def rivals(
    candidates: Sequence[Candidate], matrix: PassMatrix, ranking: Ranking
) -> tuple[Candidate, Candidate] | None:
    """Pick the shortest candidate of each of the two leading clusters, if they compete.

    Returns:
        None when the ranking is sure, or when one of the two is too long to be shown.
    """
    found = clusters(matrix, ranking)
    if not undecided(found):
        return None
    leader, rival = (
        min((candidates[i] for i in cluster.members), key=lambda c: (len(c.source), c.source))
        for cluster in found[:2]
    )
    if max(tokens(leader.source), tokens(rival.source)) > ROOM:
        return None
    return leader, rival


def unsolved(cases: Sequence[Case], matrix: PassMatrix, written: Mapping[str, int]) -> list[Case]:
    """Find the cases that several samples wrote, if no candidate passes all of them.

    They agree with each other: of those that expect different things of one call, the anchor or
    the most often written counts. What comes from running code is no claim of a tester's.

    Args:
        cases: columns.
        matrix: pass matrix.
        written: how many samples wrote a case, by its source.

    Returns:
        Those that are shown, the ones that the fewest candidates pass first; [] where there are
        fewer than `GROUP` or a candidate passes them all.
    """
    group: dict[str, int] = {}
    counts = [written.get(case.source, 0) for case in cases]
    for j in sorted(range(len(cases)), key=lambda j: (not cases[j].anchor, -counts[j], j)):
        case = cases[j]
        told = case.anchor or counts[j] >= WRITTEN
        if told and case.form is CaseForm.SNIPPET and case.expectation is not None:
            group.setdefault(case.expectation.call, j)
    columns = list(group.values())
    passed = matrix.passed[:, columns]
    if len(columns) < GROUP or passed.all(axis=1).any():
        return []
    support = dict(zip(columns, passed.sum(axis=0).tolist(), strict=True))
    shown: list[Case] = []
    left = ROOM
    for j in sorted(columns, key=lambda j: (support[j], j)):
        if len(shown) < MAX_CASES and tokens(cases[j].source) <= left:
            shown.append(cases[j])
            left -= tokens(cases[j].source)
    return shown
