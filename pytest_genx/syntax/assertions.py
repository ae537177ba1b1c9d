"""Other styles of checking -> plain assertions: unittest's methods, `await`."""

from __future__ import annotations

import ast
import copy
from collections.abc import Sequence

from pytest_genx.syntax.names import dotted

SELF = "self_"  # what attributes of a test object are called in a program

_OPERATORS: dict[str, type[ast.cmpop]] = {
    "assertEqual": ast.Eq,
    "assertEquals": ast.Eq,
    "assertListEqual": ast.Eq,
    "assertDictEqual": ast.Eq,
    "assertTupleEqual": ast.Eq,
    "assertSetEqual": ast.Eq,
    "assertSequenceEqual": ast.Eq,
    "assertMultiLineEqual": ast.Eq,
    "assertNotEqual": ast.NotEq,
    "assertIs": ast.Is,
    "assertIsNot": ast.IsNot,
    "assertIn": ast.In,
    "assertNotIn": ast.NotIn,
    "assertGreater": ast.Gt,
    "assertGreaterEqual": ast.GtE,
    "assertLess": ast.Lt,
    "assertLessEqual": ast.LtE,
}
_ASYNC = (ast.Await, ast.AsyncFor, ast.AsyncWith, ast.AsyncFunctionDef)


def equal(left: ast.expr, right: ast.expr) -> ast.Assert:
    """Make `assert left == right`."""
    return ast.Assert(ast.Compare(left, [ast.Eq()], [right]))


def raises(error: ast.expr, body: list[ast.stmt]) -> ast.stmt:
    """Make `with pytest.raises(error): body`."""
    return ast.With([ast.withitem(ast.Call(_attribute("pytest", "raises"), [error], []))], body)


def run(awaited: ast.expr) -> ast.expr:
    """Make `asyncio.run(awaited)`."""
    return ast.Call(_attribute("asyncio", "run"), [awaited], [])


def called(name: str, argument: ast.expr) -> ast.expr:
    """Make `name(argument)`."""
    return ast.Call(ast.Name(name, ast.Load()), [argument], [])


def without_await(statements: Sequence[ast.stmt]) -> list[ast.stmt] | None:
    """Run what is awaited by `asyncio.run`; None when more than `await` needs a loop."""
    changed = [_Run().visit(copy.deepcopy(statement)) for statement in statements]
    for statement in changed:
        for node in ast.walk(statement):
            if isinstance(node, _ASYNC) or getattr(node, "is_async", False):
                return None
    return changed


def without_unittest(statements: Sequence[ast.stmt], own: str) -> list[ast.stmt]:
    """Write methods of a test object as assertions, and its attributes as variables.

    Args:
        statements: the body of a test method; it stays as it is.
        own: the name of the test object, `self`.
    """
    plain: list[ast.stmt] = []
    rewriter = _Unittest(own)
    for statement in statements:
        changed = rewriter.visit(copy.deepcopy(statement))
        plain += changed if isinstance(changed, list) else [changed]
    return plain


class _Run(ast.NodeTransformer):
    def visit_Await(self, node: ast.Await) -> ast.expr:
        self.generic_visit(node)
        return run(node.value)


class _Unittest(ast.NodeTransformer):
    def __init__(self, own: str) -> None:
        self._own = own
        self._caught: set[str] = set()  # names that stand for a caught exception

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        owner, _, name = dotted(getattr(node.value, "func", node)).rpartition(".")
        if owner == self._own and isinstance(node.value, ast.Call):
            return self.generic_visit(_assertion(name, node.value) or node)
        return self.generic_visit(node)

    def visit_With(self, node: ast.With) -> ast.AST | list[ast.stmt]:
        for item in node.items:
            if self._is_raises(item.context_expr) and isinstance(item.optional_vars, ast.Name):
                self._caught.add(item.optional_vars.id)
        self.generic_visit(node)
        first = node.items[0].context_expr
        if isinstance(first, ast.Call) and dotted(first.func) == f"{SELF}subTest":
            return node.body
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if self._is_raises(node):
            node.func = _attribute("pytest", "raises")
        return self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if isinstance(node.value, ast.Name) and node.value.id == self._own:
            return ast.Name(SELF + node.attr, node.ctx)
        if node.attr == "exception" and dotted(node.value) in self._caught:
            node.attr = "value"
        return self.generic_visit(node)

    def _is_raises(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Call) and dotted(node.func) == f"{self._own}.assertRaises"


def _assertion(name: str, call: ast.Call) -> ast.stmt | None:
    """Make the assertion that one method of `unittest.TestCase` stands for."""
    arguments = call.args
    if name in _OPERATORS and len(arguments) >= 2:
        return ast.Assert(ast.Compare(arguments[0], [_OPERATORS[name]()], [arguments[1]]))
    if name == "assertRaises" and len(arguments) >= 2:
        inner = ast.Call(arguments[1], arguments[2:], call.keywords)
        return raises(arguments[0], [ast.Expr(inner)])
    if name == "assertAlmostEqual" and len(arguments) >= 2:
        return _nearly(call)
    return _about_one(name, arguments[0]) if arguments else None


def _about_one(name: str, value: ast.expr) -> ast.stmt | None:
    if name == "assertTrue":
        return ast.Assert(value)
    if name == "assertFalse":
        return ast.Assert(ast.UnaryOp(ast.Not(), value))
    if name in {"assertIsNone", "assertIsNotNone"}:
        operator = ast.Is() if name == "assertIsNone" else ast.IsNot()
        return ast.Assert(ast.Compare(value, [operator], [ast.Constant(None)]))
    return None


def _nearly(call: ast.Call) -> ast.stmt | None:
    """Compare as `assertAlmostEqual` does: the difference rounds to zero."""
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    places = call.args[2] if len(call.args) > 2 else keywords.get("places", ast.Constant(7))
    if "delta" in keywords or not isinstance(places, ast.Constant):
        return None
    if not isinstance(places.value, int) or not 0 <= places.value <= 20:
        return None
    distance = called("abs", ast.BinOp(call.args[0], ast.Sub(), call.args[1]))
    bound = ast.Constant(0.5 * 10**-places.value)
    return ast.Assert(ast.Compare(distance, [ast.LtE()], [bound]))


def _attribute(owner: str, name: str) -> ast.expr:
    return ast.Attribute(ast.Name(owner, ast.Load()), name, ast.Load())
