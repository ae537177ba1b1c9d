"""Problems x the current model -> samples of both roles, in one process or several."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from pytest_genx import plugins
from pytest_genx.config import Config
from pytest_genx.domain import Context, Request, Role, Sample
from pytest_genx.errors import GenxError
from pytest_genx.interfaces import Backend
from pytest_genx.train.rounds.problems import Problem
from pytest_genx.train.rounds.recipe import SamplingPart
from pytest_genx.train.rounds.roles import Version
from pytest_genx.train.rounds.store import Line, Part

_SEEDS = 1 << 31
_ERROR = "error"


class SampleError(GenxError):
    """A process that samples cannot."""


@dataclass(frozen=True, slots=True)
class Sampler:
    """Which model is asked, and how."""

    version: Version
    recipe: SamplingPart
    seed: int
    tester: int  # samples for a problem
    coder: int

    def open(self) -> Backend:
        """Open the backend by its name, one for each model."""
        make = plugins.backend(plugins.load(), self.recipe.backend)

        def opened(path: Path) -> Backend:
            return make(
                Config(
                    rootdir=Path.cwd(),
                    model=str(path.absolute()),
                    adapters=tuple((r, str(p.absolute())) for r, p in adapters.items()),
                    samples=max(self.tester, self.coder),
                    threads=self.recipe.threads,
                )
            )

        models, adapters = self.version.models, self.version.adapters
        by_path: dict[Path, Backend] = {}
        for path in models.values():
            if path not in by_path:
                by_path[path] = opened(path)
        if len(by_path) == 1:
            return next(iter(by_path.values()))
        return _Cast({role: by_path[path] for role, path in models.items()})

    def line(self, problem: Problem, backend: Backend) -> Line:
        """Sample one problem; the same model and seed give the same line."""
        answers: Line = {"problem": problem.id}
        for prompt, n in ((problem.tester, self.tester), (problem.coder, self.coder)):
            text = f"{self.seed} {problem.id} {prompt.role.value}"
            seed = int(hashlib.sha256(text.encode()).hexdigest(), 16) % _SEEDS
            request = Request(
                target=problem.target,
                context=Context(),
                prompt=prompt,
                n=n,
                seed=seed,
                max_tokens=self.recipe.max_tokens,
                temperatures=(self.recipe.temperature,),
            )
            made = list(backend.sample(request))
            answers[prompt.role.value] = [
                {"text": s.text, "seed": s.seed, "tokens": s.tokens} for s in made
            ]
        return answers


class _Cast:
    """Backends of which each plays one role."""

    name = "cast"

    def __init__(self, by_role: Mapping[str, Backend]) -> None:
        self._by_role = by_role

    def sample(self, request: Request) -> Iterator[Sample]:
        return self._by_role[request.prompt.role.value].sample(request)

    def close(self) -> None:
        for backend in self._by_role.values():
            backend.close()


def sample(
    problems: Sequence[Problem],
    sampler: Sampler,
    part: Part,
    on_done: Callable[[], None] = lambda: None,
) -> None:
    """Sample the problems that `part` has no line of, and add a line for each.

    Args:
        problems: what is asked for.
        sampler: which model, and how.
        part: takes the lines.
        on_done: called after each problem, and for those that were there.

    Raises:
        GenxError: the backend cannot be had, or breaks.
    """
    left = [problem for problem in problems if problem.id not in part.lines]
    for _ in range(len(problems) - len(left)):
        on_done()
    for line in _lines(left, sampler):
        part.add(line)
        on_done()


def read_samples(line: Line, role: Role) -> list[Sample]:
    """Read one role's samples out of a line."""
    return [Sample(role, s["text"], "model", s["seed"], s["tokens"]) for s in line[role.value]]


def _lines(problems: Sequence[Problem], sampler: Sampler) -> Iterator[Line]:
    if sampler.recipe.processes == 1 or len(problems) < 2:
        if problems:
            with closing(sampler.open()) as backend:
                for problem in problems:
                    yield sampler.line(problem, backend)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        sampler.recipe.processes, context, initializer=_begin, initargs=(sampler, os.getpid())
    ) as pool:
        try:
            for line in pool.map(_work, problems, chunksize=1):
                if _ERROR in line:
                    raise SampleError(line[_ERROR])
                yield line
        except BrokenProcessPool:
            raise SampleError("a process that samples died; perhaps it had no memory") from None
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


# What a worker process keeps between problems.
_begun: list[Sampler] = []
_open: list[Backend] = []


def _begin(sampler: Sampler, parent: int) -> None:
    """Prepare a worker, and see to it that it ends when its parent does."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interrupt means
    threading.Thread(target=watch, daemon=True).start()
    _begun.append(sampler)


def _work(problem: Problem) -> Line:
    """Sample in a worker; what goes wrong travels as text."""
    try:
        if not _open:
            _open.append(_begun[0].open())
        return _begun[0].line(problem, _open[0])
    except GenxError as error:
        return {_ERROR: str(error)}


def tokens(lines: Iterable[Line]) -> int:
    """Tokens that were sampled, over both roles."""
    return sum(s["tokens"] for line in lines for role in Role for s in line[role.value])
