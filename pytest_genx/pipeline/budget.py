"""How much room each part of a prompt may take, and what goes first where a model has less.

No model is known yet when prompts are made, so tokens are estimated: three characters a token, as
measured for Python code with the embedded model's tokenizer; larger vocabularies need fewer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pytest_genx.domain import Sample

CHARACTERS = 3  # of a token


class Part(NamedTuple):
    """One part of a prompt: its placeholder, its room in tokens, and its name in reports."""

    name: str
    tokens: int
    words: str


# The most important first.
PARTS = (
    Part("imports", 200, "imports"),
    Part("surroundings", 1300, "surrounding code"),
    Part("examples", 200, "examples"),
    Part("types", 400, "types of other modules"),
    Part("fixtures", 300, "fixtures"),
    Part("callers", 500, "callers"),
    Part("tests", 500, "existing tests"),
    Part("calls", 150, "calls"),
)


def tokens(text: str) -> int:
    """Estimate how many tokens a text is."""
    return -(-len(text) // CHARACTERS)


def within(name: str, items: Sequence[str]) -> list[str]:
    """Take the items of a part, in order, that its room holds; an item is never cut.

    Args:
        name: the part.
        items: the most important first.
    """
    left = next(part.tokens for part in PARTS if part.name == name)
    kept = []
    for item in items:
        if tokens(item) <= left:
            kept.append(item)
            left -= tokens(item)
    return kept


def cut_notes(samples: Iterable[Sample]) -> list[str]:
    """Say, for each role, what samples' prompts were short of.

    Args:
        samples: of any backends; what one of them had to leave out is named.
    """
    cuts: dict[str, dict[str, None]] = {}
    for sample in samples:
        if sample.cut:
            cuts.setdefault(sample.role.value, {}).update(dict.fromkeys(sample.cut))
    return [
        f"left out of the {role}'s prompt for want of room: {', '.join(words)}"
        for role, words in sorted(cuts.items())
    ]
