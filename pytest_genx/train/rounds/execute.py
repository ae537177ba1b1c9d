"""Samples of one problem -> cases with values from the references, codes, and all outcomes.

Two batches a problem, in the sandbox: what was written and its calls on the references, then
everything on the first reference, on mutants of it and on the codes, with another hash seed.
Nothing is chosen here: a case has a status, which is "" or why it is of no use.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_genx.bench.mutate import mutants
from pytest_genx.domain import Candidate, Case, Execution, Limits, Outcome, Role, Sample
from pytest_genx.interfaces import Sandbox
from pytest_genx.pipeline.correct import corrected, listed, observation
from pytest_genx.pipeline.crossrun import run_programs
from pytest_genx.pipeline.extract import extract_candidates, extract_cases
from pytest_genx.train.rounds.problems import MODULE, Problem
from pytest_genx.train.rounds.programs import answered, without_frame

LONGEST = 200  # characters of a case that a model shall write
NO_CALL = "compares no call"
FLAKY = "flaky"
UNTRUSTED = "no reference"


@dataclass(frozen=True, slots=True)
class Judged:
    """One case: as written, and with the reference's value.

    `status` is "" for one of use, else the cause; `corrected` is None where there is no value.
    """

    written: Case
    outcome: Outcome  # as written, on the reference
    corrected: Case | None
    status: str


@dataclass(frozen=True, slots=True)
class Executed:
    """All that running one problem gave.

    `columns` are the corrected cases of use, then the original tests, then, if they were asked
    for, the cases as written; `rows` are the reference, the mutants, the codes.
    """

    cases: tuple[Judged, ...]
    codes: tuple[Candidate, ...]
    n_useful: int
    n_tests: int
    n_mutants: int
    columns: tuple[Case, ...]
    rows: tuple[tuple[Execution, ...], ...]
    silent: int  # tester's samples that no case is in
    unreadable: int  # coder's samples that no code is in

    @property
    def useful(self) -> list[Judged]:
        """The corrected cases of use, in the order of the columns."""
        return [case for case in self.cases if not case.status]

    @property
    def reference(self) -> tuple[Execution, ...]:
        """The first reference's row."""
        return self.rows[0]

    @property
    def mutant_rows(self) -> tuple[tuple[Execution, ...], ...]:
        """Rows of the mutants that some original or useful case tells from the reference."""
        return self.rows[1 : 1 + self.n_mutants]

    @property
    def code_rows(self) -> tuple[tuple[Execution, ...], ...]:
        """Rows of the codes."""
        return self.rows[1 + self.n_mutants :]


@dataclass(frozen=True, slots=True)
class Runner:
    """Where programs run, and for how long."""

    sandbox: Sandbox
    cpu: float

    def __call__(
        self, programs: Sequence[str], cases: Sequence[Case], hash_seed: int
    ) -> list[list[Execution]]:
        """Run whole programs against cases: `[n_programs][n_cases]`."""
        limits = Limits(cpu=self.cpu, wall=5.0 + 10.0 * self.cpu)
        return run_programs(
            MODULE, f"{MODULE}.py", programs, cases, self.sandbox, limits=limits,
            hash_seed=hash_seed,
        )  # fmt: skip


def execute(
    problem: Problem,
    samples: Sequence[Sample],
    run: Runner,
    *,
    n_mutants: int,
    seed: int,
    written: bool = False,
) -> Executed:
    """Run what was sampled for a problem.

    Args:
        problem: with its references and tests.
        samples: of both roles, perhaps none.
        run: where it is run.
        n_mutants: of the reference, at most.
        seed: of the choice of mutants.
        written: whether the cases as written are columns too; without a reference they are.

    Raises:
        SandboxError: the sandbox itself failed.
    """
    if problem.reads:
        samples = [answered(sample) for sample in samples]
    proposed = extract_cases(samples, problem.target)
    codes = extract_candidates(samples, problem.target)
    trusted = not problem.target.is_stub
    judged = (
        _judge(problem, proposed, run)
        if trusted
        else [Judged(case, Outcome.FAIL, None, UNTRUSTED) for case in proposed]
    )
    useful = [j.corrected for j in judged if not j.status and j.corrected is not None]
    columns = [*useful, *problem.tests, *(proposed if written or not trusted else ())]
    wrong = faulty(problem, n_mutants if trusted else 0, seed)
    programs = [problem.references[0], *wrong, *(code.program for code in codes)]
    rows = run(programs, columns, 1) if columns else [[] for _ in programs]
    # A case that does not hold in another process with another order of sets is flaky.
    steady = [rows[0][j].outcome is Outcome.PASS for j in range(len(useful))]
    left = iter(steady)
    judged = [
        j if j.status or next(left) else Judged(j.written, j.outcome, j.corrected, FLAKY)
        for j in judged
    ]
    kept = [j for j in range(len(columns)) if j >= len(useful) or steady[j]]
    return Executed(
        cases=tuple(judged),
        codes=tuple(codes),
        n_useful=sum(steady),
        n_tests=len(problem.tests),
        n_mutants=len(wrong),
        columns=tuple(columns[j] for j in kept),
        rows=tuple(tuple(row[j] for j in kept) for row in rows),
        silent=sum(_is_silent(s, problem) for s in samples if s.role is Role.TESTER),
        unreadable=sum(s.role is Role.CODER for s in samples) - sum(c.count for c in codes),
    )


def faulty(problem: Problem, limit: int, seed: int) -> list[str]:
    """Mutants of the reference; of a program that was made a function, of the program alone."""
    reference, name = problem.references[0], problem.target.name
    if not problem.reads or not limit:
        return [m.source for m in mutants(reference, name, limit=limit, seed=seed)]
    own = without_frame(reference)
    return [m.source for m in mutants(reference, name, seed=seed) if m.line in own][:limit]


def _is_silent(sample: Sample, problem: Problem) -> bool:
    return not extract_cases([sample], problem.target)


def _judge(problem: Problem, proposed: Sequence[Case], run: Runner) -> list[Judged]:
    """Run each case and its call on the references, and replace the value."""
    calls = [observation(case) for case in proposed]
    asked = [call for call in calls if call is not None]
    if not proposed:
        return []
    rows = run(problem.references, [*proposed, *asked], 0)
    position = {id(call): len(proposed) + j for j, call in enumerate(asked)}
    again: dict[int, Case] = {}
    for j, call in enumerate(calls):
        items = call and listed(call, rows[0][position[id(call)]])
        if items:
            again[j] = items
    second = run(problem.references, list(again.values()), 0) if again else [[]]
    place = {j: i for i, j in enumerate(again)}
    found: list[Judged] = []
    stated: set[str] = set()
    for j, (case, call) in enumerate(zip(proposed, calls, strict=True)):
        outcome = rows[0][j].outcome
        if call is None:
            found.append(Judged(case, outcome, None, NO_CALL))
            continue
        seen = [row[position[id(call)]] for row in rows]
        if j in again:
            seen = [row[place[j]] for row in second]
        fixed = corrected(again.get(j, call), seen[0], problem.target)
        status = _status(fixed, seen, stated)
        if fixed is not None and not status:
            stated.add(fixed.source)
        found.append(Judged(case, outcome, fixed, status))
    return found


def _status(fixed: Case | None, seen: Sequence[Execution], stated: set[str]) -> str:
    """Why a call is of no use; "" when it is."""
    if fixed is None:
        causes = {
            Outcome.TIMEOUT: "runs out of time",
            Outcome.CRASH: "kills the process",
            Outcome.ERROR: "raises an error",
        }
        return causes.get(seen[0].outcome, "returns nothing that a test can state")
    if len({(e.outcome, e.digest) for e in seen}) > 1:
        return "references disagree"
    if fixed.source in stated:
        return "duplicate"
    return "too long" if len(fixed.source) > LONGEST else ""
