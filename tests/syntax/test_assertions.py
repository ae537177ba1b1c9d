"""Other styles of checking become plain assertions that mean the same."""

from __future__ import annotations

import ast

import pytest

from pytest_genx.syntax.assertions import without_await, without_unittest


def plain(text):
    """A text with unittest's methods replaced."""
    found = without_unittest(ast.parse(text).body, "self")
    return "\n".join(ast.unparse(ast.fix_missing_locations(s)) for s in found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("self.assertEqual(a, b)", "assert a == b"),
        ("self.assertEqual(a, b, 'message')", "assert a == b"),
        ("self.assertNotIn(a, b)", "assert a not in b"),
        ("self.assertGreaterEqual(a, b)", "assert a >= b"),
        ("self.assertTrue(a)", "assert a"),
        ("self.assertFalse(a)", "assert not a"),
        ("self.assertIsNotNone(a)", "assert a is not None"),
        ("self.assertAlmostEqual(a, b, 2)", "assert abs(a - b) <= 0.005"),
        ("self.assertAlmostEqual(a, b, delta=1)", "self_assertAlmostEqual(a, b, delta=1)"),
        ("self.assertRaises(E, f, 1, k=2)", "with pytest.raises(E):\n    f(1, k=2)"),
        ("with self.assertRaises(E) as c:\n    f(1)\nself.assertIn('x', str(c.exception))",
         "with pytest.raises(E) as c:\n    f(1)\nassert 'x' in str(c.value)"),
        ("with self.subTest(n=1):\n    self.assertTrue(a)", "assert a"),
        ("self.a.b = self.c(self.d)", "self_a.b = self_c(self_d)"),
        ("self.assertCustom(a)", "self_assertCustom(a)"),
        ("assertEqual(a, b)", "assertEqual(a, b)"),
    ],
)  # fmt: skip
def test_methods_of_a_test_object_become_assertions(text, expected):
    """Its attributes become variables."""
    assert plain(text) == expected


def test_nearly_equal_means_what_unittest_means():
    """The default is seven places, absolute."""
    text = plain("self.assertAlmostEqual(a, b)")
    exec(text, {"a": 1e9, "b": 1e9 + 4e-8})
    with pytest.raises(AssertionError):
        exec(text, {"a": 0.0, "b": 1e-7})


def test_what_is_awaited_is_run():
    """Anything that needs a running loop cannot be."""
    (statement,) = without_await(ast.parse("a = await f(await g())").body)
    text = ast.unparse(ast.fix_missing_locations(statement))
    assert text == "a = asyncio.run(f(asyncio.run(g())))"
    for kept in ("async with a: pass", "x = [a async for a in b]", "async def f(): pass"):
        assert without_await(ast.parse(kept).body) is None
