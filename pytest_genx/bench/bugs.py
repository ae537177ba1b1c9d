"""`genx bench bugs`: pools and sets of bugs -> results, faulty code first and correct code next.

The numbers of a result are made in `bug_score.py` and shown by `bug_table.py`.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from pytest_genx.bench.bug_generated import UNUSABLE, Remembering, generate_trials, vet
from pytest_genx.bench.bug_pool import Fault, Faults, make_faults, record, try_out
from pytest_genx.bench.bug_score import Result
from pytest_genx.bench.bug_sets import BugSet, documented
from pytest_genx.bench.bug_trial import CORRECT, Trial
from pytest_genx.bench.pool import Pool, PoolTask, defines
from pytest_genx.bench.runner import Runner
from pytest_genx.errors import GenxError
from pytest_genx.interfaces import Ranker
from pytest_genx.pipeline.parts import Parts
from pytest_genx.syntax.names import bound_names
from pytest_genx.syntax.source import parse

RECORDED = "recorded"
UNNAMED = "the entry point is another name of a function"
Tell = Callable[[str, int, int], None]  # a title, problems done, problems in all
_Item = TypeVar("_Item")


class Unjudgeable(GenxError):
    """A pool's task cannot say which mutants are faulty."""

    def __init__(self, pool: str, task_id: str, lacks: str) -> None:
        super().__init__(f"{pool}: task {task_id!r} has no {lacks}, so there are no mutants of it")


def spread(items: Sequence[_Item], limit: int | None) -> list[_Item]:
    """Take `limit` of the items, evenly spread; all of them for None.

    >>> spread("abcdefgh", 3)
    ['a', 'c', 'f']
    """
    if limit is None or limit >= len(items):
        return list(items)
    return [items[i * len(items) // limit] for i in range(limit)]


def recorded_mutants(
    pool: Pool,
    runner: Runner,
    ranker: tuple[str, Ranker],
    tell: Tell,
    *,
    n: int,
    seed: int,
    limit: int | None = None,
) -> Result:
    """Try a pool's samples on mutants of its references.

    Args:
        pool: every task needs a reference and a label.
        runner: executes.
        ranker: its name, and itself.
        tell: shows progress.
        n: mutants of a task, at most.
        seed: of their choice.
        limit: tasks, None for all.

    Raises:
        Unjudgeable: a task has no reference or no label.
        SandboxError: the sandbox itself failed.
    """
    started = time.monotonic()
    trials: list[Trial] = []
    left_out: Counter[str] = Counter()
    for task in _told(f"{pool.name}, {RECORDED}", _judgeable(pool, limit), tell):
        faults = make_faults(task, runner, n=n, seed=seed)
        left_out.update(_left_out(faults))
        trials += try_out(record(task, runner), faults.kept, runner, ranker[1])
    return _result(pool.name, RECORDED, ranker[0], trials, left_out, started)


def recorded_bugs(
    bugs: BugSet, pools: Sequence[Pool], runner: Runner, ranker: tuple[str, Ranker], tell: Tell
) -> Result | None:
    """Try the samples of pools on those problems of a set that they hold too.

    A problem is the same when its name and its entry point are.

    Returns:
        None when no pool holds one.

    Raises:
        SandboxError: the sandbox itself failed.
    """
    started = time.monotonic()
    tasks = {(t.task_id, t.entry_point): t for pool in pools for t in pool.tasks if t.label_test}
    shared = [bug for bug in bugs.bugs if (bug.bug_id, bug.entry_point) in tasks]
    trials: list[Trial] = []
    left_out: Counter[str] = Counter()
    for bug in _told(f"{bugs.name}, {RECORDED}", shared, tell):
        reason = vet(bug, runner)
        if reason:
            left_out[reason] += 1
            continue
        task = replace(tasks[bug.bug_id, bug.entry_point], reference=bug.correct)
        trials += try_out(record(task, runner), [Fault(bugs.name, bug.buggy)], runner, ranker[1])
    if not shared:
        return None
    return _result(bugs.name, RECORDED, ranker[0], trials, left_out, started)


def generated_bugs(
    bugs: BugSet, runner: Runner, parts: Parts, tell: Tell, *, limit: int | None = None
) -> Result:
    """Generate for the codes of a set, with what the backends write.

    Args:
        bugs: the set.
        runner: judges.
        parts: of a run; the name of its ranker is that of its configuration.
        tell: shows progress.
        limit: problems, None for all.

    Raises:
        GenxError: a backend or the sandbox failed.
    """
    started = time.monotonic()
    trials: list[Trial] = []
    left_out: Counter[str] = Counter()
    names = ",".join(backend.name for backend in parts.backends)
    for bug in _told(f"{bugs.name}, {names}", spread(bugs.bugs, limit), tell):
        reason = vet(bug, runner)
        if reason:
            left_out[reason] += 1
            continue
        codes = [
            Fault(kind, documented(code, bug.entry_point, bug.statement))
            for kind, code in ((bugs.name, bug.buggy), (CORRECT, bug.correct))
        ]
        mine = _remembering(parts)
        found = generate_trials(bug.bug_id, bug.entry_point, codes, bug.correct, mine, runner)
        left_out[UNUSABLE] += len(codes) - len(found)
        trials += found
    return _result(bugs.name, names, parts.config.ranker, trials, left_out, started)


def generated_mutants(
    pool: Pool,
    runner: Runner,
    parts: Parts,
    tell: Tell,
    *,
    n: int,
    seed: int,
    limit: int | None = None,
) -> Result:
    """Generate for mutants of a pool's references; as `recorded_mutants` otherwise.

    Raises:
        Unjudgeable: a task has no reference or no label.
        GenxError: a backend or the sandbox failed.
    """
    started = time.monotonic()
    trials: list[Trial] = []
    left_out: Counter[str] = Counter()
    names = ",".join(backend.name for backend in parts.backends)
    for task in _told(f"{pool.name}, {names}", _judgeable(pool, limit), tell):
        assert task.reference is not None
        if not defines(task.reference, task.entry_point):
            left_out[UNNAMED] += 1
            continue
        faults = make_faults(task, runner, n=n, seed=seed)
        left_out.update(_left_out(faults))
        statement = "" if task.continues else task.prompt
        codes = [
            Fault(fault.kind, documented(fault.program, task.entry_point, statement))
            for fault in (*faults.kept, Fault(CORRECT, task.reference))
        ]
        mine = _remembering(parts)
        found = generate_trials(task.task_id, task.entry_point, codes, task.reference, mine, runner)
        left_out[UNUSABLE] += len(codes) - len(found)
        trials += found
    return _result(pool.name, names, parts.config.ranker, trials, left_out, started)


def _judgeable(pool: Pool, limit: int | None) -> list[PoolTask]:
    for task in pool.tasks:
        for lacks in ("reference", "label_test"):
            if getattr(task, lacks) is None:
                raise Unjudgeable(pool.name, task.task_id, lacks)
        tree = parse(task.reference or "")
        if tree is None or task.entry_point not in bound_names(tree.body):
            lacks = f"reference that defines {task.entry_point!r}"
            raise Unjudgeable(pool.name, task.task_id, lacks)
    return spread(pool.tasks, limit)


def _left_out(faults: Faults) -> dict[str, int]:
    return {
        "mutants that pass the label": faults.equivalent,
        "mutants that do not end": faults.endless,
        "mutants that cannot be imported": faults.broken,
    }


def _remembering(parts: Parts) -> Parts:
    """Parts whose backends remember what they said; for one problem, so that little is kept."""
    return replace(parts, backends=tuple(map(Remembering, parts.backends)))


def _told(title: str, items: Sequence[_Item], tell: Tell) -> Iterator[_Item]:
    for done, item in enumerate(items):
        tell(title, done, len(items))
        yield item
    tell(title, len(items), len(items))


def _result(
    name: str,
    samples: str,
    ranker: str,
    trials: Sequence[Trial],
    left_out: Counter[str],
    started: float,
) -> Result:
    counted = {reason: count for reason, count in left_out.items() if count}
    return Result(name, samples, ranker, tuple(trials), counted, time.monotonic() - started)
