"""Which idle sequences are decoded along with the active ones."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

_GAP = 3  # idle sequences that cost less than decoding in two parts


def company(active: Sequence[int], last: int) -> set[int]:
    """Choose idle sequences that take part in a step for the sake of the active ones.

    llama.cpp decodes only neighbouring sequences together, so short gaps are filled. And a
    sequence decoded alone would have its sums split among the threads: it gets a neighbour, so
    that neither threads nor other sequences change how sums are rounded.

    Args:
        active: numbers of sequences from 1 on, ascending.
        last: the highest number there is, at least 2.
    """
    filled = set(active)
    for one, following in pairwise(active):
        if following - one <= _GAP + 1:
            filled.update(range(one, following))
    for one in active:
        if not {one - 1, one + 1} & filled:
            filled.add(one + 1 if one < last else one - 1)
    return filled.difference(active)
