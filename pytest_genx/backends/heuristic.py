"""Calls without a model: inputs from examples, hints, usage and names in the source.

The samples are calls without expected values: running the current code gives those. The coder
role gets nothing, since guessing a body takes a model.
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_genx.backends.inputs.calls import calls_of
from pytest_genx.config import Config
from pytest_genx.domain import Request, Role, Sample


class HeuristicBackend:
    """Writes one call a sample; opens nothing."""

    name = "heuristic"
    free = True

    def sample(self, request: Request) -> Iterator[Sample]:
        """Yield calls of the target, simple ones first; nothing for the coder."""
        if request.prompt.role is not Role.TESTER:
            return
        for text in calls_of(request.target, request.context, n=request.n, seed=request.seed):
            yield Sample(Role.TESTER, text, self.name, seed=request.seed)

    def close(self) -> None:
        """Nothing to free."""


def heuristic_backend(config: Config) -> HeuristicBackend:
    """Make the backend that guesses inputs; it needs nothing from the configuration."""
    del config
    return HeuristicBackend()
