"""What the exchangeable parts must offer; nothing here does anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

from pytest_genx.domain import Batch, Execution, Request, Sample
from pytest_genx.records import Record

if TYPE_CHECKING:
    from pytest_genx.matrix import PassMatrix, Ranking

OnPair = Callable[[int, int, Execution], None]


class Backend(Protocol):
    """What writes samples; opened by its factory, closed once.

    One that has `notes`, a sequence of sentences, gets them shown once at the start of a run,
    and `late_notes` at the end of it. One that has `digest`, which identifies its model, and
    `model`, the model's name, gets both recorded, and is not asked again for samples that a cache
    has; one that has `prepared` as well gets each request through it first, so that a sample is
    known by what it adds. Of one that has `parts`, those take its place. One whose `free` is true
    costs no time to speak of: it is asked once for all of its samples of a target, not batch by
    batch.
    """

    @property
    def name(self) -> str:
        """The name it was picked by."""

    def sample(self, request: Request) -> Iterator[Sample]:
        """Yield up to `request.n` samples in their order, each as early as that allows.

        The same request gives the same samples. A backend that has nothing for the role
        yields nothing. Closing the iterator cancels the rest.

        Raises:
            GenxError: it cannot go on; samples before that are kept.
        """

    def close(self) -> None:
        """Free what the factory opened."""


class Sandbox(Protocol):
    """What runs untrusted programs; opened by its factory, closed once.

    One that has `notes`, a sequence of sentences, gets them shown once at the start of a run;
    one that has `environment`, of `NAME=value`, says what it fixes for every case.
    """

    @property
    def name(self) -> str:
        """The mechanism, as reports name it."""

    def run(self, batch: Batch, on_pair: OnPair) -> None:
        """Run every program against every case, and report each pair exactly once.

        `on_pair(program_index, case_index, execution)` is called in the calling thread, in
        any order. On any exception, KeyboardInterrupt included, all processes are gone when
        this returns.

        Raises:
            SandboxError: the mechanism itself failed.
        """

    def close(self) -> None:
        """Kill and remove whatever is left."""


class Journal(Protocol):
    """What is known of a batch before it is run, and what takes down the rest; closed once."""

    @property
    def known(self) -> tuple[Mapping[int, Execution], ...]:
        """For each program executions from earlier runs, by case."""

    def keep(self, program: int, case: int, execution: Execution) -> None:
        """Take down what was executed; cheap, and kept even if the process is killed."""

    def close(self) -> None:
        """Return when all of it is kept."""


class Cache(Protocol):
    """What remembers executions from run to run."""

    def journal(self, batch: Batch, sandbox: Sandbox) -> Journal:
        """Open the journal of a batch that is about to be run.

        What stands in `batch.known` is known already, and not counted as found.
        """


class Reporter(Protocol):
    """What shows records to a person or a program; fed in order, closed once."""

    def record(self, record: Record) -> None:
        """Take one record of the run."""

    def close(self) -> None:
        """Flush and close."""


Ranker = Callable[["PassMatrix"], "Ranking"]
