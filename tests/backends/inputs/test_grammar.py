"""What a small tester is held to, read as a regular expression: the rules do not recurse."""

from __future__ import annotations

import re

import pytest

from pytest_genx.backends.inputs.grammar import call_grammar
from pytest_genx.domain import Context
from pytest_genx.syntax.gbnf import faults

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\[\^?(?:[^\]\\]|\\.)+\]|[a-zA-Z][\w-]*|[{][\d,]+[}]|\S')


@pytest.fixture
def held(target_of):
    """Give a test of whether the grammar of a source's last function lets a completion through."""

    def make(source: str):
        target = target_of(source)
        grammar = call_grammar(target, Context(), f"assert {target.name}(")
        assert faults(grammar) == ""
        rules = dict(line.split(" ::= ", 1) for line in grammar.splitlines())
        return lambda text: re.fullmatch(pattern(rules, "root"), text) is not None

    return make


def pattern(rules: dict[str, str], name: str) -> str:
    """Write a rule of GBNF as a regular expression, with all rules that it names."""
    text = ""
    for token in TOKEN.findall(rules[name]):
        if token[0] == '"':
            text += f"(?:{re.escape(token[1:-1].encode().decode('unicode_escape'))})"
        elif token[0].isalpha():
            text += f"(?:{pattern(rules, token)})"
        else:
            text += "(?:" if token == "(" else token
    return text


@pytest.mark.parametrize(
    ("signature", "good", "bad"),
    [
        (
            "a: int, b: str",
            ["-1, 'x'", '1, "it\'s"', "a=1, b='x'", "1, b='x'"],
            ["1", "1, 'x', 2", "b='x', 1", "1, 2", "'x', 'y'", "a=1", "1, a=2", "", "1,"],
        ),
        ("a: int, b: int = 1", ["1", "1, 2", "1, b=2", "a=1", "a=1, b=2"], ["", "b=2", "1, 2, 3"]),
        ("a: int = 0, b: int = 1", ["", "1", "1, 2", "b=2", "a=1, b=2"], [", b=2", "b=2, a=1"]),
        ("a: int, *, k: bool", ["1, k=True"], ["1", "1, True", "k=True", "1, k=1"]),
        ("*, j: int = 0, k: int = 0", ["", "j=1", "k=1", "j=1, k=1"], ["1", ", k=1", "k=1, j=1"]),
        ("a: int, *rest: str", ["1", "1, 'x'", "1, 'x', 'y'"], ["'x'", "1, 2"]),
        ("*rest: int", ["", "1", "1, 2, 3"], [", 1", "'x'"]),
        ("", [""], ["1"]),
        ("a: list[int]", ["[]", "[1]", "[1, -2]"], ["1", "['x']", "[1,]", "[1 2]"]),
        ("a: tuple[int, ...]", ["()", "(1,)", "(1, 2)"], ["(1)", "[1]"]),
        ("a: tuple[int, str]", ["(1, 'x')"], ["(1,)", "('x', 1)"]),
        ("a: set[int]", ["set()", "{1, 2}"], ["{}", "{'x'}"]),
        ("a: dict[str, float]", ["{}", "{'x': 1.5}", "{'x': 1, 'y': -2}"], ["{1: 2.0}", "['x']"]),
        ("a: int | None", ["1", "None"], ["'x'"]),
        ("a: bytes", ["b'ab'"], ["'ab'"]),
    ],
)
def test_calls_fit_the_signature(held, signature, good, bad):
    """As many arguments as there are parameters, each of its kind; by keyword from anywhere on."""
    lets_through = held(f"def f({signature}):\n    return 0")
    assert [a for a in good if not lets_through(f"{a}) == 0")] == []
    assert [a for a in bad if lets_through(f"{a}) == 0")] == []


def test_what_the_body_does_with_a_parameter_counts(held):
    """There are no hints; the keys of a record are those that the body asks for."""
    lets_through = held(
        "def f(row, n):\n    return row['price'] * 2.5 + row['name'].count('a') if n > 3 else 0"
    )
    assert lets_through("{'price': 1, 'name': 'x'}, 4) == 2.5")
    assert not lets_through("{'name': 'x'}, 4) == 2.5")
    assert not lets_through("4, {'price': 1, 'name': 'x'}) == 2.5")


def test_an_answer_is_assertions_and_then_what_raises(held):
    """One a line; values are literals that end."""
    lets_through = held("def f(a: int):\n    return a")
    assert lets_through("1) == [1, 2.5]\nassert f(2) == {'a': (1,)}\nassert f(a=3) == None\n")
    assert lets_through("1) == 1\nwith pytest.raises(ValueError):\n    f(-1)")
    assert not lets_through("1) == 1\nprint(f(1))")
    assert not lets_through("1) == f(1)")
    assert not lets_through(f"1) == {'9' * 30}")
    assert not lets_through(f"1) == '{'k' * 100}'")


def test_texts_that_are_read_as_numbers_have_no_letters(held):
    """A model this small would write words."""
    lets_through = held("def f(text):\n    return sum(int(part) for part in text.split(','))")
    assert lets_through("'1,20,3') == 24")
    assert not lets_through("'cat') == 0")


def test_methods_and_coroutines_are_left_free(target_of):
    """They are called in other ways than the prefix begins."""
    method = target_of("class C:\n    def f(self, a):\n        return a", "C.f")
    assert call_grammar(method, Context(), "assert ") == ""
    waiting = target_of("async def f(a):\n    return a")
    assert call_grammar(waiting, Context(), "assert ") == ""
