"""Compositions -> functions as a user would have them, with calls that were run.

Dressing decides what a composition leaves open: type hints, the docstring's style, whether
it is a function or a method, what stands above it.
"""

from __future__ import annotations

import random
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pytest_genx.train.families import catalogue, pipelines
from pytest_genx.train.families.calls import Call, run_calls, written
from pytest_genx.train.families.composition import (
    Composition,
    assigned_names,
    constants_of,
    held_out,
    rename,
    signature,
    words_of,
)
from pytest_genx.train.families.docstrings import write_docstring
from pytest_genx.train.families.kinds import KINDS
from pytest_genx.train.families.values import word

_CLASSES = (
    "Cart", "Order", "Invoice", "Shop", "Report", "Account", "Inventory", "Calculator", "Formatter",
    "Parser", "Customer", "Store", "Helper", "Basket", "Ledger", "Schedule", "Validator",
    "TextTools", "Product", "Booking",
)  # fmt: skip
_ABOVE = (
    '"""Small helpers of the shop."""',
    '"""Text utilities."""',
    '"""Prices and discounts."""',
    "import math",
    "import re",
    "import os",
    "import json",
    "from typing import Any",
    "from datetime import date",
    "from collections import Counter",
    "import logging\n\nlogger = logging.getLogger(__name__)",
    "VAT_RATE = 0.19",
    "MAX_ITEMS = 50",
    'CURRENCY = "EUR"',
    "DEFAULT_LIMIT = 10",
)
_DRAWS = 22  # calls drawn for each function, of which a tester's answer shows a few


@dataclass(frozen=True, slots=True)
class Function:
    """A definition and calls of it. `source` is flat; `owner` is the class that holds it."""

    key: str
    name: str
    source: str  # dedented, docstring included
    owner: str | None
    above: str
    calls: tuple[Call, ...]

    @property
    def stateful(self) -> bool:
        """Whether the class is shown in two pieces: its constructor above, then the method."""
        return self.owner is not None and "def __init__" in self.above

    @property
    def program(self) -> str:
        """The module that runs; a class shown in two pieces stands in one."""
        method = textwrap.indent(self.source, "    ")
        if self.stateful:
            return f"{self.above}\n\n{method}\n"
        shown = self.source if self.owner is None else f"class {self.owner}:\n{method}"
        return f"{self.above}\n\n\n{shown}\n" if self.above else f"{shown}\n"


def draw_function(
    rng: random.Random, families: Sequence[catalogue.Family], *, evaluation: bool = False
) -> Function:
    """Draw compositions until one belongs to the wanted side, and dress it.

    Args:
        rng: the only source of chance.
        families: what `catalogue.load_families` gives.
        evaluation: draw only held-out compositions instead of only the others.
    """
    while True:
        if rng.random() < 0.4:
            composition = pipelines.draw(rng)
        else:
            composition = catalogue.draw(rng.choice(families), rng)
        if held_out(composition.key) is evaluation:
            function = dress(composition, rng)
            if sum(call.value is not None for call in function.calls) >= 3:
                return function


def dress(composition: Composition, rng: random.Random) -> Function:
    """Give a composition its form, draw and run calls, and write its docstring."""
    hints = rng.random() < 0.65
    form = _form(composition, rng)
    owner = None if form == "function" else rng.choice(_CLASSES)
    if not composition.above and rng.random() < 0.25:
        lines = sorted(rng.sample(_ABOVE, rng.choice((1, 1, 2))), key=_ABOVE.index)
        composition = replace(composition, above="\n".join(lines))
    shape = _with_state(composition, owner, hints=hints) if form == "state" else composition
    head = signature(shape, hints=hints, first="self" if form in {"method", "state"} else "")
    if form == "static":
        head = "@staticmethod\n" + head
    function = Function(
        composition.key, composition.name, f"{head}\n{shape.body.rstrip()}", owner, shape.above, ()
    )
    calls = tuple(
        call
        for call in run_calls(function.program, _draw_calls(composition, form, owner, rng))
        if call.value is not None or f"raise {call.raised}" in shape.body
    )
    source = f"{head}\n{write_docstring(shape, calls, rng)}{shape.body.rstrip()}"
    return replace(function, source=source, calls=calls)


def _form(composition: Composition, rng: random.Random) -> str:
    """Choose among function, method, method on state and static method."""
    form = rng.choices(("function", "method", "state", "static"), (0.79, 0.09, 0.09, 0.03))[0]
    if composition.name in words_of(composition.body):
        return "function"  # it calls itself by its bare name
    if form == "state" and composition.parameters[0].name in assigned_names(composition.body):
        return "function"  # a method that changes its object is another thing
    return form


def _with_state(composition: Composition, owner: str | None, *, hints: bool) -> Composition:
    """Move the first parameter into the constructor, which is shown above."""
    state, *parameters = composition.parameters
    hint = f": {KINDS[state.kind].hint}" if hints else ""
    held = (
        f"class {owner}:\n    def __init__(self, {state.name}{hint}):\n"
        f"        self.{state.name} = {state.name}"
    )
    return replace(
        composition,
        parameters=tuple(parameters),
        body=rename(composition.body, {state.name: f"self.{state.name}"}),
        above=f"{composition.above}\n\n\n{held}" if composition.above else held,
    )


def _draw_calls(
    composition: Composition, form: str, owner: str | None, rng: random.Random
) -> list[str]:
    """Write calls with drawn arguments; some with keywords, one in some with a wrong type."""
    body = composition.body
    constants = constants_of(f"{composition.above}\ndef f():\n{body}")
    keyword = rng.random() < 0.08
    quote = rng.choice("'\"")
    wrong_type = "TypeError" in body
    found: dict[str, None] = {}
    for _ in range(_DRAWS):
        values = [KINDS[p.kind].draw(rng, constants) for p in composition.parameters]
        values = _related(values, rng)
        if wrong_type and rng.random() < 0.15:
            values[rng.randrange(len(values))] = rng.choice((None, 5, word(rng, constants), 1.5))
        texts = [written(v, quote) for v in values]
        if sum(map(len, texts)) > 150:
            continue
        if keyword and form != "state":
            texts = [f"{p.name}={t}" for p, t in zip(composition.parameters, texts, strict=True)]
        if form == "function":
            source = f"{composition.name}({', '.join(texts)})"
        elif form == "method":
            source = f"{owner}().{composition.name}({', '.join(texts)})"
        elif form == "static":
            source = f"{owner}.{composition.name}({', '.join(texts)})"
        else:
            source = f"{owner}({texts[0]}).{composition.name}({', '.join(texts[1:])})"
        found[source] = None
    return list(found)


def _related(values: list[Any], rng: random.Random) -> list[Any]:
    """Take a scalar out of a container before it half of the time: what is sought is there."""
    related = list(values)
    for i, value in enumerate(values[1:], 1):
        inside = [
            part for whole in values[:i] for part in _parts(whole) if type(part) is type(value)
        ]
        if inside and not isinstance(value, bool) and rng.random() < 0.45:
            related[i] = rng.choice(inside)
    return related


def _parts(whole: Any) -> list[Any]:
    if isinstance(whole, str):
        return whole.split()
    if isinstance(whole, list | dict):
        rows = [v for row in whole if isinstance(row, dict) for v in row.values()]
        return rows or [part for part in whole if not isinstance(part, list)]
    return []
