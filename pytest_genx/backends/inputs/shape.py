"""What values of a parameter look like: the common language of hints, usage, words and values.

Expressions are strings of Python source. A name that may need an import is written between
guillemets, `«datetime.date»(2024, 1, 31)`, until `namespace.localize` knows how the module
under test spells it.
"""

from __future__ import annotations

import enum
import functools
from dataclasses import dataclass, replace


class Kind(enum.Enum):
    """How values of a shape are made."""

    ANY = enum.auto()
    NONE = enum.auto()
    BOOL = enum.auto()
    INT = enum.auto()  # `name` is "real" when nothing speaks against a fraction
    COUNT = enum.auto()  # an int that says how many: small, seldom negative
    FLOAT = enum.auto()
    STR = enum.auto()
    BYTES = enum.auto()
    LIST = enum.auto()  # every collection of one kind of element; `name` says which
    TUPLE = enum.auto()  # as many elements as `parts`; a list when `name` says so
    DICT = enum.auto()  # `parts` are key and value
    RECORD = enum.auto()  # a dict with the keys `names`
    OBJECT = enum.auto()  # anything with the attributes `names`
    INSTANCE = enum.auto()  # `name` is called with the parameters `names`
    CALLABLE = enum.auto()  # `parts` is the result, `sizes` how many arguments it gets
    UNION = enum.auto()
    FIXED = enum.auto()  # the examples and nothing else


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind with its parts, and the values that the source itself suggests.

    `examples` are expressions that the source treats as ordinary, `limits` those next to which
    it behaves differently, `sizes` the lengths it asks about.
    """

    kind: Kind
    name: str = ""
    parts: tuple[Shape, ...] = ()
    names: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    sizes: tuple[int, ...] = ()


ANY = Shape(Kind.ANY)
NONE = Shape(Kind.NONE)
BOOL = Shape(Kind.BOOL)
INT = Shape(Kind.INT)
COUNT = Shape(Kind.COUNT)
FLOAT = Shape(Kind.FLOAT)
STR = Shape(Kind.STR)
BYTES = Shape(Kind.BYTES)
FUNCTION = Shape(Kind.CALLABLE, parts=(ANY,))

_SETS = frozenset({"set", "frozenset"})
_NUMBERS = frozenset({Kind.INT, Kind.COUNT, Kind.FLOAT})


def collection(element: Shape, name: str = "list") -> Shape:
    """Make the shape of a collection; `name` is what builds it from a list."""
    return Shape(Kind.LIST, name, (hashable(element, INT) if name in _SETS else element,))


def mapping(key: Shape, value: Shape, name: str = "dict") -> Shape:
    """Make the shape of a mapping; `name` is what builds it from a dict."""
    return Shape(Kind.DICT, name, (hashable(key, STR), value))


def fixed(*examples: str) -> Shape:
    """Make the shape that has these values and no others."""
    return Shape(Kind.FIXED, examples=examples)


def union(*shapes: Shape) -> Shape:
    """Join alternatives, flat and without repeats; the first is the likeliest."""
    flat: dict[Shape, None] = {}
    for shape in shapes:
        flat.update(dict.fromkeys(shape.parts if shape.kind is Kind.UNION else (shape,)))
    return next(iter(flat)) if len(flat) == 1 else Shape(Kind.UNION, parts=tuple(flat))


def hashable(shape: Shape, default: Shape) -> Shape:
    """Turn what cannot be a key into its nearest relative that can.

    Args:
        shape: any.
        default: stands for what has no such relative, and for what is not known.
    """
    if shape.kind in {Kind.ANY, Kind.DICT, Kind.RECORD, Kind.OBJECT}:
        return default
    name = "tuple" if shape.kind in {Kind.LIST, Kind.TUPLE} else shape.name
    return replace(shape, name=name, parts=tuple(hashable(p, default) for p in shape.parts))


def merge(better: Shape, worse: Shape) -> Shape:
    """Fill what `better` leaves open from `worse`.

    >>> merge(collection(ANY), collection(STR)) == collection(STR)
    True
    >>> merge(INT, STR) == INT
    True
    """
    if worse.kind is Kind.ANY and not worse.examples:
        return better
    if better.kind is Kind.ANY:
        return replace(worse, examples=_joined(better.examples, worse.examples))
    if better.kind is Kind.UNION:
        return union(*(merge(part, worse) for part in better.parts))
    if worse.kind is Kind.UNION:
        return functools.reduce(merge, worse.parts, better)
    if better.kind is worse.kind and better.kind is not Kind.FIXED:
        return _same_kind(better, worse)
    return _related(better, worse)


def _same_kind(better: Shape, worse: Shape) -> Shape:
    parts = better.parts
    if len(parts) == len(worse.parts) and better.kind is not Kind.INSTANCE:
        parts = tuple(map(merge, parts, worse.parts))
    return replace(
        better,
        parts=parts,
        examples=_joined(better.examples, worse.examples),
        limits=_joined(better.limits, worse.limits),
        sizes=tuple(dict.fromkeys(better.sizes + worse.sizes)),
    )


def _related(better: Shape, worse: Shape) -> Shape:
    """Merge kinds of which one says more of the other: a list of pairs, an int that counts."""
    if better.kind in _NUMBERS and worse.kind in _NUMBERS:
        kind = Kind.COUNT if (better.kind, worse.kind) == (Kind.INT, Kind.COUNT) else better.kind
        return replace(better, kind=kind, limits=_joined(better.limits, worse.limits))
    if better.kind is Kind.STR and worse.kind is Kind.FIXED:
        texts = tuple(text for text in worse.examples if text[:1] in {"'", '"'})
        return replace(better, examples=_joined(better.examples, texts))
    if better.kind is Kind.DICT and worse.kind is Kind.RECORD:
        return replace(worse, parts=tuple(merge(better.parts[1], p) for p in worse.parts))
    if better.kind is Kind.LIST and worse.kind is Kind.TUPLE and better.name in {"list", "tuple"}:
        parts = tuple(merge(better.parts[0], part) for part in worse.parts)
        return Shape(Kind.TUPLE, better.name, parts)
    return better


def _joined(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(first + second))
