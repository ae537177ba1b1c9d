"""The docstring of a composition, in one of the styles people use.

Examples in it are calls that were run, so they are true.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from pytest_genx.train.families.calls import Call
from pytest_genx.train.families.composition import Composition
from pytest_genx.train.families.kinds import KINDS

_STYLES = {
    "none": 0.06, "line": 0.4, "google": 0.16, "doctest": 0.16, "arrow": 0.07, "equals": 0.07,
    "sphinx": 0.08,
}  # fmt: skip
_LONGEST_EXAMPLE = 60  # characters of a call


def write_docstring(composition: Composition, calls: Sequence[Call], rng: random.Random) -> str:
    """Write the indented docstring with its line end; empty when the style is to have none.

    Args:
        composition: what is described.
        calls: calls that were run, for the examples.
        rng: chooses style and examples.
    """
    style = rng.choices(list(_STYLES), list(_STYLES.values()))[0]
    if style == "none":
        return ""
    sentence = composition.sentence
    if composition.notes and (style == "line" or rng.random() < 0.5):
        sentence += " " + composition.notes[0]
    lines = [sentence]
    if style == "google" and composition.parameters:
        lines += _google(composition, rng)
    elif style == "sphinx" and composition.parameters:
        lines += ["", *(f":param {p.name}: {KINDS[p.kind].phrase}" for p in composition.parameters)]
    elif style in {"doctest", "arrow", "equals"}:
        lines += _examples(style, calls, rng)
    if len(lines) == 1:
        return f'    """{lines[0]}"""\n'
    text = "\n".join(f"    {line}" if line else "" for line in lines)
    raw = "r" if "\\" in text else ""
    return f'    {raw}"""{text.strip()}\n    """\n'


def _google(composition: Composition, rng: random.Random) -> list[str]:
    lines = ["", "Args:"]
    lines += [f"    {p.name}: {KINDS[p.kind].phrase}." for p in composition.parameters]
    if rng.random() < 0.7:
        lines += ["", "Returns:", f"    {rng.choice(('The result', 'What was asked for'))}."]
    for note in composition.notes:
        error, when, reason = note.removeprefix("Raise ").partition(" if ")
        if when and note.startswith("Raise "):
            lines += ["", "Raises:", f"    {error}: {reason}"]
    return lines


def _examples(style: str, calls: Sequence[Call], rng: random.Random) -> list[str]:
    """Show one to three short calls; those with a triple quote would end the docstring."""
    shown = [
        (call.source, call.value)
        for call in calls
        if call.value is not None
        and len(call.source) < _LONGEST_EXAMPLE
        and '"""' not in call.source + call.value
    ]
    rng.shuffle(shown)
    shown = shown[: rng.choice((1, 2, 2, 3))]
    if not shown:
        return []
    if style == "doctest":
        return ["", *(line for source, value in shown for line in (f">>> {source}", value))]
    sign = "->" if style == "arrow" else "=="
    return ["", *(f"{source} {sign} {value}" for source, value in shown)]
