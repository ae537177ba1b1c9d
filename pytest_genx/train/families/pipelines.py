"""Families composed from steps: keep some elements, change each, then put them together.

The steps of a pipeline are its key, so whole combinations of steps can be held out. The same
pipeline is written as one expression, as named steps or as a loop.
"""

from __future__ import annotations

import ast
import random

from pytest_genx.train.families.composition import Composition, Parameter
from pytest_genx.train.families.steps import (
    CHANGE,
    GATHER,
    KEEP,
    SINGULAR,
    SOURCES,
    VERBS,
    Source,
    Step,
)


def draw(rng: random.Random) -> Composition:
    """Compose one pipeline: a source, up to one filter, up to two changes, one gathering."""
    source = rng.choice(SOURCES)
    parameter = rng.choice(source.spellings)
    single = SINGULAR[parameter] if rng.random() < 0.8 else rng.choice("xvn")
    kind = source.element
    keep = rng.choice(KEEP[kind]) if rng.random() < 0.75 else None
    changes: list[Step] = []
    if kind in {"row", "person"} or rng.random() < 0.6:
        changes.append(rng.choice(CHANGE[kind]))
        kind = changes[-1].gives
        if rng.random() < 0.25:
            changes.append(rng.choice(CHANGE[kind]))
            kind = changes[-1].gives
    gather = rng.choice(GATHER[kind])
    steps = [*([keep] if keep else []), *changes, gather]
    settings = _settings(rng)
    body = _body(source, parameter, single, keep, changes, gather, settings, rng)
    return Composition(
        key=f"pipeline/{source.kind}/{source.loop}/" + "/".join(step.name for step in steps),
        name=_name(parameter, keep, changes, gather, rng),
        parameters=(Parameter(parameter, source.kind),),
        body=body,
        sentence=_sentence(parameter, keep, changes, gather, settings, rng),
        returns=gather.gives,
    )


def _settings(rng: random.Random) -> dict[str, str]:
    low = rng.choice((1, 3, 5, 10, 18, 20, 50))
    return {
        "K": str(low),
        "M": str(low + rng.choice((2, 5, 10, 50))),
        "D": str(rng.choice((2, 3, 4, 5))),
        "S": rng.choice(('"a"', '"e"', '"-"', '"A"', '"b"', '"o"', '" "', '"x"', '"!"')),
        "J": rng.choice(('", "', '"-"', '" "', '","', '""', '"/"')),
    }


def _fill(text: str, settings: dict[str, str], element: str = "X", whole: str = "L") -> str:
    """Put constants and names in the place of the capital letters."""
    table = {**settings, "X": element, "L": whole}
    out = []
    for i, char in enumerate(text):
        alone = not (text[i - 1 : i].isalnum() or text[i + 1 : i + 2].isalnum())
        out.append(table[char] if char in table and alone else char)
    return "".join(out)


def _body(
    source: Source,
    parameter: str,
    single: str,
    keep: Step | None,
    changes: list[Step],
    gather: Step,
    settings: dict[str, str],
    rng: random.Random,
) -> str:
    loop = source.loop.replace("P", parameter)
    element = single
    for change in changes:
        if isinstance(ast.parse(element, mode="eval").body, ast.BinOp):
            element = f"({element})"
        element = _fill(change.code, settings, element)
    test = _fill(keep.code, settings, single) if keep else ""
    chosen = rng.choice(("kept", "result", "selected", "found"))
    style = rng.choice(("expression", "steps", "loop"))
    if style == "loop":
        inner = f"        {chosen}.append({element})\n"
        if test and rng.random() < 0.3:
            inner = f"        if not ({test}):\n            continue\n" + inner
        elif test:
            inner = f"        if {test}:\n    {inner}"
        lines = f"    {chosen} = []\n    for {single} in {loop}:\n{inner}"
    else:
        condition = f" if {test}" if test else ""
        comprehension = f"[{element} for {single} in {loop}{condition}]"
        if style == "expression" and gather.code.count("L") == 1:
            inside = comprehension[1:-1] if gather.code.startswith("sum(L") else comprehension
            return f"    return {_fill(gather.code, settings, whole=inside)}\n"
        if test and changes and rng.random() < 0.5:
            first = f"    {chosen} = [{single} for {single} in {loop} if {test}]\n"
            lines = first + f"    {chosen} = [{element} for {single} in {chosen}]\n"
        else:
            lines = f"    {chosen} = {comprehension}\n"
    return lines + f"    return {_fill(gather.code, settings, whole=chosen)}\n"


def _name(
    parameter: str, keep: Step | None, changes: list[Step], gather: Step, rng: random.Random
) -> str:
    parts = [VERBS.get(gather.name, gather.name)]
    if keep and rng.random() < 0.8:
        parts.append(keep.name)
    if changes and rng.random() < 0.6:
        parts.append(changes[0].name)
    if rng.random() < 0.7:
        parts.append(parameter)
    if len(parts) == 1:
        parts.insert(0, rng.choice(("get", "find", "compute")))
    return "_".join(parts)


def _sentence(
    parameter: str,
    keep: Step | None,
    changes: list[Step],
    gather: Step,
    settings: dict[str, str],
    rng: random.Random,
) -> str:
    kept = f" {_fill(keep.phrase, settings)}" if keep else ""
    if rng.random() < 0.5 or gather.phrase.endswith(","):
        done = [f"keep those of {parameter}{kept}"] if keep else [f"take {parameter}"]
        done += [f"use each {_fill(c.phrase, settings)}" for c in changes]
        ending = _fill(gather.phrase, settings).rstrip(",")
        end = f"return them {ending}" if gather.phrase.endswith(",") else f"return {ending} them"
        text = ", ".join(done) + f" and {end}."
        return text[0].upper() + text[1:]
    changed = "".join(f", each {_fill(c.phrase, settings)}" for c in changes)
    return f"Return {_fill(gather.phrase, settings)} the {parameter}{kept}{changed}."
