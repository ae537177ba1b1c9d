from __future__ import annotations

from dataclasses import dataclass, field

from pytest_genx.domain import Batch, Candidate, Case, Execution, Limits, Outcome
from pytest_genx.pipeline.validate import HASH_SEEDS, stable

CODE = Candidate("code", "program", "incumbent", incumbent=True)
CASES = [Case("assert a", "model"), Case("assert b", "model")]


@dataclass
class Scripted:
    """A sandbox in which the second case fails under one hash seed."""

    bad_seed: int | None
    name: str = "scripted"
    batches: list[Batch] = field(default_factory=list)

    def run(self, batch, on_pair):
        self.batches.append(batch)
        on_pair(0, 0, Execution(Outcome.PASS))
        failing = batch.hash_seed == self.bad_seed
        on_pair(0, 1, Execution(Outcome.FAIL if failing else Outcome.PASS))

    def close(self):
        """Nothing is open."""


def run(half, sandbox, cases=CASES):
    return stable(half, CODE, cases, sandbox, sys_path=("lib",), limits=Limits())


def test_case_that_fails_under_one_hash_seed_does_not_hold(half):
    """One failure in five runs is enough."""
    assert run(half, Scripted(bad_seed=4)) == [True, False]
    assert run(half, Scripted(bad_seed=None)) == [True, True]


def test_each_hash_seed_is_a_run_of_its_own_on_the_current_code(half):
    """Five runs, five hash seeds, nothing but the current code."""
    sandbox = Scripted(bad_seed=None)
    run(half, sandbox)
    assert [batch.hash_seed for batch in sandbox.batches] == list(HASH_SEEDS)
    assert {batch.programs for batch in sandbox.batches} == {("program",)}
    assert {batch.sys_path for batch in sandbox.batches} == {(".", "lib")}


def test_nothing_runs_without_cases(half):
    """No case, no process."""
    sandbox = Scripted(bad_seed=None)
    assert run(half, sandbox, cases=[]) == []
    assert sandbox.batches == []
