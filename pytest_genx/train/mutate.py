"""More inputs from given ones: small changes of literals that keep their types."""

from __future__ import annotations

import ast
import random
from collections.abc import Sequence
from typing import Any

_DEEPEST = 4


def mutate_call(call: str, rng: random.Random) -> str | None:
    """Change one or two literal arguments of a call; None when it has none.

    Args:
        call: an expression such as `f([1, 2], k=3)` or `Solution().f("a")`.
        rng: the source of chance.
    """
    tree = ast.parse(call, mode="eval")
    if not isinstance(tree.body, ast.Call):
        return None
    slots = [("positional", i) for i in range(len(tree.body.args))]
    slots += [("keyword", i) for i in range(len(tree.body.keywords))]
    changed = False
    for where, i in rng.sample(slots, min(len(slots), rng.choice((1, 1, 2)))):
        old = tree.body.args[i] if where == "positional" else tree.body.keywords[i].value
        try:
            value = ast.literal_eval(old)
        except (ValueError, TypeError):
            continue
        new = ast.parse(repr(mutate(value, rng)), mode="eval").body
        if where == "positional":
            tree.body.args[i] = new
        else:
            tree.body.keywords[i].value = new
        changed = True
    return ast.unparse(tree) if changed else None


def tidy_call(call: str) -> str:
    """Round long decimals among the arguments, as a person would write them."""

    class Round(ast.NodeTransformer):
        def visit_Constant(self, node: ast.Constant) -> ast.Constant:
            if isinstance(node.value, float):
                return ast.Constant(round(node.value, 2))
            return node

    return ast.unparse(Round().visit(ast.parse(call, mode="eval")))


def mutate(value: Any, rng: random.Random, depth: int = 0) -> Any:  # noqa: PLR0911 - one a type
    """Change a value a little, or to an edge case of its type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return rng.choice(
            (0, 1, value + 1, value - 1, -value, value * 2, value // 2, 2, 10, value + 5)
        )
    if isinstance(value, float):
        return rng.choice(
            (0.0, 1.0, -value, round(value * 2, 2), round(value / 2, 2), value + 1, 0.5)
        )
    if isinstance(value, str):
        return _mutate_text(value, rng)
    if isinstance(value, dict):
        return _mutate_table(value, rng, depth)
    if isinstance(value, list | tuple):
        return type(value)(_mutate_items(list(value), rng, depth))
    return value


def _mutate_text(value: str, rng: random.Random) -> str:
    i = rng.randrange(len(value) + 1)
    return rng.choice(
        (
            "", value[:1], value[::-1], value.upper(), value.lower(), value + value[:1],
            value[:i] + value[i + 1 :], value[:i] + rng.choice("ab1 xZ") + value[i:], value * 2,
            value[: len(value) // 2], value.title(),
        )
    )  # fmt: skip


def _mutate_table(value: dict[Any, Any], rng: random.Random, depth: int) -> dict[Any, Any]:
    if not value or depth >= _DEEPEST:
        return value
    key = rng.choice(list(value))
    return {**value, key: mutate(value[key], rng, depth + 1)}


def _mutate_items(values: list[Any], rng: random.Random, depth: int) -> Sequence[Any]:
    if not values or depth >= _DEEPEST:
        return values
    i = rng.randrange(len(values))
    changed = [*values[:i], mutate(values[i], rng, depth + 1), *values[i + 1 :]]
    without = values[:i] + values[i + 1 :]
    return rng.choice(
        ([], values[:1], without, [*values, values[i]], values[::-1], changed, changed)
    )
