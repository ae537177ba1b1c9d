# ruff: noqa: E501, RUF001 -- programs as they are, some with names that only look usual
"""Programs that want to leave something behind where many share one process, or to look around.

Each pair of executions is held against the one that the program gives in a process of its own.
"""

from __future__ import annotations

import pytest

from pytest_genx.domain import Case, Expectation, Limits, Outcome
from pytest_genx.sandboxes.order import Order

LIMITS = Limits(cpu=0.5, wall=10.0, memory=256)
HONEST = (
    "import math, re, copy\nfrom collections import Counter\ndef f(x):\n"
    "    for _ in range(3000):\n        a = []\n        a.append(a)\n"
    "    return (abs(-x), len('ab'), math.pi, sorted({'a', 'b'}), Counter('aa').most_common(1),\n"
    "            re.findall('(?i)A', 'a'), int(re.A), copy.copy([x]), str(re.A), sum([x, 1]))\n"
)
CASES = [Case("", "test", Expectation(f"f({n})")) for n in (1, 2, 1)]

# A program keeps something for the next case, or changes what the honest one uses.
KEEPS = {
    "global list": "S = []\ndef f(x):\n    S.append(x)\n    return len(S)\n",
    "global in a tuple": "S = ([], 1)\ndef f(x):\n    S[0].append(x)\n    return len(S[0])\n",
    "global statement": "n = 0\ndef f(x):\n    global n\n    n += 1\n    return n\n",
    "default": "def f(x, seen=[]):\n    seen.append(x)\n    return len(seen)\n",
    "keyword default": "def f(x, *, s={}):\n    s[len(s)] = x\n    return len(s)\n",
    "default of a lambda": "f = lambda x, s=[]: (s.append(x), len(s))\n",
    "default in a default": "def f(x, g=lambda y, s=[]: (s.append(y), len(s))): return g(x)\n",
    "iterator as default": "def f(x, it=iter([1, 2, 3, 4])): return next(it)\n",
    "function attribute": "def f(x):\n    f.n = getattr(f, 'n', 0) + 1\n    return f.n\n",
    "closure": (
        "def make():\n    n = 0\n    def f(x):\n        nonlocal n\n        n += 1\n        return n\n"
        "    return f\nf = make()\n"
    ),
    "decorator": (
        "def keep(g):\n    seen = []\n    def h(x):\n        seen.append(x)\n"
        "        return g(len(seen))\n    return h\n@keep\ndef f(x): return x\n"
    ),
    "class": "class A:\n    n = 0\ndef f(x):\n    A.n += 1\n    return A.n\n",
    "lru_cache": (
        "import functools\n@functools.lru_cache\ndef g(x): return []\n"
        "def f(x):\n    g(0).append(x)\n    return len(g(0))\n"
    ),
    "bound method": "push = [].append\ndef f(x):\n    push(x)\n    return len(push.__self__)\n",
    "partial": (
        "from functools import partial\nadd = partial(lambda s, x: (s.append(x), len(s)), [])\n"
        "def f(x): return add(x)\n"
    ),
    "global iterator": "import itertools\nc = itertools.count()\ndef f(x): return next(c)\n",
    "global generator": "g = (n for n in range(9))\ndef f(x): return next(g)\n",
    "docstring": "__doc__ = []\ndef f(x):\n    __doc__.append(x)\n    return len(__doc__)\n",
    "own name": "__name__ = {}\ndef f(x):\n    __name__[len(__name__)] = x\n    return len(__name__)\n",
    "annotations": "s: list = []\ndef f(x):\n    s.append(x)\n    return len(s)\n",
    "builtins": "def f(x):\n    n = __builtins__\n    n = n if type(n) is dict else vars(n)\n"
    "    n['abs'] = lambda _: 99\n    return abs(x)\n",
    "globals": "def f(x):\n    globals()['n'] = globals().get('n', 0) + 1\n    return n\n",
    "full width names": "n = 0\ndef f(x):\n    ｇｌｏｂａｌｓ()['n'] += 1\n    return n\n",
    "full width attribute": "def f(x):\n    f.＿＿globals＿＿['n'] = n + 1\n    return n\nn = 0\n",
    "string module": "import math\ndef f(x):\n    math.pi += 1\n    return math.pi\n",
    "loop into an attribute": "import math\ndef f(x):\n    for math.pi in [x]: pass\n    return x\n",
    "with": "import math, copy\ndef f(x):\n    math.__dict__['pi'] = 3\n    return math.pi\n",
    "walrus": "n = 0\ndef f(x): return [(n := n + 1) if False else x for _ in 'a']\n",
    "members": "import re\ndef f(x):\n    re.A._member_map_['S'] = re.A._member_map_.get('S', 0)\\\n"
    "        or re.I\n    re.A._member_names_.append(x)\n    return re.A._member_names_[-2:]\n",
    "values of members": (
        "import re\ndef f(x):\n    m = re.A._value2member_map_\n"
        "    m[1 << 20] = m.get(1 << 20, 0) or re.I\n    return len(m)\n"
    ),
    "copied name": "import collections, collections.abc\nA, B, C, D = [], {}, [], {}\ndef f(x):\n"
    "    for s in (A, C): s.append(x)\n    for s in (B, D): s[x] = 1\n    return len(A), len(B)\n",
    "pattern of globals": (
        "def f(x):\n    match f:\n        case object(__globals__=g):\n"
        "            g['n'] = g.get('n', 0) + 1\n    return n\n"
    ),
    "pattern of built-ins": (
        "def f(x):\n    match f:\n        case object(__globals__={'__builtins__': b}):\n"
        "            b = b if type(b) is dict else vars(b)\n            b['abs'] = lambda _: 99\n"
        "    return abs(x)\n"
    ),
    "pattern of a traceback": (
        "def f(x):\n    try: x.y\n    except AttributeError as e:\n        match e:\n"
        "            case object(__traceback__=object(tb_frame=object(f_back=object(f_globals=g)))):\n"
        "                g['plain'] = lambda _: '99'\n    return x\n"
    ),
    "pattern by its own class": (
        "def f(x):\n    A = type('A', (), {'__match_args__': ('__globals__',)})\n"
        "    M = type('M', (type,), {'__instancecheck__': lambda *_: True})\n"
        "    match f:\n        case A(g): g['n'] = g.get('n', 0) + 1\n    return x\n"
    ),
    "class made by type": (
        "A = type('A', (), {'__module__': 'typing', 's': []})()\n"
        "def f(x):\n    A.s.append(x)\n    return len(A.s)\n"
    ),
    "class made by the type of type": (
        "A = type(type(1))('A', (), {'__module__': 'typing', 's': []})()\n"
        "def f(x):\n    A.s.append(x)\n    return len(A.s)\n"
    ),
    "class made by an enumeration": (
        "import re\ndef f(x):\n    E = type(re.A).mro()[-2]('E', {'A': 1})\n    return len(E)\n"
    ),
    "setattr by copying": (
        "import copy\nfrom collections import Counter\ndef f(x):\n"
        "    R = type('R', (), {'__reduce_ex__': lambda s, p: (lambda: Counter, (),\n"
        "        (None, {'most_common': lambda s, n=None: 'mine'}))})\n"
        "    copy.copy(R())\n    return Counter('aa').most_common(1)\n"
    ),
    "typing": (
        "import typing\ntyping.List._name = 'x'\ndef f(x): return str(typing.List)\n"
    ),
    "type alias": "import typing\nS = typing.Literal[1, 2]\ndef f(x): return S.__args__\n",
    "star import": "from math import *\npi = 3\ndef f(x): return pi + floor(x)\n",
    "submodule": "import xml.dom\ndef f(x):\n    xml.dom.n = getattr(xml.dom, 'n', 0) + 1\n"
    "    return xml.dom.n\n",
    "itself": "import mod\nmod.n = 0\ndef f(x):\n    mod.n += 1\n    return mod.n\n",
    "itself again": "n = []\ndef f(x):\n    from mod import n as m\n    m.append(x)\n    return len(m)\n",
    "Counter": "from collections import Counter\ndef f(x):\n    Counter.update = None\n    return x\n",
    "OrderedDict": "from collections import OrderedDict as O\ndef f(x):\n"
    "    O.n = O.__dict__.get('n', 0) + 1\n    return O.n\n",
    "random": "import random\ndef f(x): return random.random()\n",
    "caught": "def f(x):\n    try: setattr(f, 'n', getattr(f, 'n', 0) + 1)\n"
    "    except BaseException: return 'caught'\n    return f.n\n",
    "swallowed": "import os\ndef f(x):\n    try: os.n = getattr(os, 'n', 0) + 1\n    except: pass\n"
    "    finally: return x\n",
}  # fmt: skip
# A program looks at what it should not see, or acts when it is over.
LOOKS = {
    "format of a traceback": (
        "def f(x):\n    try: x.y\n    except AttributeError as e:\n        return len('{0.__traceback__"
        ".tb_frame.f_back.f_back.f_locals}'.format(e)) > 0\n"
    ),
    "format made at run time": (
        "def f(x):\n    t = '{0.' + '_' * 2 + 'globals' + '_' * 2 + '}'\n"
        "    return len(t.format(f)) > 0\n"
    ),
    "format as a function": "def f(x): return [*map(str.format, ['{0.__name__}'], [f])]\n",
    "format in a specification": "def f(x): return '{:{0.__class__.__name__}}'.format(x)\n",
    "format_map": "def f(x): return '{a.__class__}'.format_map({'a': x})\n",
    "format on a branch": "def f(x): return ('{0.__class__}' if x > 1 else '{0}').format(x)\n",
    "frames of generators": "def f(x):\n    g = (n for n in [x])\n    return g.gi_frame.f_back\n",
    "f-string": "def f(x): return f'{f.__code__.co_name!r:>9} {x!s}'\n",
    "exception groups": (
        "def f(x):\n    try: raise ExceptionGroup('x', [ValueError(x)])\n"
        "    except* ValueError as e: return e.exceptions[0].__traceback__.tb_lineno\n"
    ),
    "callback of re": "import re\ndef f(x): return re.sub('.', lambda m: str(type(m)), 'ab')\n",
    "print to an object": "import sys\ndef f(x): return print(x, file=sys.stdout)\n",
    "key of sorted": "def f(x): return sorted([f, f], key=lambda g: g.__name__ + g.__module__)\n",
    "finalizer": (
        "def f(x):\n    a = []\n    A = type('A', (), {'__del__': lambda s: [0 for _ in iter(int, 1)]})\n"
        "    a += [a, A()]\n    return x\n"
    ),
    "generator that cleans up": (
        "def g(box):\n    try: yield\n    finally:\n        while True: pass\ndef f(x):\n"
        "    box = []\n    box.append(g(box))\n    next(box[0])\n    return x\n"
    ),
    "coroutine that cleans up": (
        "async def g(box):\n    try: await box[0]\n    finally:\n        while True: pass\ndef f(x):\n"
        "    box = []\n    box.append(g(box))\n    return x\n"
    ),
    "async generator": (
        "async def g():\n    yield 1\ndef f(x):\n    try: g().asend(None).send(None)\n"
        "    except StopIteration as e: return e.value\n"
    ),
    "depth": "def f(x):\n    try: return 1 + f(x)\n    except RecursionError: return 1\n",
    "depth of a method": "def f(x, n=0):\n    try: return max([f(x, n + 1)])\n    except RecursionError: return n\n",
    "sets": "def f(x): return [*{'a', 'bc', 'def', x}], hash('abc') % 7\n",
    "prints": "def f(x):\n    print(x)\n    print('\\ud800')\n    return x\n",
    "reads": "def f(x): return input()\n",
    "kinds": "def f(x): return type(x), type(f), type(x) == int, isinstance(int, type), type[int]\n",
    "kind of a kind": "def f(x): return type(type(x)), type(type), type\n",
    "raises": "def f(x): raise [KeyError, ValueError, OSError][x](f'{x}')\n",
    "ends": "def f(x): raise SystemExit(x)\n",
    "fails to import": "def f(x): return x\n1 / 0\n",
    "loops": "def f(x):\n    while x == 2: pass\n    return x\n",
    "mutates its argument": "def f(x, *a):\n    s = [3, 1, 2]\n    s.sort()\n    return s, a\n",
    "dictionary views": "def f(x): return {x: 1}.keys(), {x: 1}.items(), range(x), slice(x)\n",
    "underscores": "def _g(_x): return _x\n_n = 2\ndef f(x):\n    for _ in 'ab': x = _g(x) + _n\n    return x\n",
    "honest format": "def f(x): return '{:>5} {0!r}'.replace('0', '').format(x, x), '{:>5}|{}'.format(x, x)\n",
}  # fmt: skip


@pytest.fixture
def alone(run, monkeypatch):
    """Return what runs programs with nothing shared."""
    shared_by = Order.shared_by

    def alone(programs, cases):
        with monkeypatch.context() as patch:
            patch.setattr(
                Order,
                "shared_by",
                lambda rows, may, *rest: shared_by(rows, [False] * len(may), *rest),
            )
            return run(programs, cases, LIMITS)

    return alone


@pytest.mark.parametrize("mechanism", ["process"], indirect=True)
@pytest.mark.parametrize("programs", [KEEPS, LOOKS], ids=["keeps", "looks"])
def test_sharing_a_process_never_shows(run, alone, programs):
    """Each program between honest ones, in both orders, gives what it gives alone."""
    names = [*programs]
    between = [p for name in names for p in (programs[name], f"{HONEST}# after {name}\n")]
    there = run(between, CASES, LIMITS)
    back = run(between[::-1], CASES, LIMITS)[::-1]
    lonely = alone([*programs.values(), HONEST], CASES)
    honest = lonely.pop()
    assert {e.outcome for e in honest} == {Outcome.PASS}
    for at, name in enumerate(names):
        assert there[2 * at] == back[2 * at] == lonely[at], name
        assert there[2 * at + 1] == back[2 * at + 1] == honest, f"after {name}"
        assert there[2 * at][0] == there[2 * at][2] or name == "loops", f"{name} keeps something"


@pytest.mark.parametrize("mechanism", ["process"], indirect=True)
def test_a_case_binds_nothing_for_the_next(run, alone):
    """Names that a case assigns, in an expression or a statement, are gone after it."""
    cases = [
        "assert (f := lambda x: 2)(1) == 2",
        "assert f(5) == 2",
        "f = len\nassert f('a') == 1",
        "assert f(5) == 6",
        Case("", "test", Expectation("[f := 3, f][0]", "3")),
        "assert [g := 9 for _ in 'a'] == [9]",
        "assert g == 9",
        "assert f(5) == 6",
    ]
    program = ["def f(x): return x + 1\n"]
    for each in (run, alone):
        (row,) = each(program, cases) if each is alone else each(program, cases, LIMITS)
        assert "".join(e.outcome.value for e in row) == "PFPPPPEP"
