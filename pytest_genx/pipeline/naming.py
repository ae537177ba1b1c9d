"""A call -> the name of its test function, from what is passed: `test_slugify_empty_string`."""

from __future__ import annotations

import ast
import re
from collections.abc import Container

from pytest_genx.domain import Case, Target

MAX_NAME = 60  # characters, before a number that makes it unique
_MAX_ITEMS = 3  # items of a literal that are spelt out


def name_for(case: Case, target: Target, taken: Container[str]) -> str:
    """Name a test after its target and the arguments, with a number when that is taken.

    Args:
        case: what is tested.
        target: what it calls.
        taken: names that are in use.
    """
    words = [snake(target.qualname), *_argument_words(case, target)]
    if case.expectation is not None and case.expectation.raises:
        words.append("raises_" + snake(case.expectation.raises.rpartition(".")[2]))
    base = _shorten("test_" + "_".join(filter(None, words)))
    name, number = base, 2
    while name in taken:
        name, number = f"{base}_{number}", number + 1
    return name


def snake(text: str) -> str:
    """Lower-case words joined by underscores: `ShoppingCart.add` -> `shopping_cart_add`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text)
    return re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")


def _shorten(name: str) -> str:
    """Cut at a word's end."""
    if len(name) <= MAX_NAME:
        return name
    head, _, _ = name[: MAX_NAME + 1].rpartition("_")
    return head if head != "test" else name[:MAX_NAME]


def _argument_words(case: Case, target: Target) -> list[str]:
    """Say what the first call of the target gets; nothing when there is none."""
    source = case.expectation.call if case.expectation is not None else case.source
    owner = (target.owner or "").rpartition(".")[2]
    known = {target.name, owner} if target.name == "__init__" else {target.name}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and _called(node) in known:
            named = [(k.arg, _spell(k.value)) for k in node.keywords if k.arg is not None]
            return [*map(_spell, node.args), *(word for pair in named for word in pair)]
    return []


def _called(node: ast.Call) -> str:
    """The last part of what is called."""
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _spell(node: ast.expr) -> str:
    """Put one argument into words; an empty string when there are none for it."""
    if isinstance(node, ast.Constant):
        return _spell_constant(node.value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return "minus_" + _spell(node.operand)
    if isinstance(node, ast.Name):
        return snake(node.id)
    if isinstance(node, ast.Call):
        return "_".join(filter(None, [snake(_called(node)), *map(_spell, node.args[:1])]))
    if isinstance(node, (ast.List, ast.Tuple, ast.Set, ast.Dict)):
        items = node.keys if isinstance(node, ast.Dict) else node.elts
        return _spell_items(type(node).__name__.lower(), [i for i in items if i is not None])
    return ""


def _spell_items(kind: str, items: list[ast.expr]) -> str:
    """Spell a short literal of plain items out, and count a longer one."""
    if not items:
        return f"empty_{kind}"
    words = [_spell(item) for item in items]
    if len(items) > _MAX_ITEMS or not all(words):
        return f"{kind}_of_{len(items)}"
    return "_".join(words)


def _spell_constant(value: object) -> str:
    if isinstance(value, str):
        if not value.strip():
            return "blank_string" if value else "empty_string"
        words = snake(value)
        return "_".join(words.split("_")[:4]) or "symbols"
    if isinstance(value, bytes):
        return "bytes" if value else "empty_bytes"
    if value is Ellipsis:
        return "ellipsis"
    return snake(str(value))
