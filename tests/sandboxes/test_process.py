"""What honest cases mean: outcomes, observations, details, and the module they see."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from pytest_genx.config import Config
from pytest_genx.domain import Batch, Case, Expectation, Limits, Outcome
from pytest_genx.sandboxes.process import ProcessSandbox, process_sandbox, usable_cores

P, F, E = Outcome.PASS, Outcome.FAIL, Outcome.ERROR


def expect(call: str, value: str | None = None, raises: str | None = None) -> Case:
    """Make a case that calls and compares."""
    return Case(f"assert {call} == {value}", "test", Expectation(call, value, raises))


def test_a_call_is_compared_and_observed(run):
    """The call is evaluated once; what it returned is kept whatever the outcome."""
    program = "n = []\ndef f(x):\n    n.append(x)\n    return x, len(n)\n"
    ((right, wrong, seen),) = run(
        [program], [expect("f(3)", "(3, 1)"), expect("f(3)", "(4, 1)"), expect("f(3)")]
    )
    assert (right.outcome, right.detail, right.value) == (P, "", "(3, 1)")
    assert (wrong.outcome, wrong.detail) == (F, "returned (3, 1), expected (4, 1)")
    assert (wrong.value, wrong.digest) == (right.value, right.digest)
    assert seen == right
    assert seen.returned_type == "tuple"


def test_an_expected_exception_passes(run):
    """Any exception of the class does; no exception is a FAIL, another one an ERROR."""
    program = "class Mine(KeyError): pass\ndef f(x):\n    if x: raise Mine(x)\n    return 'none'\n"
    (row,) = run(
        [program],
        [
            expect("f(1)", raises="KeyError"),
            expect("f(1)", raises="(OSError, Mine)"),
            expect("f(0)", raises="KeyError"),
            expect("f(1)", raises="ValueError"),
            expect("f(1)", "2"),
            expect("f(1)"),
            expect("f(1)", raises="Unknown"),
        ],
    )
    assert [e.outcome for e in row] == [P, P, F, E, E, E, E]
    assert row[0].raised == row[3].raised == row[5].raised == "mod.Mine"
    assert row[0].digest == row[4].digest is not None
    assert row[2].detail == "returned 'none', expected an exception"
    assert row[4].detail == "mod.Mine: 1"
    assert row[6].raised == "mod.Mine"


def test_statements_pass_fail_or_err(run):
    """Assertions FAIL, also those of pytest and unittest; all other exceptions are ERRORs."""
    cases = [
        Case("y = f(1)\nassert y == 2", "test"),
        Case("assert f(1) == 3, 'not three'", "test"),
        Case("f(None)", "test"),
        Case("def broken(", "test"),
        Case("with pytest.raises(TypeError): f(None)", "test", imports=("import pytest",)),
        Case("with pytest.raises(TypeError): f(1)", "test", imports=("import pytest",)),
        Case("unittest.TestCase().assertEqual(f(1), 3)", "test", imports=("import unittest",)),
        Case("f(1)", "test", imports=("import no_such_module",)),
    ]
    (row,) = run(["def f(x):\n    return x + 1\n"], cases)
    assert [e.outcome for e in row] == [P, F, E, E, P, F, F, E]
    assert row[1].detail == "returned 2, expected 3"
    assert row[2].raised == "TypeError"
    assert row[3].detail.startswith("SyntaxError")
    assert row[7].raised == "ModuleNotFoundError"


def test_details_are_one_short_line(run):
    """Messages are folded and cut, whatever is in them."""
    program = "def f(x):\n    raise ValueError('a\\nb\\0' + '\\ud800' + 'c' * 1000)\n"
    ((execution,),) = run([program], ["f(1)"])
    assert execution.detail.startswith("ValueError: a b")
    assert len(execution.detail) == 200
    assert execution.detail.isprintable()


def test_a_module_that_cannot_be_imported_is_an_error_everywhere(run):
    """The reason stands in every cell of the row."""
    for program, reason in (
        ("def f(:\n", "import: SyntaxError"),
        ("import no_such_module\n", "import: ModuleNotFoundError"),
        ("assert False\n", "import: AssertionError"),
        ("x = 1\0\n", "import: "),
    ):
        (row,) = run([program], ["assert f(1)", expect("f(1)")])
        assert [e.outcome for e in row] == [E, E]
        assert all(e.detail.startswith(reason) for e in row)


def test_the_candidate_is_its_module_for_everybody(run, tmp_path):
    """Relative imports, `__file__`, pickles, and imports of the module by others all fit."""
    package = tmp_path / "pkg"
    (package / "sub").mkdir(parents=True)
    (package / "__init__.py").write_text("from pkg.sub.mod import f as again\n", encoding="utf-8")
    (package / "sub" / "__init__.py").write_text("", encoding="utf-8")
    (package / "sub" / "mod.py").write_text("def f(x): return 'on disk'\n", encoding="utf-8")
    (package / "near.py").write_text("STEP = 1\n", encoding="utf-8")
    program = (
        "from __future__ import annotations\n"
        "import dataclasses\n"
        "from ..near import STEP\n"
        "@dataclasses.dataclass\n"
        "class Box:\n    size: int = 0\n    def grow(self): return Box(self.size + STEP)\n"
        "def f(x): return x + STEP\n"
    )
    cases = [
        "from pkg.sub.mod import f as g\nassert g(1) == 2",
        "from pkg import again\nassert again(1) == 2",
        "import pkg.sub.mod\nassert pkg.sub.mod.f is f",
        "import pickle\nassert pickle.loads(pickle.dumps(Box(1))) == Box(1)",
        f"assert __file__ == {str(package / 'sub' / 'mod.py')!r}",
        "assert (__name__, __package__) == ('pkg.sub.mod', 'pkg.sub')",
        "import inspect\nassert inspect.getmodule(f).__name__ == 'pkg.sub.mod'",
        expect("Box(1).grow()", "Box(2)"),
    ]
    (row,) = run([program], cases, module="pkg.sub.mod")
    assert [(e.outcome, e.detail) for e in row] == [(P, "")] * len(cases)
    assert (row[-1].value, row[-1].returned_type) == ("Box(size=2)", "pkg.sub.mod.Box")


def test_relative_paths_are_those_of_the_caller(tmp_path, monkeypatch):
    """The worker has another working directory, which is nobody's business."""
    (tmp_path / "near.py").write_text("STEP = 1\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    program = "from near import STEP\ndef f(x): return x + STEP\n"
    cases = (
        Case("assert f(1) == 2", "x"),
        Case(f"assert __file__ == {str(tmp_path / 'm.py')!r}", "x"),
    )
    found = []
    with closing(ProcessSandbox(1)) as sandbox:
        sandbox.run(
            Batch("m", "m.py", (".",), (program,), cases), lambda *pair: found.append(pair[2])
        )
    assert [execution.outcome for execution in found] == [P, P]


def test_candidates_are_compiled_as_they_stand(run):
    """No `__future__` is added that would turn annotations into text."""
    program = "def f(x: int): return x\n"
    ((execution,),) = run([program], ["assert f.__annotations__ == {'x': int}"])
    assert execution.outcome is P


def test_a_package_can_be_the_module(run, tmp_path):
    """A candidate for `__init__.py` finds its submodules."""
    package = tmp_path / "pkg"
    package.mkdir()
    (package / "near.py").write_text("STEP = 1\n", encoding="utf-8")
    program = "from .near import STEP\ndef f(x): return x + STEP\n"
    found = {}
    path = str(package / "__init__.py")
    batch = Batch("pkg", path, (str(tmp_path),), (program,), (Case("assert f(1) == 2", "x"),))
    with closing(ProcessSandbox(1)) as sandbox:
        sandbox.run(batch, lambda i, j, e: found.__setitem__((i, j), e))
    assert found[0, 0].outcome is P


def test_a_module_named_like_one_of_the_library_is_the_users(run, tmp_path):
    """Modules that the worker itself uses do not stand in the way, nor do its own."""
    for module in ("json", "judge", "clock", "random", "types"):
        (row,) = run(
            ["def f(x): return x + 1\n"],
            [f"import {module} as m\nassert m.f(1) == 2"],
            module=module,
        )
        assert [e.outcome for e in row] == [P]


def test_a_coroutine_is_the_business_of_the_case(run):
    """`asyncio.run` works, and a coroutine that nobody awaits is observed by its type."""
    program = "import asyncio\nasync def f(x):\n    await asyncio.sleep(0)\n    return x + 1\n"
    ((awaited, bare),) = run([program], [expect("asyncio.run(f(1))", "2"), expect("f(1)")])
    assert awaited.outcome is P
    assert (bare.outcome, bare.value, bare.returned_type) == (P, None, "coroutine")


def test_randomness_is_the_same_in_every_run_and_case(run):
    """Unseeded random numbers are the same for the same hash seed."""
    program = "import random\ndef f(): return random.random(), {*'abcdefgh'}.pop()\n"
    ((one, two),) = run([program], [expect("f()"), expect("f() ")])
    ((again, _),) = run([program], [expect("f()"), expect("f() ")])
    ((other,),) = run([program], [expect("f()")], hash_seed=1)
    assert one.digest == two.digest == again.digest != other.digest


def test_a_value_does_not_depend_on_the_hash_seed(run):
    """Sets are written in order."""
    cases = [expect("f()")]
    texts = {
        run(["def f(): return {*'abcdefgh'}, frozenset('xyz')\n"], cases, hash_seed=seed)[0][0]
        for seed in (1, 2, 3)
    }
    assert len(texts) == 1
    (only,) = texts
    assert only.value == ("({'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'}, frozenset({'x', 'y', 'z'}))")


def test_input_is_empty(run):
    """A program that asks gets the end of the file."""
    ((execution,),) = run(["def f(): return input()\n"], [expect("f()")])
    assert execution.raised == "EOFError"


def test_an_equality_that_is_no_truth_is_an_error(run):
    """Arrays compare element by element, which is no answer."""
    pytest.importorskip("numpy")
    program = "import numpy as np\ndef f(n): return np.arange(n)\n"
    (row,) = run(
        [program],
        [expect("f(2)", "np.arange(2)"), expect("f(1)", "np.arange(1)"), expect("f(2)")],
        Limits(cpu=5.0),
    )
    assert [e.outcome for e in row] == [E, P, P]
    assert row[2].value is None
    assert row[2].digest is not None


def test_more_workers_give_the_same(run):
    """Results do not depend on who ran what."""
    programs = [f"def f(x): return x + {i % 3}\n" for i in range(7)]
    cases = [expect(f"f({i})", str(i + 1)) for i in range(9)]
    assert run(programs, cases, workers=1) == run(programs, cases, workers=3)


def test_an_import_that_ends_the_worker_is_done_without(run, tmp_path):
    """Preloading is an optimisation: when it kills the worker, it is left out."""
    (tmp_path / "deadly.py").write_text("import os\nos._exit(1)\n", encoding="utf-8")
    cases = [Case("assert f(1) == 2", "x"), Case("f(1)", "x", imports=("import deadly",))]
    ((good, bad),) = run(["def f(x): return x + 1\n"], cases)
    assert (good.outcome, bad.outcome) == (P, Outcome.CRASH)


def test_the_users_packages_are_imported_outside_the_limit(run, tmp_path):
    """What stands around a candidate may take longer than a case."""
    package = tmp_path / "pkg"
    package.mkdir()
    slow = "import time\nend = time.process_time() + 0.2\nwhile time.process_time() < end: pass\n"
    for init in (slow, slow + "from . import mod\n"):
        (package / "__init__.py").write_text(init, encoding="utf-8")
        program = "from pkg import end\ndef f(x): return x + end\n"
        limits = Limits(cpu=0.1)
        ((execution,),) = run([program], ["assert f(1) > 1"], limits, module="pkg.mod")
        assert execution.outcome is P


def test_the_module_on_disk_is_never_executed(run, tmp_path):
    """Neither beforehand nor by what imports it, however that takes a failed import."""
    package = tmp_path / "pkg"
    package.mkdir()
    (package / "__init__.py").write_text("from .user import seen\n", encoding="utf-8")
    (package / "mod.py").write_text("f = 'on disk'\n", encoding="utf-8")
    (package / "user.py").write_text(
        "try:\n    from pkg.mod import f as seen\nexcept Exception:\n    seen = None\n",
        encoding="utf-8",
    )
    program = "def f(x): return x + 1\n"
    ((execution,),) = run([program], ["import pkg\nassert pkg.seen(1) == 2"], module="pkg.mod")
    assert execution.outcome is P


def test_nothing_to_do_starts_nothing(monkeypatch):
    """A batch without programs or cases ends at once."""
    monkeypatch.setattr(subprocess, "Popen", None)
    for programs, cases in (((), (Case("", "x"),)), (("",), ())):
        ProcessSandbox(1).run(Batch("m", "m.py", (), programs, cases), lambda *_: None)


def test_the_factory_makes_one_worker_for_each_core(tmp_path):
    """The sandbox takes what this process may use."""
    sandbox = process_sandbox(Config(rootdir=tmp_path))
    assert (sandbox.name, sandbox.n_workers) == ("process", usable_cores())
    sandbox.close()


def test_the_worker_needs_nothing_but_the_standard_library():
    """The child side runs where only an interpreter is."""
    code = (
        "import sys; sys.path[:0] = [sys.argv[1]]\n"
        "import clock, confine, fork, guard, judge, landlock, load, observe, seccomp, wire\n"
        "print([m for m in sys.modules if m.startswith('pytest_genx')])"
    )
    import pytest_genx.sandboxes.worker as package

    folder = str(Path(package.__file__).parent)
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, folder], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
