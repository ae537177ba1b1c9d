"""What is on the shelves, and what is in the basket."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


def to_reorder(levels: dict[str, int], minimum: int = 5) -> list[str]:
    """Names of the articles that are below the minimum, the scarcest first."""
    low = [name for name, count in levels.items() if count < minimum]
    return sorted(low, key=lambda name: (levels[name], name))


def best_sellers(sold: list[str], limit: int = 3) -> list[tuple[str, int]]:
    """The articles sold most often, with how often; equals in alphabetical order."""
    counts = Counter(sold)
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:limit]


@dataclass
class Basket:
    """What a customer wants to buy: prices in cents by article."""

    prices: dict[str, int] = field(default_factory=dict)

    def total(self, coupon: int = 0) -> int:
        """Sum of all prices less the coupon, never below zero."""
        return max(sum(self.prices.values()) - coupon, 0)

    @staticmethod
    def parse_line(line: str) -> tuple[str, int]:
        """Read `mug: 4.50` as an article and its price in cents."""
        name, _, price = line.partition(":")
        if not price:
            raise ValueError(f"no price in {line!r}")
        return name.strip(), round(float(price) * 100)


async def reserve(levels: dict[str, int], name: str, count: int) -> bool:
    """Take articles off the shelf if there are enough of them."""
    if levels.get(name, 0) < count:
        return False
    levels[name] -= count
    return True
