"""Inputs: ordinary values and edge cases, alone, in lists and in tables.

Edge cases are empty, zero, negative, duplicate and non-ASCII values, and the boundaries next
to constants of the code under test.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

WORDS = (
    "apple", "pear", "lemon", "bread", "milk", "coffee", "tea", "rice", "sugar", "salt",
    "table", "chair", "lamp", "red", "blue", "green", "small", "large", "new", "old", "north",
    "south", "order", "invoice", "client", "item", "price", "stock", "paper", "pen", "book",
    "box", "a", "bb", "ccc", "Hello", "World", "Python", "data", "test", "level", "noon",
    "alpha", "beta", "gamma", "delta", "cat", "dog", "bird", "fish",
)  # fmt: skip
UNICODE = ("café", "naïve", "Straße", "ñandú", "日本", "Łódź", "éé")
FIELD_NAMES = (
    "name", "price", "quantity", "city", "age", "status", "email", "id", "color", "size",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Constants:
    """Numbers and strings found in a body, whose neighbourhood is worth testing."""

    numbers: tuple[float, ...] = ()
    strings: tuple[str, ...] = ()


Draw: TypeAlias = Callable[[random.Random, Constants], Any]


def integer(rng: random.Random, constants: Constants, low: int = -20, high: int = 100) -> int:
    """Draw a whole number, often next to a constant of the code or at an edge."""
    whole = [int(c) for c in constants.numbers if c == int(c) and abs(c) < 1e7]
    if whole and rng.random() < 0.4:
        return max(low, rng.choice(whole) + rng.choice((-1, 0, 0, 1)))
    edge = rng.random()
    if edge < 0.12:
        return max(low, 0)
    if edge < 0.2:
        return max(low, rng.choice((1, -1, 2)))
    if edge < 0.27:
        return rng.choice((high * 10, high * 100 + 1))
    return rng.randint(low, min(high, 12)) if rng.random() < 0.6 else rng.randint(low, high)


def real(
    rng: random.Random, constants: Constants, low: float = -50.0, high: float = 200.0
) -> float:
    """Draw a number with at most two decimals, often at a boundary."""
    if constants.numbers and rng.random() < 0.35:
        near = rng.choice(constants.numbers) + rng.choice((-0.01, 0.0, 0.0, 0.01, 1.0))
        return max(low, round(near, 2))
    edge = rng.random()
    if edge < 0.12:
        return max(low, 0.0)
    if edge < 0.2:
        return max(low, rng.choice((0.01, 0.5, 1.0, -1.0)))
    if edge < 0.6:
        return float(rng.randint(int(low), int(high)))
    return round(rng.uniform(low, high), rng.choice((1, 2)))


def word(rng: random.Random, constants: Constants) -> str:
    """Draw one word; rarely empty, padded, in capitals or outside ASCII."""
    if constants.strings and rng.random() < 0.2:
        return rng.choice(constants.strings)
    edge = rng.random()
    if edge < 0.12:
        return "" if edge < 0.06 else rng.choice(UNICODE)
    chosen = rng.choice(WORDS)
    if edge < 0.2:
        return chosen.upper()
    if edge < 0.26:
        return f" {chosen} "
    if edge < 0.32:
        return chosen.title()
    return chosen


def sentence(rng: random.Random, constants: Constants) -> str:
    """Draw a line of text with the separators that the code looks for."""
    if constants.strings and rng.random() < 0.15:
        return rng.choice(constants.strings)
    edge = rng.random()
    if edge < 0.1:
        return ""
    if edge < 0.14:
        return rng.choice((" ", "   ", "\n", "\t"))
    if edge < 0.24:
        return word(rng, constants)
    words = [word(rng, constants).strip() for _ in range(rng.randint(2, 5))]
    gap = rng.choice((" ", " ", " ", "  ", ", ", "-"))
    text = gap.join(words)
    if constants.strings and rng.random() < 0.3:
        piece = rng.choice(constants.strings)
        text = rng.choice((piece + text, text + piece, text.replace(" ", piece, 1)))
    if rng.random() < 0.25:
        text += rng.choice(("!", ".", "?", " 42", " 7"))
    return text


def length(rng: random.Random, longest: int = 6) -> int:
    """Draw a length: empty and single more often than chance."""
    lengths: tuple[int, ...] = (0, 1, 2, *range(2, longest + 1))
    return rng.choice(lengths)


def items(draw: Draw, longest: int = 6) -> Callable[[random.Random, Constants], list[Any]]:
    """Make a list of what `draw` gives, sometimes with duplicates or all the same."""

    def draw_list(rng: random.Random, constants: Constants) -> list[Any]:
        values = [draw(rng, constants) for _ in range(length(rng, longest))]
        edge = rng.random()
        if values and edge < 0.2:
            values.insert(rng.randrange(len(values) + 1), rng.choice(values))
        elif values and edge < 0.25:
            values = values[:1] * len(values)
        elif values and edge < 0.33 and not isinstance(values[0], dict):
            values = sorted(values, key=repr)
        return values

    return draw_list


def table(
    key: Draw, value: Callable[[random.Random, Constants], Any]
) -> Callable[[random.Random, Constants], dict[Any, Any]]:
    """Make a dict of what `key` and `value` give."""

    def draw(rng: random.Random, constants: Constants) -> dict[Any, Any]:
        return {key(rng, constants): value(rng, constants) for _ in range(length(rng, 4))}

    return draw


def optional(draw: Draw) -> Callable[..., Any]:
    """Give None now and then."""

    def draw_optional(rng: random.Random, constants: Constants) -> Any:
        return None if rng.random() < 0.25 else draw(rng, constants)

    return draw_optional
