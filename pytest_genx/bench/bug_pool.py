"""Recorded samples against faulty and correct code: a pool's task -> trials.

The samples of a task are run once; only the rows of the current codes are run anew. Mutants
that pass the task's label do the same as the original and are left out, and so are those that
do not come to an end. Anchors are not used: a pool's samples are all there is.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_genx.bench.bug_trial import CORRECT, Trial, judged, rows_with, suspect
from pytest_genx.bench.mutate import mutants
from pytest_genx.bench.pool import PoolTask
from pytest_genx.bench.protocol import Material, extract
from pytest_genx.bench.runner import MODULE, Runner
from pytest_genx.domain import (
    Candidate,
    Case,
    CaseForm,
    Execution,
    Outcome,
    Target,
    TargetKind,
)
from pytest_genx.interfaces import Ranker
from pytest_genx.pipeline.cases import make_case, names_of_module
from pytest_genx.pipeline.correct import merged
from pytest_genx.pipeline.extract import merge
from pytest_genx.syntax.source import parse

SPARE = 3  # mutants are made for each one that is wanted, for some turn out equivalent


@dataclass(frozen=True, slots=True)
class Fault:
    """A current code: what is wrong with it, and its program."""

    kind: str
    program: str


@dataclass(frozen=True, slots=True)
class Faults:
    """The faulty codes of one task, and how many others were made in vain."""

    kept: tuple[Fault, ...]
    equivalent: int = 0  # pass the label
    endless: int = 0  # run into the limit, or end the process
    broken: int = 0  # cannot be imported


@dataclass(frozen=True, slots=True)
class Recorded:
    """A task's samples, run.

    Args:
        task: as recorded.
        candidates: distinct programs that parse.
        cases: distinct.
        rows: `[n_candidates][n_cases]`.
        correct_row: `[n_cases]`, of the task's reference.
        labels: `[n_candidates]`, whether each passes the task's label.
    """

    task: PoolTask
    candidates: tuple[Candidate, ...]
    cases: tuple[Case, ...]
    rows: tuple[Sequence[Execution], ...]
    correct_row: Sequence[Execution]
    labels: tuple[bool, ...]


def record(task: PoolTask, runner: Runner) -> Recorded:
    """Run what a pool holds of a task; it must have a reference and a label.

    Raises:
        SandboxError: the sandbox itself failed.
    """
    assert task.reference is not None
    material = extract(task)
    candidates = _candidates(material)
    cases = _cases(material, target_of(task.entry_point, task.reference))
    programs = [candidate.program for candidate in candidates]
    *rows, correct = runner.run([*programs, task.reference], cases)
    labels = label([*programs], task, runner)
    return Recorded(
        task,
        tuple(candidates),
        tuple(cases),
        tuple(rows),
        correct,
        tuple(outcome is Outcome.PASS for outcome in labels),
    )


def make_faults(task: PoolTask, runner: Runner, *, n: int, seed: int) -> Faults:
    """Make up to `n` mutants of a task's reference that fail its label.

    Raises:
        SandboxError: the sandbox itself failed.
    """
    assert task.reference is not None
    made = mutants(task.reference, task.entry_point, limit=SPARE * n, seed=seed)
    programs = [mutant.source for mutant in made]
    imports = runner.run(programs, [Case("pass", "probe")])
    outcomes = label(programs, task, runner)
    kept, equivalent, endless, broken = [], 0, 0, 0
    for mutant, (probe,), outcome in zip(made, imports, outcomes, strict=True):
        if probe.outcome is not Outcome.PASS:
            broken += 1
        elif outcome is Outcome.PASS:
            equivalent += 1
        elif outcome in (Outcome.TIMEOUT, Outcome.CRASH):
            endless += 1
        else:
            kept.append(Fault(mutant.operator, mutant.source))
    return Faults(tuple(kept[:n]), equivalent, endless, broken)


def label(programs: Sequence[str], task: PoolTask, runner: Runner) -> list[Outcome]:
    """Run programs against a task's label, with the lowest limit at which the reference passes."""
    assert task.label_test is not None
    return runner.label(task.label_test, task.reference, programs)[1]


def try_out(
    recorded: Recorded, faults: Sequence[Fault], runner: Runner, ranker: Ranker
) -> list[Trial]:
    """Make each fault the current code in turn, and the correct code last.

    Raises:
        SandboxError: the sandbox itself failed.
    """
    task = recorded.task
    assert task.reference is not None
    codes = [*faults, Fault(CORRECT, task.reference)]
    rows = runner.run([code.program for code in codes], recorded.cases)
    trials = []
    for code, row in zip(codes, rows, strict=True):
        candidates, executions = rows_with(code.program, row, recorded.candidates, recorded.rows)
        findings = suspect(candidates, recorded.cases, executions, ranker, task.entry_point)
        trials.append(
            judged(
                task.task_id,
                code.kind,
                [finding.case for finding in findings],
                recorded.cases,
                correct=_passes(recorded.correct_row),
                current=_passes(row),
                agree=[sum(column) for column in zip(*map(_passes, recorded.rows), strict=True)]
                or [0] * len(recorded.cases),
                solvable=any(recorded.labels),
            )
        )
    return trials


def target_of(entry_point: str, program: str) -> Target:
    """Describe the entry point of a whole program that stands in no file."""
    tree = ast.parse(program)
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    node = next((n for n in tree.body if isinstance(n, kinds) and n.name == entry_point), None)
    start, end = (1, 1) if node is None else (node.lineno, node.end_lineno or node.lineno)
    return Target(
        path=Path(f"{MODULE}.py"),
        import_root=Path(),
        module=MODULE,
        qualname=entry_point,
        kind=TargetKind.FUNCTION,
        is_async=isinstance(node, ast.AsyncFunctionDef),
        is_stub=False,
        start=start,
        end=end,
        source="\n".join(program.split("\n")[start - 1 : end]),
        module_source=program,
    )


def _passes(row: Sequence[Execution]) -> list[bool]:
    return [execution.outcome is Outcome.PASS for execution in row]


def _candidates(material: Material) -> list[Candidate]:
    """Make the candidates of a task, as extraction does: what does not parse is none."""
    pairs = zip(material.programs, material.program_counts, strict=True)
    return merge(
        Candidate(program, program, "pool", count)
        for program, count in pairs
        if parse(program) is not None
    )


def _cases(material: Material, target: Target) -> list[Case]:
    """Make the cases of a task; an assertion that calls nothing is none."""
    known = names_of_module(target)
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd escapes in other people's texts
        for text, count in zip(material.asserts, material.assert_counts, strict=True):
            case = make_case(ast.parse(text).body, target, known, origin="pool")
            if case is not None and case.form is CaseForm.SNIPPET:
                found.append(Case(case.source, "pool", case.expectation, case.imports, count))
    return merged(found)
