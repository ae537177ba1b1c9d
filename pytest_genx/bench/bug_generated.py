"""Generated samples against faulty and correct code: module files -> whole runs -> trials.

Each code is written to a file of its own and worked on as `pytest --genx-generate` works on
it, the statement being its docstring. What tells the codes apart is not shown to any stage.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from pytest_genx.bench.bug_pool import Fault
from pytest_genx.bench.bug_sets import Bug
from pytest_genx.bench.bug_trial import Trial, judged
from pytest_genx.bench.runner import MODULE, Runner
from pytest_genx.domain import Case, CaseForm, Outcome, Request, Sample
from pytest_genx.interfaces import Backend
from pytest_genx.pipeline.generate import is_free
from pytest_genx.pipeline.parts import Parts
from pytest_genx.pipeline.run import run_target
from pytest_genx.pipeline.target import find_targets
from pytest_genx.records import CaseRow, Record, TargetDone

ALIKE = "the faulty code passes its tests"
UNSOUND = "the correct code fails its tests"
UNUSABLE = "a code cannot be imported"
_READS_PROMPTS_ALONE = frozenset({"llama"})
_Key = tuple[object, ...]


class Remembering:
    """A backend that is not asked the same twice: faulty and correct code have one prompt."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._said: dict[_Key, list[Sample]] = {}

    @property
    def free(self) -> bool:
        """Whether what it asks is asked once for all of its samples."""
        return is_free(self._backend)

    @property
    def name(self) -> str:
        """The name of what it asks."""
        return self._backend.name

    def sample(self, request: Request) -> Iterator[Sample]:
        """Yield what the backend says, or said."""
        if self.name not in _READS_PROMPTS_ALONE:
            yield from self._backend.sample(request)
            return
        r = request
        asked = (r.prompt, r.stage, r.first, r.n, r.seed)
        key = (*asked, r.max_tokens, r.temperatures, r.top_p, r.min_p)
        if key not in self._said:
            self._said[key] = list(self._backend.sample(request))
        yield from self._said[key]

    def close(self) -> None:
        """Leave the backend to whoever opened it."""


def vet(bug: Bug, runner: Runner) -> str:
    """Say why a bug is no bug: a reason, or "" where its checks tell the codes apart.

    Raises:
        SandboxError: the sandbox itself failed.
    """
    checks = [Case(text, "check") for text in bug.checks]
    correct, buggy = runner.run([bug.correct, bug.buggy], checks)
    passed = [execution.outcome is Outcome.PASS for execution in correct]
    if not any(passed):
        return UNSOUND
    failed = [ok and e.outcome is not Outcome.PASS for ok, e in zip(passed, buggy, strict=True)]
    return "" if any(failed) else ALIKE


def generate_trials(
    problem: str,
    entry_point: str,
    codes: Sequence[Fault],
    correct: str,
    parts: Parts,
    runner: Runner,
) -> list[Trial]:
    """Run the whole way for each code; one that cannot be imported gives no trial.

    Args:
        problem: name of the problem.
        entry_point: the function under test.
        codes: current codes, documented modules.
        correct: the program that judges what is suspected.
        parts: of a run; its root is set for each code.
        runner: runs the correct code.

    Raises:
        GenxError: a backend or the sandbox failed.
    """
    trials = []
    for code in codes:
        done = _run(code.program, entry_point, parts)
        if done is None:
            continue
        cases = [_case(row) for row in done.cases]
        (passed,) = runner.run([correct], cases)
        trials.append(
            judged(
                problem,
                code.kind,
                [cases[finding.case] for finding in done.findings],
                cases,
                correct=[execution.outcome is Outcome.PASS for execution in passed],
                current=[row.incumbent == Outcome.PASS.value for row in done.cases],
                agree=[row.agree - (row.incumbent == Outcome.PASS.value) for row in done.cases],
                solvable=None,
            )
        )
    return trials


def _run(program: str, entry_point: str, parts: Parts) -> TargetDone | None:
    with tempfile.TemporaryDirectory(prefix="genx-bugs-") as folder:
        root = Path(folder).resolve()
        (root / f"{MODULE}.py").write_text(program, encoding="utf-8")
        (target,) = find_targets([f"{MODULE}.py::{entry_point}"], root)
        records: list[Record] = []
        run_target(
            target, replace(parts, config=replace(parts.config, rootdir=root)), records.append
        )
    return next((record for record in records if isinstance(record, TargetDone)), None)


def _case(row: CaseRow) -> Case:
    """Make the case again that a record tells of; there are no test functions in the folder."""
    form = CaseForm.DOCTEST if row.source.lstrip().startswith(">>>") else CaseForm.SNIPPET
    return Case(row.source, row.origin, imports=row.imports, anchor=row.anchor, form=form)
