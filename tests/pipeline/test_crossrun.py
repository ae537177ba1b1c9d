"""Rows are candidates, columns are cases, and what is equal runs once."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from pytest_genx.domain import (
    HOPELESS,
    NOT_RUN,
    Batch,
    Candidate,
    Case,
    CaseForm,
    Execution,
    Expectation,
    Limits,
    Outcome,
    Target,
    TargetKind,
)
from pytest_genx.errors import SandboxError
from pytest_genx.interfaces import OnPair
from pytest_genx.pipeline.crossrun import cross_run, run_programs
from pytest_genx.sandboxes.process import ProcessSandbox


class Recorder:
    """A sandbox that executes nothing and reports pairs backwards."""

    name = "recorder"

    def __init__(self, skip: int = 0) -> None:
        self.batches: list[Batch] = []
        self.skip = skip

    def run(self, batch: Batch, on_pair: OnPair) -> None:
        """Report a detail that names the pair."""
        self.batches.append(batch)
        pairs = [(i, j) for i in range(len(batch.programs)) for j in range(len(batch.cases))]
        for i, j in reversed(pairs[self.skip :]):
            detail = f"{batch.programs[i]} {batch.cases[j].source}"
            on_pair(i, j, Execution(Outcome.PASS, detail))

    def close(self) -> None:
        """Do nothing."""


def details(matrix: list[list[Execution]]) -> list[list[str]]:
    """Show which pair stands where."""
    return [[execution.detail for execution in row] for row in matrix]


def case(source: str) -> Case:
    """Make a case of plain statements."""
    return Case(source, "test")


def test_rows_are_candidates_and_columns_are_cases(half):
    """Whatever the order of the reports."""
    candidates = [Candidate("", program, "test") for program in "abc"]
    sandbox = Recorder()
    matrix = cross_run(half, candidates, [case("x"), case("y")], sandbox)
    assert details(matrix) == [["a x", "a y"], ["b x", "b y"], ["c x", "c y"]]


def test_the_batch_is_the_targets_module(half):
    """Its import root comes first, then the user's own additions."""
    sandbox = Recorder()
    limits = Limits(cpu=0.5)
    candidates = [Candidate("", "a", "test")]
    cross_run(half, candidates, [case("x")], sandbox, sys_path=("lib",), limits=limits, hash_seed=7)
    (batch,) = sandbox.batches
    assert (batch.module, batch.path) == ("half", "half.py")
    assert batch.sys_path == (str(half.import_root), "lib")
    assert (batch.limits, batch.hash_seed) == (limits, 7)


def test_equal_programs_and_cases_run_once():
    """What stands twice gets the same execution; progress counts all of it."""
    sandbox = Recorder()
    same = Expectation("f(1)", "2")
    cases = [
        Case("assert f(1) == 2", "a", same),
        case("x"),
        Case("assert f(1)==2", "b", same, count=3),
        Case("x", "c", imports=("import math",)),
    ]
    seen = []
    matrix = run_programs(
        "m", "m.py", list("aba"), cases, sandbox, on_progress=lambda *step: seen.append(step)
    )
    (batch,) = sandbox.batches
    assert batch.programs == ("a", "b")
    assert batch.cases == (cases[0], cases[1], cases[3])
    assert matrix[0] == matrix[2]
    assert [row[0] for row in matrix] == [row[2] for row in matrix]
    assert details(matrix)[1] == ["b assert f(1) == 2", "b x", "b assert f(1) == 2", "b x"]
    assert seen == [(1, 12), (2, 12), (4, 12), (6, 12), (8, 12), (12, 12)]


def test_no_candidates_or_no_cases_give_an_empty_matrix():
    """The shape is kept."""
    assert run_programs("m", "m.py", [], [case("x")], Recorder()) == []
    assert run_programs("m", "m.py", ["a", "b"], [], Recorder()) == [[], []]


def test_a_sandbox_that_forgets_pairs_is_an_error():
    """A missing cell is never made up."""
    with pytest.raises(SandboxError, match="'recorder': reported 3 of 4 pairs"):
        run_programs("m", "m.py", ["a", "b"], [case("x"), case("y")], Recorder(skip=1))


def test_an_interrupt_passes_through():
    """It leaves nothing to mistake for results."""

    def interrupt(*_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_programs("m", "m.py", ["a"], [case("x")], Recorder(), on_progress=interrupt)


def test_methods_and_packages_run_for_real(tmp_path: Path):
    """A method in a module with relative imports, against the sandbox of every system."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").touch()
    (tmp_path / "shop" / "tax.py").write_text("RATE = 2\n", encoding="utf-8")
    path = tmp_path / "shop" / "cart.py"
    program = (
        "from .tax import RATE\n"
        "class Cart:\n"
        "    items = []\n"
        "    def add(self, x):\n"
        "        self.items.append(x * {rate})\n"
        "        return sum(self.items)\n"
    )
    target = Target(
        path=path,
        import_root=tmp_path,
        module="shop.cart",
        qualname="Cart.add",
        kind=TargetKind.METHOD,
        is_async=False,
        is_stub=False,
        start=4,
        end=6,
        source="",
        module_source="",
    )
    candidates = [
        Candidate("", program.format(rate="RATE"), "test"),
        Candidate("", program.format(rate="1"), "test"),
        Candidate("", "from .nowhere import x\n", "test"),
    ]
    cases = [
        Case("assert Cart().add(1) == 2", "test", Expectation("Cart().add(1)", "2")),
        case("c = Cart()\nc.add(1)\nassert c.add(1) == 4"),
        case("from shop.cart import Cart as C\nassert C().add(3) == 6"),
    ]
    with closing(ProcessSandbox(2)) as sandbox:
        matrix = cross_run(target, candidates, cases, sandbox)
    letters = ["".join(e.outcome.value for e in row) for row in matrix]
    assert letters == ["PPP", "FFF", "EEE"]


class Remembering:
    """A cache for one batch, in memory."""

    def __init__(self, *known: dict[int, Execution]) -> None:
        self.known = known
        self.kept: list[tuple[int, int]] = []
        self.closed = 0

    def journal(self, batch: Batch, sandbox: object) -> Remembering:
        """Be a journal too."""
        assert len(batch.programs) == len(self.known)
        return self

    def keep(self, program: int, case: int, execution: Execution) -> None:
        """Remember which pair."""
        self.kept.append((program, case))

    def close(self) -> None:
        """Count."""
        self.closed += 1


PASS = Execution(Outcome.PASS, "known")
SLOW = Execution(Outcome.TIMEOUT, "more than 1 s of CPU time")


def test_what_is_known_is_not_executed():
    """Whole rows are not in the batch, parts of rows are in `known`; the rest is kept."""
    sandbox, seen = Recorder(), []
    cache = Remembering({0: PASS, 1: PASS}, {1: PASS}, {})
    matrix = run_programs(
        "m",
        "m.py",
        ["a", "b", "c"],
        [case("x"), case("y")],
        sandbox,
        on_progress=lambda *step: seen.append(step),
        cache=cache,
    )
    (batch,) = sandbox.batches
    assert (batch.programs, batch.known) == (("b", "c"), ({1: PASS}, {}))
    assert details(matrix) == [["known"] * 2, ["b x", "known"], ["c x", "c y"]]
    assert sorted(cache.kept) == [(1, 0), (2, 0), (2, 1)]
    assert seen == [(1, 6), (2, 6), (3, 6), (4, 6), (5, 6), (6, 6)]
    assert cache.closed == 1


def test_a_sandbox_is_not_asked_when_all_is_known():
    """A row that is hopeless is known as soon as its timeouts are."""
    sandbox = Recorder()
    slow = dict.fromkeys(range(1, HOPELESS + 1), SLOW)
    cache = Remembering(dict.fromkeys(range(HOPELESS + 3), PASS), {0: PASS, **slow})
    cases = [case(str(j)) for j in range(HOPELESS + 3)]
    matrix = run_programs("m", "m.py", ["a", "b"], cases, sandbox, cache=cache)
    assert sandbox.batches == []
    assert matrix == [[PASS] * (HOPELESS + 3), [PASS, *slow.values(), NOT_RUN, NOT_RUN]]


class Slow:
    """A sandbox in which some cases time out, and which runs all of them."""

    name = "slow"

    def run(self, batch: Batch, on_pair: OnPair) -> None:
        """Let a case time out when its source says so."""
        for i in range(len(batch.programs)):
            for j, each in enumerate(batch.cases):
                on_pair(i, j, SLOW if "slow" in each.source else Execution(Outcome.PASS))

    def close(self) -> None:
        """Do nothing."""


def test_which_pairs_are_hopeless_is_the_same_with_and_without_a_cache():
    """What was executed for other cases, or by a sandbox that ran on, does not matter."""
    cases = [case(f"{'slow' if j % 2 else 'quick'} {j}") for j in range(2 * HOPELESS + 4)]
    cold = run_programs("m", "m.py", ["a"], cases, Slow())
    letters = "".join(execution.outcome.value for execution in cold[0])
    assert letters == "PT" * HOPELESS + "TTTT"
    assert cold[0][2 * HOPELESS :] == [NOT_RUN] * 4
    late = Execution(Outcome.PASS)
    last = 2 * HOPELESS + 3
    for known in (
        {last - 1: late},
        {1: SLOW, last: SLOW},
        dict.fromkeys((*range(1, 2 * HOPELESS, 2), last), SLOW),
    ):
        cache = Remembering(known)
        assert run_programs("m", "m.py", ["a"], cases, Slow(), cache=cache) == cold


def test_one_timeout_less_is_not_hopeless():
    """The last of them decides."""
    cases = [case(f"slow {j}") for j in range(HOPELESS - 1)] + [case("quick")]
    (row,) = run_programs("m", "m.py", ["a"], cases, Slow())
    assert [execution.outcome.value for execution in row] == ["T"] * (HOPELESS - 1) + ["P"]


def test_the_journal_is_closed_whatever_happens():
    """An interrupt leaves what was reported."""
    cache = Remembering({})

    def interrupt(*_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_programs(
            "m", "m.py", ["a"], [case("x")], Recorder(), on_progress=interrupt, cache=cache
        )
    assert (cache.kept, cache.closed) == ([(0, 0)], 1)


def test_cases_of_other_forms_are_other_cases():
    """Of an exchange the source is what is read: the expectation alone is not the case."""
    printed = Expectation("main", "2")
    exchanges = [Case(text, "t", printed, form=CaseForm.EXCHANGE) for text in ("1", "4")]
    cases = [*exchanges, Case("1", "t", printed), Case("4", "t", printed)]
    sandbox = Recorder()
    run_programs("m", "m.py", ["a"], cases, sandbox)
    assert sandbox.batches[0].cases == tuple(cases[:3])


def test_known_pairs_are_reported_and_not_run_by_the_real_sandbox(tmp_path: Path):
    """A row in which some, and a row in which all but the first are known."""
    known = Execution(Outcome.CRASH, "known")
    cases = [case(f"assert f() == {j}") for j in range(4)]
    cache = Remembering({0: known, 2: known}, {1: known, 2: known, 3: known})
    programs = ["def f(): return 1", "def f(): return 0"]
    path = str(tmp_path / "m.py")
    with closing(ProcessSandbox(2)) as sandbox:
        matrix = run_programs("m", path, programs, cases, sandbox, cache=cache)
    letters = ["".join(e.outcome.value for e in row) for row in matrix]
    assert letters == ["CPCF", "PCCC"]
    assert sorted(cache.kept) == [(0, 1), (0, 3), (1, 0)]
