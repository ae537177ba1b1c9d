"""Shapes -> expressions: typical values, edge values, and random draws of small ones.

All values are small enough to be read in a test: collections of at most 5, numbers from -10 to
100 unless the source names others. Drawing goes by a `random.Random` that the caller seeds.
Hypothesis is not used: its draws mix in constants of whatever modules the process has loaded,
and it keeps files about them in the working directory.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Sequence
from typing import TypeVar

from pytest_genx.backends.inputs.shape import ANY, INT, STR, Kind, Shape

_T = TypeVar("_T")
_DEPTH = 3
_SHORT = 12  # characters
_KNOWN = 0.7  # share of draws that go by what the source suggests
_MOST = 50  # of anything that says how many

_TYPICAL: dict[Kind, tuple[str, ...]] = {
    Kind.NONE: ("None",),
    Kind.BOOL: ("True", "False"),
    Kind.INT: ("3", "7", "10"),
    Kind.COUNT: ("2", "3", "1"),
    Kind.FLOAT: ("2.5", "10.0", "0.5"),
    Kind.STR: ("'hello world'", "'abc'", "'Hello'"),
    Kind.BYTES: ("b'abc'", "b'hello world'", "b'a'"),
}
_EDGES: dict[Kind, tuple[str, ...]] = {
    Kind.NONE: (),
    Kind.BOOL: ("False",),
    Kind.INT: ("0", "1", "-1", "2", "12", "-7", "100"),
    Kind.COUNT: ("0", "1", "-1", "5", "10"),
    Kind.FLOAT: ("0.0", "1.0", "-1.5", "0.1", "100", "1e-09"),
    Kind.STR: ("''", "' '", "'a'", "'Ab c'", "'é'", "'a1-B2_c3'", "'aaa'", "'12'"),
    Kind.BYTES: ("b''", "b'\\x00\\xff'", "b' '"),
}
_WORDS = ("apple", "Bob", "cat", "x", "data", "A1", "red", "zoe", "kayak", "to be", "e-mail", "7up")
_LETTERS = "abcxyzABZ019 .,-_é"
_INTS = Shape(Kind.LIST, "list", (INT,))
_ANYTHING = ("1", "'a'", "[1, 2, 3]")
_PREDICATES = ("lambda x: x > 1", "bool", "lambda x: not x")
_UNARY = ("lambda x: x", "str", "lambda x: (x,)", "bool", "len", "lambda x: x * 2")
_OTHER_FUNCTIONS = {
    0: ("lambda: 1", "list", "lambda: 'a'"),
    2: ("lambda a, b: a + b", "max", "lambda a, b: (a, b)", "lambda a, b: a == b"),
    3: ("lambda a, b, c: (a, b, c)",),
}


def typical(shape: Shape, depth: int = 0) -> list[str]:
    """List ordinary values, the most ordinary first; never empty."""
    if shape.kind is Kind.FIXED:
        return list(shape.examples) or ["None"]
    if shape.kind is Kind.ANY or depth > _DEPTH:
        return [*shape.examples, *_ANYTHING]
    if shape.kind in _TYPICAL:
        return _distinct([*shape.examples, *_TYPICAL[shape.kind]])
    if shape.kind is Kind.CALLABLE:
        return _functions(shape)
    if shape.kind is Kind.UNION:
        columns = [typical(part, depth) for part in shape.parts if part.kind is not Kind.NONE]
        nothing = ["None"] if len(columns) < len(shape.parts) else []
        return _distinct([*shape.examples, *alternate(columns), *nothing])
    return _distinct([*shape.examples, *_composed_typical(shape, depth)])


def edges(shape: Shape, depth: int = 0) -> list[str]:
    """List values at which code tends to behave differently, simple ones first."""
    if shape.kind is Kind.ANY or depth > _DEPTH:
        return [*shape.limits, "0", "''", "[]", "None", "-1", "'abc'", "2.5"]
    if shape.kind in _EDGES:
        first, *rest = _EDGES[shape.kind] or ("None",)
        if shape.kind is Kind.STR and len(shape.examples) > 1:
            rest = [*shape.examples[1:], *rest]
        found = [first, *shape.limits, *_fractions(shape), *rest, *typical(shape)[1:]]
        return _distinct([text for text in found if _fits(text, shape)])
    if shape.kind is Kind.UNION:
        columns = [edges(part, depth) or typical(part, depth) for part in shape.parts]
        return _distinct(alternate(columns))
    if shape.kind in {Kind.FIXED, Kind.CALLABLE}:
        return typical(shape)[1:]
    return _distinct([*_composed_edges(shape, depth), *typical(shape, depth)[1:]])


def draw(shape: Shape, rng: random.Random, depth: int = 0) -> str:
    """Draw one small value.

    Args:
        shape: what the value looks like.
        rng: decides.
        depth: how many parts were entered on the way.
    """
    if shape.kind is Kind.UNION:
        return draw(rng.choice(shape.parts), rng, depth)
    own = (*shape.examples, *shape.limits, *_fractions(shape))
    known = [text for text in own if _fits(text, shape)]
    if known and (shape.kind is Kind.FIXED or rng.random() < _KNOWN):
        text = rng.choice(known)
        return _varied(text, rng) if shape.kind is Kind.STR and rng.random() < 0.7 else text
    if shape.kind is Kind.CALLABLE:
        return rng.choice(_functions(shape))
    if shape.kind in _TYPICAL:
        return _plain(shape.kind, rng)
    if shape.kind is Kind.ANY or depth > _DEPTH:
        return draw(rng.choice((INT, STR, _INTS)[: 3 if depth <= _DEPTH else 2]), rng, depth)
    return _composed(shape, rng, depth)


def build(shape: Shape, parts: Sequence[str]) -> str:
    """Write a collection, a record, an object or an instance with these parts.

    >>> build(Shape(Kind.INSTANCE, "Cart", names=("items", "owner=")), ["[1]", "'a'"])
    "Cart([1], owner='a')"
    """
    inside = ", ".join(parts)
    if shape.kind is Kind.LIST:
        return _collection(shape.name, inside, len(parts))
    if shape.kind is Kind.TUPLE:
        return _collection(shape.name or "tuple", inside, len(parts))
    if shape.kind is Kind.DICT:
        pairs = ", ".join(f"{k}: {v}" for k, v in zip(parts[::2], parts[1::2], strict=True))
        return f"{{{pairs}}}" if shape.name == "dict" else f"{shape.name}({{{pairs}}})"
    if shape.kind is Kind.RECORD:
        pairs = ", ".join(f"{k!r}: {v}" for k, v in zip(shape.names, parts, strict=True))
        return f"{{{pairs}}}"
    if shape.kind is Kind.OBJECT:
        pairs = ", ".join(f"{k}={v}" for k, v in zip(shape.names, parts, strict=True))
        return f"«types.SimpleNamespace»({pairs})"
    given = [
        f"{name}{part}" if name.endswith("=") else part
        for name, part in zip(shape.names, parts, strict=True)
    ]
    return f"{shape.name}({', '.join(given)})"


def _collection(name: str, inside: str, size: int) -> str:
    if name == "list":
        return f"[{inside}]"
    if name == "tuple":
        return f"({inside},)" if size == 1 else f"({inside})"
    if name == "set":
        return f"{{{inside}}}" if size else "set()"
    if name == "frozenset":
        return f"frozenset({{{inside}}})" if size else "frozenset()"
    return f"{name}([{inside}])"


def _composed_typical(shape: Shape, depth: int) -> list[str]:
    if shape.kind is Kind.LIST:
        values = _elements(shape, depth)
        sizes = [size for size in shape.sizes if size > 1] or [3]
        built = [build(shape, (values * 5)[:size]) for size in sizes[:2]]
        longer = [values[2 % len(values)], *values[:2], values[0]]
        return [built[0], build(shape, sorted(values[:3])), build(shape, longer), *built[1:]]
    if shape.kind is Kind.DICT:
        keys, values = (typical(part, depth + 1) for part in shape.parts)
        keys = ["'a'", "'b'", "'c'"] if shape.parts[0] in (STR, ANY) else keys
        flat = [text for pair in zip(keys, values * 3, strict=False) for text in pair]
        return [build(shape, flat[:4]), build(shape, flat[:6]), build(shape, flat[:2])]
    columns = [typical(part, depth + 1) for part in shape.parts]
    # Neighbours differ: a pair of equal values is no typical pair.
    rows = [[column[(i + j) % len(column)] for j, column in enumerate(columns)] for i in range(3)]
    return _distinct([build(shape, row) for row in rows])


def _composed_edges(shape: Shape, depth: int) -> list[str]:
    if shape.kind is Kind.LIST:
        values, odd = _elements(shape, depth), edges(shape.parts[0], depth + 1)[:4]
        found = [[], values[:1], [values[0]] * 2, list(reversed(values[:3])), odd[:3], odd[1:4]]
        found += [(values * 5)[:size] for size in shape.sizes if size <= 12]
        return _distinct([build(shape, parts) for parts in found])
    if shape.kind is Kind.DICT:
        keys, values = (edges(part, depth + 1)[:3] for part in shape.parts)
        flat = [text for pair in zip(keys, values, strict=False) for text in pair]
        return [build(shape, []), build(shape, flat[:2]), build(shape, flat)]
    base = [typical(part, depth + 1)[0] for part in shape.parts]
    found = []
    for position, part in enumerate(shape.parts):
        for text in edges(part, depth + 1)[:3]:
            found.append([*base[:position], text, *base[position + 1 :]])
    return [build(shape, parts) for parts in found]


def _elements(shape: Shape, depth: int) -> list[str]:
    """Ordinary elements; numbers in order, texts short."""
    element = shape.parts[0]
    if element.kind is Kind.ANY and not element.examples:
        return ["1", "2", "3"]
    if element.kind is Kind.STR and not element.examples:
        return ["'b'", "'a'", "'abc'"]
    if element.kind in {Kind.INT, Kind.COUNT}:
        return [*element.examples, "1", "2", "3"] if depth % 2 else ["3", "1", "2"]
    return (typical(element, depth + 1) * 3)[:5]


def _composed(shape: Shape, rng: random.Random, depth: int) -> str:
    """Draw something made of parts."""
    if shape.kind is Kind.LIST:
        sizes = shape.sizes if shape.sizes and rng.random() < 0.4 else (0, 1, 2, 3, 4, 5)
        element = shape.parts[0] if shape.parts[0].kind is not Kind.ANY else rng.choice((INT, STR))
        size = min(rng.choice(sizes), 5 if depth == 0 else 3)
        return build(shape, [draw(element, rng, depth + 1) for _ in range(size)])
    if shape.kind is Kind.DICT:
        key = shape.parts[0] if shape.parts[0].kind is not Kind.ANY else STR
        keys = _distinct([draw(key, rng, depth + 1) for _ in range(rng.randint(0, 3))])
        flat = [text for key_ in keys for text in (key_, draw(shape.parts[1], rng, depth + 1))]
        return build(shape, flat)
    return build(shape, [draw(part, rng, depth + 1) for part in shape.parts])


def _plain(kind: Kind, rng: random.Random) -> str:
    """Draw a number, a string or another value without parts."""
    if rng.random() < 0.3 or kind in {Kind.NONE, Kind.BOOL}:
        return rng.choice(_EDGES[kind] + _TYPICAL[kind])
    if kind is Kind.STR:
        return repr(_string(rng))
    if kind is Kind.BYTES:
        return repr(bytes(rng.choices(range(256), k=rng.randint(1, 4))))
    if kind is Kind.FLOAT:
        return repr(rng.choice((rng.randint(-20, 200) / 4, rng.randint(0, 999) / 100)))
    low, high = rng.choice(((0, 8), (0, 30)) if kind is Kind.COUNT else ((-10, 20), (0, 100)))
    return str(rng.randint(low, high))


def _string(rng: random.Random) -> str:
    if rng.random() < 0.6:
        return " ".join(rng.choices(_WORDS, k=rng.randint(1, 2)))[:_SHORT]
    return "".join(rng.choices(_LETTERS, k=rng.randint(1, 6)))


def _varied(text: str, rng: random.Random) -> str:
    """Change one character of a string for another of its class, drop it or double it."""
    value = ast.literal_eval(text)
    if not value:
        return text
    at = rng.randrange(len(value))
    letter = value[at]
    same = next((c for c in ("0123456789", "abcdexyz", "ABCXYZ") if letter in c), letter)
    new = rng.choice((rng.choice(same), rng.choice(same), letter * 2, ""))
    return repr(value[:at] + new + value[at + 1 :])


def _functions(shape: Shape) -> list[str]:
    """List functions with the right number of arguments, and a fitting result if known."""
    arity = shape.sizes[0] if shape.sizes else 1
    result = shape.parts[0] if shape.parts else ANY
    if arity != 1:
        known = _OTHER_FUNCTIONS.get(arity, ("lambda *args: args",))
        return [*shape.examples, *known]
    if result.kind is Kind.BOOL:
        return [*shape.examples, *_PREDICATES]
    if result.kind in {Kind.INT, Kind.COUNT, Kind.FLOAT}:
        return [*shape.examples, "lambda x: x", "lambda x: 1", "len", "abs"]
    if result.kind is Kind.STR:
        return [*shape.examples, "str", "lambda x: 'a'", "repr"]
    if result.kind in {Kind.LIST, Kind.TUPLE}:
        return [*shape.examples, "lambda x: [x, x]", "list", "lambda x: []"]
    return [*shape.examples, *_UNARY]


def _fits(text: str, shape: Shape) -> bool:
    """Whether a value is no number above what a loop should count to."""
    try:
        return shape.kind is not Kind.COUNT or abs(float(text)) <= _MOST
    except ValueError:
        return True


def _fractions(shape: Shape) -> tuple[str, ...]:
    return ("2.5",) if shape.kind is Kind.INT and shape.name == "real" else ()


def alternate(columns: Sequence[Sequence[_T]]) -> list[_T]:
    """Take the first of each, then the second of each, and so on."""
    longest = max(map(len, columns), default=0)
    return [column[i] for i in range(longest) for column in columns if i < len(column)]


def _distinct(texts: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(texts))
