"""Programs that take too much: time, memory, processes, output, depth."""

from __future__ import annotations

import resource
import time

import pytest

from pytest_genx.domain import Case, Expectation, Limits, Outcome

# The kernel's part, which the level `process` does without.
strong = pytest.mark.parametrize("mechanism", ["strong"], indirect=True)
LOOPS = {
    "plain": "def f(x):\n    while True: pass\n",
    "swallows everything": (
        "def f(x):\n"
        "    while True:\n"
        "        try:\n"
        "            while True: pass\n"
        "        except BaseException:\n"
        "            pass\n"
    ),
    "big integers": "def f(x):\n    return len(str(3 ** (3 ** 19)))\n",
    "iterators in C": (
        "import collections, itertools\n"
        "def f(x):\n    collections.deque(itertools.repeat(0), maxlen=0)\n"
    ),
    "regular expression": "import re\ndef f(x):\n    return re.match('(a+)+b', 'a' * 60)\n",
    "ignores the signals": (
        "import signal\n"
        "def f(x):\n"
        "    for s in (signal.SIGPROF, signal.SIGVTALRM, signal.SIGXCPU):\n"
        "        signal.signal(s, signal.SIG_IGN)\n"
        "    while True: pass\n"
    ),
    "stops the timers": (
        "import signal\n"
        "def f(x):\n"
        "    signal.setitimer(signal.ITIMER_PROF, 0)\n"
        "    signal.setitimer(signal.ITIMER_VIRTUAL, 0)\n"
        "    while True: pass\n"
    ),
    "in threads": (
        "import threading\n"
        "def loop():\n"
        "    while True: pass\n"
        "def f(x):\n"
        "    for _ in range(4): threading.Thread(target=loop).start()\n"
        "    while True: pass\n"
    ),
    "in the signal's handler": (
        "import signal\n"
        "def spin(*_):\n"
        "    while True: pass\n"
        "signal.signal(signal.SIGPROF, spin)\n"
        "def f(x):\n"
        "    signal.signal(signal.SIGPROF, spin)\n"
        "    spin()\n"
    ),
}


@pytest.mark.parametrize("program", LOOPS.values(), ids=LOOPS)
def test_an_endless_loop_is_a_timeout(attack, program):
    """Whatever a loop does to go on, its case is a TIMEOUT."""
    hostile = attack(program, ["assert f(1) == 2"], Limits(cpu=0.3, wall=30.0))
    assert [e.outcome for e in hostile] == [Outcome.TIMEOUT]
    assert "CPU time" in hostile[0].detail  # and not because the wall came down


def test_code_that_does_not_return_is_killed_soon_after_its_limit(attack):
    """The kernel's coarser limit, in whole seconds, is not what ends it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    cases = ["assert f(1) == 2"] * 4
    hostile = attack(LOOPS["iterators in C"], cases, Limits(cpu=0.05, wall=30.0))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert [e.outcome for e in hostile] == [Outcome.TIMEOUT] * 4
    assert after.ru_utime - before.ru_utime < 2.5


def test_sleeping_is_a_timeout_of_wall_time(attack):
    """Sleep takes no CPU time, so the wall decides, and the next case still runs."""
    program = "import time\ndef f(x):\n    if x == 1: time.sleep(60)\n    return x + 1\n"
    hostile = attack(program, limits=Limits(cpu=0.3, wall=0.5))
    assert [e.outcome for e in hostile] == [Outcome.TIMEOUT, Outcome.PASS]
    assert "0.5 s" in hostile[0].detail


def test_writing_to_the_pipe_now_and_then_does_not_put_off_the_wall(attack):
    """Only progress counts against wall time, and bytes without a token are none."""
    program = (
        "import os, time\n"
        "def f(x):\n"
        "    while True:\n"
        "        for fd in range(3, 20):\n"
        "            try: os.write(fd, b'x')\n"
        "            except OSError: pass\n"
        "        time.sleep(0.05)\n"
    )
    begun = time.monotonic()
    hostile = attack(program, ["assert f(1) == 2"], Limits(cpu=5.0, wall=0.5))
    assert hostile[0].outcome is Outcome.TIMEOUT
    assert time.monotonic() - begun < 5


def test_a_loop_at_import_is_a_timeout_for_all_cases(attack):
    """The import is under the same CPU limit, and decides the row."""
    hostile = attack("while True: pass\n")
    assert [e.outcome for e in hostile] == [Outcome.TIMEOUT] * 2
    assert all(e.detail.startswith("import: does not end within") for e in hostile)


def test_a_loop_in_c_at_import_is_a_timeout_for_all_cases(attack):
    """The kernel ends an import that never returns to the interpreter."""
    hostile = attack("import itertools\nx = sum(itertools.repeat(0))\n")
    assert [e.outcome for e in hostile] == [Outcome.TIMEOUT] * 2


def test_hopeless_programs_are_not_run_to_the_end(run):
    """After three timeouts in the order of the cases the rest are TIMEOUT without running."""
    program = "def f(x):\n    while x: pass\n    return x\n"
    cases = [f"assert f({x}) == {x}" for x in (1, 0, 1, 0, 1, 1, 0)]
    (row,) = run([program], cases, Limits(cpu=0.05))
    assert "".join(e.outcome.value for e in row) == "TPTPTTT"
    assert [e.detail.startswith("not run") for e in row] == [False] * 5 + [True] * 2


def test_a_memory_hog_is_an_error_that_says_so(attack):
    """Memory ends in MemoryError, not in the kernel's choice of a victim."""
    program = "def f(x):\n    a = []\n    while True: a.append(bytearray(1 << 22))\n"
    hostile = attack(program, limits=Limits(cpu=5.0, memory=128))
    assert [e.outcome for e in hostile] == [Outcome.ERROR] * 2
    assert "more memory than the limit" in hostile[0].detail


def test_memory_taken_in_small_pieces_is_an_error_that_says_so(attack):
    """A list that holds all memory is released before the verdict is written."""
    limits = Limits(cpu=5.0, memory=64)
    hostile = attack(
        "def f(x):\n    a = [()]\n    while True: a += [[] for _ in a]\n", limits=limits
    )
    assert {e.raised for e in hostile} == {"MemoryError"}


def test_deep_recursion_is_an_error(attack):
    """Python code that recurses without end raises RecursionError."""
    hostile = attack("def f(x):\n    return f(x) + 1\n")
    assert {e.raised for e in hostile} == {"RecursionError"}


def test_recursion_in_c_ends_the_case_alone(attack):
    """A candidate that lifts the recursion limit may crash, and only itself."""
    program = (
        "import sys\n"
        "sys.setrecursionlimit(10 ** 9)\n"
        "class A:\n"
        "    def __repr__(self): return repr(self)\n"
        "def f(x):\n"
        "    return repr(A())\n"
    )
    hostile = attack(program, limits=Limits(cpu=3.0, memory=1024))
    assert {e.outcome for e in hostile} <= {Outcome.ERROR, Outcome.CRASH}


FORKS = {
    "os.fork": "import os\ndef f(x):\n    while True: os.fork()\n",
    "at import": "import os\nwhile True: os.fork()\n",
    "subprocess": "import subprocess\ndef f(x):\n    subprocess.Popen(['sleep', '60'])\n",
    "os.system": "import os\ndef f(x):\n    os.system('sleep 60 &')\n",
    "posix_spawn": (
        "import os\ndef f(x):\n    os.posix_spawn('/bin/sleep', ['sleep', '60'], os.environ)\n"
    ),
    "exec": "import os\ndef f(x):\n    os.execv('/bin/sleep', ['sleep', '60'])\n",
}


def test_starting_a_process_is_refused(attacks):
    """No way that Python has to start a process works; the case learns why."""
    for row in attacks(FORKS).values():
        assert [e.raised for e in row] == ["PermissionError"] * 2
        assert "the sandbox refuses" in row[0].detail


@strong
def test_a_fork_bomb_through_the_c_library_starts_nothing(attack):
    """The kernel refuses what the interpreter does not see."""
    program = (
        "import ctypes\n"
        "libc = ctypes.CDLL(None)\n"
        "def f(x):\n"
        "    for _ in range(1000):\n"
        "        if libc.fork() != -1 or libc.vfork() != -1: return 'started'\n"
        "    return 'refused'\n"
    )
    assert observed(attack, program) == ["'refused'"] * 2


def test_multiprocessing_is_refused(attack):
    """Starting Python processes is starting processes."""
    program = (
        "import multiprocessing\n"
        "def f(x):\n"
        "    p = multiprocessing.get_context('spawn').Process(target=print)\n"
        "    p.start()\n"
    )
    assert {e.raised for e in attack(program)} == {"PermissionError"}


def test_threads_may_start_and_die_with_the_case(attack):
    """Threads are allowed; one left running neither delays nor changes the verdict."""
    program = (
        "import threading, time\n"
        "def f(x):\n"
        "    threading.Thread(target=time.sleep, args=(60,)).start()\n"
        "    return x + 1\n"
    )
    begun = time.monotonic()
    assert [e.outcome for e in attack(program)] == [Outcome.PASS] * 2
    assert time.monotonic() - begun < 10


def test_a_flood_of_output_goes_nowhere(attack, capfd):
    """What candidates print reaches nobody, however much it is."""
    program = (
        "import os, sys\n"
        "def f(x):\n"
        "    for _ in range(2000): print('x' * 1000); print('x' * 1000, file=sys.stderr)\n"
        "    for fd in (1, 2): os.write(fd, b'y' * 100000)\n"
        "    return x + 1\n"
    )
    assert [e.outcome for e in attack(program)] == [Outcome.PASS] * 2
    assert capfd.readouterr() == ("", "")


def test_an_endless_flood_of_output_is_a_timeout(attack, capfd):
    """Printing takes CPU time, and that is limited."""
    hostile = attack("def f(x):\n    while True: print('x' * 10000)\n", ["assert f(1) == 2"])
    assert hostile[0].outcome is Outcome.TIMEOUT
    assert capfd.readouterr() == ("", "")


def test_a_huge_file_is_refused(attack):
    """File size is limited."""
    program = "def f(x):\n    open('big', 'wb').write(b'x' * (1 << 21))\n"
    hostile = attack(program, limits=Limits(cpu=5.0, file_size=1))
    assert {e.raised for e in hostile} == {"OSError"}


def test_a_huge_value_is_not_kept(run):
    """A value longer than the limit has no expression; the verdict stays, and a digest."""
    program = "def f(x):\n    return [x] * 100000\n"
    huge, small = Expectation("f(1)"), Expectation("f(1)[:2]")
    ((first, second),) = run([program], [Case("", "test", huge), Case("", "test", small)])
    assert (first.outcome, first.value, first.returned_type) == (Outcome.PASS, None, "list")
    assert first.digest is not None
    assert second.value == "[1, 1]"


def observed(attack, program) -> list[str | None]:
    """Return what `f(1)` and `f(2)` returned."""
    cases = [Case("", "test", Expectation("f(1)")), Case("", "test", Expectation("f(2)"))]
    return [e.value for e in attack(program, cases)]
