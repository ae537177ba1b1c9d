"""Samples from a file instead of a model: a recorded run, repeated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pytest_genx import records
from pytest_genx.config import Config
from pytest_genx.domain import Request, Sample, Target
from pytest_genx.errors import BadOption
from pytest_genx.records import RunStarted, SampleTaken


class ReplayBackend:
    """Yields what was recorded for a target; holds the samples of the file.

    A run takes its `parts`, one for each backend that was recorded, so that they are asked in
    the order in which the recorded ones were.
    """

    def __init__(
        self,
        file: Path,
        samples: Sequence[SampleTaken],
        rootdir: Path,
        started: Sequence[RunStarted] = (),
        name: str = "replay",
    ) -> None:
        """Hold what was recorded.

        Args:
            file: where it was read.
            samples: of all backends that this one stands for.
            rootdir: of this run.
            started: the first record of each run in the file.
            name: the recorded backend's, for a part.
        """
        self.name = name
        self.models = _distinct(
            model for one in started for model in one.models if model.startswith(f"{name} ")
        )
        self.free = name == "heuristic"  # as that one, which is asked once, not batch by batch
        self._file = file
        self._samples = samples
        self._rootdir = rootdir
        self._started = started
        self._notes = [f"samples were replayed from {file}"]

    @property
    def parts(self) -> tuple[ReplayBackend, ...]:
        """One of these for each recorded backend, in the order of the recorded run."""
        named = [name for one in self._started for name in one.backends]
        named += [taken.backend for taken in self._samples]
        return tuple(
            ReplayBackend(
                self._file,
                [taken for taken in self._samples if taken.backend == name],
                self._rootdir,
                self._started,
                name,
            )
            for name in _distinct(named)
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What was said at the start of the recorded run, but not by its sandbox."""
        said = (note for one in self._started for note in one.notes)
        return _distinct(note for note in said if not note.startswith("sandbox "))

    @property
    def late_notes(self) -> tuple[str, ...]:
        """Where samples came from, and which of them do not belong to the code as it is now."""
        return tuple(self._notes)

    def sample(self, request: Request) -> Iterator[Sample]:
        """Yield the recorded samples that came of this request, in the order of the file.

        They are those of the target, role and stage that were asked for from `request.first`
        on; `request.n` does not cap them. Each keeps the backend and the seed it was recorded
        with, so that a replayed run gives the report of the recorded one.
        """
        prompt = request.prompt
        asked = (prompt.role.value, request.stage.value, request.first)
        found = [t for t in self._of(request.target) if (t.role, t.stage, t.first) == asked]
        foreign = sum(taken.prompt not in {"", prompt.digest} for taken in found)
        if foreign:
            label = request.target.label(self._rootdir)
            samples = "1 sample was" if foreign == 1 else f"{foreign} samples were"
            self._notes.append(
                f"{label}: {samples} recorded for another prompt ({prompt.role.value})"
            )
        for taken in found:
            yield Sample(
                prompt.role,
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


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))


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
    samples: list[SampleTaken] = []
    started: list[RunStarted] = []
    for record in records.read(config.replay):
        if isinstance(record, SampleTaken):
            samples.append(record)
        elif isinstance(record, RunStarted):
            started.append(record)
    return ReplayBackend(config.replay, samples, config.rootdir, started)
