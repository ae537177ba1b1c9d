"""Every way a program can end."""

from __future__ import annotations

from pytest_genx.domain import Execution, Limits, Outcome
from pytest_genx.sandboxes.row import HOPELESS, Row, read_verdict

PASS = Execution(Outcome.PASS)


def launched(n_cases: int) -> Row:
    """Make a row whose program is imported."""
    row = Row(0, n_cases, Limits(cpu=1.0, wall=10.0))
    row.launch()
    row.imported = True
    return row


def letters(reports) -> str:
    """Write outcomes in the order of the cases they belong to."""
    reports = list(reports)
    assert [case for case, _ in reports] == sorted(case for case, _ in reports)
    return "".join(execution.outcome.value for _, execution in reports)


def test_a_verdict_is_reported_for_the_case_in_flight():
    """Cases advance one by one, with or without a verdict."""
    row = launched(3)
    assert list(row.ended("exit 0", PASS)) == [(0, PASS)]
    assert letters(row.ended("exit 0", None)) == "C"
    assert letters(row.ended("timeout", None)) == "T"
    assert list(row.ended("exit 0", PASS)) == []


def test_a_program_that_dies_leaves_the_later_cases():
    """The case in flight crashes, the rest is for another process."""
    row = launched(3)
    list(row.ended("exit 0", PASS))
    ((case, execution),) = row.stopped("signal 9")
    assert (case, execution.outcome, row.next) == (1, Outcome.CRASH, 2)
    assert "signal 9" in execution.detail
    assert row.launch()["cases"] == [2]


def test_a_program_that_dies_at_import_decides_its_row():
    """Nothing is left, and the detail says where it was."""
    row = Row(0, 3, Limits())
    row.launch()
    reports = list(row.stopped("wall"))
    assert letters(reports) == "TTT"
    assert reports[0][1].detail == "import: nothing happened for 10 s"


def test_the_rest_of_a_hopeless_row_is_not_run():
    """Timeouts are counted over all processes of the row."""
    row = launched(HOPELESS + 4)
    for _ in range(HOPELESS - 1):
        list(row.ended("timeout", None))
    assert letters(row.stopped("wall")) == "TTTTT"
    assert row.next == HOPELESS + 4
    row = launched(HOPELESS + 2)
    for _ in range(HOPELESS):
        list(row.ended("timeout", None))
    assert [e.detail[:7] for _, e in row.stopped("exit 0")] == ["not run"] * 2


def test_tokens_are_fresh_for_each_launch():
    """A token of an earlier process is of no use to a later one."""
    row = launched(2)
    first = {row.token, *row.tokens}
    row.launch()
    assert not first & {row.token, *row.tokens}
    assert row.case_token == row.tokens[0]
    list(row.ended("exit 0", PASS))
    assert row.case_token == row.tokens[1]
    list(row.ended("exit 0", PASS))
    assert row.case_token == b""


def test_fields_that_are_no_verdict_are_none():
    """A frame must have six fields and a known letter."""
    assert read_verdict(["P", "", "1", None, "d", "int"]) == Execution(
        Outcome.PASS, "", "1", None, "d", "int"
    )
    assert read_verdict(["X", "", None, None, None, None]) is None
    assert read_verdict([None, "", None, None, None, None]) is None
    assert read_verdict(["P"]) is None
