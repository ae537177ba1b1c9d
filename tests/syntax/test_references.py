"""However test code reaches the target, it ends up calling it by its own name."""

from __future__ import annotations

import ast

import pytest

from pytest_genx.syntax.references import uniform


def rewritten(text, target, *, trust_names):
    """The text after rewriting, and whether an import reached the target."""
    statements, reached = uniform(ast.parse(text).body, target, trust_names=trust_names)
    return "\n".join(ast.unparse(ast.fix_missing_locations(s)) for s in statements), reached


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from shop.cart import f, g\nf(g)", "f(g)"),
        ("from shop.cart import f as x, g as y\nx(y)", "f(g)"),
        ("from shop.cart import *\nf(1)", "f(1)"),
        ("import shop.cart\nshop.cart.f(shop.cart.g)", "f(g)"),
        ("import shop.cart as c, os\nc.f(os)", "import os\nf(os)"),
        ("from shop import cart\ncart.f(1)", "f(1)"),
        ("from shop import cart as c, other\nc.f(1)", "from shop import other\nf(1)"),
        ("from shop import f\nf(1)", "f(1)"),
        ("from src.shop.cart import f\nf(1)", "f(1)"),
        ("from ..cart import f\nf(1)", "f(1)"),
        ("from . import cart\ncart.f(1)", "f(1)"),
        (
            "def test():\n    from shop.cart import f as x\n    x(1)",
            "def test():\n    pass\n    f(1)",
        ),
        ("from __future__ import annotations\nimport shop.cart as c\nc.A().m()", "A().m()"),
    ],
)
def test_imports_of_the_targets_module_are_followed(function, text, expected):
    """Members and modules, renamed or not, from packages that offer them again."""
    for trust_names in (True, False):
        assert rewritten(text, function, trust_names=trust_names) == (expected, True)


@pytest.mark.parametrize(
    "text",
    [
        "from elsewhere import f\nf(1)",
        "import elsewhere.cart\nelsewhere.cart.f(1)",
        "import os\nf(1)",
    ],
)
def test_the_same_name_from_elsewhere_is_another(function, text):
    """In a user's test only a real import of the target counts."""
    assert rewritten(text, function, trust_names=False) == (text, False)


@pytest.mark.parametrize(
    "text",
    [
        "from solution import f\nf(1)",
        "from solution import f, helper\nf(1)",
        "from your_module import f as g\ng(1)",
        "import cart\ncart.f(1)",
        "from solution import *\nf(1)",
    ],
)
def test_a_model_may_not_know_the_module(function, text):
    """An import of the target's name from anywhere means the target."""
    assert rewritten(text, function, trust_names=True) == ("f(1)", True)
