"""Samples from a file instead of a model: a recorded run, repeated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pytest_genx import records
from pytest_genx.config import Config
from pytest_genx.domain import Request, Sample, Target
from pytest_genx.errors import BadOption
from pytest_genx.records import SampleTaken


class ReplayBackend:
    """Yields what was recorded for a target; holds the samples of the file."""

    name = "replay"

    def __init__(self, samples: Sequence[SampleTaken], rootdir: Path) -> None:
        self._samples = samples
        self._rootdir = rootdir

    def sample(self, request: Request) -> Iterator[Sample]:
        """Yield every recorded sample of the target and role, in the order of the file.

        `request.n` does not cap them, and each keeps the backend and the seed it was recorded
        with, so that a replayed run gives the report of the recorded one.
        """
        role = request.prompt.role
        for taken in self._of(request.target):
            if taken.role == role.value and taken.stage == request.stage.value:
                yield Sample(
                    role,
                    taken.text,
                    taken.backend,
                    taken.seed,
                    taken.tokens,
                    taken.logprob,
                    taken.cut,
                )

    def close(self) -> None:
        """Nothing to free."""

    def _of(self, target: Target) -> list[SampleTaken]:
        """Pick what was recorded for a target; another rootdir does if the path ends alike."""
        name = target.label(self._rootdir)
        exact = [taken for taken in self._samples if taken.target == name]
        whole = f"/{target.path.as_posix()}::{target.qualname}"
        return exact or [t for t in self._samples if whole.endswith(f"/{t.target}")]


def replay_backend(config: Config) -> ReplayBackend:
    """Read the recorded samples.

    Args:
        config: `replay` is the file, JSON lines as the jsonl reporter writes them.

    Raises:
        BadOption: no file was named.
        RecordError: the file cannot be read, or one of its lines is no record.
    """
    if config.replay is None:
        raise BadOption("--genx-replay", "", "a file with recorded samples for the replay backend")
    taken = [r for r in records.read(config.replay) if isinstance(r, SampleTaken)]
    return ReplayBackend(taken, config.rootdir)
