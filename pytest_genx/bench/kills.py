"""How many faults of a program its cases find: mutants x cases of several arms, in the sandbox.

A case kills a mutant that it does not pass. Whether a mutant that nothing kills is equivalent to
the program cannot be known; it is counted apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from pytest_genx.bench.mutate import mutants
from pytest_genx.bench.runner import Runner
from pytest_genx.domain import Case, Outcome

_Key = tuple[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Kills:
    """Mutants of one program: all, those that anything kills, and those that each arm kills."""

    mutants: int
    detectable: int
    killed: Mapping[str, int]

    def share(self, arm: str) -> float | None:
        """Of those that anything kills; None where nothing kills any."""
        return self.killed[arm] / self.detectable if self.detectable else None

    def share_of_all(self, arm: str) -> float | None:
        """Of all mutants, those that may be equivalent included; None where there is none."""
        return self.killed[arm] / self.mutants if self.mutants else None


def kills(
    program: str,
    entry_point: str,
    arms: Mapping[str, Sequence[Case]],
    witnesses: Sequence[Case],
    runner: Runner,
    *,
    limit: int,
    seed: int = 0,
) -> Kills:
    """Run the cases of all arms on mutants of a program.

    Args:
        program: source of a module, which is right.
        entry_point: a function that it defines.
        arms: name to cases; one that the program itself does not pass kills nothing.
        witnesses: other cases, such as original tests; what only they kill is no equivalent.
        runner: what executes.
        limit: of mutants, which operators give by turns.
        seed: of the choice of mutants.

    Raises:
        SandboxError: the sandbox itself failed.
    """
    faulty = [mutant.source for mutant in mutants(program, entry_point, limit=limit, seed=seed)]
    # By turns: after some timeouts the rest of a row is not run, and counts as killing.
    turns = zip_longest(*arms.values(), witnesses)
    columns = {_key(case): case for turn in turns for case in turn if case is not None}
    rows = runner.run([program, *faulty], list(columns.values()))
    held = {k for k, e in zip(columns, rows[0], strict=True) if e.outcome is Outcome.PASS}
    killers = [
        {k for k, e in zip(columns, row, strict=True) if e.outcome is not Outcome.PASS} & held
        for row in rows[1:]
    ]
    own = {arm: {_key(case) for case in cases} for arm, cases in arms.items()}
    return Kills(
        mutants=len(faulty),
        detectable=sum(map(bool, killers)),
        killed={arm: sum(bool(keys & by) for by in killers) for arm, keys in own.items()},
    )


def _key(case: Case) -> _Key:
    return case.source, case.imports
