from __future__ import annotations

import pytest

from pytest_genx.syntax.pointless import (
    ELSEWHERE,
    ITSELF,
    LENGTH,
    NO_CLAIM,
    NOT_NONE,
    TRUE,
    TYPE,
    pointless,
)

POINTLESS = [
    ("f(1)", NO_CLAIM),
    ("f(1) == 2", NO_CLAIM),
    ("x = 3\nf(x)", NO_CLAIM),
    ("assert f", TRUE),
    ("assert True\nf(1)", TRUE),
    ("assert (f(1) == 2, 'message')", TRUE),
    ("assert [f(1)]", TRUE),
    ("assert f(1) == 2 or True", TRUE),
    ("assert lambda: f(1) == 2", TRUE),
    ("assert f(1) == f(1)", ITSELF),
    ("r = f(1)\nassert r == r", ITSELF),
    ("assert f(1) is f( 1 )", ITSELF),
    ("assert f(1) <= f(1)", ITSELF),
    ("assert f(1) == pytest.approx(f(1))", ITSELF),
    ("assert math.isclose(f(1), f(1))", ITSELF),
    ("assert f(1) is not None", NOT_NONE),
    ("assert f(1) != None", NOT_NONE),
    ("assert None is not f(1)", NOT_NONE),
    ("assert not f(1) is None", NOT_NONE),
    ("r = f(1)\nassert r is not None", NOT_NONE),
    ("assert isinstance(f(1), int)", TYPE),
    ("assert not isinstance(f(1), str)", TYPE),
    ("assert type(f(1)) == int", TYPE),
    ("assert type(f(1)) in (int, float)", TYPE),
    ("assert f(1).__class__ is int", TYPE),
    ("assert type(f(1)).__name__ == 'int'", TYPE),
    ("assert type(f(1)) is type(f(2))", TYPE),
    ("assert callable(f)", TYPE),
    ("assert hasattr(f(1), '__iter__')", TYPE),
    ("assert all(isinstance(v, int) for v in f(1))", TYPE),
    ("assert f(1) in [True, False]", TYPE),
    ("assert isinstance(f(1), int) and f(1) is not None", TYPE),
    ("assert isinstance(f(1), int) or f(1) == 2", TYPE),
    ("assert isinstance(f(1), list)\nassert f(1) is not None", TYPE),
    ("assert 1 + 1 == 2", ELSEWHERE),
    ("x = f(1)\ny = 2\nassert y == 2", ELSEWHERE),
    ("y = [3]\nassert len(y) == 1", ELSEWHERE),
    ("assert len(f(1)) >= 0", LENGTH),
    ("assert len(f(1)) > -1", LENGTH),
    ("assert 0 <= len(f(1))", LENGTH),
]
FALSIFIABLE = [
    "assert f(1) is None",
    "assert f(1) == None",
    "assert not f(1) is not None",
    "assert f(1)",
    "assert not f(1)",
    "assert bool(f(1))",
    "assert f(1) == 2",
    "assert f(1) != 2",
    "assert f(1) in [1, 2]",
    "assert f(1) in (True, False, None)",
    "assert f(f(1)) == f(1)",
    "assert f(1) == f(2)",
    "assert f(1) < f(1)",
    "assert f(1) != f(1)",
    "assert f(1) == pytest.approx(0.5)",
    "assert isinstance(f(1), int) and f(1) > 0",
    "assert isinstance(f(1), type(None))",
    "assert type(f(1)) is type(None)",
    "assert f(1) == 2 or False",
    "assert f(1) == 2 or 1 == 2",
    "assert f(1) is not None and f(1) == 2",
    "assert f(1) is not None\nassert f(1) == 2",
    "assert 0 <= f(1) <= 10",
    "assert len(f(1)) > 0",
    "assert len(f(1)) >= 1",
    "assert len(f(1)) == 0",
    "assert all(v > 0 for v in f(1))",
    "assert any(isinstance(v, int) for v in f(1))",
    "assert f(1)()",
    "assert f(1).__name__ == 'inner'",
    "f = f(1)\nassert f",
    "items = [3, 1]\nf(items)\nassert items == [1, 3]",
    "f(1)\nassert COUNTER == 1",
    "f('x')\nassert open('x').read() == ''",
    "f(1)\nassert other(2) == 3",
    "with pytest.raises(ValueError):\n    f(1)",
    "check(f(1), 2)",
    "np.testing.assert_allclose(f(1), 2)\nassert isinstance(f(1), int)",
    "try:\n    f(1)\nexcept ValueError:\n    pass\nelse:\n    assert False",
    "if f(1) != 2:\n    raise AssertionError",
    "for x in range(3):\n    assert f(x) == x",
    "assert [f(x) for x in range(2)] == [0, 1]",
    "assert False",
    "assert f(",
]


@pytest.mark.parametrize(("source", "reason"), POINTLESS)
def test_what_nothing_could_fail_is_told_with_the_reason(source, reason):
    """No comparison, itself, no more than a value or a type, not the target at all."""
    assert pointless(source, {"f"}) == reason


@pytest.mark.parametrize("source", FALSIFIABLE)
def test_what_something_could_fail_is_left_alone(source):
    """A comparison, a truth, an exception, a state afterwards, or what is not understood."""
    assert pointless(source, {"f"}) == ""


def test_a_method_is_known_by_its_name_and_its_class():
    """What happens to an object of the class is not elsewhere."""
    names = {"total", "Cart"}
    assert pointless("cart = Cart()\ncart.add(2)\nassert cart.total() == 2", names) == ""
    assert pointless("cart = Cart([2])\nassert cart.items == [2]", names) == ""
    assert pointless("cart = Cart()\nassert cart.total() is not None", names) == NOT_NONE


def test_nesting_beyond_measure_is_left_alone():
    """Text that the parser takes and a walk does not is no reason to fall over."""
    assert pointless("assert " + "not " * 900 + "f(1)", {"f"}) == ""
