from __future__ import annotations

import pytest

from pytest_genx.syntax.claims import claim

SAME = [
    ("assert f([1,2]) == 3", "assert f( [1, 2] )==3"),
    ("assert f('a') == 'b'", 'assert f("a") == "b"'),
    ("assert f(1) == [1,2]", "assert f(1) == [1, 2]"),
    ("assert f(1) == 1.0", "assert f(1) == 1"),
    ("assert f(1) == [1.0, 2]", "assert f(1) == [1, 2.0]"),
    ("assert f(1) == 1000", "assert f(1) == 1_000"),
    ("assert f(1) == {1, 2}", "assert f(1) == {2, 1}"),
    ("assert f(1) == {'a': 1, 'b': 2}", "assert f(1) == {'b': 2, 'a': 1}"),
    ("assert f(1) == {}", "assert {} == f(1)"),
    ("assert f(1) == 2", "assert f(1) == 2, 'f doubles'"),
    ("assert f(1) is True", "assert f(1) == True"),
    ("assert f(1) is None", "assert f(1) == None"),
    ("assert f(a=1, b=2) == 3", "assert f(b=2, a=1) == 3"),
    ("r = f(1)\nassert r == 2", "assert f(1) == 2"),
    ("r = f(1)\nexpected = 2\nassert r == expected", "assert f(1) == 2"),
    ("assert f(1) == -0.0", "assert f(1) == 0"),
    ("with pytest.raises(ValueError):\n    f(1)", "with pytest.raises( ValueError ):\n  f(1)"),
]
DIFFERENT = [
    ("assert f(1) == 2", "assert f(1) == 3"),
    ("assert f(1) == 2", "assert f(2) == 2"),
    ("assert f(1) == 2", "assert f(1.0) == 2"),
    ("assert f(1) == 2", "assert f(1) != 2"),
    ("assert f(1) == 2", "assert f(1) is 2"),
    ("assert f(1) == 1", "assert f(1) == '1'"),
    ("assert f(1) == [1]", "assert f(1) == (1,)"),
    ("assert f(1) == 'a'", "assert f(1) == b'a'"),
    ("assert f(1)", "assert f(1) == True"),
    ("assert f([]) == []", "assert f(()) == []"),
    ("assert f(a=1, **b) == 3", "assert f(**b, a=1) == 3"),
    ("assert f(1) == 2", "assert f(1) == pytest.approx(2)"),
    ("x = f(1)\ny = f(x)\nassert x == y", "x = f(1)\ny = f(1)\nassert x == y"),
    ("with pytest.raises(ValueError):\n    f(1)", "with pytest.raises(KeyError):\n    f(1)"),
    ("assert f(", "assert f(("),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_claim_written_differently_is_equal(one, other):
    """Layout, quotes, sides, messages, variables and equal values make no difference."""
    assert claim(one, {"f"}) == claim(other, {"f"})
    assert hash(claim(one, {"f"})) == hash(claim(other, {"f"}))


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_claims_are_different(one, other):
    """Another input, even 1.0 for 1, another value, another kind of comparison."""
    assert claim(one, {"f"}) != claim(other, {"f"})


def test_a_value_that_cannot_be_written_out_is_still_a_claim():
    """Whole numbers with more digits than Python prints can be compared."""
    assert claim("assert f(1) == 0x" + "f" * 5000, {"f"}) != claim("assert f(1) == 1", {"f"})
