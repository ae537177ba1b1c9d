"""Pairs that pass or fail only if something crosses from one case to another, in both orders."""

from __future__ import annotations

import itertools

import pytest

from pytest_genx.domain import Case, Expectation, Limits, Outcome

LIMITS = Limits(cpu=0.5, wall=10.0, memory=256)
BEGIN = (
    "import contextvars, datetime, decimal, functools, gc, io, itertools, json, locale, logging\n"
    "import os, random, re, signal, string, sys, tempfile, threading, time, types, warnings\n"
)
# What is kept: what a program begins with, an expression that changes it, and one that looks.
KEPT = {
    "a global": ("N = [0]", "N.append(x)", "len(N)"),
    "a rebound global": ("n = 0", "globals().update(n=x)", "n"),
    "a default": ("def g(s=[]): return s", "g().append(x)", "len(g())"),
    "a keyword default": ("def g(*, s={}): return s", "g().update({x: x})", "len(g())"),
    "replaced defaults": ("def g(n=0): return n", "setattr(g, '__defaults__', (x,))", "g()"),
    "replaced code": (
        "def g(): return 0\ndef h(): return 1",
        "setattr(g, '__code__', h.__code__)",
        "g()",
    ),
    "a function attribute": ("def g(): pass\ng.n = 0", "setattr(g, 'n', x)", "g.n"),
    "a closure": (
        "def make():\n    s = []\n    return s.append, lambda: len(s)\nadd, size = make()",
        "add(x)",
        "size()",
    ),
    "lru_cache": (
        "@functools.lru_cache\ndef g(n): return [n]",
        "g(1).append(x)",
        "(g(1), g.cache_info().hits)",
    ),
    "cached_property": (
        "class A:\n    @functools.cached_property\n    def p(self): return []\na = A()",
        "a.p.append(x)",
        "a.p",
    ),
    "singledispatch": (
        "@functools.singledispatch\ndef g(_): return 0",
        "g.register(int, lambda _: 1)",
        "g(1)",
    ),
    "a class attribute": ("class A: n = 0", "setattr(A, 'n', x)", "A.n"),
    "an instance": ("class A: n = 0\na = A()", "setattr(a, 'n', x)", "a.n"),
    "subclasses": ("class A: pass", "type('B', (A,), {}) and gc.disable()", "A.__subclasses__()"),
    "a registry": (
        "R = {}\ndef reg(g):\n    R[g.__name__] = g\n    return g",
        "reg(reg)",
        "sorted(R)",
    ),
    "an iterator": ("it = itertools.count()", "next(it)", "next(it)"),
    "a generator": ("it = iter([1, 2, 3])", "next(it)", "next(it)"),
    "random": ("", "random.random()", "random.random()"),
    "random state": ("", "random.seed(x)", "random.getstate()[1][:3]"),
    "an own generator": ("r = random.Random(5)", "r.random()", "r.random()"),
    "environment": ("", "os.environ.update(GENX_X='1')", "os.environ.get('GENX_X')"),
    "putenv": ("", "os.putenv('TZ', 'Asia/Tokyo') or time.tzset()", "time.timezone"),
    "a removed variable": ("", "os.environ.pop('HOME')", "'HOME' in os.environ"),
    "directory": (
        "",
        "os.makedirs('d', exist_ok=True) or os.chdir('d')",
        "os.path.basename(os.getcwd()) == 'd'",
    ),
    "a file": ("", "open('f', 'w').close()", "os.path.exists('f')"),
    "a temporary file": (
        "",
        "open(os.path.join(tempfile.gettempdir(), 'g'), 'w').close()",
        "os.path.exists(os.path.join(tempfile.gettempdir(), 'g'))",
    ),
    "an open file": ("", "KEEP.append(open('k', 'w'))\n", "len(os.listdir('.')) + len(KEEP)"),
    "an offset": (
        "file = tempfile.TemporaryFile()\nfile.write(b'abc')\nfile.flush()\npos = file.seek(0)",
        "KEEP.append(file.raw)",
        "len(KEEP)",
    ),
    "umask": ("", "os.umask(0o77)", "os.umask(0o77)"),
    "a signal handler": (
        "",
        "signal.signal(signal.SIGUSR1, signal.SIG_IGN)",
        "signal.getsignal(signal.SIGUSR1)",
    ),
    "a blocked signal": (
        "",
        "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})",
        "sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ()))",
    ),
    "an alarm": ("", "signal.alarm(3)", "signal.alarm(0) > 0"),
    "a thread": (
        "",
        "threading.Thread(target=time.sleep, args=(9,), daemon=True).start()",
        "threading.active_count()",
    ),
    "a thread that changes": (
        "N = [0]\ndef run():\n    for _ in range(99): time.sleep(.001) or N.append(1)",
        "threading.Thread(target=run, daemon=True).start()",
        "time.sleep(.01) or len(N)",
    ),
    "a thread's own": ("own = threading.local()", "setattr(own, 'n', x)", "hasattr(own, 'n')"),
    "a lock": ("lock = threading.Lock()", "lock.acquire()", "lock.locked()"),
    "a context variable": (
        "v = contextvars.ContextVar('v', default=0)",
        "v.set(x)",
        "v.get()",
    ),
    "sys.path": ("", "sys.path.insert(0, '/nowhere')", "'/nowhere' in sys.path"),
    "sys.modules": ("", "sys.modules.update(nowhere=sys)", "'nowhere' in sys.modules"),
    "a module's attribute": ("", "setattr(json, 'n', x)", "hasattr(json, 'n')"),
    "a patched module": ("", "setattr(os.path, 'join', max)", "os.path.join('a', 'b')"),
    "meta_path": ("", "sys.meta_path.clear()", "len(sys.meta_path) > 1"),
    "argv": ("", "sys.argv.append('x')", "len(sys.argv)"),
    "stdout": ("", "setattr(sys, 'stdout', None)", "sys.stdout is None"),
    "locale": (
        "",
        "locale.setlocale(locale.LC_ALL, 'C.UTF-8')",
        "locale.setlocale(locale.LC_CTYPE) + locale.setlocale(locale.LC_TIME)",
    ),
    "decimal context": ("", "setattr(decimal.getcontext(), 'prec', 3)", "decimal.Decimal(1) / 3"),
    "decimal flags": (
        "",
        "decimal.Decimal(1) / 3",
        "decimal.getcontext().flags[decimal.Inexact]",
    ),
    "warnings filters": ("", "warnings.simplefilter('error')", "warnings.filters[0][0]"),
    "warned once": (
        (
            "def warn():\n    with warnings.catch_warnings(record=True) as w:\n"
            "        warnings.warn('x')\n    return len(w)"
        ),
        "globals().update(__warningregistry__={('x', UserWarning, 4): True}, n=x)",
        "'n' in globals()",
    ),
    "logging": ("", "logging.basicConfig(level=1)", "logging.root.level"),
    "a log handler": (
        "",
        "logging.root.addHandler(logging.NullHandler())",
        "len(logging.root.handlers)",
    ),
    "a disabled logger": ("", "logging.disable(50)", "logging.root.manager.disable"),
    "built-ins": ("", "__builtins__.update(n=x)", "'n' in __builtins__"),
    "gc": ("", "gc.disable()", "gc.isenabled()"),
    "recursion limit": ("", "sys.setrecursionlimit(333)", "sys.getrecursionlimit() == 333"),
    "int digits": ("", "sys.set_int_max_str_digits(700)", "sys.get_int_max_str_digits()"),
    "a trace": ("", "threading.settrace(print)", "threading.gettrace() is None"),
    "an exception hook": ("", "setattr(sys, 'excepthook', x)", "sys.excepthook == 1"),
    "the case's own names": ("", "globals().update(extra=x)", "'extra' in globals()"),
    "a pattern's cache": ("", "setattr(re, '_MAXCACHE', 1)", "re._MAXCACHE"),
    "a string of the library": ("", "setattr(string, 'digits', '')", "string.digits"),
    "a frozen clock": ("", "setattr(time, 'time', lambda: 0)", "time.time() == 0"),
}


@pytest.mark.parametrize("mechanism", ["strongest"], indirect=True)
def test_nothing_crosses_to_another_case(run):
    """Looking gives the same first, last, between changes and alone; changing is seen at once."""
    programs = [
        f"{BEGIN}KEEP = []\n{begin}\ndef change(x):\n    {change.strip()}\n"
        f"def look():\n    return {look}\n"
        for begin, change, look in KEPT.values()
    ]
    change = "change(1)"
    look = Case("", "test", Expectation("look()"))
    both = Case("", "test", Expectation("(change(1), look())[1]"))
    first = run(programs, [look, change, look], LIMITS)
    last = run(programs, [change, both, look, change], LIMITS)
    for name, one, other in zip(KEPT, first, last, strict=True):
        assert {e.outcome for e in (*one, *other)} == {Outcome.PASS}, (name, one, other)
        assert one[0] == one[2] == other[2], name
        assert other[1].digest != one[0].digest, f"{name}: the change shows"


STATEFUL = "N = []\ndef f(x):\n    N.append(x)\n    return len(N)\n"
LEAKS = {
    "global": STATEFUL,
    "default": "def f(x, s=[]):\n    s.append(x)\n    return len(s)\n",
    "cache": (
        "import functools\n@functools.cache\ndef g(): return []\n"
        "def f(x):\n    g().append(x)\n    return len(g())\n"
    ),
    "class": "class A: n = 0\ndef f(x):\n    A.n += 1\n    return A.n\n",
    "iterator": "import itertools\nc = itertools.count(1)\ndef f(x): return next(c)\n",
    "argument": "def f(x, n=[0]):\n    n[0] += 1\n    return n[0]\n",
    "environment": (
        "import os\ndef f(x):\n    n = int(os.environ.get('N', 0)) + 1\n"
        "    os.environ['N'] = str(n)\n    return n\n"
    ),
    "file": "def f(x):\n    open('n', 'a').write('x')\n    return len(open('n').read())\n",
}


def test_verdicts_do_not_depend_on_the_order_of_cases(run):
    """The first call is the first in every case, whichever cases come before it."""
    cases = ["assert f(1) == 1", "assert f(2) == 2", "assert (f(1), f(2)) == (1, 2)"]
    for order in itertools.permutations(range(3)):
        for name, row in zip(
            LEAKS, run([*LEAKS.values()], [cases[j] for j in order], LIMITS), strict=True
        ):
            found = {j: e.outcome for j, e in zip(order, row, strict=True)}
            assert found == {0: Outcome.PASS, 1: Outcome.FAIL, 2: Outcome.PASS}, (name, order)


def test_verdicts_do_not_depend_on_the_order_of_programs(run):
    """A program that changes its process harms no later one, and is harmed by no earlier."""
    changing = f"{BEGIN}sys.path.clear(); os.environ.clear(); random.seed(9); gc.disable()\n"
    programs = [
        f"{changing}json.dumps = len\ndef f(x): return random.random()\n",
        "import random\ndef f(x): return random.random()\n",
        "import os, json, sys\ndef f(x): return len(sys.path) > 0, json.dumps([x])\n",
        STATEFUL,
    ]
    cases = [Case("", "test", Expectation("f(1)"))] * 2
    there = run(programs, cases, LIMITS)
    assert there == run(programs[::-1], cases, LIMITS)[::-1]
    assert there[0][0] == there[1][0], "generators are seeded for each case"
    assert there[2][0].value == "(True, '[1]')"
