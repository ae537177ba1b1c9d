"""What is gathered about one value while code that uses it is read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from pytest_genx.backends.inputs.shape import Shape


@dataclass(slots=True)
class Clues:
    """What is known of one value; parts of it have clues of their own."""

    votes: Counter[str] = field(default_factory=Counter)
    hints: list[Shape] = field(default_factory=list)
    examples: dict[str, None] = field(default_factory=dict)
    limits: dict[str, None] = field(default_factory=dict)
    sizes: dict[int, None] = field(default_factory=dict)
    element: Clues | None = None  # what iterating gives
    item: Clues | None = None  # what indexing gives
    result: Clues | None = None  # what calling gives
    number: Clues | None = None  # what int() or float() of it gives
    arity: int | None = None
    fields: dict[str, Clues] = field(default_factory=dict)
    attributes: dict[str, Clues] = field(default_factory=dict)
    places: list[Clues] = field(default_factory=list)  # what unpacking gives
    pieces: dict[str, Clues] = field(default_factory=dict)  # what splitting by a string gives
    peers: list[Clues] = field(default_factory=list)  # values of presumably the same kind

    def vote(self, *uses: str) -> Clues:
        """Count uses of the value."""
        self.votes.update(uses)
        return self

    def elements(self) -> Clues:
        """The clues about what iterating gives."""
        self.element = self.element or Clues()
        return self.element

    def items(self) -> Clues:
        """The clues about what indexing gives."""
        self.item = self.item or Clues()
        return self.item

    def called(self, arity: int) -> Clues:
        """The clues about what calling with so many arguments gives."""
        self.vote("callable")
        self.arity = arity if self.arity is None else max(self.arity, arity)
        self.result = self.result or Clues()
        return self.result

    def unpacked(self, width: int) -> list[Clues]:
        """The clues about each of so many parts."""
        while len(self.places) < width:
            self.places.append(Clues())
        return self.places

    def example(self, *values: object) -> None:
        """Note ordinary values, given as Python values."""
        self.examples.update(dict.fromkeys(map(repr, values)))

    def limit(self, *values: object) -> None:
        """Note values next to which behaviour changes."""
        self.limits.update(dict.fromkeys(map(repr, values)))
