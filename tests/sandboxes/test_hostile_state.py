"""Programs that leave something behind for the next case, or tamper with how it is judged."""

from __future__ import annotations

import resource

from pytest_genx.domain import Case, Expectation, Limits, Outcome

CHANGES = {
    "globals": "STATE.append(x)",
    "defaults": "f.__defaults__[0].append(x)",
    "environment": "os.environ['STATE'] = 'x'",
    "working directory": "os.mkdir('d') or os.chdir('d')",
    "modules": "sys.modules['json'] = None",
    "path": "sys.path.insert(0, '/nowhere')",
    "builtins": "setattr(builtins, 'len', lambda _: 0)",
    "class": "setattr(Box, 'size', 2)",
    "recursion limit": "sys.setrecursionlimit(500)",
    "random numbers": "random.seed(x)",
    "decimal context": "setattr(decimal.getcontext(), 'prec', 2)",
    "file": "open('state', 'w').close()",
    "signal": "signal.signal(signal.SIGALRM, signal.SIG_IGN)",
    "switch interval": "sys.setswitchinterval(1)",
}
LOOK = (
    "(list(STATE), list(f.__defaults__[0]), os.environ.get('STATE'), os.path.basename(os.getcwd()),"
    " __import__('json') is not None, '/nowhere' in sys.path, len('ab'), Box.size,"
    " sys.getrecursionlimit(), random.random(), decimal.getcontext().prec, os.listdir(),"
    " signal.getsignal(signal.SIGALRM), sys.getswitchinterval())"
)
PROGRAM = f"""\
import builtins, decimal, os, random, signal, sys
STATE = []
class Box:
    size = 1
def f(x, seen=[]):
    return {LOOK}
def change(x):
    %s
"""


def test_a_case_does_not_see_what_another_changed(run):
    """In both orders, a case sees what it would see alone."""
    programs = [PROGRAM % change for change in CHANGES.values()]
    changing, looking = "change(3)", Case("", "test", Expectation("f(1)"))
    both = Case("", "test", Expectation("(change(3), f(1))[1]"))
    lonely = run(programs, [looking])
    between = run(programs, [looking, changing, looking, both])
    for (alone,), (before, _, after, changed) in zip(lonely, between, strict=True):
        assert alone.outcome is Outcome.PASS
        assert before.digest == after.digest == alone.digest
        assert changed.digest != alone.digest, "the change can be seen at all"


def test_a_program_does_not_see_what_another_changed(attack):
    """The import of one program leaves nothing for the next."""
    attack(
        "import builtins, sys, os, json, signal\n"
        "builtins.len = builtins.print = None\n"
        "sys.modules['json'] = None\n"
        "os.fork = os.write = os._exit = None\n"
        "signal.signal(signal.SIGPROF, signal.SIG_IGN)\n"
        "sys.settrace(lambda *a: 1 / 0)\n"
        "def f(x):\n    return x + 1\n"
    )


def test_patched_system_calls_do_not_spoil_the_verdict(attack):
    """A candidate that patches `os`, `json` and `signal` for itself is still judged."""
    program = (
        "import os, json, signal, sys\n"
        "def f(x):\n"
        "    os.write = os._exit = json.dumps = signal.setitimer = None\n"
        "    sys.modules.clear()\n"
        "    return x + 2\n"
    )
    assert [e.outcome for e in attack(program)] == [Outcome.FAIL] * 2


def test_a_signal_handler_of_the_import_does_not_disarm_the_clock(attack):
    """Handlers that the import set are replaced before a case runs."""
    program = (
        "import signal\n"
        "for s in (signal.SIGPROF, signal.SIGVTALRM):\n"
        "    signal.signal(s, signal.SIG_IGN)\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGPROF, signal.SIGVTALRM})\n"
        "def f(x):\n"
        "    while True: pass\n"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    hostile = attack(program, ["assert f(1) == 2"] * 4, Limits(cpu=0.05, wall=30.0))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert [e.outcome for e in hostile] == [Outcome.TIMEOUT] * 4
    assert after.ru_utime - before.ru_utime < 2.5


ODD = {
    "raises in repr": "class O:\n    def __repr__(self): raise ValueError\n",
    "exits in repr": "class O:\n    def __repr__(self): raise SystemExit\n",
    "repr is no text": "class O:\n    def __repr__(self): return 3\n",
    "address": "class O: pass\n",
    "unhashable": "class O:\n    __hash__ = None\n    def __repr__(self): return 'O()'\n",
    "raises in eq": (
        "class O:\n    def __repr__(self): return 'O()'\n    def __eq__(self, o): 1 / 0\n"
    ),
    "eq is no truth": (
        "class N:\n    def __bool__(self): raise ValueError('ambiguous')\n"
        "class O:\n    def __repr__(self): return 'O()'\n    def __eq__(self, o): return N()\n"
    ),
    "lies about its class": "class O:\n    __class__ = property(lambda s: 1 / 0)\n",
    "hostile metaclass": (
        "class M(type):\n    def __getattribute__(c, n): raise ValueError(n)\n"
        "class O(metaclass=M): pass\n"
    ),
    "loops in repr": "class O:\n    def __repr__(self):\n        return repr([self])\n",
    "hostile message": (
        "class E(Exception):\n    def __str__(self): raise SystemExit\n"
        "class O:\n    def __init__(self): raise E\n"
    ),
}


def test_odd_objects_get_a_verdict(run):
    """Whatever an object's own methods do, the pair has an outcome, and no expression."""
    cases = [
        Case("", "test", Expectation("f()")),
        Case("", "test", Expectation("f()", "1")),
        Case("", "test", Expectation("f()", None, "KeyError")),
        "assert f() == 1",
    ]
    for row in run([program + "def f():\n    return O()\n" for program in ODD.values()], cases):
        assert {e.outcome for e in row} <= {Outcome.PASS, Outcome.FAIL, Outcome.ERROR}
        assert row[1].outcome is not Outcome.PASS
        assert row[3].outcome is not Outcome.PASS
        assert all(e.value is None for e in row)
        assert all("\n" not in e.detail and len(e.detail) <= 200 for e in row)
