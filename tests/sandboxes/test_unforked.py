"""Systems without `fork`, timers and pipes that can be waited for: the same outcomes.

Windows is such a system. None of these tests has run there: what it lacks is taken away here.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

import pytest_genx
from pytest_genx.domain import HOPELESS, Batch, Case, CaseForm, Expectation, Limits, Outcome
from pytest_genx.sandboxes.process import ProcessSandbox
from pytest_genx.sandboxes.system import HERE, System

BARE = System(forks=False, selects=False)
weakest = pytest.mark.parametrize("mechanism", ["process"], indirect=True)  # all there is then
SHORT = Limits(cpu=0.3, wall=1.0, memory=256)

PROGRAMS = (
    "def f(x):\n    return x + 1\n",
    "def f(x):\n    return [x, {x: 'a'}]\n",
    "def f(x):\n    raise KeyError(x)\n",
    "def f(x:\n",
    "seen = []\ndef f(x):\n    seen.append(x)\n    return len(seen) + 1\n",
    "import os\ndef f(x):\n    if x == 2: os._exit(0)\n    return x + 1\n",
    "import os, signal\ndef f(x):\n    os.kill(os.getpid(), signal.SIGSEGV)\n",
    "import os\nos._exit(7)\n",
    "import decimal\ndef f(x):\n    return decimal.Decimal(x) + 1\n",
    "def f(x):\n    open('left', 'a').write('x')\n    return len(open('left').read()) + 1\n",
    "import random\ndef f(x):\n    return random.random()\n",
    "import asyncio\nasync def g(x):\n    return x + 1\ndef f(x):\n    return asyncio.run(g(x))\n",
)
CASES = (
    Case("assert f(1) == 2", "test"),
    Case("assert f(2) == 3", "test"),
    Case("", "test", Expectation("f(2)")),
    Case("", "test", Expectation("f(1)", raises="KeyError")),
    Case("import os\nos.environ['GENX'] = '1'\nassert f(1)", "test"),
    Case("import os\nassert 'GENX' not in os.environ", "test"),
    Case(">>> f(1)\n2\n", "test", form=CaseForm.DOCTEST),
)

# What looks at the platform itself, or needs what is taken away, is loaded before.
_MISSING = """
import os, signal, sys, subprocess, tempfile, ctypes, shutil, json, site, pathlib, socket
import selectors, queue, ast, dataclasses, typing, importlib.metadata, inspect, asyncio
for name in ("fork wait4 setpgid killpg getsid geteuid getuid uname register_at_fork WNOHANG "
             "pidfd_open sched_getaffinity pread").split():
    if hasattr(os, name): delattr(os, name)
for name in ("setitimer pthread_sigmask pthread_kill SIGKILL SIGPROF SIGURG SIGVTALRM SIGXCPU "
             "ITIMER_PROF ITIMER_VIRTUAL SIG_SETMASK").split():
    if hasattr(signal, name): delattr(signal, name)
for name in ("resource", "fcntl", "_posixsubprocess"): sys.modules[name] = None
sys.platform = "win32"
"""


@weakest
@pytest.mark.parametrize(
    "system",
    [BARE, System(forks=True, selects=False)],
    ids=["neither", "threads"],
)
def test_outcomes_are_those_of_a_system_that_has_all(run, system):
    """Verdicts, observations, details and fresh state do not depend on how workers are run."""
    expected = run(PROGRAMS, CASES, workers=2)
    assert {e.outcome for row in expected for e in row} >= {
        Outcome.PASS, Outcome.FAIL, Outcome.ERROR, Outcome.CRASH,
    }  # fmt: skip
    assert run(PROGRAMS, CASES, workers=2, system=system) == expected


@weakest
def test_wall_time_ends_what_does_not_end(run):
    """A loop and a sleep, at import or in a case, are timeouts, and neighbours are judged."""
    programs = [
        "def f(x):\n    while x == 1: pass\n    return x + 1\n",
        "import time\ndef f(x):\n    time.sleep(60 if x == 1 else 0)\n    return x + 1\n",
        "while True: pass\n",
        "def f(x):\n    return x + 1\n",
    ]
    rows = run(programs, ["assert f(1) == 2", "assert f(2) == 3"], SHORT, workers=2, system=BARE)
    assert [[e.outcome.name for e in row] for row in rows] == [
        ["TIMEOUT", "PASS"], ["TIMEOUT", "PASS"], ["TIMEOUT", "TIMEOUT"], ["PASS", "PASS"],
    ]  # fmt: skip
    assert rows[0][0].detail == "nothing happened for 1 s"
    assert rows[2][0].detail == "import: nothing happened for 1 s"


@weakest
def test_a_program_that_times_out_again_and_again_is_given_up(run):
    """The rule for hopeless rows is the same."""
    program = "def f(x):\n    while True: pass\n"
    (row,) = run([program], [f"f({n})" for n in range(HOPELESS + 2)], SHORT, system=BARE)
    assert {e.outcome for e in row} == {Outcome.TIMEOUT}
    assert [e.detail[:7] for e in row[-3:]] == ["nothing", "not run", "not run"]


@weakest
def test_exchanges_read_and_print(run):
    """Programs that are scripts have their input and output."""
    cases = [
        Case(text, "test", Expectation("", value), form=CaseForm.EXCHANGE)
        for text, value in (("1\n", "2"), ("5\n", "7"))
    ]
    ((right, wrong),) = run(["print(int(input()) + 1)\n"], cases, system=BARE)
    assert (right.outcome, wrong.outcome) == (Outcome.PASS, Outcome.FAIL)


@weakest
def test_more_than_a_pipe_holds_goes_through(run):
    """Large programs, and large answers, are neither cut nor waited for."""
    program = f"s = {'x' * 300_000!r}\ndef f(x):\n    return s[: 60_000 * x]\n"
    cases = [Case("", "test", Expectation(f"len(f({n}))")) for n in (1, 2)]
    cases += [Case("", "test", Expectation("f(1)"))] * 30
    ((one, two, *rest),) = run([program], cases, system=BARE)
    assert (one.value, two.value) == ("60000", "120000")
    assert {len(e.value or "") for e in rest} == {60_002}


@weakest
@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="/proc tells what is open")
def test_nothing_is_left_open_or_running(tmp_path, mechanism):
    """Threads, descriptors, processes and directories are gone with the sandbox."""
    batch = Batch("mod", str(tmp_path / "mod.py"), (), PROGRAMS[:3], CASES[:3], limits=SHORT)
    open_before = len(list(Path("/proc/self/fd").iterdir()))
    with closing(ProcessSandbox(2, mechanism, system=BARE)) as sandbox:
        sandbox.run(batch, lambda *_: None)
        directory = sandbox._crew._directory
        assert directory is not None
    assert not directory.exists()
    assert len(list(Path("/proc/self/fd").iterdir())) == open_before


@weakest
def test_an_interrupt_stops_it_at_once(tmp_path, mechanism):
    """What a callback raises ends the run, and with it the workers."""
    batch = Batch(
        "mod", str(tmp_path / "mod.py"), (),
        ("def f(x):\n    return 2\n", "import time\ntime.sleep(60)\n"), CASES[:1],
    )  # fmt: skip

    def stop(*_):
        raise KeyboardInterrupt

    begun = time.monotonic()
    with (
        pytest.raises(KeyboardInterrupt),
        closing(ProcessSandbox(2, mechanism, system=BARE)) as sandbox,
    ):
        sandbox.run(batch, stop)
    assert time.monotonic() - begun < 8


def test_worker_and_trusted_side_load_where_posix_is_missing():
    """Modules and functions that Windows lacks are not needed to import any of it."""
    root = Path(pytest_genx.__file__).parent
    worker = root / "sandboxes" / "worker"
    code = _MISSING + (
        "import pytest_genx.sandboxes.process as p\n"
        f"sys.path.insert(0, {str(worker)!r})\n"
        f"import runpy; runpy.run_path({str(worker / '__main__.py')!r}, run_name='loaded')\n"
        "print(p.HERE)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(root.parent)},
    )
    assert done.stderr == ""
    assert done.stdout == "System(forks=False, selects=False)\n"


@weakest
@pytest.mark.parametrize("system", [HERE, BARE], ids=["here", "neither"])
def test_a_program_finds_no_token_but_its_own_order(run, system):
    """What its callers hold does not speak for the worker."""
    program = (
        "import sys\n"
        "def f(x):\n"
        "    frame, found = sys._getframe(), []\n"
        "    while frame:\n"
        "        for value in list(frame.f_locals.values()):\n"
        "            for inner in (value, *getattr(value, '__dict__', {}).values()):\n"
        "                voice = getattr(inner, '_token', None)\n"
        "                found += [voice] if voice is not None else []\n"
        "            if isinstance(value, dict) and 'limits' in value:\n"
        "                found += [value['token']] if 'token' in value else []\n"
        "        frame = frame.f_back\n"
        "    return found\n"
    )
    ((execution,),) = run([program], [Case("", "test", Expectation("set(f(1))"))], system=system)
    assert execution.value == "{b''}"
