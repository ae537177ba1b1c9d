"""Literals changed a little: what is next to a good input is often an interesting one."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pytest_genx.backends.inputs.inlining import parse_expression

_PARTS = 2  # of a collection or a call that are changed themselves
_FORMS = 3  # of each such part


def mutations(text: str) -> list[str]:
    """Change a literal a little: emptied, shortened, negated, one more, one less, other case.

    >>> mutations("[1, 2]")
    ['[]', '[2]', '[1]', '[2, 1]', '[1, 2, 1]']
    >>> mutations("'Ab'")
    ["''", "'aB'", "'b'", "'A'", "'AbAb'", "' Ab'"]
    """
    node = parse_expression(text)
    changed = [] if node is None else _changed(node)
    return [other for other in dict.fromkeys(changed) if other != text]


def _changed(node: ast.expr) -> Iterator[str]:
    """Yield changed forms of an expression."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant):
        yield from (ast.unparse(node.operand), "0")
    elif isinstance(node, ast.Constant):
        yield from map(repr, _changed_constant(node.value))
    elif isinstance(node, ast.List | ast.Tuple | ast.Set):
        yield from _changed_elements(node)
    elif isinstance(node, ast.Dict):
        for pairs in ([], list(zip(node.keys, node.values, strict=True))[1:]):
            yield ast.unparse(ast.Dict([k for k, _ in pairs], [v for _, v in pairs]))
    elif isinstance(node, ast.Call):
        for arguments in _one_changed(node.args):
            yield ast.unparse(ast.Call(node.func, arguments, node.keywords))


def _changed_constant(value: object) -> list[object]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1, 0, -value]
    if isinstance(value, float):
        return [-value, 0.0, value + 1]
    if isinstance(value, str):
        return ["", value.swapcase(), value[1:], value[:-1], value * 2, f" {value}"]
    if isinstance(value, bytes):
        return [b"", value[1:], value[:-1]]
    return []


def _changed_elements(node: ast.List | ast.Tuple | ast.Set) -> Iterator[str]:
    parts = node.elts
    if isinstance(node, ast.Set):
        yield "set()"
        if parts[1:]:
            yield ast.unparse(ast.Set(parts[1:]))
        return
    kind = type(node)
    for changed in ([], parts[1:], parts[:-1], parts[::-1], [*parts, *parts[:1]]):
        yield ast.unparse(kind(changed))
    if any(isinstance(part, ast.List | ast.Tuple) for part in parts):
        for changed in _one_changed(parts):
            yield ast.unparse(kind(changed))


def _one_changed(parts: list[ast.expr]) -> Iterator[list[ast.expr]]:
    """Yield the parts with one of the first few changed."""
    for position, part in enumerate(parts[:_PARTS]):
        for text in list(_changed(part))[:_FORMS]:
            changed = parse_expression(text)
            if changed is not None:
                yield [*parts[:position], changed, *parts[position + 1 :]]
