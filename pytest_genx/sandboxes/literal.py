"""Texts of plain values, read on the trusted side: parsed and never executed.

The counterpart of `worker/plain.py`.
"""

from __future__ import annotations

import ast
from typing import Any

from pytest_genx.sandboxes.worker.observe import hash_text

_MOST = 1 << 20  # characters
_SINGLES = {"None": None, "True": True, "False": False}


def read(text: str) -> Any:
    """Rebuild a plain value.

    >>> read("[1, {'a': frozenset({2})}]")
    [1, {'a': frozenset({2})}]

    Raises:
        ValueError: it is no such text, or too long or too deep a one.
    """
    if text in _SINGLES:
        return _SINGLES[text]
    if len(text) > _MOST:
        raise ValueError("too long")
    try:
        return _build(ast.parse(text, mode="eval").body)
    except (SyntaxError, TypeError, RecursionError, MemoryError) as error:
        raise ValueError(str(error)) from None


def equal(a: Any, b: Any) -> bool:
    """Compare plain values as `==` does."""
    return bool(a == b)


def describe(text: str) -> tuple[str, str]:
    """Return the digest of a plain value and the name of its type.

    Dictionaries that differ in their order alone have one digest, as they are equal.
    """
    if text[:1] in "'\"":
        kind, canonical = "str", text
    elif text[:1] == "[" and "{" not in text:
        kind, canonical = "list", text
    else:
        value = read(text)
        kind = type(value).__name__
        canonical = _canonical(value) if "{" in text else text
    return hash_text(f"{kind}:{canonical}"), kind


def _canonical(value: Any) -> str:
    """Write a value with its dictionaries and sets sorted."""
    kind = type(value)
    if kind is dict:
        pairs = sorted(f"{_canonical(k)}: {_canonical(v)}" for k, v in value.items())
        return f"{{{', '.join(pairs)}}}"
    if kind in (list, tuple):
        return f"{kind.__name__}({', '.join(map(_canonical, value))})"
    if kind in (set, frozenset):
        return f"{kind.__name__}({', '.join(sorted(map(_canonical, value)))})"
    return hex(value) if kind is int else repr(value)


def _build(node: ast.expr) -> Any:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        if node.func.id == "set" and not node.args:
            return set()
        if node.func.id == "frozenset" and len(node.args) <= 1:
            return frozenset(*map(_build, node.args))
    if isinstance(node, ast.Dict) and all(key is not None for key in node.keys):
        return {
            _build(key): _build(value)
            for key, value in zip(node.keys, node.values, strict=True)
            if key is not None
        }
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        items = map(_build, node.elts)
        return (
            list if isinstance(node, ast.List) else tuple if isinstance(node, ast.Tuple) else set
        )(items)
    return ast.literal_eval(node)
