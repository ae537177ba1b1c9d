"""What is known of one program, and in which order it is told."""

from __future__ import annotations

from pytest_genx.domain import HOPELESS, NOT_RUN, Execution, Limits, Outcome
from pytest_genx.sandboxes.row import Row, import_failed

PASS, TIMEOUT = Execution(Outcome.PASS), Execution(Outcome.TIMEOUT, "too long")


def row_of(n_cases: int, known: dict[int, Execution] | None = None) -> Row:
    """Make a row of which little is known."""
    return Row.of(0, n_cases, Limits(cpu=1.0, wall=10.0), known or {})


def letters(row: Row) -> str:
    """Write what is reported next, in letters."""
    return "".join(execution.outcome.value for _, execution in row.reports())


def test_executions_are_reported_once_and_in_order():
    """A case that is missing holds back the later ones."""
    row = row_of(3)
    row.put(1, PASS)
    assert list(row.reports()) == []
    row.put(0, TIMEOUT)
    assert list(row.reports()) == [(0, TIMEOUT), (1, PASS)]
    assert row.left() == [2]
    row.put(2, PASS)
    assert list(row.reports()) == [(2, PASS)]
    assert list(row.reports()) == []


def test_the_first_execution_of_a_case_counts():
    """What comes later, in whatever way, changes nothing."""
    row = row_of(1)
    row.put(0, PASS)
    row.put(0, TIMEOUT)
    assert list(row.reports()) == [(0, PASS)]


def test_what_is_known_is_reported_and_not_run():
    """Executions of an earlier run take their place."""
    row = row_of(3, {0: PASS, 2: TIMEOUT})
    assert row.left() == [1]
    assert letters(row) == "P"
    row.put_rest(PASS)
    assert letters(row) == "PT"


def test_an_open_answer_is_not_run_again_and_not_reported():
    """It waits for a decision, and so do the reports after it."""
    row = row_of(2)
    row.leave_open(0, "=1")
    row.put(1, PASS)
    assert (row.left(), letters(row)) == ([], "")
    row.put(0, PASS)
    assert (row.open, letters(row)) == ({}, "PP")


def test_after_enough_timeouts_the_rest_is_not_run():
    """They are counted in the order of the cases, whatever came first and was known."""
    row = row_of(HOPELESS + 4, {HOPELESS + 3: PASS})
    for case in reversed(range(HOPELESS)):
        assert row.left() == [*range(case + 1), *range(HOPELESS, HOPELESS + 3)]
        row.put(case, TIMEOUT)
    assert row.hopeless
    assert row.left() == []
    told = [execution for _, execution in row.reports()]
    assert told == [TIMEOUT] * HOPELESS + [NOT_RUN] * 4


def test_a_timeout_behind_what_is_unknown_does_not_count_yet():
    """Otherwise it would depend on the order of running which cases are given up."""
    row = row_of(HOPELESS + 2)
    for case in range(1, HOPELESS + 1):
        row.put(case, TIMEOUT)
    assert not row.hopeless
    assert row.left() == [0, HOPELESS + 1]
    row.put(0, PASS)
    assert row.hopeless


def test_the_fate_of_a_process_is_a_timeout_or_a_crash():
    """The detail says what happened, and where."""
    row = row_of(1)
    assert row.fate("timeout") == Execution(Outcome.TIMEOUT, "does not end within 1 s of CPU time")
    assert row.fate("wall", "import: ").detail == "import: nothing happened for 10 s"
    assert row.fate("exit 3").outcome is row.fate("signal 9").outcome is Outcome.CRASH
    assert "status 3" in row.fate("exit 3").detail
    assert "signal 9" in row.fate("signal 9").detail


def test_a_failed_import_is_an_error_that_says_so():
    """Even if what failed was an assertion."""
    failure = Execution(Outcome.FAIL, "AssertionError: no", None, "AssertionError", "d")
    assert import_failed(failure) == Execution(
        Outcome.ERROR, "import: AssertionError: no", None, "AssertionError", "d"
    )
