"""Kinds of target, each with its candidate in its real module."""

from __future__ import annotations

import pytest

from pytest_genx.domain import Case, Expectation, Outcome

P, F, E = Outcome.PASS, Outcome.FAIL, Outcome.ERROR


def expect(call: str, value: str | None = None, *imports: str) -> Case:
    """Make a case that calls and compares."""
    return Case(f"assert {call} == {value}", "test", Expectation(call, value), imports=imports)


@pytest.fixture
def package(tmp_path):
    """Make a package around `pkg.mod`, whose code on disk must never be seen."""
    root = tmp_path / "pkg"
    root.mkdir()
    files = {
        "__init__.py": "",
        "mod.py": "raise RuntimeError('the module on disk was executed')\n",
        "tools.py": "import functools\n"
        "def twice(function):\n"
        "    @functools.wraps(function)\n"
        "    def call(*args): return 2 * function(*args)\n"
        "    return call\n"
        "def register(registry):\n"
        "    def add(thing):\n        registry[thing.__name__] = thing\n        return thing\n"
        "    return add\n"
        "class Base:\n"
        "    subclasses = []\n"
        "    def __init_subclass__(cls, **options):\n"
        "        cls.options = options\n        Base.subclasses.append(cls.__name__)\n"
        "    def name(self): return f'base of {type(self).__name__}'\n",
        "cached.py": "from pkg.mod import f\nfrom . import mod\n"
        "TABLE = {x: f(x) for x in range(3)}\nHANDLERS = {'f': f}\n"
        "def through(x): return HANDLERS['f'](x), mod.f(x)\n",
    }
    for name, text in files.items():
        (root / name).write_text(text, encoding="utf-8")
    return root


def test_other_modules_that_hold_on_to_the_target_see_the_candidate(run, package):
    """Names and tables made at import are of the candidate at hand, in every row."""
    programs = [f"from . import tools\ndef f(x):\n    return x + {n}\n" for n in (1, 2, 3)]
    cases = [
        Case("from pkg.cached import TABLE\nassert TABLE == {0: 1, 1: 2, 2: 3}", "x"),
        Case("from pkg import cached\nassert cached.through(1) == (2, 2)", "x"),
        expect("cached.TABLE[2]", None, "from pkg import cached"),
        expect("cached.HANDLERS['f'] is f", "True", "from pkg import cached"),
        Case("import pkg.mod\nassert pkg.mod.f is f and f.__module__ == 'pkg.mod'", "x"),
    ]
    rows = run(programs, cases, module="pkg.mod")
    assert [[e.outcome for e in row] for row in rows] == [
        [P, P, P, P, P],
        [F, F, P, P, P],
        [F, F, P, P, P],
    ]
    assert [row[2].value for row in rows] == ["3", "4", "5"]


def test_decorators_run_on_the_candidate(run, package):
    """Those of the module, of its neighbours and of the library."""
    program = (
        "import contextlib, functools\n"
        "from .tools import register, twice\n"
        "KNOWN = {}\n"
        "@register(KNOWN)\n@twice\ndef f(x):\n    'Doubled.'\n    return x\n"
        "@functools.lru_cache(maxsize=None)\n"
        "def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)\n"
        "@functools.singledispatch\ndef kind(x): return 'any'\n"
        "@kind.register\ndef _(x: int): return 'int'\n"
        "@contextlib.contextmanager\ndef around(log):\n    log.append('in')\n    yield log\n"
        "    log.append('out')\n"
    )
    cases = [
        expect("f(3)", "6"),
        expect("(f.__name__, f.__doc__, KNOWN['f'] is f)", "('f', 'Doubled.', True)"),
        expect("fib(80)", "23416728348467685"),
        expect("fib.cache_info().currsize", "0"),
        expect("[kind(1), kind('a')]", "['int', 'any']"),
        Case("log = []\nwith around(log) as inside:\n    pass\nassert log == ['in', 'out']", "x"),
    ]
    (row,) = run([program], cases, module="pkg.mod")
    assert [(e.outcome, e.detail) for e in row] == [(P, "")] * len(cases)


def test_class_bodies_and_methods_are_those_of_the_candidate(run, package):
    """Construction is part of the case; every kind of method is called through its class."""
    program = (
        "from __future__ import annotations\n"
        "from .tools import Base\n"
        "STEP = 2\n"
        "class Box(Base, color='red'):\n"
        "    limit = STEP * 5\n"
        "    names = [n for n in ('a', 'b')]\n"
        "    def __init__(self, size: int = 0) -> None: self.size = size\n"
        "    def grow(self, by: int = STEP) -> Box:\n        self.size += by\n        return self\n"
        "    @property\n    def big(self): return self.size >= self.limit\n"
        "    @classmethod\n    def of(cls, text): return cls(int(text))\n"
        "    @staticmethod\n    def unit(): return 'cm'\n"
        "    def name(self): return super().name().upper()\n"
        "    def __eq__(self, other): return isinstance(other, Box) and self.size == other.size\n"
        "    def __hash__(self): return hash(self.size)\n"
        "    def __len__(self): return self.size\n"
        "    def __iter__(self): yield from range(self.size)\n"
        "    class Inner:\n        value = 3\n"
    )
    cases = [
        expect("Box(1).grow().size", "3"),
        expect("Box(8).grow().grow(0).big", "True"),
        expect("Box.of('4').size", "4"),
        expect("Box.unit()", "'cm'"),
        expect("Box().name()", "'BASE OF BOX'"),
        expect("(Box.options, Box.subclasses)", "({'color': 'red'}, ['Box'])"),
        expect(
            "[len(Box(3)), list(Box(2)), Box.names, Box.Inner.value]", "[3, [0, 1], ['a', 'b'], 3]"
        ),
        expect("Box(1) == Box(1) and Box(1) in {Box(1)}", "True"),
        Case("box = Box(1)\nbox.grow(4)\nbox.grow(4)\nassert box.size == 9 and not box.big", "x"),
        Case("class Mine(Box):\n    limit = 0\nassert Mine().big\nassert Mine.options == {}", "x"),
        expect("Box('a').grow()", "1"),
    ]
    (row,) = run([program], cases, module="pkg.mod")
    assert [(e.outcome, e.detail) for e in row[:-1]] == [(P, "")] * (len(cases) - 1)
    assert (row[-1].outcome, row[-1].raised) == (E, "TypeError")


def test_an_instance_is_observed_by_its_state(run, package):
    """So that candidates that build equal objects are seen to agree, whatever their address."""
    body = "        self.size = size\n        self.tags = {'a', 'b', 'c'}\n"
    programs = [
        f"class Box:\n    def __init__(self, size):\n{body}\ndef f(x): return Box(x {more})\n"
        for more in ("", "+ 0", "+ 1")
    ]
    rows = run(programs, [expect("f(1)"), expect("[f(1), f(2)]")], module="pkg.mod")
    for case in (0, 1):
        one, same, other = (row[case] for row in rows)
        assert one.digest == same.digest != other.digest
        assert None is not one.digest
        assert one.value is None
    assert rows[0][0].returned_type == "pkg.mod.Box"


def test_async_targets_run_in_a_loop_of_the_case(run, package):
    """Functions, methods, generators and context managers; a bare coroutine is never awaited.

    A test that forgets to await would fail under pytest, so it must not pass here.
    """
    program = (
        "import asyncio\n"
        "async def f(x):\n    await asyncio.sleep(0)\n    return x + 1\n"
        "async def fails():\n    raise KeyError('k')\n"
        "class Box:\n"
        "    async def grow(self, x): return await f(x)\n"
        "    async def __aenter__(self): return self\n"
        "    async def __aexit__(self, *_): pass\n"
        "async def count(n):\n    for i in range(n):\n        yield await f(i)\n"
    )
    cases = [
        expect("asyncio.run(f(1))", "2"),
        expect("asyncio.run(Box().grow(2))", "3"),
        expect("asyncio.run(f(1))", "3"),
        Case("async def all():\n    return [x async for x in count(3)]\n"
             "assert asyncio.run(all()) == [1, 2, 3]", "x"),
        Case("async def go():\n    async with Box() as box:\n        return await asyncio.gather("
             "box.grow(1), f(5))\nassert asyncio.run(go()) == [2, 6]", "x"),
        expect("asyncio.run(fails())", "1"),
        expect("f(1)", "2"),
    ]  # fmt: skip
    (row,) = run([program], cases, module="pkg.mod")
    assert [e.outcome for e in row] == [P, P, F, P, P, E, F]
    assert row[5].raised == "KeyError"
    assert (row[6].value, row[6].returned_type) == (None, "coroutine")


def test_generators_are_observed_by_their_items_when_the_case_asks_for_them(run, package):
    """A bare one is not consumed, as it may never end."""
    program = (
        "def f(n):\n    yield from range(n)\ndef forever():\n    while True:\n        yield 1\n"
    )
    cases = [expect("list(f(3))", "[0, 1, 2]"), expect("f(3)"), expect("forever()")]
    (row,) = run([program], cases, module="pkg.mod")
    assert [e.outcome for e in row] == [P, P, P]
    assert (row[0].value, row[1].value, row[2].value) == ("[0, 1, 2]", None, None)
    assert row[1].digest is row[2].digest is None
    assert row[1].returned_type == "generator"
