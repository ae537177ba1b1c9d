"""Definitions are cut at the right places, however they are written."""

from __future__ import annotations

import ast

import pytest

from pytest_genx.syntax.definition import (
    body_indentation,
    body_text,
    definition_head,
    hidden,
    is_stub,
    only_definition,
    walk_definitions,
)


@pytest.mark.parametrize(
    ("source", "head"),
    [
        ("def f(n):\n    return n", "def f(n):"),
        ("def f(n): return n", "def f(n):"),
        ("def f(n):  # so\n    # why\n    return n", "def f(n):"),
        ('def f(n):\n    """A.\n\n    B."""\n    return n', 'def f(n):\n    """A.\n\n    B."""'),
        ("def f(n):\n    'A.'; return n", "def f(n):\n    'A.'"),
        ("def f(n): 'A.'", "def f(n):\n    'A.'"),
        ("@a\n@b(c=lambda: 1)\ndef f(\n    n: dict[str, int] = {1: 2},\n) -> 'x: y':\n    return n",
         "@a\n@b(c=lambda: 1)\ndef f(\n    n: dict[str, int] = {1: 2},\n) -> 'x: y':"),
        ("def f(n):\n    @wraps(n)\n    def g():\n        pass\n    return g", "def f(n):"),
        ("async def f():\n    'ä\u2028b'\n    return 1", "async def f():\n    'ä\u2028b'"),
        ("def f(n):\n\t'A.'\n\treturn n", "def f(n):\n\t'A.'"),
    ],
)  # fmt: skip
def test_a_head_ends_after_the_docstring_or_the_colon(source, head):
    """Decorators, annotations, comments and one-liners do not confuse it."""
    assert definition_head(source) == head
    shown = hidden(source)
    assert shown == f"{head}\n{body_indentation(source)}pass"
    assert is_stub(only_definition(shown))


@pytest.mark.parametrize(
    ("source", "body"),
    [
        ("def f(n):\n    return n", "return n"),
        ("def f(n): return n", "return n"),
        ("def f(n):\n    'A.'\n    # why\n\n    a = 1  # so\n    return a",
         "# why\n\na = 1  # so\nreturn a"),
        ("def f(n):\n    'A.'; a = 1\n    return a", "a = 1\nreturn a"),
        ('def f(n):\n  return """\nx\n  y"""', 'return """\nx\n  y"""'),
        ("def f(n):\n    @a\n    def g():\n        pass\n    return g",
         "@a\ndef g():\n    pass\nreturn g"),
        ("def f(n):\n\tif n:\n\t\treturn 1\n\treturn 2", "if n:\n\treturn 1\nreturn 2"),
    ],
)  # fmt: skip
def test_a_body_is_given_as_it_is_written(source, body):
    """Comments, strings and tabs are kept; the docstring is not part of it."""
    assert body_text(only_definition(source), source.split("\n")) == body


def test_definitions_are_found_under_their_qualified_names():
    """The last counts, and of the branches of one statement the first."""
    tree = ast.parse(
        "def f(): return 1\n"
        "def f(): return 2\n"
        "class A:\n    def g(self): return 3\n    def old(self): pass\n"
        "class A:\n    def g(self): return 4\n    class B:\n        def h(self): return 5\n"
        "if x:\n    def k(): return 6\nelse:\n    def k(): return 7\n"
        "try:\n    def m(): return 8\nexcept E:\n    def m(): return 9\nfinally:\n    pass\n"
        "with x:\n    def n(): return 10\n"
        "if typing.TYPE_CHECKING:\n    def p(): return 11\nelse:\n    def q(): return 12\n"
        "if '__main__' == __name__:\n    def r(): return 13\n"
        "def s():\n    def t(): pass\n"
    )
    found = walk_definitions(tree.body)
    last = {
        name: ast.unparse(node).rpartition(" ")[2]
        for name, node in found.items()
        if not isinstance(node, ast.ClassDef)
    }
    assert last == {
        "f": "2", "A.g": "4", "A.B.h": "5", "k": "6", "m": "8", "n": "10", "q": "12", "s": "pass",
    }  # fmt: skip
    assert {name for name in found if name not in last} == {"A", "A.B"}
