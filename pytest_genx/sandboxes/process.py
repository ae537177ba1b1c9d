"""Sandboxes: untrusted programs in confined processes, state fresh for each case.

How a batch is run is said in `dispatch` and in the worker's own files, how verdicts are made
in `plan`, `verdict` and `reference`.

Not covered: a candidate that looks for the tokens of its own process can choose what its own
row shows; of what a case expects it learns nothing, unless the case is free-form.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from pytest_genx.config import Config
from pytest_genx.domain import Batch, CaseForm, Execution
from pytest_genx.errors import SandboxError
from pytest_genx.interfaces import OnPair
from pytest_genx.sandboxes.crew import Crew
from pytest_genx.sandboxes.dispatch import Dispatch
from pytest_genx.sandboxes.environment import recorded
from pytest_genx.sandboxes.levels import notes, strongest
from pytest_genx.sandboxes.mechanism import PROCESS, Level, Mechanism
from pytest_genx.sandboxes.plan import Plan, make_plan
from pytest_genx.sandboxes.reference import Reference
from pytest_genx.sandboxes.system import HERE, System
from pytest_genx.sandboxes.verdict import Judge


def process_sandbox(config: Config, weakest: Level = Level.PROCESS) -> ProcessSandbox:
    """Make the sandbox, in the strongest level there is; no worker is started before `run`.

    Raises:
        SandboxError: this machine has no level as strong as `weakest`.
    """
    return ProcessSandbox(config.workers or usable_cores(), strongest(weakest), (config.rootdir,))


def usable_cores() -> int:
    """Count the processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class ProcessSandbox:
    """Runs batches in at most `n_workers` processes at a time; close it to end them."""

    def __init__(
        self,
        n_workers: int,
        mechanism: Mechanism = PROCESS,
        readable: Sequence[Path] = (),
        *,
        system: System = HERE,
    ) -> None:
        """Start nothing yet.

        Args:
            n_workers: processes at a time, at most.
            mechanism: what shuts them in.
            readable: what they may read in the strong levels, besides what a batch names.
            system: what there is to run them with; one without `fork` has no strong levels.
        """
        self.n_workers = n_workers
        self.mechanism = mechanism
        self._readable = tuple(map(str, readable))
        self._crew = Crew(mechanism, system)

    @property
    def name(self) -> str:
        """The mechanism, as reports name it."""
        return self.mechanism.name

    @property
    def notes(self) -> tuple[str, ...]:
        """What a run has to say about it, once."""
        return notes(self.mechanism)

    @property
    def environment(self) -> tuple[str, ...]:
        """Fixed environment variables, as `NAME=value`."""
        return recorded()

    def run(self, batch: Batch, on_pair: OnPair) -> None:
        """Run every program against every case; see `Sandbox.run`.

        Raises:
            SandboxError: no worker can be started, workers are killed from outside, or some
                cases alone are exchanges.
        """
        if not batch.programs or not batch.cases:
            return
        if len({case.form is CaseForm.EXCHANGE for case in batch.cases}) > 1:
            raise SandboxError(self.name, "a batch mixes exchanges with cases of other forms")
        reference = Reference(batch, self._run_plans)
        judge = Judge(reference.resolve([make_plan(case) for case in batch.cases]))
        with contextlib.closing(self._dispatch(batch, judge)) as dispatch:
            dispatch.run(on_pair)
            if dispatch.open:
                reference.decide(judge, sorted(dispatch.open))
                dispatch.settle_open(on_pair)

    def close(self) -> None:
        """End all processes and remove their directory."""
        self._crew.close()

    def _run_plans(self, batch: Batch, plans: Sequence[Plan]) -> list[Execution]:
        """Run plans that leave nothing open against one program."""
        found: dict[int, Execution] = {}

        def on_pair(_: int, case: int, execution: Execution) -> None:
            found[case] = execution

        with contextlib.closing(self._dispatch(batch, Judge(plans))) as dispatch:
            dispatch.run(on_pair)
        return [found[case] for case in range(len(plans))]

    def _dispatch(self, batch: Batch, judge: Judge) -> Dispatch:
        return Dispatch(batch, judge, self._crew, self.n_workers, self._readable)
