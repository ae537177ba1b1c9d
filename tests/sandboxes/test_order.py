"""Every frame a worker may send, and every way its process may end."""

from __future__ import annotations

from pytest_genx.domain import HOPELESS, Limits, Outcome
from pytest_genx.sandboxes.channel import Frame
from pytest_genx.sandboxes.order import Order
from pytest_genx.sandboxes.plan import Plan
from pytest_genx.sandboxes.row import Row
from pytest_genx.sandboxes.verdict import Judge
from pytest_genx.sandboxes.worker.shared import FIRST_CASE, LOADING

N = 3
JUDGE = Judge([Plan("f()", observe=True, sign="==", expected="1", literal="1")] * 9)


def rows(n: int, n_cases: int = N) -> list[Row]:
    """Make rows of which nothing is known."""
    return [Row.of(i, n_cases, Limits(cpu=1.0, wall=10.0), {}) for i in range(n)]


def shared(n: int) -> Order:
    """Make an order of rows that share a process."""
    return Order.shared_by(rows(n), [True] * N, JUDGE, {})


def alone(n_cases: int = N) -> Order:
    """Make an order of one row whose program is imported."""
    order = Order.alone(rows(1, n_cases)[0], JUDGE)
    order.take(Frame(False, ["imported"], b""))
    return order


def say(order: Order, *fields: str, before: bytes = b"") -> None:
    """Have the process of a program say something."""
    order.take(Frame(False, list(fields), before))


def letters(row: Row) -> str:
    """Write what is reported next, in letters."""
    return "".join(execution.outcome.value for _, execution in row.reports())


def answer(order: Order, text: str) -> bytes:
    """Write the frame of a case's own process."""
    body = b"+" + text.encode()
    return order.case_token + len(body).to_bytes(4, "big") + body


def test_rows_that_share_are_answered_one_after_the_other():
    """In parts or at once."""
    order = shared(2)
    say(order, "row", "0", "part", "=1", "=2")
    say(order, "row", "0", "done", "=1")
    say(order, "row", "1", "done", "=2", "=1", "=1")
    assert [letters(row) for row in order.rows] == ["PFP", "FPP"]
    assert order.stopped("exit 0") == []


def test_a_frame_of_another_row_is_ignored():
    """Only the row in flight is spoken of."""
    order = shared(2)
    for number in ("1", "7", "-1", "x"):
        say(order, "row", number, "done", "=1", "=1", "=1")
    assert [letters(row) for row in order.rows] == ["", ""]


def test_too_many_answers_are_ignored():
    """There are as many as there are cases."""
    order = shared(1)
    say(order, "row", "0", "done", *["=1"] * 9)
    say(order, "row", "0", "done", *["=1"] * 9)
    assert letters(order.rows[0]) == "PPP"


def test_a_case_without_an_answer_runs_alone():
    """The rest of its row keeps its verdicts."""
    order = shared(1)
    say(order, "row", "0", "done", "=1", "", "=1")
    (row,) = order.stopped("exit 0")
    assert row.alone
    assert row.left() == [1]


def test_a_case_that_takes_too_long_is_a_timeout_and_the_rest_may_share_again():
    """The process ends by itself, after it has said how far it came."""
    order = shared(2)
    say(order, "row", "0", "slow", "=1")
    first, second = order.stopped("exit 0")
    assert letters(first) == "PT"
    assert (first.left(), first.alone) == ([2], False)
    assert (second.left(), second.alone) == ([0, 1, 2], False)


def test_an_import_decides_its_row():
    """When it fails, and when it takes too long."""
    order = shared(2)
    say(order, "row", "0", "failed", 'f["E","no",null,null]')
    say(order, "row", "1", "stuck")
    assert [letters(row) for row in order.rows] == ["EEE", "TTT"]


def test_a_shared_process_that_dies_leaves_its_row_alone():
    """Which case killed it is found where each has a process; the others are innocent."""
    order = shared(3)
    say(order, "row", "0", "done", "=1", "=1", "=1")
    first, second = order.stopped("signal 11")
    assert (first.program, first.alone) == (1, True)
    assert (second.program, second.alone) == (2, False)


def test_a_shared_process_that_the_clock_killed_says_where_it_was():
    """What does not return to the interpreter is a timeout, and the rest may share again."""
    order = shared(2)
    order.place = [0, FIRST_CASE + 1]
    first, second = order.stopped("timeout")
    assert first.found[1] == first.fate("timeout")
    assert (first.left(), first.alone) == ([0, 2], False)
    assert (second.left(), second.alone) == ([0, 1, 2], False)


def test_a_shared_process_that_the_clock_killed_while_it_loaded_a_program_decides_the_row():
    """As when the program takes too long and says so."""
    order = shared(1)
    order.place = [0, LOADING]
    assert order.stopped("timeout") == []
    assert letters(order.rows[0]) == "TTT"


def test_a_place_that_is_none_leaves_the_row_alone():
    """Nothing can be said of it then."""
    for place in ([], [1, FIRST_CASE], [-1, FIRST_CASE], [0, FIRST_CASE + 9], [0, 0]):
        order = shared(1)
        order.place = place
        assert [row.alone for row in order.stopped("timeout")] == [True]


def test_a_shared_process_that_ends_early_is_not_tried_again_as_it_was():
    """Otherwise it could go on for ever."""
    (row,) = shared(1).stopped("exit 0")
    assert row.alone


def test_a_verdict_is_the_frame_with_the_token_of_its_pair():
    """Others are none, and a process without one has ended by itself."""
    order = alone()
    say(order, "ended", "exit 0", before=b"rubbish" + answer(order, "=1"))
    say(order, "ended", "exit 0", before=answer(order, "=2"))
    say(order, "ended", "exit 0", before=b"\0" * 16 + b"\0\0\0\3+=1")
    assert letters(order.rows[0]) == "PFC"


def test_a_program_that_dies_leaves_the_later_cases():
    """The case in flight crashes, the rest is for another process."""
    order = alone()
    say(order, "ended", "exit 0", before=answer(order, "=1"))
    (row,) = order.stopped("signal 9")
    assert (letters(row), row.left()) == ("PC", [2])


def test_a_program_that_dies_at_import_decides_its_row():
    """Nothing is left, and the detail says where it was."""
    order = Order.alone(rows(1)[0], JUDGE)
    assert order.stopped("wall") == []
    details = [execution.detail for _, execution in order.rows[0].reports()]
    assert details == ["import: nothing happened for 10 s"] * N


def test_an_import_alone_may_fail_or_take_too_long():
    """A program says so itself."""
    for fields, outcome in (
        (["failed", 'f["F","no",null,null]'], Outcome.ERROR),
        (["slow"], Outcome.TIMEOUT),
    ):
        order = Order.alone(rows(1)[0], JUDGE)
        say(order, *fields)
        assert {execution.outcome for _, execution in order.rows[0].reports()} == {outcome}


def test_a_program_that_is_given_up_is_not_said_to_have_crashed():
    """Its process ends because the rest is not run."""
    order = alone(HOPELESS + 2)
    for _ in range(HOPELESS):
        say(order, "ended", "timeout")
    assert order.stopped("exit 0") == []
    assert letters(order.rows[0]) == "T" * (HOPELESS + 2)


def test_tokens_are_fresh_for_each_order():
    """A token of an earlier process is of no use to a later one."""
    row = rows(1)[0]
    one, other = Order.alone(row, JUDGE), Order.alone(row, JUDGE)
    assert not {one.token, *one.tokens} & {other.token, *other.tokens}
    assert one.case_token == one.tokens[0]
    assert shared(1).case_token == b""
