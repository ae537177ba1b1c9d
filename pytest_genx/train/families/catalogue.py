"""Families written by hand: the files in `catalogue/`, each a function with alternatives.

A family has names, parameters (`param canonical: kind | spellings`), constants with their
possible values, sentences, and one or more bodies. Drawing a composition picks one of each,
and may put a guard before the body.
"""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

from pytest_genx.train.families.composition import Composition, Parameter, rename, words_of
from pytest_genx.train.families.kinds import KINDS

_LOCALS = {
    "result": ("result", "result", "out", "output"),
    "total": ("total", "total", "amount_", "acc"),
    "counts": ("counts", "tally", "seen"),
    "groups": ("groups", "grouped", "buckets"),
    "char": ("char", "c", "ch"),
    "value": ("value", "v", "x"),
    "item": ("item", "entry", "it"),
    "word": ("word", "w"),
}
_NUMERIC = frozenset({"int", "count", "small", "float", "amount", "signed", "rate"})
_EMPTIABLE = frozenset(
    {"ints", "counts", "floats", "amounts", "words", "names", "stock", "prices", "rows", "people",
     "text", "word", "name", "pairs", "labels", "matrix", "csv", "digits"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Family:
    """One entry of the catalogue, alternatives included."""

    names: tuple[str, ...]
    parameters: tuple[tuple[str, str, tuple[str, ...]], ...]  # canonical, kind, spellings
    constants: tuple[tuple[str, tuple[str, ...]], ...]
    returns: str
    sentences: tuple[str, ...]
    bodies: tuple[str, ...]
    above: str = ""


def load_families() -> tuple[Family, ...]:
    """Read every file of the catalogue, in the order of their names."""
    folder = resources.files("pytest_genx.train.families") / "catalogue"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".txt")), key=lambda f: f.name)
    return tuple(family for file in files for family in _parse(file.read_text("utf-8")))


def draw(family: Family, rng: random.Random) -> Composition:
    """Pick one alternative of everything and perhaps a guard."""
    which = rng.randrange(len(family.bodies))
    body = family.bodies[which]
    constants = {name: rng.choice(values) for name, values in family.constants}
    name = rng.choice(family.names)
    taken = words_of(body)
    chosen: dict[str, str] = {}
    for canonical, _, spellings in family.parameters:
        free = [
            s for s in spellings if s == canonical or (s not in taken and s not in chosen.values())
        ]
        chosen[canonical] = rng.choice(free or [canonical])
    local = {
        old: rng.choice(new)
        for old, new in _LOCALS.items()
        if old in taken and old not in chosen and not set(new[1:]) & (taken | set(chosen.values()))
    }
    parameters = tuple(Parameter(chosen[c], kind) for c, kind, _ in family.parameters)
    body = rename(body, {**constants, **chosen, **local, "FUNCTION": name})
    shown = {c: str(ast.literal_eval(v)) for c, v in constants.items()}
    sentence = rng.choice(family.sentences).format(**chosen, **shown)
    guard, guard_body, note = _guard(parameters, body, rng)
    return Composition(
        key=f"{family.names[0]}/{which}/{guard}",
        name=name,
        parameters=parameters,
        body=guard_body + body,
        sentence=sentence,
        returns=family.returns,
        notes=(note,) if note else (),
        above=family.above,
    )


def _guard(
    parameters: tuple[Parameter, ...], body: str, rng: random.Random
) -> tuple[str, str, str]:
    """Choose a check before the body: its key, its source and its sentence."""
    guarded = [p for p in parameters if p.kind in _NUMERIC | _EMPTIABLE]
    if "raise" in body or not guarded or rng.random() < 0.6:
        return "plain", "", ""
    parameter = rng.choice(guarded)
    forms = ("<0", ">1000") if parameter.kind in _NUMERIC else ("/empty", "/none", "/type")
    form = rng.choice(forms)
    name, hint = parameter.name, KINDS[parameter.kind].hint.partition("[")[0]
    negative, large = f"{name} must not be negative", f"{name} must not exceed 1000"
    empty = f"{name} must not be empty"
    test, consequence, sentence = {
        "<0": (f"{name} < 0", f'raise ValueError("{negative}")', "ValueError if {} is negative"),
        ">1000": (
            f"{name} > 1000", f'raise ValueError("{large}")', "ValueError if {} exceeds 1000",
        ),
        "/empty": (f"not {name}", f'raise ValueError("{empty}")', "ValueError if {} is empty"),
        "/none": (f"not {name}", "return None", "None if {} is empty"),
        "/type": (
            f"not isinstance({name}, {hint})", f'raise TypeError("{name} must be a {hint}")',
            f"TypeError if {{}} is not a {hint}",
        ),
    }[form]  # fmt: skip
    sentence = f"{consequence.split()[0].title()} {sentence.format(name)}."
    return f"{parameter.kind}{form}", f"    if {test}:\n        {consequence}\n", sentence


def _parse(text: str) -> Iterator[Family]:
    """Read the families of one file; blank lines separate them."""
    for block in re.split(r"\n\s*\n(?=family )", text.strip()):
        head, *bodies = re.split(r"^code\n", block, flags=re.MULTILINE)
        fields: dict[str, list[str]] = {}
        for line in head.strip().splitlines():
            word, _, rest = line.partition(" ")
            fields.setdefault(word, []).append(rest)
        yield Family(
            names=tuple(fields["family"][0].split(" | ")),
            parameters=tuple(_parameter(line) for line in fields.get("param", ())),
            constants=tuple(_constant(line) for line in fields.get("const", ())),
            returns=fields["returns"][0],
            sentences=tuple(fields["doc"]),
            bodies=tuple(body.rstrip() + "\n" for body in bodies),
            above="\n".join(fields.get("above", ())),
        )


def _parameter(line: str) -> tuple[str, str, tuple[str, ...]]:
    canonical, _, rest = line.partition(": ")
    kind, _, spellings = rest.partition(" | ")
    return canonical, kind.strip(), tuple(spellings.split() or [canonical])


def _constant(line: str) -> tuple[str, tuple[str, ...]]:
    name, _, values = line.partition(": ")
    return name, tuple(re.findall(r'"[^"]*"|\S+', values))
