"""A pool of two tasks, and a sandbox that runs harmless programs in this very process."""

from __future__ import annotations

import pytest

from pytest_genx.bench.pool import Pool, PoolTask
from pytest_genx.domain import Execution, Outcome

DOUBLE = 'def double(n):\n    """Return twice n."""\n'


class InProcess:
    """Runs batches with `exec`; remembers the limits it was given."""

    name = "in-process"
    environment = ("TZ=UTC",)

    def __init__(self):
        self.cpu_limits = []

    def run(self, batch, on_pair):
        self.cpu_limits.append(batch.limits.cpu)
        for i, program in enumerate(batch.programs):
            for j, case in enumerate(batch.cases):
                on_pair(i, j, Execution(self.outcome(program, case.source, batch.limits.cpu)))

    def outcome(self, program, case, cpu):
        """Take a program with the word `slow` for one that needs a second."""
        if "slow" in program and cpu < 1.0:
            return Outcome.TIMEOUT
        names = {}
        try:
            exec(program, names)
            exec(case, names)
        except AssertionError:
            return Outcome.FAIL
        except (SyntaxError, TypeError):
            return Outcome.ERROR
        return Outcome.PASS

    def close(self):
        pass


@pytest.fixture
def sandbox():
    """For programs written in these tests."""
    return InProcess()


@pytest.fixture
def double():
    """A completion pool's task: two of four samples are correct, one does not compile."""
    return PoolTask(
        task_id="double",
        entry_point="double",
        prompt=DOUBLE,
        code_samples=(
            "    return 2 * n\n\ndef more():\n    pass",
            "    return 2 * n\n",
            "    return n * n\n",
            "    return n *",
        ),
        test_prompt=DOUBLE + "    pass\n\nassert ",
        test_samples=("double(3) == 6\nassert double(2) == 4", "double(5) == 25"),
        reference=DOUBLE + "    return n + n\n",
        label_test="assert double(3) == 6\nassert double(0) == 0",
    )


@pytest.fixture
def half():
    """A task of whole programs and whole assertions, all samples correct."""
    return PoolTask(
        task_id="half",
        entry_point="half",
        prompt="Write a function that halves.",
        code_samples=("def half(n):\n    return n / 2",) * 2,
        test_samples=("assert half(4) == 2",),
        reference="def half(n):\n    return n * 0.5",
        label_test="assert half(6) == 3",
    )


@pytest.fixture
def pool(double, half):
    """Both tasks."""
    return Pool("numbers", (double, half))
