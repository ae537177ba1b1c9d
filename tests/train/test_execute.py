"""Foreign programs run apart: one that misbehaves costs only its own answer."""

from __future__ import annotations

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("needs fork", allow_module_level=True)

from pytest_genx.train.execute import Executor


@pytest.fixture(scope="module")
def executor():
    """Open one helper for all tests here."""
    with Executor(cpu=0.2) as executor:
        yield executor


def test_values_and_exceptions_come_back_with_the_lines_reached(executor):
    """A call gives its value as a literal, or the name of what it raised."""
    ran = executor.run(
        "def f(x):\n    if x:\n        return [x]\n    raise ValueError\n", ["f(1)", "f(0)"]
    )
    assert ran.error is None
    first, second = ran.calls
    assert (first.value, first.raised, first.lines) == ("[1]", None, {2, 3})
    assert (second.value, second.raised) == (None, "ValueError")


def test_an_endless_loop_costs_one_call(executor):
    """The calls before and after one that never ends have their values."""
    program = "def f(x):\n    while x:\n        pass\n    return 0\n"
    assert [c and c.value for c in executor.run(program, ["f(0)", "f(1)", "f(0)"]).calls] == [
        "0", None, "0",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "program",
    [
        "import os\nos._exit(3)",
        "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
        "x = [0] * 10**11",
        "raise SystemExit(0)",
        "1 +",
    ],
)
def test_a_program_that_dies_is_an_error_and_the_next_one_runs(executor, program):
    """Whatever ends a program, the helper goes on."""
    assert executor.run(program, ["1"]).error is not None
    assert executor.run("x = 2", ["x"]).calls[0].value == "2"


def test_a_program_that_sleeps_is_given_up_with_what_it_started():
    """Wall time ends what uses no CPU, and its children do not keep the channel open."""
    program = "import os, time\nx = 1\ndef f():\n    os.fork()\n    time.sleep(60)\n"
    with Executor(cpu=0.2, wall=1.0) as executor:
        ran = executor.run(program, ["x", "f()"])
        assert [c and c.value for c in ran.calls] == ["1", None]
        assert executor.run("x = 2", ["x"]).calls[0].value == "2"


def test_output_of_a_program_goes_nowhere(executor):
    """A program that prints JSON does not answer for the helper."""
    program = 'print(\'{"error": null, "calls": []}\', flush=True)\nx = 5\n'
    assert executor.run(program, ["x"]).calls[0].value == "5"


def test_calls_of_other_functions_are_seen(executor):
    """How the entry point calls its helpers is recorded with values."""
    program = "def g(a, b):\n    return a + b\ndef f(x):\n    return g(x, 1) * 2\n"
    ran = executor.run(program, ["f(3)"], entry="f")
    assert [(name, c.source, c.value) for name, c in ran.helpers] == [("g", "g(3, 1)", "4")]
