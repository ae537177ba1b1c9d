from __future__ import annotations

import ast

from pytest_genx.backends.inputs.namespace import free_names, localize, namespace_of
from pytest_genx.domain import Context

MODULE = """
import os.path
import datetime as dt
from decimal import Decimal as D
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    import fractions
try:
    import fast as engine
except ImportError:
    engine = None
if True:
    LIMIT: int = 3
class Outer:
    class Inner: ...
def f(): ...
"""


def test_everything_a_module_binds_is_found(target_of):
    """Under `if` and `try` too, but not what only type checkers see."""
    namespace = namespace_of(target_of(MODULE), Context())
    assert {"os", "dt", "D", "engine", "LIMIT", "Outer", "f", "len"} <= namespace.bound()
    assert "fractions" not in namespace.bound()
    assert "Outer.Inner" in namespace.classes


def test_foreign_names_are_spelled_as_the_module_does(target_of):
    """Imports are added for what it lacks."""
    namespace = namespace_of(target_of(MODULE), Context())
    assert localize("«datetime.date»(1, 2, 3)", namespace) == ("dt.date(1, 2, 3)", ())
    assert localize("«decimal.Decimal»('1')", namespace) == ("D('1')", ())
    assert localize("«fractions.Fraction»(1)", namespace) == (
        "Fraction(1)",
        ("from fractions import Fraction",),
    )
    assert localize("«other.f»(1)", namespace) == ("other.f(1)", ("import other",))


def test_names_bound_by_an_expression_are_not_free():
    """Those of comprehensions and lambdas."""
    tree = ast.parse("[x + n for x in f(lambda y: y)]", mode="eval")
    assert free_names(tree) == {"n", "f"}
