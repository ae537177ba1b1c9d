"""Statements that check a target -> why nothing could fail them, if that is so.

Read off the text alone, and carefully: what is not understood may fail. "Nothing" leaves out
that the call itself may raise or never end. What a check says is not compared here with what
another says; that is `claims`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from pytest_genx.syntax.names import bound_names, dotted, mentions_any
from pytest_genx.syntax.source import parse

NO_CLAIM = "it asserts nothing"
TRUE = "it is always true"
ITSELF = "it compares a value with itself"
NOT_NONE = "it says no more than that there is a value"
TYPE = "it says no more than a type"
ELSEWHERE = "it does not call the target"
LENGTH = "a length is never negative"

_PURE = frozenset(
    {"abs", "all", "any", "bool", "dict", "divmod", "float", "int", "isinstance", "len", "list"}
    | {"max", "min", "pow", "range", "reversed", "round", "set", "sorted", "str", "sum", "tuple"}
)
_TYPE_QUESTIONS = frozenset({"isinstance", "issubclass", "callable", "hasattr"})
_SAME = (ast.Eq, ast.Is, ast.LtE, ast.GtE)
_CHECKERS = ("assert", "check", "fail", "expect", "verify")  # how such functions' names begin
_CLAIMING = (ast.Raise, ast.With, ast.AsyncWith, ast.Try)


def pointless(source: str, names: AbstractSet[str]) -> str:
    """Say why nothing could fail a check, whatever the target returns.

    Args:
        source: statements, the assertions among them.
        names: what a call of the target mentions: its name, that of its class.

    Returns:
        One of this module's sentences; "" when something could fail it, or when that is not
        clear.

    >>> pointless("assert f(1) is not None", {"f"})
    'it says no more than that there is a value'
    >>> pointless("assert f(1) is None", {"f"})
    ''
    """
    tree = parse(source)
    if tree is None:
        return ""
    try:
        return _reason(tree.body, names)
    except RecursionError:
        return ""  # nested beyond what can be worked with


def _reason(body: list[ast.stmt], names: AbstractSet[str]) -> str:
    nodes = [node for statement in body for node in ast.walk(statement)]
    if any(isinstance(node, _CLAIMING) or _is_checker(node) for node in nodes):
        return ""
    tests = [node.test for node in nodes if isinstance(node, ast.Assert)]
    if not tests:
        last = body[-1] if body else None
        bare = isinstance(last, ast.Expr) and _bare(last.value, names)
        return NO_CLAIM if bare else ""
    told = _Told(names, bound_names(body), _concerned(body, names))
    reasons = [told.why(test) for test in tests]
    return reasons[0] if all(reasons) else ""


def _is_checker(node: ast.AST) -> bool:
    """Whether a statement calls something that by its name makes an assertion of its own."""
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
        return False
    name = dotted(node.value.func).rpartition(".")[2]
    return name.lstrip("_").lower().startswith(_CHECKERS)


def _bare(value: ast.expr, names: AbstractSet[str]) -> bool:
    """Whether an expression as a statement only calls the target, or compares in vain."""
    if isinstance(value, ast.Call):
        return dotted(value.func).rpartition(".")[2] in names
    return isinstance(value, (ast.Compare, ast.BoolOp, ast.Constant))


def _concerned(body: Iterable[ast.stmt], names: AbstractSet[str]) -> set[str]:
    """Names of the target, and all that it may have had to do with before the assertions."""
    concerned = set(names)
    for statement in body:
        if mentions_any(statement, concerned) and not isinstance(statement, ast.Assert):
            concerned |= {n.id for n in ast.walk(statement) if isinstance(n, ast.Name)}
            concerned |= bound_names([statement])
    return concerned - _PURE


class _Told:
    """What a test says, given which names have to do with the target and which are the case's."""

    def __init__(
        self, names: AbstractSet[str], bound: AbstractSet[str], concerned: AbstractSet[str]
    ) -> None:
        self._names = names
        self._bound = bound
        self._concerned = concerned

    def why(self, test: ast.expr, *, holds: bool = True) -> str:
        """Say why `test` cannot be false (with `holds` unset: cannot be true), or ""."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            return self.why(test.operand, holds=not holds)
        if isinstance(test, ast.BoolOp):
            return self._joined(test, holds=holds)
        if isinstance(test, ast.Constant):
            return TRUE if bool(test.value) == holds else ""
        if holds and self._is_true(test):
            return TRUE
        return ELSEWHERE if self._is_fixed(test) else self._plain(test, holds=holds)

    def _joined(self, test: ast.BoolOp, *, holds: bool) -> str:
        """Tests joined by `and` or `or`: all must be in vain, or one be sure to be."""
        reasons = [self.why(value, holds=holds) for value in test.values]
        sure = [reason for reason in reasons if reason not in {"", ELSEWHERE}]
        if sure and isinstance(test.op, ast.Or) == holds:
            return sure[0]
        return reasons[0] if all(reasons) else ""

    def _plain(self, test: ast.expr, *, holds: bool) -> str:
        """A call or a comparison that has to do with the target."""
        if isinstance(test, ast.Call):
            return self._call(test, holds=holds)
        if not isinstance(test, ast.Compare):
            return ""
        values = [test.left, *test.comparators]
        links = zip(values, test.ops, values[1:], strict=False)
        reasons = [self._link(left, op, right, holds=holds) for left, op, right in links]
        return reasons[0] if all(reasons) else ""

    def _is_fixed(self, test: ast.expr) -> bool:
        """Whether it has nothing to do with the target: all that it reads is the case's own."""
        if mentions_any(test, self._names):
            return False
        for node in ast.walk(test):
            if isinstance(node, ast.Call) and dotted(node.func) not in _PURE:
                return False
            own = not isinstance(node, ast.Name) or node.id in self._bound | _PURE
            if not own or (isinstance(node, ast.Name) and node.id in self._concerned):
                return False
        return True

    def _is_true(self, test: ast.expr) -> bool:
        """Whether it is a full display, or a function that is not called."""
        if isinstance(test, (ast.Tuple, ast.List, ast.Set)):
            return any(not isinstance(item, ast.Starred) for item in test.elts)
        if isinstance(test, ast.Dict):
            return any(key is not None for key in test.keys)
        is_function = isinstance(test, ast.Name) and test.id in self._names - self._bound
        return is_function or isinstance(test, (ast.Lambda, ast.GeneratorExp))

    def _call(self, test: ast.Call, *, holds: bool) -> str:
        name = dotted(test.func).rpartition(".")[2]
        if name in _TYPE_QUESTIONS:
            return "" if _is_about_none(test) else TYPE
        if name in {"isclose", "allclose", "array_equal"} and len(test.args) >= 2 and holds:
            return ITSELF if _equal(test.args[0], test.args[1]) else ""
        if name in {"all", "bool"} and len(test.args) == 1 and holds:
            inner = test.args[0]
            if isinstance(inner, (ast.GeneratorExp, ast.ListComp)) and name == "all":
                local = bound_names(generator.target for generator in inner.generators)
                return _Told(self._names, self._bound, self._concerned | local).why(inner.elt)
            return self.why(inner) if name == "bool" else ""
        return ""

    def _link(self, left: ast.expr, op: ast.cmpop, right: ast.expr, *, holds: bool) -> str:
        """One comparison of a chain."""
        sides = (left, right)
        if any(_is_none(side) for side in sides):
            other = isinstance(op, (ast.IsNot, ast.NotEq) if holds else (ast.Is, ast.Eq))
            return NOT_NONE if other else ""
        if any(_is_type_of(side) for side in sides):
            about = isinstance(op, (ast.Eq, ast.Is, ast.In, ast.NotEq, ast.IsNot, ast.NotIn))
            return TYPE if about and not any(map(_is_about_none, sides)) else ""
        if not holds:
            return ""
        if isinstance(op, _SAME) and _equal(left, right):
            return ITSELF
        if isinstance(op, ast.In) and _is_all_bools(right):
            return TYPE
        return LENGTH if _is_natural(left, op, right) else ""


def _equal(left: ast.expr, right: ast.expr) -> bool:
    """Whether both sides are the same text, a tolerance aside."""
    return ast.dump(_exact(left)) == ast.dump(_exact(right))


def _exact(node: ast.expr) -> ast.expr:
    if isinstance(node, ast.Call) and dotted(node.func).endswith("approx") and node.args:
        return node.args[0]
    return node


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_about_none(node: ast.expr) -> bool:
    """Whether it asks for the type of None, which says all there is to say."""
    return any(
        (isinstance(n, ast.expr) and _is_none(n)) or dotted(n).endswith("NoneType")
        for n in ast.walk(node)
    )


def _is_type_of(node: ast.expr) -> bool:
    """`type(x)`, `x.__class__` or the name of either."""
    if isinstance(node, ast.Attribute) and node.attr in {"__name__", "__qualname__"}:
        node = node.value
    if isinstance(node, ast.Call):
        return dotted(node.func) == "type" and len(node.args) == 1
    return isinstance(node, ast.Attribute) and node.attr == "__class__"


def _is_all_bools(node: ast.expr) -> bool:
    if not isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return False
    values = {item.value for item in node.elts if isinstance(item, ast.Constant)}
    return {repr(value) for value in values} == {"True", "False"}


def _is_natural(left: ast.expr, op: ast.cmpop, right: ast.expr) -> bool:
    """`len(x) >= 0`, `len(x) > -1`, and both from the other side."""
    if isinstance(op, (ast.LtE, ast.Lt)):
        left, right = right, left
        op = ast.GtE() if isinstance(op, ast.LtE) else ast.Gt()
    if not isinstance(left, ast.Call) or dotted(left.func) != "len":
        return False
    bound = ast.unparse(right)
    return bound == ("0" if isinstance(op, ast.GtE) else "-1") and isinstance(op, (ast.GtE, ast.Gt))
