"""How many threads a model takes: the rule alone; who asks looks at the machine."""

from __future__ import annotations


def threads(usable: int, load: float | None, *, worker: bool) -> int:
    """Return as many as there are idle cores, but one in a worker of xdist.

    Threads wait for each other at every layer: with a busy neighbour on a core, two of them are
    many times slower than one.

    Args:
        usable: cores that this process may use.
        load: processes that want a core, None where the system does not say.
        worker: whether this is one of several workers.

    >>> threads(8, 3.2, worker=False), threads(8, 99.0, worker=False), threads(8, 0.0, worker=True)
    (5, 1, 1)
    """
    return 1 if worker else max(1, idle(usable, load))


def idle(usable: int, load: float | None) -> int:
    """Return how many cores are idle; below 0 when more is wanted than there are."""
    return usable - int(load or 0.0)
