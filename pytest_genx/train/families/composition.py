"""What a family composes: one function with names chosen, before its docstring is dressed.

A composition's `key` says of what it is made. Whole keys are held out for evaluation, so a
held-out function is a combination that training never showed, not another draw of a seen one.
"""

from __future__ import annotations

import ast
import hashlib
import re
from dataclasses import dataclass

from pytest_genx.train.families.kinds import KINDS
from pytest_genx.train.families.values import Constants

HELD_OUT_SHARE = 10  # one key in so many is held out

_LITERAL = re.compile(r"""[rf]*"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'""")
_FIELD = re.compile(r"\{[^{}]*\}")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter as spelled in the signature, and its kind in `KINDS`."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Composition:
    """A function in parts: `body` is indented by four, `sentence` describes it."""

    key: str
    name: str
    parameters: tuple[Parameter, ...]
    body: str
    sentence: str
    returns: str
    notes: tuple[str, ...] = ()  # further sentences: what is raised, what happens when empty
    above: str = ""


def held_out(key: str) -> bool:
    """Tell whether compositions of this key are for evaluation only."""
    return int(hashlib.sha256(key.encode()).hexdigest(), 16) % HELD_OUT_SHARE == 0


def rename(source: str, names: dict[str, str]) -> str:
    """Replace identifiers in `source`, leaving attributes and the text of strings alone."""
    wanted = {old: new for old, new in names.items() if old != new}
    if not wanted:
        return source
    pattern = re.compile(r"(?<![\w.])(" + "|".join(map(re.escape, wanted)) + r")(?!\w)")

    def replace(text: str) -> str:
        return pattern.sub(lambda match: wanted[match[1]], text)

    pieces = []
    end = 0
    for match in _LITERAL.finditer(source):
        pieces.append(replace(source[end : match.start()]))
        literal = match[0]
        if literal.startswith(("f", "rf")):
            literal = _FIELD.sub(lambda field: replace(field[0]), literal)
        pieces.append(literal)
        end = match.end()
    return "".join([*pieces, replace(source[end:])])


def words_of(source: str) -> set[str]:
    """Return every identifier-like word of `source`."""
    return set(re.findall(r"[A-Za-z_]\w*", source))


def assigned_names(body: str) -> set[str]:
    """Return the names that an indented body binds."""
    tree = ast.parse(f"def f():\n{body}")
    return {
        n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }


def constants_of(source: str) -> Constants:
    """Collect the numbers and short strings that a definition compares or handles."""
    numbers: list[float] = []
    strings: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant):
            value = node.value
            if isinstance(value, str):
                if 0 < len(value) <= 8 and "{" not in value:
                    strings.append(value)
            elif isinstance(value, int | float) and not isinstance(value, bool):
                numbers.append(value)
    return Constants(tuple(numbers), tuple(strings))


def signature(composition: Composition, *, hints: bool, first: str = "") -> str:
    """Write the `def` line; `first` is `self` for a method."""
    parts = [first] if first else []
    for parameter in composition.parameters:
        hint = f": {KINDS[parameter.kind].hint}" if hints else ""
        parts.append(parameter.name + hint)
    arrow = f" -> {composition.returns}" if hints and composition.returns else ""
    return f"def {composition.name}({', '.join(parts)}){arrow}:"
