"""What all rows of the embedded model share: problems, backends, figures with intervals."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path

from common import ROOT

from pytest_genx import plugins
from pytest_genx.bench import metrics
from pytest_genx.bench.bug_generated import Remembering
from pytest_genx.bench.bug_sets import documented
from pytest_genx.config import from_strings
from pytest_genx.domain import Case
from pytest_genx.interfaces import Backend
from pytest_genx.pipeline.parts import Parts
from pytest_genx.rankers.dual_critic import dual_critic
from pytest_genx.sandboxes.process import process_sandbox
from pytest_genx.train.rounds.formats import read_set
from pytest_genx.train.rounds.problems import make_problem

SHORT = 500  # characters of a statement that a tester is shown, as in rounds
FIRST = 10  # kept cases


@dataclass(frozen=True, slots=True)
class Shown:
    """One problem: `tester` and `coder` are whole modules with the docstring that each role sees.

    The coder's docstring has the first test as an example, as MBPP is usually prompted.
    """

    id: str
    entry_point: str
    tester: str
    coder: str
    tests: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class Setting:
    """How the rows are measured."""

    folder: Path  # of problem files
    quick: bool
    limit: int | None  # problems of a set; None for all
    samples: int
    coder_samples: int
    mutants: int
    seed: int
    model: str | None
    parts: Parts  # with the embedded model as its first backend, `heuristic` as its second

    @property
    def embedded(self) -> Backend:
        """The model."""
        return self.parts.backends[0]

    @property
    def heuristic(self) -> Backend:
        """Calls without a model."""
        return self.parts.backends[1]

    def problems(self, name: str) -> list[Shown]:
        """Draw problems of a published set; none, with a line that says so, where it is not."""
        if not (self.folder / f"{name}.jsonl.gz").exists():
            print(f"{name} skipped: no such file in {self.folder}", flush=True)
            return []
        tasks, _ = read_set(name, self.folder)
        found: list[Shown] = []
        for task in random.Random(f"{self.seed} {name}").sample(tasks, len(tasks)):
            if self.limit is not None and len(found) == self.limit:
                break
            problem = make_problem(task)
            if isinstance(problem, str) or problem.target.is_stub:
                continue
            text = " ".join(task.statement.split())
            statement = text if len(text) <= SHORT else ""
            program, name_of = problem.references[0], problem.target.name
            tester = documented(program, name_of, statement)
            coder = problem.target.module_source
            found.append(Shown(task.id, name_of, tester, coder, problem.tests))
        return found


def open_setting(
    stack: ExitStack, folder: Path, *, quick: bool, limit: int | None, samples: int,
    coder_samples: int, mutants: int, seed: int, model: str | None,
) -> Setting:  # fmt: skip
    """Open the backends and the sandbox; the code is what is trusted."""
    options = {
        "oracle": "code", "cache": "none", "samples": str(samples), "max-tests": str(FIRST),
        "seed": str(seed), "model": model,
    }  # fmt: skip
    config = from_strings(options, rootdir=ROOT)
    manager = plugins.load()
    # The engine takes as many sequences as the role that asks for most of them.
    wide = replace(config, samples=max(samples, coder_samples))
    llama = stack.enter_context(closing(plugins.backend(manager, "llama")(wide)))
    heuristic = plugins.backend(manager, "heuristic")(config)
    sandbox = stack.enter_context(closing(process_sandbox(config)))
    parts = Parts(config, (Remembering(llama), heuristic), sandbox, dual_critic)
    return Setting(
        folder, quick, limit, samples, coder_samples, mutants, seed, model, parts
    )  # fmt: skip


def mean(values: Sequence[float]) -> metrics.Interval:
    """The mean over problems with its interval; values or paired differences."""
    return metrics.interval(values, metrics.resample(len(values), 0))


def percent(found: metrics.Interval, *, sign: bool = False) -> str:
    """Write an interval of shares in percent, of differences in points."""
    form = "+.1f" if sign else ".1f"
    low, high = (format(100 * end, form) for end in (found.low, found.high))
    unit = " points" if sign else " %"
    return f"{format(100 * found.mean, form)}{unit} [{low}, {high}]"


def counted(problems: Sequence[Shown], what: str) -> Iterator[tuple[int, Shown]]:
    """Number the problems, and say now and then how far it is."""
    for number, problem in enumerate(problems):
        if number and number % 50 == 0:
            print(f"  {what}: {number} of {len(problems)} problems", flush=True)
        yield number, problem
