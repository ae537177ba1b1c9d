"""One target in the sandbox: what stays the same from one execution to the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pytest_genx.config import Config
from pytest_genx.domain import Candidate, Case, CaseForm, Execution, Limits, Outcome, Target
from pytest_genx.interfaces import Cache, Sandbox
from pytest_genx.pipeline.crossrun import cross_run
from pytest_genx.pipeline.place import file_names, place
from pytest_genx.pipeline.validate import stable
from pytest_genx.syntax.conftests import conftests_above


@dataclass(frozen=True, slots=True)
class Executor:
    """Runs candidates of a target against cases; `on_progress` takes pairs done and in total."""

    target: Target
    config: Config
    sandbox: Sandbox
    cache: Cache | None
    on_progress: Callable[[int, int], None] | None = None

    @property
    def limits(self) -> Limits:
        """What one case may use."""
        return Limits(cpu=self.config.timeout)

    def conftests(self, cases: Sequence[Case]) -> tuple[str, ...]:
        """List the conftest files above the test file of the target, if a case may need them."""
        if not any(case.form is CaseForm.FUNCTION for case in cases):
            return ()
        config = self.config
        test_file = place(
            self.target,
            next(file_names(self.target, config.rootdir)),
            rootdir=config.rootdir,
            test_dir=config.test_dir,
            test_paths=[Path(path) for path in config.test_paths],
            sys_path=config.sys_path,
        )
        return conftests_above(test_file, config.rootdir)

    def probe(self) -> str:
        """Import the module as it stands; one line that says why it cannot be, or ""."""
        program = Candidate(self.target.source, self.target.module_source, "probe")
        cases = [Case("pass", "probe")]
        silent = replace(self, on_progress=None)
        execution = silent.cross([program], cases)[0][0]
        if execution.outcome is not Outcome.PASS and self.cache is not None:
            # What was wrong in an earlier run may be put right where the cache does not look.
            execution = replace(silent, cache=None).cross([program], cases)[0][0]
        if execution.outcome is Outcome.PASS:
            return ""
        return execution.detail or f"importing the module ends in {execution.outcome.name}"

    def broken(self, candidates: Sequence[Candidate]) -> dict[str, str]:
        """Map each program that cannot be imported to the reason, one line."""
        silent = replace(self, on_progress=None)
        rows = silent.cross(candidates, [Case("pass", "probe")]) if candidates else []
        return {
            candidate.program: row[0].detail or row[0].outcome.name
            for candidate, row in zip(candidates, rows, strict=True)
            if row[0].outcome is not Outcome.PASS
        }

    def cross(
        self, candidates: Sequence[Candidate], cases: Sequence[Case]
    ) -> list[list[Execution]]:
        """Run every candidate against every case."""
        return cross_run(
            self.target,
            candidates,
            cases,
            self.sandbox,
            sys_path=self.config.sys_path,
            limits=self.limits,
            rootdir=str(self.config.rootdir),
            conftests=self.conftests(cases),
            on_progress=self.on_progress,
            cache=self.cache,
        )

    def refuse_unstable(
        self, current: Candidate, cases: Sequence[Case], reasons: list[str]
    ) -> None:
        """Give a reason to the cases that had none and do not pass every time."""
        open_ = [j for j, reason in enumerate(reasons) if not reason]
        holds = stable(
            self.target,
            current,
            [cases[j] for j in open_],
            self.sandbox,
            sys_path=self.config.sys_path,
            limits=self.limits,
            rootdir=str(self.config.rootdir),
            conftests=self.conftests(cases),
        )
        for j, held in zip(open_, holds, strict=True):
            if not held:
                reasons[j] = "its outcome changes with the hash seed or the process"
