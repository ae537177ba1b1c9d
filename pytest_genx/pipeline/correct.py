"""Calls and what running them gave -> cases with expected values; decides nothing about worth.

The execution-guided half of test generation: a model, or no model at all, proposes an input;
an implementation supplies the value. Such a case is marked `corrected`.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from pytest_genx.domain import Candidate, Case, Execution, Expectation, Outcome, Target

MAX_CASES = 80  # columns for one target; anchors and the most often written come first

Cross = Callable[[Sequence[Candidate], Sequence[Case]], list[list[Execution]]]

# Returned types that are used up by looking at them; the call is wrapped in list() instead.
_ITERATORS = frozenset(
    {"generator", "map", "filter", "zip", "enumerate", "reversed", "list_iterator"}
    | {"tuple_iterator", "callable_iterator", "str_iterator", "dict_keyiterator", "range_iterator"}
)


def settle(
    proposed: Sequence[Case],
    candidates: Sequence[Candidate],
    target: Target,
    *,
    trusted: bool,
    cross: Cross,
) -> tuple[list[Case], list[str]]:
    """Give every call a value from running code, and decide which proposals stay as written.

    With trusted code its value replaces a model's. Otherwise both stand, and the consensus
    decides between them. For a stub the value is what most candidates agree on.

    Args:
        proposed: anchors and what the samples say, calls without a value among them.
        candidates: all of them; the incumbent alone is asked when there is one.
        target: what is under test.
        trusted: whether the incumbent's values overrule.
        cross: runs candidates against cases.

    Returns:
        The cases of the pass matrix, and notes for people.
    """
    judges = [c for c in candidates if c.incumbent] or list(candidates)
    observed = _observe(proposed, judges, target, cross) if judges else {}
    trusted = trusted and any(judge.incumbent for judge in judges)
    settled: list[Case] = []
    unwritable = 0
    for case in proposed:
        expected = case.expectation
        fixed = observed.get(expected.call) if expected is not None else None
        bare = expected is not None and expected.value is None and expected.raises is None
        if not bare and (case.anchor or not (trusted and fixed)):
            settled.append(case)
        if fixed is not None and not case.anchor:
            imports = tuple(dict.fromkeys((*case.imports, *fixed.imports)))
            settled.append(replace(fixed, origin=case.origin, imports=imports))
        unwritable += bare and fixed is None
    cases = merged(settled)
    notes = [f"{unwritable} calls gave nothing that a test can state"] if unwritable else []
    if len(cases) > MAX_CASES:
        notes.append(f"{len(cases) - MAX_CASES} of {len(cases)} cases were left out")
        order = sorted(range(len(cases)), key=lambda j: (not cases[j].anchor, -cases[j].count, j))
        cases = [cases[j] for j in sorted(order[:MAX_CASES])]
    return cases, notes


def observation(case: Case) -> Case | None:
    """Make the case that only observes the call of `case`; None for free-form cases."""
    if case.expectation is None:
        return None
    call = case.expectation.call
    return replace(
        case, source=call, expectation=Expectation(call), count=1, corrected=False, anchor=False
    )


def listed(case: Case, execution: Execution) -> Case | None:
    """Make the observation of `list(call)` when the call returned an iterator."""
    kind = execution.returned_type or ""
    if case.expectation is None or execution.outcome is not Outcome.PASS:
        return None
    if kind not in _ITERATORS and not kind.startswith("itertools."):
        return None
    call = f"list({case.expectation.call})"
    return replace(case, source=call, expectation=Expectation(call))


def corrected(case: Case, execution: Execution, target: Target) -> Case | None:
    """Give an observed call the value, or the exception, that running it gave.

    Args:
        case: a case with an expectation; its own value, if any, is replaced.
        execution: the observation on the trusted implementation.
        target: says which exceptions are meant: those that its source raises by name.

    Returns:
        The case, or None when what was observed cannot be written down as an assertion.
    """
    assert case.expectation is not None
    call = case.expectation.call
    if execution.outcome is Outcome.PASS and execution.value is not None:
        operator = "is" if execution.value in {"None", "True", "False"} else "=="
        return replace(
            case,
            source=f"assert {call} {operator} {execution.value}",
            expectation=Expectation(call, value=execution.value),
            corrected=True,
        )
    name = (execution.raised or "").rpartition(".")[2]
    if execution.outcome is Outcome.ERROR and name in raised_names(target.source):
        return replace(
            case,
            source=f"with pytest.raises({name}):\n    {call}",
            expectation=Expectation(call, raises=name),
            imports=tuple(dict.fromkeys((*case.imports, "import pytest"))),
            corrected=True,
        )
    return None


def agreed(executions: Sequence[Execution], counts: Sequence[int]) -> Execution | None:
    """Pick the observation that most candidates share, for a target without trusted code.

    Args:
        executions: one observation of the same call for each candidate.
        counts: how often each candidate was sampled.

    Returns:
        The most frequent one, or None when fewer than two candidates agree or it is tied.
    """
    votes: Counter[str] = Counter()
    first: dict[str, Execution] = {}
    distinct: Counter[str] = Counter()
    for execution, count in zip(executions, counts, strict=True):
        if execution.digest is not None and execution.outcome is Outcome.PASS:
            votes[execution.digest] += count
            distinct[execution.digest] += 1
            first.setdefault(execution.digest, execution)
    best = votes.most_common(2)
    if not best or distinct[best[0][0]] < 2 or (len(best) == 2 and best[0][1] == best[1][1]):
        return None
    return first[best[0][0]]


def _observe(
    proposed: Sequence[Case], judges: Sequence[Candidate], target: Target, cross: Cross
) -> dict[str, Case]:
    """Map each call to the case that states what the judges did with it."""
    waiting = {c.source: c for c in map(observation, proposed) if c is not None}
    found: dict[str, Case] = {}
    # The second time around, calls that returned an iterator are asked for its items.
    for _ in range(2):
        rows = cross(judges, list(waiting.values())) if waiting else []
        again: dict[str, Case] = {}
        for j, (call, case) in enumerate(waiting.items()):
            seen = [row[j] for row in rows]
            incumbent = judges[0].incumbent
            execution = seen[0] if incumbent else agreed(seen, [c.count for c in judges])
            stated = execution and corrected(case, execution, target)
            retry = execution and listed(case, execution)
            if stated:
                found[call] = stated
            elif retry:
                again[call] = retry
        waiting = again
    return found


def merged(cases: Sequence[Case]) -> list[Case]:
    """Merge cases with the same source: counts add up, an anchor stays one, first come first."""
    kept: dict[str, Case] = {}
    for case in cases:
        known = kept.get(case.source)
        if known is None:
            kept[case.source] = case
            continue
        kept[case.source] = replace(
            known,
            count=known.count + case.count,
            corrected=known.corrected and case.corrected,
            anchor=known.anchor or case.anchor,
            origin=case.origin if case.anchor and not known.anchor else known.origin,
        )
    return list(kept.values())


def raised_names(source: str) -> frozenset[str]:
    """Names of the exceptions that `raise` statements in `source` mention."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Raise) and node.exc is not None:
            raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            if isinstance(raised, ast.Name):
                names.add(raised.id)
    return frozenset(names)
