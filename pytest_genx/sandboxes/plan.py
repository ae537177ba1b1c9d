"""A case -> what a worker runs, and what the trusted side then checks.

A case that calls and compares is taken apart: the worker gets the call alone, and what is
expected stays here. That needs one side which does not depend on the candidate: a literal, or
an expression of built-in and imported names, which is evaluated apart (see `reference`). Any
other single assertion is observed as true or false, and the rest is run as it stands.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Sequence
from dataclasses import dataclass

from pytest_genx.domain import Case, CaseForm
from pytest_genx.sandboxes.worker.plain import plain

_MAX_LITERAL = 1 << 16  # characters of source
_SIGNS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
    ast.In: "in", ast.NotIn: "not in",
}  # fmt: skip
_MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_BUILTINS = frozenset(dir(builtins))


@dataclass(frozen=True, slots=True)
class Plan:
    """How one case is run and checked.

    Args:
        source: an expression to observe, or statements.
        observe: which of the two.
        sign: how what was seen is held against `expected`: a comparison operator, "raises",
            "prints", or "" where nothing is expected.
        expected: an expression, or the class that shall be raised.
        literal: canonical text of `expected`, None when it is not a plain literal.
        against: an expression that only the candidate's own module can evaluate; what is seen
            is compared with it there.
        imports: statements that `source` and `expected` need.
        form: what `source` is.
    """

    source: str
    observe: bool
    sign: str = ""
    expected: str = ""
    literal: str | None = None
    against: str | None = None
    imports: tuple[str, ...] = ()
    form: CaseForm = CaseForm.SNIPPET


def make_plan(case: Case) -> Plan:
    """Take a case apart."""
    if case.form is CaseForm.EXCHANGE:
        value = None if case.expectation is None else case.expectation.value
        sign = "" if value is None else "prints"
        return Plan(case.source, observe=False, sign=sign, expected=value or "", form=case.form)
    if case.form is not CaseForm.SNIPPET:
        return Plan(case.source, observe=False, imports=case.imports, form=case.form)
    if case.expectation is None:
        return _of_statements(case.source, case.imports)
    call, value, raises = (
        case.expectation.call, case.expectation.value, case.expectation.raises,
    )  # fmt: skip
    if raises is not None:
        return Plan(call, True, "raises", raises, imports=case.imports)
    if value is None:
        return Plan(call, True, imports=case.imports)
    return Plan(call, True, "==", value, _literal(_parse(value)), imports=case.imports)


def _of_statements(source: str, imports: tuple[str, ...]) -> Plan:
    test = _single_assertion(source)
    if test is None:
        return Plan(source, observe=False, imports=imports)
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        plan = _comparison(test, source, imports)
        if plan is not None:
            return plan
    return Plan(f"not not ({_text(test, source)})", True, "==", "True", "True", imports=imports)


def _single_assertion(source: str) -> ast.expr | None:
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    assertion = body[0] if len(body) == 1 else None
    return assertion.test if isinstance(assertion, ast.Assert) else None


def _comparison(test: ast.Compare, source: str, imports: tuple[str, ...]) -> Plan | None:
    """Split a comparison into what is observed and what is expected."""
    left, operator, right = test.left, test.ops[0], test.comparators[0]
    if isinstance(operator, (ast.Is, ast.IsNot)):
        # Of three objects their text says which one it is.
        single = isinstance(right, ast.Constant) and right.value in (None, True, False)
        sign = "is" if isinstance(operator, ast.Is) else "is not"
        expected = _literal(right) if single else None
    else:
        sign = _SIGNS[type(operator)]
        expected = _literal(right)
    if expected is None and sign in _MIRRORED and (mirrored := _literal(left)) is not None:
        left, right, sign, expected = right, left, _MIRRORED[sign], mirrored
    if expected is None:
        apart = [_independent(side, imports) for side in (left, right)]
        if sign != "==" or apart[0] == apart[1]:
            return None
        left, right = (right, left) if apart[0] else (left, right)
    return Plan(_text(left, source), True, sign, _text(right, source), expected, imports=imports)


def _text(node: ast.expr, source: str) -> str:
    """Return what stands in the source for a node; most stand in one line of simple letters."""
    if source.isascii() and node.lineno == node.end_lineno == 1:
        return source[node.col_offset : node.end_col_offset]
    return ast.unparse(node)


def _parse(text: str) -> ast.expr | None:
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _literal(node: ast.expr | None) -> str | None:
    """Write a plain literal canonically; None when it is anything else."""
    if node is None:
        return None
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None
    text = plain(value)
    return None if text is None or len(text) > _MAX_LITERAL else text


def _independent(node: ast.expr, imports: Sequence[str]) -> bool:
    """Say whether an expression uses built-in and imported names alone."""
    bound = _imported(imports)
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
            bound.add(inner.id)
        elif isinstance(inner, ast.arg):
            bound.add(inner.arg)
    return all(
        inner.id in bound or inner.id in _BUILTINS
        for inner in ast.walk(node)
        if isinstance(inner, ast.Name)
    )


def _imported(imports: Sequence[str]) -> set[str]:
    """Name what import statements bind."""
    names = set()
    for statement in imports:
        for node in ast.walk(ast.parse(statement)):
            if isinstance(node, ast.alias):
                names.add((node.asname or node.name).partition(".")[0])
    return names
