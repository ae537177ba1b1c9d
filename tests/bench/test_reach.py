"""Coverage of a target: what counts, and what the cases of a group reach."""

from __future__ import annotations

import pytest

from pytest_genx.bench.reach import Reach, Unmeasured, reach
from pytest_genx.domain import Case

pytest.importorskip("coverage", reason="needs coverage")

PROGRAM = '''
import math

SEEN = []

def unused(n):
    return n

def halve(n): return n // 2

def f(n):
    """Say what n is."""
    SEEN.append(n)
    if n < 0:
        raise ValueError(n)
    if len(SEEN) > 1:
        return "again"
    return halve(n)
'''


def case(source, *imports):
    """A case of no particular origin."""
    return Case(source, "test", imports=imports)


@pytest.fixture(scope="module")
def measured():
    """No case, one way, the other way, both."""
    one, other = (
        case("assert f(4) == 2"),
        case("with pytest.raises(ValueError):\n    f(-1)", "import pytest"),
    )
    return reach(PROGRAM, "f", [[], [one], [other], [one, other, one]])


def test_nothing_is_reached_without_a_case(measured):
    """Importing the module counts for nothing, bodies on the line of their `def` included."""
    assert (measured[0].lines_reached, measured[0].branches_reached) == (0, 0)


def test_the_body_and_its_helpers_count_and_others_do_not(measured):
    """Six statements of the body, one of the helper, two ways out of each `if`."""
    assert {(one.lines, one.branches) for one in measured} == {(7, 4)}


def test_groups_are_measured_apart(measured):
    """Each group has what its own cases reach."""
    assert [one.lines_reached for one in measured] == [0, 5, 3, 6]
    assert [one.branches_reached for one in measured] == [0, 2, 1, 3]
    assert measured[3].share == pytest.approx(9 / 11)


def test_every_case_has_a_fresh_namespace(measured):
    """The line that a second call in one namespace would reach is never reached."""
    assert measured[3].lines_reached < measured[3].lines


def test_what_a_failing_case_has_reached_counts():
    """A case that raises does not stop the group."""
    failing, passing = case("assert f(-1) == 2"), case("assert f(4) == 2")
    assert reach(PROGRAM, "f", [[failing, passing]])[0].lines_reached == 6


def test_a_program_that_does_not_load_is_an_error():
    """The error names the target and what was raised."""
    with pytest.raises(Unmeasured, match="f: ZeroDivisionError"):
        reach("1 / 0\ndef f():\n    pass", "f", [[]])


def test_a_function_that_is_missing_is_an_error():
    """There would be nothing to count."""
    with pytest.raises(Unmeasured, match="no function of that name"):
        reach(PROGRAM, "g", [[]])


def test_where_there_is_nothing_to_reach_all_is_reached():
    """No division by zero."""
    assert Reach(0, 0, 0, 0).share == 1.0
