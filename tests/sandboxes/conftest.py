"""Run programs in the sandbox; a hostile one always beside an honest one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from pytest_genx.domain import Batch, Case, Execution, Limits, Outcome
from pytest_genx.sandboxes.levels import notes, probe, strongest
from pytest_genx.sandboxes.mechanism import Level, Mechanism
from pytest_genx.sandboxes.process import ProcessSandbox
from pytest_genx.sandboxes.system import HERE, System

Matrix = list[list[Execution]]
QUICK = Limits(cpu=0.3, wall=3.0, memory=256)
CASES = ("assert f(1) == 2", "assert f(2) == 3")
HONEST = "def f(x):\n    return x + 1\n"


def mechanism_of(level: str) -> Mechanism:
    """Return what gives a level here, or skip the test with the reason."""
    found = probe(Level(level))
    if found.mechanism is None:
        pytest.skip(found.missing)
    return found.mechanism


@pytest.fixture(params=["strongest", "process"])
def mechanism(request) -> Mechanism:
    """What shuts the worker in: the strongest there is, and the weakest; or what a test names.

    `strong` is the strongest, too, where that is not the weakest.
    """
    match request.param:
        case "strongest":
            return strongest(Level.PROCESS)
        case "strong":
            found = strongest(Level.PROCESS)
            if found.level is Level.PROCESS:
                pytest.skip("; ".join(notes(found)))
            return found
        case "namespaces":
            return _without_bubblewrap()
    return mechanism_of(request.param)


def _without_bubblewrap() -> Mechanism:
    """Return the container that is made without bubblewrap."""
    found = mechanism_of("container")
    if found.program is None:
        pytest.skip("bubblewrap is not installed, so that `container` is this very mechanism")
    return dataclasses.replace(found, name="container (namespaces)", program=None)


@pytest.fixture
def run(tmp_path: Path, mechanism: Mechanism) -> Callable[..., Matrix]:
    """Return what runs programs against cases, given whole or as statements."""

    def run(
        programs: Sequence[str],
        cases: Sequence[Case | str],
        limits: Limits = QUICK,
        *,
        workers: int = 1,
        module: str = "mod",
        hash_seed: int = 0,
        system: System = HERE,
    ) -> Matrix:
        batch = Batch(
            module=module,
            path=str(tmp_path.joinpath(*module.split(".")).with_suffix(".py")),
            sys_path=(str(tmp_path),),
            programs=tuple(programs),
            cases=tuple(Case(c, "test") if isinstance(c, str) else c for c in cases),
            limits=limits,
            hash_seed=hash_seed,
        )
        found: dict[tuple[int, int], Execution] = {}

        def on_pair(i: int, j: int, execution: Execution) -> None:
            assert (i, j) not in found, "a pair is reported once"
            found[i, j] = execution

        with closing(ProcessSandbox(workers, mechanism, system=system)) as sandbox:
            sandbox.run(batch, on_pair)
        return [[found[i, j] for j in range(len(cases))] for i in range(len(programs))]

    return run


@pytest.fixture
def attack(run: Callable[..., Matrix]) -> Callable[..., list[Execution]]:
    """Return what runs a hostile program, and checks that an honest neighbour is unharmed.

    The neighbour follows in the same worker; `f(1) == 2` and `f(2) == 3` are the cases unless
    others are given, which the honest program must then pass.
    """

    def attack(
        program: str, cases: Sequence[Case | str] = CASES, limits: Limits = QUICK
    ) -> list[Execution]:
        hostile, honest = run([program, HONEST], cases, limits)
        assert [e.outcome for e in honest] == [Outcome.PASS] * len(cases)
        return hostile

    return attack


@pytest.fixture
def attacks(run: Callable[..., Matrix]) -> Callable[..., dict[str, list[Execution]]]:
    """Return what runs many hostile programs, each before the same honest neighbour."""

    def attacks(
        programs: Mapping[str, str], cases: Sequence[Case | str] = CASES
    ) -> dict[str, list[Execution]]:
        neighbours = [f"{HONEST}# after {name}\n" for name in programs]
        pairs = zip(programs.values(), neighbours, strict=True)
        rows = run([program for pair in pairs for program in pair], cases)
        honest = {e.outcome for row in rows[1::2] for e in row}
        assert honest == {Outcome.PASS}
        return dict(zip(programs, rows[::2], strict=True))

    return attacks
