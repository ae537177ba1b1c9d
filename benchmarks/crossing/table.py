"""What every row of `crossrun.py` is given."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_genx.bench.pool import Pool
from pytest_genx.interfaces import Sandbox


@dataclass(frozen=True, slots=True)
class Setting:
    """What a row may use.

    `budget` is seconds of wall time after which a row takes no further task, `patience` those
    after which nothing is measured again; `chosen` is the name that the sandbox was asked for
    by, None for the product's default.
    """

    sandbox: Sandbox
    chosen: str | None
    pools: tuple[Pool, ...]
    cores: int
    quick: bool
    compare: bool
    budget: float
    patience: float
