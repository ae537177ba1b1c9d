"""Cases -> which of them hold: the same verdict in fresh processes with other hash seeds."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_genx.domain import Batch, Candidate, Case, Execution, Limits, Outcome, Target
from pytest_genx.interfaces import Sandbox

HASH_SEEDS = (1, 2, 3, 4, 5)


def stable(
    target: Target,
    incumbent: Candidate,
    cases: Sequence[Case],
    sandbox: Sandbox,
    *,
    sys_path: tuple[str, ...],
    limits: Limits,
    hash_seeds: Sequence[int] = HASH_SEEDS,
    rootdir: str = "",
    conftests: tuple[str, ...] = (),
) -> list[bool]:
    """Run each case on the current code once for each hash seed, each time in fresh processes.

    Args:
        target: where the code stands.
        incumbent: the current code.
        cases: what must hold.
        sandbox: runs them.
        sys_path: the user's own additions to the import path.
        limits: for each case.
        hash_seeds: one run for each.
        rootdir: pytest's, for cases that are test functions.
        conftests: the conftest files whose fixtures those may use, outermost first.

    Returns:
        For each case whether it passed every time.
    """
    holds = [True] * len(cases)

    def on_pair(_program: int, case: int, execution: Execution) -> None:
        holds[case] = holds[case] and execution.outcome is Outcome.PASS

    for hash_seed in hash_seeds if cases else ():
        sandbox.run(
            Batch(
                module=target.module,
                path=str(target.path),
                sys_path=(str(target.import_root), *sys_path),
                programs=(incumbent.program,),
                cases=tuple(cases),
                limits=limits,
                hash_seed=hash_seed,
                rootdir=rootdir,
                conftests=conftests,
            ),
            on_pair,
        )
    return holds
