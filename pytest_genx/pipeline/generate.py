"""Prompts x backends -> samples: batches, budget, seeds, and backends that break down.

What was sampled before an error is kept, and the other backends go on. Which samples are worth
asking for is decided elsewhere.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing

from pytest_genx.domain import Context, Prompt, Request, Role, Sample, Stage, Target
from pytest_genx.errors import GenxError
from pytest_genx.interfaces import Backend
from pytest_genx.pipeline.clock import SAMPLING, Clock

BATCH = 16  # samples for each role and backend, between two looks at the ranking
TRIES = 2  # targets in a row at which a backend may fail before it is given up


class Health:
    """Which backends failed at how many targets in a row; one for a run."""

    def __init__(self) -> None:
        self._failures: dict[str, int] = {}
        self._errors: dict[str, GenxError] = {}

    def worked(self, backend: Backend) -> None:
        """Take down that it answered."""
        self._failures.pop(backend.name, None)

    def failed(self, backend: Backend, error: GenxError) -> None:
        """Take down that it failed at a target, and how."""
        self._failures[backend.name] = self._failures.get(backend.name, 0) + 1
        self._errors[backend.name] = error

    def given_up(self, backend: Backend) -> bool:
        """Whether it is not worth asking any more."""
        return self._failures.get(backend.name, 0) >= TRIES

    def refuse(self, backends: Sequence[Backend]) -> None:
        """Go on only while there is a backend that may work.

        Raises:
            GenxError: what the first of the backends failed with, when all are given up.
        """
        if backends and all(map(self.given_up, backends)):
            raise self._errors[backends[0].name]


class Sampling:
    """All that is asked of the backends for one target.

    `notes` are sentences on what went wrong; `out_of_time` says that the budget was spent.
    """

    def __init__(
        self,
        target: Target,
        context: Context,
        backends: Sequence[Backend],
        *,
        samples: int,
        seed: int,
        temperatures: tuple[float, ...],
        budget: float = 0.0,
        health: Health | None = None,
        clock: Clock | None = None,
        on_progress: Callable[[int, int], None] = lambda _done, _total: None,
    ) -> None:
        """Ask nothing yet.

        Args:
            target: what is under test.
            context: what the prompts show besides it.
            backends: each may yield nothing for a role.
            samples: of each backend for each role at most.
            seed: of the run; each target and role gets its own from it.
            temperatures: of a prompt's samples, in turn.
            budget: seconds that backends may take for this target, 0 for as long as it takes;
                one that is `free` does not count.
            health: of the backends, from target to target.
            clock: told how long they took.
            on_progress: called with (samples taken or skipped, samples asked for).
        """
        self.notes: list[str] = []
        self.out_of_time = False
        self._target, self._context = target, context
        self._samples, self._seed, self._temperatures = samples, seed, temperatures
        self._budget, self._spent = budget, 0.0
        self._health = Health() if health is None else health
        self._clock = Clock() if clock is None else clock
        self._on_progress = on_progress
        self._done, self._total = 0, samples * len(Role) * len(backends)
        self._backends: list[Backend] = []
        for backend in backends:
            if self._health.given_up(backend):
                why = f"it failed at {TRIES} targets in a row"
                self.notes.append(f"{backend.name} was not asked: {why}")
            else:
                self._backends.append(backend)

    def ask(
        self,
        prompts: Mapping[Role, Prompt],
        *,
        first: int,
        n: int,
        stage: Stage = Stage.FIRST,
        only: str = "",
    ) -> Iterator[Sample]:
        """Yield samples `first` to `first + n - 1` of each prompt, role by role.

        A backend that is free is asked once, for all that it may give. Each request may take
        its even share of the time that is left, and the very first one of a role at least one
        sample. `only` names the one backend that is asked.
        """
        orders = [
            (role, prompt, backend)
            for role, prompt in prompts.items()
            for backend in self._backends
            if not is_free(backend) or (first == 0 and stage is Stage.FIRST)
            if only in {"", backend.name}
        ]
        if stage is not Stage.FIRST:
            self._total = self._done + n * len(orders)
        paid = sum(not is_free(backend) for _, _, backend in orders)
        for role, prompt, backend in orders:
            free = is_free(backend)
            count, share = (self._samples if free else n), float("inf")
            if not free and self._budget:
                share = max(0.0, self._budget - self._spent) / paid
            paid -= not free
            if backend in self._backends and (share or (first == 0 and stage is Stage.FIRST)):
                request = Request(
                    self._target,
                    self._context,
                    prompt,
                    n=count,
                    seed=derived_seed(self._seed, self._target, role),
                    first=first,
                    stage=stage,
                    temperatures=self._temperatures,
                )
                yield from self._from(backend, request, share)
            self.out_of_time |= not share
            self._done += count
            self._on_progress(self._done, self._total)

    def _from(self, backend: Backend, request: Request, share: float) -> Iterator[Sample]:
        """Yield a backend's samples until it ends, fails, or has used its share of seconds."""
        spent = 0.0
        with closing(_closable(backend.sample(request))) as samples:
            taken = 0
            while True:
                started = time.monotonic()
                try:
                    with self._clock.on(SAMPLING):
                        sample = next(samples, None)
                except GenxError as error:
                    self._failed(backend, error)
                    return
                finally:
                    seconds = time.monotonic() - started
                    spent += seconds
                    self._spent += 0.0 if is_free(backend) else seconds
                if sample is None:
                    break
                taken += 1
                self._on_progress(self._done + min(taken, request.n), self._total)
                yield sample
                if spent >= share:
                    self.out_of_time |= taken < request.n
                    break
        self._health.worked(backend)

    def _failed(self, backend: Backend, error: GenxError) -> None:
        self._health.failed(backend, error)
        self._backends.remove(backend)
        last = "; it is not asked any more" if self._health.given_up(backend) else ""
        self.notes.append(f"{backend.name} failed: {error}{last}")


def is_free(backend: Backend) -> bool:
    """Whether its samples cost nothing, so that all are taken at once."""
    return bool(getattr(backend, "free", False))


def any_paid(samples: Sequence[Sample], backends: Sequence[Backend]) -> bool:
    """Whether a batch brought what another one may bring more of: nothing that is free."""
    free = {backend.name for backend in backends if is_free(backend)}
    return any(sample.backend not in free for sample in samples)


def in_order(samples: Sequence[Sample]) -> list[Sample]:
    """Sort by role and backend, as if each had been asked once for all of its samples.

    What is made of samples depends on their order; the batches they came in must not matter.
    """
    roles = list(Role)
    names = list(dict.fromkeys(sample.backend for sample in samples))
    return sorted(samples, key=lambda s: (roles.index(s.role), names.index(s.backend)))


def derived_seed(seed: int, target: Target, role: Role) -> int:
    """Make a seed that depends on the target's name, not on which other targets there are."""
    return zlib.crc32(f"{seed}:{target.module}:{target.qualname}:{role.value}".encode())


def _closable(samples: Iterator[Sample]) -> Generator[Sample]:
    yield from samples
