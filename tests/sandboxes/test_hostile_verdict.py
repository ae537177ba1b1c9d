# ruff: noqa: E501 -- programs as they are
"""Programs that want a PASS they have not earned: lying values, patched judges, forged answers."""

from __future__ import annotations

import secrets

import pytest

from pytest_genx.domain import Case, Expectation, Outcome

P, F, E, T, C = Outcome.PASS, Outcome.FAIL, Outcome.ERROR, Outcome.TIMEOUT, Outcome.CRASH
CALLS = (
    Case("", "test", Expectation("f(1)", "2")),
    Case("", "test", Expectation("[f(2)]", "[3]")),
    "assert f(2) == 3",
    "assert f(1) in (2, 4)",
)
TRUE = "lambda *_: True"
ANYTHING = f"type('A', (), {{'__eq__': {TRUE}}})()"


def text(value: str) -> str:
    """Make a program whose value calls itself by a text that others may evaluate."""
    return (
        f"class A:\n    def __repr__(self): return {value!r}\n"
        "    def __eq__(self, other): return True\n    __hash__ = None\ndef f(x): return A()\n"
    )


LIARS = {
    "equal to all": f"class A:\n    __eq__ = {TRUE}\n    __hash__ = None\ndef f(x): return A()\n",
    "never unequal": "class A:\n    __ne__ = lambda *_: False\ndef f(x): return A()\n",
    "hash and truth": (
        f"class A:\n    __eq__ = __bool__ = {TRUE}\n    def __hash__(self): return hash(3)\n"
        "def f(x): return A()\n"
    ),
    "instance of all": (
        f"class M(type):\n    __instancecheck__ = __subclasscheck__ = __eq__ = {TRUE}\n"
        "    __hash__ = type.__hash__\nclass A(metaclass=M): pass\ndef f(x): return A\n"
    ),
    "an int": f"class A(int):\n    __eq__ = {TRUE}\n    __hash__ = int.__hash__\n"
    "def f(x): return A(9)\n",
    "a float": f"class A(float):\n    __eq__ = {TRUE}\n    __hash__ = float.__hash__\n"
    "def f(x): return A(9)\n",
    "a str": f"class A(str):\n    __eq__ = {TRUE}\n    __hash__ = str.__hash__\n"
    "def f(x): return A('2')\n",
    "a list": f"class A(list):\n    __eq__ = __contains__ = {TRUE}\ndef f(x): return A()\n",
    "a tuple": f"class A(tuple):\n    __eq__ = {TRUE}\n    __hash__ = None\ndef f(x): return A()\n",
    "a dict": f"class A(dict):\n    __eq__ = {TRUE}\ndef f(x): return A()\n",
    "inside a list": f"class A(int):\n    __eq__ = {TRUE}\n    __hash__ = int.__hash__\n"
    "def f(x): return [A(9)]\n",
    "lies about its class": (
        f"class A:\n    __class__ = property(lambda s: int)\n    __eq__ = {TRUE}\n"
        "    __int__ = __index__ = lambda s: 2\n    __hash__ = None\ndef f(x): return A()\n"
    ),
    "the answer as text": "class A:\n    def __repr__(self): return '2'\ndef f(x): return A()\n",
    "the answer as a string": "def f(x): return str(x + 1)\n",
    "an expression": text(f"type('A', (), {{'__eq__': eval('{TRUE}')}})()"),
    "a lambda": text(ANYTHING),
    "mock.ANY": "from unittest.mock import ANY\ndef f(x): return ANY\n",
    "mock.ANY as text": text("__import__('unittest.mock').mock.ANY"),
    "itself as text": text("f(1)"),
    "built-in functions": text("eval('2') or eval('3')"),
    "expected": text("expected"),
    "prints": "def f(x):\n    print(x + 1)\n    print('PASS', 'P', 'ok', '1 passed')\n",
    "nan": "def f(x): return float('nan')\n",
    "contains itself": "def f(x):\n    a = []\n    a.append(a)\n    return a\n",
    "surrogates": "def f(x): return '\\udcff\\ud800' * 9\n",
    "zero bytes": "def f(x): return '\\0+=2\\0' + '\\0' * 99\n",
    "bytes that are no text": "def f(x): return b'\\xff\\xfe\\0'\n",
    "a generator": "def f(x): yield x + 1\n",
}
HUGE = {
    "deep": "def f(x):\n    a = []\n    for _ in range(100000): a = [a]\n    return a\n",
    "a huge text": "def f(x): return 'x' * (1 << 26)\n",
    "a huge number": "def f(x): return 1 << (1 << 26)\n",
    "a huge repr": "class A:\n    def __repr__(self): return '2' * (1 << 26)\ndef f(x): return A()\n",
    "a huge message": "def f(x): raise ValueError('\\0' * (1 << 26))\n",
}


def test_no_value_is_taken_for_another(attacks):
    """Lying comparisons, classes and texts are not asked where the verdict is found."""
    for name, row in attacks(LIARS).items():
        assert {e.outcome for e in row} <= {F, E}, name
    for name, row in attacks(LIARS, CALLS[:1]).items():
        assert {e.outcome for e in row} <= {F, E}, name


def test_huge_answers_are_no_pass(attacks):
    """Text, numbers, messages and containers without end are cut, or cost their own time."""
    for name, row in attacks(HUGE, CALLS[:2]).items():
        assert P not in {e.outcome for e in row}, name


PATCHES = {
    **{
        name: f"import builtins\nbuiltins.{name} = {TRUE}\ndef f(x): return None\n"
        for name in (
            *("len", "repr", "isinstance", "eval", "exec", "compile", "bool", "print", "any"),
            *("type", "str", "int", "hasattr", "getattr", "AssertionError", "__import__"),
        )
    },
    "builtins in the call": (
        f"import builtins\ndef f(x):\n    for n in ('bool', 'repr', 'eval', 'isinstance', 'type'):\n"
        f"        setattr(builtins, n, {TRUE})\n"
    ),
    "json": "import json\ndef f(x):\n    json.JSONEncoder.encode = json.dumps = lambda *_: '=2'\n",
    "os.write": "import os\nos.write = lambda fd, data: len(data)\ndef f(x): pass\n",
    "marshal": "import marshal\nmarshal.loads = marshal.dumps = lambda *_: 2\ndef f(x): pass\n",
    "warnings": "import warnings\nwarnings.simplefilter('error')\ndef f(x): warnings.warn('x')\n",
    "recursion limit": "import sys\ndef f(x):\n    sys.setrecursionlimit(40)\n    return [[[]]]\n",
    "trace": (
        "import sys\ndef lie(frame, event, arg):\n"
        "    for n in ('value', 'expected', 'holds', 'y'): frame.f_locals.update({n: 2})\n"
        "    return lie\n"
        "def f(x):\n    frame = sys._getframe()\n    while frame:\n        frame.f_trace = lie\n"
        "        frame = frame.f_back\n    sys.settrace(lie)\n"
    ),
    "profile": (
        "import sys\ndef lie(frame, event, arg):\n    frame.f_locals['seen'] = 'f[\"P\",\"\",null,null]'\n"
        "def f(x): sys.setprofile(lie)\n"
    ),
    "monitoring": (
        "import sys\ndef f(x):\n    m = getattr(sys, 'monitoring', None)\n    if m:\n"
        "        m.use_tool_id(1, 'x')\n        m.set_events(1, m.events.PY_RETURN)\n"
        "        m.register_callback(1, m.events.PY_RETURN, lambda *_: 1 / 0)\n"
    ),
    "the worker's functions": (
        'import gc, types\nPASSED = \'f["P","",null,null]\'\ndef f(x):\n'
        "    for m in gc.get_objects():\n"
        "        if type(m) is types.FunctionType and m.__name__ in ('describe', 'plain', 'blame'):\n"
        '            m.__code__ = (lambda *a, **k: \'f["P","",null,null]\').__code__\n'
    ),
    "the worker's modules": (
        "import sys\ndef f(x):\n    frame = sys._getframe()\n    while frame:\n"
        "        g = frame.f_globals\n"
        "        for n in ('describe', 'plain', 'blame', 'run'):\n"
        "            if n in g and g is not globals():\n"
        "                g[n] = lambda *a, **k: 'c[true,\"=0\"]'\n"
        "        frame = frame.f_back\n"
    ),
    "finalizer": (
        "import sys\nclass A:\n    def __del__(self):\n        sys.stdout = None\n"
        "        sys._getframe(1).f_globals['PASSED'] = 1\n"
        "    def __repr__(self): return repr(A())\ndef f(x): return A()\n"
    ),
    "atexit": "import atexit, os\natexit.register(os._exit, 0)\ndef f(x): return atexit\n",
    "threads": (
        "import threading, time, os\ndef late():\n    while True:\n"
        "        for fd in range(3, 30):\n            try: os.write(fd, b'=2')\n"
        "            except OSError: pass\n        time.sleep(0.001)\n"
        "def f(x): threading.Thread(target=late, daemon=True).start()\n"
    ),
    **{
        f"raises {name}": f"def f(x): raise {name}\n"
        for name in ("SystemExit(0)", "KeyboardInterrupt", "GeneratorExit", "StopIteration(2)")
    },
    **{
        name: f"import os, signal, sys\ndef f(x): {name}\n"
        for name in (
            *("os._exit(0)", "os._exit(1)", "os._exit(3)", "sys.exit(0)", "os.abort()"),
            *("signal.raise_signal(15)", "signal.raise_signal(2)", "os.kill(os.getpid(), 14)"),
        )
    },
}


def test_a_patched_interpreter_gives_no_pass(attacks):
    """What a program does to its own interpreter harms itself alone."""
    for name, row in attacks(PATCHES).items():
        assert P not in {e.outcome for e in row}, name


def test_the_expected_value_is_nowhere_in_the_process(run):
    """A program that looks through all objects and frames does not find what is expected."""
    needle = f"needle-{secrets.token_hex(8)}"
    program = (
        "import gc, os, sys\ndef f(x):\n    start, found = 'needle' + chr(45), set()\n"
        "    frame, todo = sys._getframe(), [os.environ, sys.argv, sys.modules]\n"
        "    while frame:\n"
        "        todo += [frame.f_locals, frame.f_globals, *frame.f_code.co_consts]\n"
        "        frame = frame.f_back\n"
        "    for o in todo + gc.get_objects():\n"
        "        for p in [o, *gc.get_referents(o)]:\n"
        "            if type(p) in (str, bytes):\n"
        "                p = p if type(p) is str else p.decode('latin-1')\n"
        "                if start in p and p != start: found.add(p[p.index(start):][:23])\n"
        "    return found.pop() if found else x + 1\n"
    )
    cases = [Case("", "test", Expectation("f(1)", repr(needle))), f"assert f(1) == {needle!r}"]
    hostile, honest, knowing = run(
        [program, "def f(x): return x + 1\n", f"def f(x): return {needle!r}\n"], [*cases, "f(1)"]
    )
    assert [e.outcome for e in hostile] == [F, F, P]
    assert {e.detail for e in hostile[:2]} == {f"returned 2, expected {needle!r}"}
    assert [e.outcome for e in honest] == [F, F, P]
    assert [e.outcome for e in knowing] == [P, P, P]


TOOLS = """\
import os, sys
def tools():
    frame = sys._getframe()
    while not {'job', 'token'} <= frame.f_locals.keys():
        frame = frame.f_back
    return frame.f_locals
def framed(token, *fields):
    body = b'\\0'.join(b'+' + field for field in fields)
    return token + len(body).to_bytes(4, 'big') + body
"""
IN_A_CASE = (
    TOOLS
    + """\
def f(x):
    found = tools()
    os.write(found['job'].verdicts, framed(found['token'], %r))
    os._exit(0)
"""
)
AT_IMPORT = (
    TOOLS
    + """\
found = tools()
row = framed(found['token'], b'imported')
for token in found['message']['tokens']:
    row += framed(bytes.fromhex(token), %r) + framed(found['token'], b'ended', b'exit 0')
os.write(found['job'].verdicts, row + framed(found['token'], b'done', b'exit 0'))
os._exit(0)
"""
)
ANSWERS = {
    "=": b"=0",
    "= that is no value": b"=eval('2')",
    "c": b'c[true,"=0"]',
    "c and no value": b'c[true,"v[null,null,null,null,null]"]',
    "f": b'f["P","",null,null]',
    "f and more": b'f["P","",null,null,true]',
    "o": b"o0  2",
    "r": b'r["","KeyError",["KeyError","LookupError","Exception"]]',
    "v": b'v["0",null,"0","int","2"]',
    "v without an expression": b'v[null,null,"0","int","2"]',
    "v that lies": b"v[\"type('A',(),{'__eq__':eval('lambda *a: True')})()\",null,null,null,null]",
    "v by itself": b'v["f(1)",null,null,"int","2"]',
    "v by functions": b"v[\"next(map(eval,('2',)))\",null,null,null,null]",
    "v by state": b'v["0","f(1)",null,null,null]',
    "v that equals all": b'v["ANY",null,null,null,null]',
    "v in a list": b'v["[ANY][0]",null,null,null,null]',
    "nothing": b"",
    "unknown": b'P["P"]',
}


@pytest.fixture
def incumbent(tmp_path):
    """The module as it stands, which computes what is expected and holds an object that lies."""
    (tmp_path / "mod.py").write_text(
        "from unittest.mock import ANY\ndef f(x): return x + 1\n", encoding="utf-8"
    )


@pytest.mark.usefixtures("incumbent")
@pytest.mark.parametrize("where", [IN_A_CASE, AT_IMPORT], ids=["in a case", "at import"])
def test_the_own_tokens_do_not_buy_a_pass(attacks, where):
    """A program that finds its tokens may say what it returned, and nothing about the verdict."""
    cases = ["assert f(1) == 2", Case("", "test", Expectation("f(2)", "3")), "assert f(2) > 2"]
    for name, row in attacks({n: where % a for n, a in ANSWERS.items()}, cases).items():
        assert P not in {e.outcome for e in row}, name


@pytest.mark.usefixtures("incumbent")
def test_the_own_tokens_can_tell_the_right_answer(attack):
    """Which is no more than returning it."""
    hostile = attack(IN_A_CASE % b"=2", ["assert f(1) == 2", "assert f(1) != 3"])
    assert [e.outcome for e in hostile] == [P, P]


def test_guessed_tokens_are_not_tried_on_any_descriptor(attacks):
    """Every kind of answer and of steering frame, on every descriptor, counts for nothing."""
    forger = (
        TOOLS + "def f(x):\n    for fd in range(1, 64):\n"
        "        for token in (bytes(16), os.urandom(16)):\n"
        "            for fields in ([%r], [b'ended', b'exit 0'], [b'row', b'0', b'done', %r]):\n"
        "                try: os.write(fd, framed(token, *fields))\n"
        "                except OSError: pass\n"
    )
    programs = {name: forger % (answer, answer) for name, answer in ANSWERS.items()}
    for name, row in attacks(programs).items():
        assert {e.outcome for e in row} == {F}, name


FREE = ["y = f(1)\nassert y == 2", "y = f(2)\nassert y == 3"]
DETECTED = {
    "AssertionError": "import builtins\nbuiltins.AssertionError = KeyError\n",
    "all exceptions": "import builtins\nbuiltins.AssertionError = builtins.Exception = OSError\n",
    "sum": f"import builtins\nbuiltins.sum = {TRUE}\n",
    "sorted in the call": "import builtins\n",
    "trace": "import sys\n",
    "profile": "import sys\n",
}
IN_THE_CALL = {
    "sorted in the call": f"builtins.sorted = {TRUE}",
    "trace": "sys.settrace(lambda *_: None)",
    "profile": "sys.setprofile(lambda *_: None)",
}


def test_tampering_is_noticed_in_free_form_cases(attacks):
    """Where the judge is in the same interpreter, a PASS needs built-ins as they were."""
    programs = {
        name: f"{begin}def f(x):\n    {IN_THE_CALL.get(name, 'pass')}\n    return x + 1\n"
        for name, begin in DETECTED.items()
    }
    for name, row in attacks(programs, FREE).items():
        assert {e.outcome for e in row} == {E}, name
        assert all(e.detail.startswith("not judged: the candidate ") for e in row), name


def test_a_free_form_case_needs_its_end(attacks):
    """An exit, a signal or an exception before the last statement is no PASS."""
    endings = ("os._exit(0)", "sys.exit(0)", "os.abort()", "raise KeyboardInterrupt")
    programs = {e: f"import os, sys\ndef f(x):\n    {e}\n" for e in endings}
    for name, row in attacks(programs, FREE).items():
        assert {e.outcome for e in row} <= {E, C}, name


@pytest.mark.usefixtures("incumbent")
def test_what_remains_possible_in_a_free_form_case_is_about_the_own_row(run):
    """With its own token a program can pass a free-form case, and no other program's."""
    cheat, wrong = run([IN_A_CASE % ANSWERS["f"], "def f(x): return 0\n"], [*FREE, CALLS[0]])
    assert [e.outcome for e in cheat] == [P, P, C]
    assert [e.outcome for e in wrong] == [F, F, F]
