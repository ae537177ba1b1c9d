"""Clues -> the shape they add up to: votes are weighed, parts are settled on their own."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from pytest_genx.backends.inputs.clues import Clues
from pytest_genx.backends.inputs.hints import PLAIN
from pytest_genx.backends.inputs.shape import (
    ANY,
    BOOL,
    BYTES,
    COUNT,
    FLOAT,
    INT,
    NONE,
    STR,
    Kind,
    Shape,
    collection,
    fixed,
    mapping,
    merge,
    union,
)
from pytest_genx.backends.inputs.words import shape_of_name

_DEPTH = 5
_PRIOR = 1.5  # what a name adds to a kind that usage allows
_WEAK = 0.6  # usage that scores less says less than a name
_CLOSE = 0.6  # of the best score: as good as it
_QUOTES = ("'", '"')
_EXAMPLES = 6  # of one value
_PIECES = 8  # of a text that is split
_ROWS = 3  # of examples for such a text
_WORDS = ("a", "bob", "c", "dee")

# What one use of a value says of its kind; the weights only have to order the kinds.
USES: dict[str, dict[str, float]] = {
    "int": {"int": 2},
    "count": {"count": 3},
    "number": {"int": 1},
    "added": {"int": 0.5},
    "float": {"float": 2},
    "bool": {"bool": 1},
    "str": {"str": 3},
    "char": {"str": 2},
    "bytes": {"bytes": 3},
    "digits": {"str": 1, "int": 1},
    "iterable": {"list": 1, "str": 0.2},
    "sequence": {"list": 1, "str": 0.6},
    "indexed": {"list": 1, "str": 0.5, "dict": 0.3},
    "subscript": {"count": 0.5, "str": 0.4},
    "member": {"str": 0.3, "int": 0.3},
    "container": {"list": 0.6, "dict": 0.4, "str": 0.4},
    "sized": {"list": 0.5, "str": 0.5},
    "list": {"list": 3},
    "iterator": {"iter": 4},
    "set": {"set": 3},
    "dict": {"dict": 3},
    "callable": {"callable": 4},
    "exception": {"exception": 8},
    "kind": {"kind": 8},
    **{name: {name: 3} for name in PLAIN if PLAIN[name].kind is Kind.FIXED},
}

# What else can win besides the types of the standard library.
_PLAIN = MappingProxyType(
    {"int": INT, "count": COUNT, "float": FLOAT, "bool": BOOL, "bytes": BYTES}
)
_KINDS = MappingProxyType(
    {
        "exception": fixed("ValueError", "KeyError", "TypeError"),
        "kind": fixed("int", "str", "(int, float)", "list"),
    }
)


def shape_of_clues(clues: Clues | None, prior: Shape = ANY, depth: int = 0) -> Shape:
    """Add clues up to a shape.

    Args:
        clues: None when there are none.
        prior: what a name or a docstring suggests; it decides between kinds that fit equally.
        depth: how many parts were entered on the way.
    """
    if clues is None or depth > _DEPTH:
        return prior
    scores = _scores(clues)
    for peer in {id(peer): peer for peer in clues.peers}.values():
        for name, score in _scores(peer).items():
            scores[name] = scores.get(name, 0) + score / 2
    alternatives = prior.parts if prior.kind is Kind.UNION else (prior,)
    if prior.kind is not Kind.ANY and max(scores.values(), default=0) < _WEAK:
        scores = {_family(shape): 1.0 for shape in alternatives if _family(shape) in scores}
    for shape in alternatives:
        if _family(shape) in scores:
            scores[_family(shape)] += _PRIOR
    ranked = [name for name, _ in sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))]
    close = [name for name in ranked if scores[name] >= _CLOSE * scores[ranked[0]]][:2]
    shapes = [_shape(name, clues, depth) for name in close]
    found = union(*shapes) if shapes else _unvoted(clues, depth)
    if clues.hints:
        found = merge(union(*clues.hints), found)
    if "none" in clues.votes and found.kind is not Kind.ANY:
        found = union(found, NONE)
    return merge(found, prior)


def _scores(clues: Clues) -> dict[str, float]:
    """Weigh the families of kinds; a use counts once, however often the body repeats it."""
    scores: dict[str, float] = {}
    seen = [USES[use] for use in clues.votes if use in USES]
    parts = [part for part in (clues.element, clues.item) if part is not None]
    seen += [{"str": 2.0} for part in parts if "char" in part.votes]
    seen += [{"dict": 2.0}] if clues.fields else []
    seen += [{"str": 1.0} for example in clues.examples if example[:1] in _QUOTES]
    for weights in seen:
        for name, weight in weights.items():
            scores[name] = scores.get(name, 0) + weight
    return scores


def _family(shape: Shape) -> str:
    """The name under which a kind competes; empty when it does not."""
    if shape.kind is Kind.LIST:
        return {"set": "set", "frozenset": "set", "iter": "iter"}.get(shape.name, "list")
    names = {Kind.TUPLE: "list", Kind.RECORD: "dict", Kind.DICT: "dict", Kind.FIXED: ""}
    plain = {Kind.INT, Kind.COUNT, Kind.FLOAT, Kind.STR, Kind.BYTES, Kind.BOOL, Kind.CALLABLE}
    return shape.kind.name.lower() if shape.kind in plain else names.get(shape.kind, "")


def _shape(name: str, clues: Clues, depth: int) -> Shape:
    """Make the shape of the family that won."""
    if name in _PLAIN:
        return _plain(_PLAIN[name], clues)
    if name in _FAMILIES:
        return _FAMILIES[name](name, clues, depth)
    return _KINDS[name] if name in _KINDS else PLAIN[name]


def _plain(shape: Shape, clues: Clues) -> Shape:
    """A number or another value without parts; an int that may as well be none is `real`."""
    real = shape is INT and "number" in clues.votes and not {"int", "count"} & set(clues.votes)
    examples = tuple(e for e in clues.examples if e[:1] not in (*_QUOTES, "[", "{", "("))
    return replace(
        shape, name="real" if real else "", limits=tuple(clues.limits), examples=examples
    )


def _callable(_: str, clues: Clues, depth: int) -> Shape:
    result = shape_of_clues(clues.result, depth=depth + 1)
    sizes = () if clues.arity is None else (clues.arity,)
    return Shape(Kind.CALLABLE, parts=(result,), sizes=sizes)


def _collection(name: str, clues: Clues, depth: int) -> Shape:
    if clues.places and "list" not in clues.votes:
        return _tuple(clues, depth)
    return replace(collection(_element(clues, depth), name), sizes=tuple(clues.sizes))


def _unvoted(clues: Clues, depth: int) -> Shape:
    """Judge a value by its parts alone."""
    if clues.places:
        return _tuple(clues, depth)
    if any(not name.startswith("__") for name in clues.attributes):
        return Shape(
            Kind.OBJECT, parts=_named(clues.attributes, depth), names=tuple(clues.attributes)
        )
    if clues.element or clues.item:
        return collection(_element(clues, depth))
    return Shape(Kind.ANY, examples=tuple(clues.examples))


def _element(clues: Clues, depth: int) -> Shape:
    shape = shape_of_clues(clues.element, depth=depth + 1)
    return merge(shape, shape_of_clues(clues.item, depth=depth + 1))


def _named(parts: Mapping[str, Clues], depth: int) -> tuple[Shape, ...]:
    """The shapes of keys or attributes, whose names say something too."""
    return tuple(
        shape_of_clues(part, shape_of_name(name), depth + 1) for name, part in parts.items()
    )


def _tuple(clues: Clues, depth: int) -> Shape:
    parts = tuple(shape_of_clues(part, depth=depth + 1) for part in clues.places)
    return Shape(Kind.TUPLE, parts=parts)


def _mapping(_: str, clues: Clues, depth: int) -> Shape:
    if clues.fields:
        return Shape(Kind.RECORD, parts=_named(clues.fields, depth), names=tuple(clues.fields))
    key = shape_of_clues(clues.element, STR, depth + 1)
    return mapping(key, shape_of_clues(clues.item, depth=depth + 1))


def _text(_: str, clues: Clues, depth: int) -> Shape:
    """Make strings of what they are compared with, split by and converted to."""
    found = dict.fromkeys(e for e in clues.examples if e[:1] in _QUOTES)
    for separator, pieces in clues.pieces.items():
        found.update(dict.fromkeys(_split_examples(separator, pieces, depth)))
    parts = [part for part in (clues.element, clues.item) if part is not None]
    if any(part.number for part in parts):
        found.update({"'1203'": None, "'4455'": None})
    letters = _unquoted(letter for part in parts for letter in part.examples)
    if letters:
        found[repr("".join(letters))] = None
    if clues.number is not None:
        number = shape_of_clues(clues.number, INT, depth + 1)
        values = number.limits or (
            ("1.5", "20", "0.25") if number.kind is Kind.FLOAT else ("12", "7", "40")
        )
        found.update(dict.fromkeys(map(repr, values)))
    if not found and {"subscript", "member"} & set(clues.votes):
        found.update({"'a'": None, "'b'": None})  # keys that typical dicts have
    return replace(STR, examples=tuple(found)[:_EXAMPLES], limits=tuple(clues.limits))


def _split_examples(separator: str, pieces: Clues, depth: int) -> Iterator[str]:
    """Join what the pieces look like."""
    parts = pieces.places or [pieces.element or pieces.item or Clues()] * 3
    columns = []
    for part in parts:
        own = _unquoted(shape_of_clues(part, STR, depth + 1).examples)
        columns.append([text for text in own if text] or list(_WORDS))
    rows = [
        [column[(row + place) % len(column)] for place, column in enumerate(columns)]
        for row in range(_ROWS)
    ]
    for row in rows:
        yield repr((separator or " ").join(row))
    for size in pieces.sizes:
        if 0 < size <= _PIECES:
            yield repr((separator or " ").join((rows[0] * size)[:size]))


def _unquoted(expressions: Iterable[str]) -> list[str]:
    return [ast.literal_eval(text) for text in expressions if text[:1] in _QUOTES]


_FAMILIES: Mapping[str, Callable[[str, Clues, int], Shape]] = MappingProxyType(
    {
        "str": _text,
        "callable": _callable,
        "dict": _mapping,
        "list": _collection,
        "set": _collection,
        "iter": _collection,
    }
)
