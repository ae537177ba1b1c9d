"""A check takes along what it needs, no more, and in the shortest form that means the same."""

from __future__ import annotations

import ast

import pytest

from pytest_genx.syntax.straight import MAX_ROUNDS, backward, checks, shortened, unrolled


def written(statements) -> str:
    """Statements as text."""
    return "\n".join(ast.unparse(ast.fix_missing_locations(s)) for s in statements)


def checked(text, target):
    """All checks of a text, as text."""
    return [written(found) for found in checks(ast.parse(text).body, target)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = 1\nassert f(a) == 2", "assert f(1) == 2"),
        ("a = [1]\nb = f(a)\nassert b == 2", "assert f([1]) == 2"),
        ("a, b = 1, [2]\nassert f(a) == b", "assert f(1) == [2]"),
        ("a: int = 1\nassert f(a) == a", "assert f(1) == 1"),
        ("a = -1\nassert f(a) == (a, a)", "assert f(-1) == (-1, -1)"),
        ("a = 1\na = 2\nassert f(a) == 2", "assert f(2) == 2"),
        ("a = [1]\nassert f(a) == a", "a = [1]\nassert f(a) == a"),
        ("a = [1]\nassert f(a) == [b for b in x if b in a]",
         "a = [1]\nassert f(a) == [b for b in x if b in a]"),
        ("a = 1\nassert f(lambda a: a) == a", "a = 1\nassert f(lambda a: a) == a"),
        ("a = 1\ndef g(n):\n    return n + a\nassert f(g(2)) == 3",
         "def g(n):\n    return n + 1\nassert f(g(2)) == 3"),
        ("a = [1]\na.sort()\nassert f(a) == 2", "a = [1]\na.sort()\nassert f(a) == 2"),
        ("a = [1]\na[0] = 2\nassert f(a) == 2", "a = [1]\na[0] = 2\nassert f(a) == 2"),
        ("a = [1]\na += [2]\nassert f(a) == 2", "a = [1]\na += [2]\nassert f(a) == 2"),
        ("a = [1]\nb = h(a)\nassert f(a) == 2", "a = [1]\nb = h(a)\nassert f(a) == 2"),
        ("a = [1]\nb = len(a)\nassert f(a) == 2", "assert f([1]) == 2"),
        ("a = [1]\nb = f(a)\nassert f(a) == 2", "assert f([1]) == 2"),
        ("i = iter([1])\na = next(i)\nb = next(i)\nassert f(b) == a",
         "i = iter([1])\na = next(i)\nb = next(i)\nassert f(b) == a"),
        ("import m\nassert f(m.a) == 2", "import m\nassert f(m.a) == 2"),
        ("a = 1\nassert g(a) == 2", ""),
        ("with x as a:\n    pass\nassert f(a) == 1", "with x as a:\n    pass\nassert f(a) == 1"),
    ],
)  # fmt: skip
def test_values_move_only_where_that_changes_nothing(function, text, expected):
    """Constants go everywhere, other values go to their only use."""
    assert checked(text, function) == ([expected] if expected else [])


def test_earlier_checks_leave_the_calls_that_may_change_something(method):
    """A queue that is read twice gives its second value the second time."""
    text = "a = A([1, 2])\nassert a.m() == 1\nassert len(a.rest) == 1\nassert a.m() == 2"
    assert checked(text, method) == [
        "assert A([1, 2]).m() == 1",
        "a = A([1, 2])\na.m()\nassert len(a.rest) == 1",
        "a = A([1, 2])\na.m()\nassert a.m() == 2",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("assert f(1) == 2, 'message'", ["assert f(1) == 2"]),
        ("assert f(1) and g() and f(2)", ["assert f(1)", "assert f(2)"]),
        ("assert (f(1) == 2, 'message')", ["assert f(1) == 2"]),
        ("f(1) == 2, 'message'", ["assert f(1) == 2"]),
        ("f(1) in x", ["assert f(1) in x"]),
        ("print(f(1))", ["f(1)"]),
        ("with pytest.raises(E):\n    f(1)", ["with pytest.raises(E):\n    f(1)"]),
        ("try:\n    assert f(1)\nexcept E:\n    pass",
         ["try:\n    assert f(1)\nexcept E:\n    pass"]),
        ("with a:\n    f(1)", []),
        ("f", []),
        ("a = f(1)", []),
        ("for a in x:\n    assert f(a)", ["for a in x:\n    assert f(a)"]),
    ],
)  # fmt: skip
def test_checks_are_plain(function, text, expected):
    """One claim each, without messages and printing."""
    assert checked(text, function) == expected


def test_loops_over_literals_are_written_out(function):
    """Also over a list that has a name; long, jumping and nested ones stay."""
    text = "t = [(1, 2), (3, 4)]\nfor a, b in t:\n    c = f(a)\n    assert c == b"
    assert checked(text, function) == ["assert f(1) == 2", "assert f(3) == 4"]
    for kept in (
        f"for a in {list(range(MAX_ROUNDS + 1))}:\n    assert f(a)",
        "for a in [1]:\n    if a:\n        continue\n    assert f(a)",
        "for a in [1]:\n    assert f(a)\nelse:\n    g()",
        "for a in x:\n    assert f(a)",
    ):
        assert len(unrolled(ast.parse(kept).body)) == 1


def test_backward_keeps_the_order_and_stops_at_the_last_binding(function):
    """What is overwritten is not needed."""
    body = ast.parse("a = 1\nb = a\na = 2\nc = 3\nd = a + b").body
    assert written(backward(body, {"d"}, function)) == "a = 1\nb = a\na = 2\nd = a + b"
    assert backward(body, {"z"}, function) == []


def test_shortening_leaves_its_input_alone():
    """Statements are copied before they are changed."""
    body = ast.parse("a = 1\nassert f(a) == 2").body
    before = written(body)
    assert written(shortened(body)) == "assert f(1) == 2"
    assert written(body) == before
