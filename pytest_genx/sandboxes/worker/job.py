"""What holds for every program of a batch.

Child side: standard library only, imports nothing of ours.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING or __package__:  # run by path, these are modules of their own
    from pytest_genx.sandboxes.worker.confine import Confinement
    from pytest_genx.sandboxes.worker.judge import Compiled, Seal
    from pytest_genx.sandboxes.worker.views import Views
else:
    from confine import Confinement
    from judge import Compiled, Seal
    from views import Views

_DEPTH = 1000  # calls that a case may nest, whatever stands above it


class Job(NamedTuple):
    """Module, cases, limits and the tools of one batch."""

    module: str
    path: str
    cases: list[Compiled]
    cpu: float  # seconds of CPU time for an import or a case
    room: int  # characters of an observation
    seed: int
    hopeless: int  # timeouts after which a program is given up
    verdicts: int  # file descriptor
    confine: Confinement
    fork: Callable[[], int] | None  # None where there is none: a process is for one order
    seal: Seal
    views: Views
    mentioned: frozenset[str]  # names that the cases use
    place: memoryview  # what runs in a shared process: see `shared`; its foreman sees it, too
    exchange: bool  # programs are scripts, not modules

    def recursion_limit(self, above: int) -> int:
        """Return the limit that leaves a case its depth.

        Args:
            above: calls between the caller and the case.
        """
        depth, frame = 0, sys._getframe(1)  # noqa: SLF001 -- there is no other way to count
        while frame.f_back is not None:
            depth, frame = depth + 1, frame.f_back
        return depth + above + _DEPTH
