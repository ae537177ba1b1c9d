"""Cases that are no whole witness of what a target does: recognised, weighted, never kept.

| kind | rule | weight |
|---|---|---|
| pointless | nothing that the target returns could fail it (`syntax.pointless`) | 0 |
| copy | claims what an anchor claims (`syntax.claims`) | 0: the anchor says it already |
| twin | one of k cases that make the same claim; the first may be kept | 1 / k |
| echo | its value is what the current code gave, and no model wrote it; may be kept | 0 |
| easy | all candidates pass it that pass anything, and these are not all alike; may be kept | 0 |

An echo would have the current code speak for itself. An easy case tells no candidate from
another, so that it is no witness; as a test of the code as it stands it is as good as any, only
chosen last. When all candidates are alike nothing shows that a case is easy. Anchors are whole
witnesses whatever they say. Every case is executed: what a weak one is worth for a ranking stands
in its weight, and why it is not kept in its reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from collections.abc import Set as AbstractSet

import numpy as np

from pytest_genx.domain import Case, CaseForm, Target, Weakness
from pytest_genx.matrix import Bools, Floats
from pytest_genx.syntax.claims import claim
from pytest_genx.syntax.pointless import pointless

COPY = "it says the same as an example or test of yours"
TWIN = "it says the same as another case"


def names_of(target: Target) -> frozenset[str]:
    """Names of which one is mentioned wherever the target is called."""
    owner = (target.owner or "").rpartition(".")[2]
    return frozenset(filter(None, (target.name, owner)))


def weaknesses(
    cases: Sequence[Case], names: AbstractSet[str], passed: Bools, *, echoes: bool = False
) -> list[Weakness | None]:
    """Say for each case whether it is weak, and how.

    Args:
        cases: columns.
        names: what a call of the target mentions, see `names_of`.
        passed: `[n_candidates, n_cases] bool`, who passes what.
        echoes: whether corrected values come from current code that nobody trusts.

    Returns:
        None for a case that is a whole witness. The first kind that applies is told, in the
        order of the table above.
    """
    claims: list[Hashable] = [_claim(case, names) for case in cases]
    trusted = {said for case, said in zip(cases, claims, strict=True) if case.anchor}
    groups: dict[Hashable, list[int]] = defaultdict(list)
    found: list[Weakness | None] = [None] * len(cases)
    for j, (case, said) in enumerate(zip(cases, claims, strict=True)):
        if case.anchor:
            continue
        why = pointless(case.source, names) if case.form is CaseForm.SNIPPET else ""
        if why:
            reason = f"nothing that the target returns could fail it: {why}"
            found[j] = Weakness("pointless", 0.0, reason)
        elif said in trusted:
            found[j] = Weakness("copy", 0.0, COPY)
        elif echoes and case.corrected:
            found[j] = Weakness("echo", 0.0)
        else:
            groups[said].append(j)
    easy = _easy(passed)
    for columns in groups.values():
        for position, j in enumerate(columns):
            if len(columns) > 1:
                weight = 0.0 if easy[j] else 1.0 / len(columns)
                found[j] = Weakness("twin", weight, TWIN if position else "")
            elif easy[j]:
                found[j] = Weakness("easy", 0.0)
    return found


def weights(weak: Sequence[Weakness | None]) -> Floats | None:
    """Return `[n_cases] float64` for `PassMatrix.weights`; None when all are whole witnesses."""
    if not any(weak):
        return None
    return np.array([1.0 if w is None else w.weight for w in weak], dtype=np.float64)


def _claim(case: Case, names: AbstractSet[str]) -> Hashable:
    """What a case says, such that equal claims are equal; forms are never mixed."""
    if case.form is CaseForm.SNIPPET:
        return claim(case.source, names)
    return case.form, case.source, case.expectation


def _easy(passed: Bools) -> Bools:
    """`[n_cases] bool`: passed by all rows that pass anything, where these are not all equal."""
    alive: Bools = passed[passed.any(axis=1)]
    if len(alive) == 0 or np.array_equal(alive, np.broadcast_to(alive[0], alive.shape)):
        return np.zeros(passed.shape[1], dtype=np.bool_)
    return np.asarray(alive.all(axis=0))
