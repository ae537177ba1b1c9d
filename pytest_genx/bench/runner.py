"""What executes for `genx bench`: whole programs, against cases or a label, in the sandbox."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pytest_genx.domain import Case, Execution, Limits, Outcome
from pytest_genx.interfaces import Cache, Sandbox
from pytest_genx.pipeline.crossrun import run_programs

MODULE = "solution"
LABEL_LIMITS = (0.5, 2.0, 8.0)  # seconds of CPU time; most references need far less than the first
WALL = 5.0  # seconds of wall time beyond ten times the CPU limit; the CPU limit is what decides

OnPairs = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Runner:
    """What executes, and how long a case may take."""

    sandbox: Sandbox
    cpu: float  # seconds of CPU time for one case
    cache: Cache | None = None

    def run(
        self,
        programs: Sequence[str],
        cases: Sequence[Case],
        cpu: float | None = None,
        on_pairs: OnPairs | None = None,
    ) -> list[list[Execution]]:
        """Run whole programs against cases: `[n_programs][n_cases]`.

        Args:
            programs: rows.
            cases: columns.
            cpu: seconds of CPU time for one case, if not the usual.
            on_pairs: told how many more pairs are done.

        Raises:
            SandboxError: the sandbox itself failed.
        """
        if not cases:
            return [[] for _ in programs]
        told = 0

        def on_progress(done: int, total: int) -> None:  # noqa: ARG001 -- the shape of a callback
            nonlocal told
            if on_pairs is not None:
                on_pairs(done - told)
            told = done

        cpu = cpu or self.cpu
        return run_programs(
            MODULE,
            f"{MODULE}.py",
            programs,
            cases,
            self.sandbox,
            limits=Limits(cpu=cpu, wall=WALL + 10.0 * cpu),
            on_progress=on_progress,
            cache=self.cache,
        )

    def label(
        self, label_test: str, reference: str | None, programs: Sequence[str]
    ) -> tuple[Outcome | None, list[Outcome]]:
        """Run programs against a label, with the lowest limit at which the reference passes.

        Args:
            label_test: raises when a program is wrong.
            reference: a correct program, None where there is none; then the lowest limit is taken.
            programs: what is labelled.

        Returns:
            What became of the reference, and of each program.

        Raises:
            SandboxError: the sandbox itself failed.
        """
        label = [Case(source=label_test, origin="label")]
        references = () if reference is None else (reference,)
        outcomes: list[Outcome] = []
        for cpu in LABEL_LIMITS:
            outcomes = [row[0].outcome for row in self.run([*references, *programs], label, cpu)]
            if not references or outcomes[0] is not Outcome.TIMEOUT:
                break
        return (outcomes[0], outcomes[1:]) if references else (None, outcomes)
