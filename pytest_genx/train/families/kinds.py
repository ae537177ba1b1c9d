"""Kinds of parameters: the annotation, the words and the inputs of each."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from pytest_genx.train.families import texts
from pytest_genx.train.families.values import (
    FIELD_NAMES,
    WORDS,
    Constants,
    Draw,
    integer,
    items,
    length,
    optional,
    real,
    sentence,
    table,
    word,
)

CATEGORIES = ("food", "office", "tools", "books", "toys", "other")


@dataclass(frozen=True, slots=True)
class Kind:
    """What a parameter holds: its annotation, a phrase for docstrings, and its inputs."""

    hint: str
    phrase: str
    draw: Draw


def _amount(rng: random.Random, constants: Constants) -> float:
    return real(rng, constants, 0.0, 250.0)


def _signed_amount(rng: random.Random, constants: Constants) -> float:
    return real(rng, constants, -20.0, 250.0)


def _count(rng: random.Random, constants: Constants) -> int:
    return integer(rng, constants, 0, 30)


def _small(rng: random.Random, _: Constants) -> int:
    return rng.choice((1, 2, 3, 4, 5, 0, 1, 2, 3, 10)) if rng.random() < 0.9 else -1


def _rate(rng: random.Random, _: Constants) -> float:
    return rng.choice((0.0, 0.05, 0.1, 0.2, 0.25, 0.5, 1.0, 0.07, 0.19, 1.5, -0.1))


def _percent(rng: random.Random, constants: Constants) -> float:
    return rng.choice(
        (0, 5, 10, 12.5, 20, 25, 50, 75, 99, 100, 101, 150, -5, integer(rng, constants))
    )


def _key(rng: random.Random, constants: Constants) -> str:
    return word(rng, constants).strip() or rng.choice(WORDS)


def _year(rng: random.Random, _: Constants) -> int:
    return rng.choice((1900, 2000, 2024, 2023, 2100, 4, 1999, 2400, 0, rng.randint(1800, 2100)))


def _month(rng: random.Random, _: Constants) -> int:
    return rng.choice((1, 2, 2, 3, 4, 6, 9, 11, 12, 0, 13, rng.randint(1, 12)))


def _row(rng: random.Random, constants: Constants) -> dict[str, Any]:
    return {
        "name": rng.choice(WORDS),
        "category": rng.choice(CATEGORIES),
        "price": _amount(rng, constants),
        "quantity": _count(rng, constants),
    }


def _person(rng: random.Random, constants: Constants) -> dict[str, Any]:
    return {
        "name": rng.choice(texts.FIRST_NAMES),
        "age": integer(rng, constants, 0, 90),
        "city": rng.choice(("Rome", "Oslo", "Lima", "Paris")),
        "active": rng.random() < 0.6,
    }


def _interval(rng: random.Random, _: Constants) -> tuple[int, int]:
    start = rng.randint(-3, 12)
    return (start, start + rng.choice((0, 1, 2, 3, 5, 8, -1)))


def _ordered_interval(rng: random.Random, _: Constants) -> tuple[int, int]:
    start = rng.randint(0, 12)
    return (start, start + rng.choice((0, 1, 2, 3, 5, 8)))


def _pair(rng: random.Random, constants: Constants) -> tuple[str, int]:
    return (rng.choice(WORDS), integer(rng, constants))


def _matrix(rng: random.Random, constants: Constants) -> list[list[int]]:
    width = rng.choice((1, 2, 2, 3))
    return [[integer(rng, constants, -5, 9) for _ in range(width)] for _ in range(length(rng, 3))]


def _nested(rng: random.Random, constants: Constants) -> list[list[Any]]:
    draw = rng.choice((integer, word))
    return [[draw(rng, constants) for _ in range(length(rng, 3))] for _ in range(length(rng, 3))]


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "int": Kind("int", "a whole number", integer),
        "count": Kind("int", "a count", _count),
        "small": Kind("int", "a small number", _small),
        "float": Kind("float", "a number", real),
        "amount": Kind("float", "an amount of money", _amount),
        "signed": Kind("float", "an amount, may be negative", _signed_amount),
        "rate": Kind("float", "a fraction between 0 and 1", _rate),
        "percent": Kind("float", "a percentage", _percent),
        "bool": Kind("bool", "whether it applies", lambda rng, _: rng.random() < 0.5),
        "word": Kind("str", "one word", word),
        "text": Kind("str", "the text", sentence),
        "char": Kind("str", "one character", texts.character),
        "sep": Kind("str", "what stands between the parts", texts.separator),
        "name": Kind("str", "a person's name", texts.name),
        "email": Kind("str", "an e-mail address", texts.email),
        "clock": Kind("str", "a time as HH:MM", texts.clock),
        "date": Kind("str", "a date as YYYY-MM-DD", texts.date),
        "year": Kind("int", "a year", _year),
        "month": Kind("int", "a month, 1 to 12", _month),
        "csv": Kind("str", "values with commas", texts.csv),
        "numbertext": Kind("str", "numbers with commas", texts.number_list),
        "pairstext": Kind("str", "keys and values", texts.pairs_text),
        "duration": Kind("str", "a duration such as 1h30m", texts.duration),
        "digits": Kind("str", "a string of digits", texts.digits),
        "money": Kind("str", "an amount as text", texts.money),
        "ident": Kind("str", "an identifier", texts.identifier),
        "version": Kind("str", "a version such as 1.2.3", texts.version),
        "path": Kind("str", "a file path", texts.path),
        "colour": Kind("str", "a colour such as #ff8800", texts.colour),
        "sku": Kind("str", "an article number", texts.sku),
        "ints": Kind("list[int]", "the numbers", items(integer)),
        "counts": Kind("list[int]", "the counts", items(_count)),
        "floats": Kind("list[float]", "the values", items(_signed_amount)),
        "amounts": Kind("list[float]", "the prices", items(_amount)),
        "words": Kind("list[str]", "the words", items(word)),
        "names": Kind("list[str]", "the names", items(texts.name, 4)),
        "emails": Kind("list[str]", "the addresses", items(texts.email, 4)),
        "stock": Kind("dict[str, int]", "quantity by article", table(_key, _count)),
        "prices": Kind("dict[str, float]", "price by article", table(_key, _amount)),
        "labels": Kind(
            "dict[str, str]", "text by key", table(lambda r, _: r.choice(FIELD_NAMES), word)
        ),
        "rows": Kind("list[dict]", "one dict an article", items(_row, 3)),
        "people": Kind("list[dict]", "one dict a person", items(_person, 3)),
        "row": Kind("dict", "one article", _row),
        "interval": Kind("tuple[int, int]", "start and end", _interval),
        "intervals": Kind(
            "list[tuple[int, int]]", "pairs of start and end", items(_ordered_interval, 4)
        ),
        "pairs": Kind("list[tuple[str, int]]", "names with numbers", items(_pair, 4)),
        "matrix": Kind("list[list[int]]", "rows of numbers", _matrix),
        "nested": Kind("list[list]", "lists in a list", _nested),
        "optint": Kind("int | None", "a number or None", optional(integer)),
        "optword": Kind("str | None", "a text or None", optional(word)),
    }
)
