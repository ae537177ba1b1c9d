"""Names are told apart by what binds them."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_genx.domain import Target, TargetKind
from pytest_genx.syntax.names import (
    absolute,
    bound_names,
    calls,
    free_names,
    import_statements,
    mentions,
    mentions_class,
    needs,
)

FUNCTION = Target(
    Path("a.py"),
    Path(),
    "a",
    "f",
    TargetKind.FUNCTION,
    False,
    False,
    1,
    1,
    "",
    "",
)
METHOD = replace(FUNCTION, qualname="A.m", kind=TargetKind.METHOD)
SPECIAL = replace(METHOD, qualname="A.__len__")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a = b", "a"),
        ("a, (b, *c) = d", "a b c"),
        ("for a in b:\n    c = 1\nelse:\n    d = 2", "a c d"),
        ("with a as b: pass", "b"),
        ("try:\n    pass\nexcept E as a: b = 1", "a b"),
        ("import a.b, c as d\nfrom e import f, g as h", "a d f h"),
        ("def a(b): c = 1\nclass D:\n    e = 1", "a D"),
        ("[a for a in b]; (c := 1); lambda d: d", "c"),
        ("match a:\n    case [b, *c]: pass\n    case d: pass", "b c d"),
        ("a.b = 1; a[0] = 2", ""),
    ],
)
def test_bound_names_are_those_of_the_same_scope(text, names):
    """Functions, classes, lambdas and comprehensions keep theirs."""
    assert bound_names(ast.parse(text).body) == set(names.split())


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a = b", "b"),
        ("a += b", "a b"),
        ("del a", "a"),
        ("def f(a: A, *b: B, c=d, **e) -> 'R[S]':\n    x = a + g\n    return x", "A B d R S g"),
        ("lambda a, b=c: a + d", "c d"),
        ("[a + b for a in c for d in a if e]", "b c e"),
        ("[a for a in a]", "a"),
        ("@d\nclass C(B, metaclass=M):\n    x: 'T' = y\n    z = x", "d B M T y"),
        ("a: 'List[B]' = c", "List B c"),
        ("a.b(c.d)", "a c"),
    ],
)
def test_free_names_come_from_outside(text, names):
    """Parameters and comprehension variables are bound; quoted annotations count."""
    assert free_names(*ast.parse(text).body) == set(names.split())


def test_needs_know_the_order_of_statements():
    """A name that is read before it is bound comes from outside."""
    assert needs(ast.parse("b = a\na = 1\nc = a + b + d").body) == {"a", "d"}


def test_import_statements_are_one_for_each_name():
    """Those in functions bind nothing outside."""
    text = (
        "import a.b, c as d\ntry:\n    from e import f, g as h\nexcept E:\n    f = 1\n"
        "def k():\n    import z"
    )
    found = {name: ast.unparse(s) for name, s in import_statements(ast.parse(text).body).items()}
    assert found == {
        "a": "import a.b",
        "d": "import c as d",
        "f": "from e import f",
        "h": "from e import g as h",
    }


@pytest.mark.parametrize(
    ("target", "text", "found"),
    [
        (FUNCTION, "f(1) + g(f(2))", "f(1) f(2)"),
        (FUNCTION, "a.f(1) + map(f, [])", ""),
        (METHOD, "a.m(1) + m(2) + A().m(3)", "a.m(1) A().m(3)"),
        (SPECIAL, "len(A(1))", "A(1)"),
    ],
)
def test_calls_of_a_target_are_known_by_name(target, text, found):
    """Functions plain, methods as attributes, special methods by their class."""
    assert {ast.unparse(call) for call in calls(ast.parse(text), target)} == set(found.split())


@pytest.mark.parametrize(
    ("target", "text", "named"),
    [
        (FUNCTION, "map(f, x)", True),
        (FUNCTION, "a.f", False),
        (METHOD, "x.m", True),
        (METHOD, "m", False),
        (SPECIAL, "a.A", True),
        (SPECIAL, "len(x)", False),
    ],
)
def test_mentions_need_no_call(target, text, named):
    """A name that is passed on counts too."""
    assert mentions(ast.parse(text), target) == named


def test_a_method_is_meant_where_its_class_is_named():
    """A function has no class that could be missing."""
    assert mentions_class(ast.parse("x = a.A()"), METHOD)
    assert not mentions_class(ast.parse("x.m()"), METHOD)
    assert mentions_class(ast.parse("1"), FUNCTION)


@pytest.mark.parametrize(
    ("text", "package", "expected"),
    [
        ("import os", False, "import os"),
        ("from .a import b", False, "from p.q.a import b"),
        ("from .a import b", True, "from p.q.r.a import b"),
        ("from ..a import b", False, "from p.a import b"),
        ("from . import b", False, "from p.q import b"),
        ("from .... import b", False, None),
    ],
)
def test_relative_imports_are_made_absolute(text, package, expected):
    """Counted from the module that holds them."""
    (node,) = ast.parse(text).body
    assert absolute(node, "p.q.r", is_package=package) == expected
