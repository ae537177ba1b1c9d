"""Cases that are no snippets: exchanges, sessions, test functions; and kinds of target."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_genx.config import Config
from pytest_genx.domain import Batch, Case, CaseForm, Execution, Expectation, Limits, Outcome
from pytest_genx.errors import SandboxError
from pytest_genx.sandboxes.plan import make_plan
from pytest_genx.sandboxes.process import process_sandbox
from pytest_genx.sandboxes.verdict import Judge
from pytest_genx.syntax.conftests import conftests_above, ini_file

P, F, E, T, C = Outcome
Run = Callable[..., list[Execution]]
ADD = "def f(x):\n    return x + 1\n"


@pytest.fixture
def run_one(tmp_path: Path) -> Run:
    """Return what runs one program against cases."""

    def run_one(
        program: str, cases: list[Case], cpu: float = 2.0, **fields: object
    ) -> list[Execution]:
        module = str(fields.pop("module", "mod"))
        found: dict[int, Execution] = {}
        batch = Batch(
            module=module,
            path=str(tmp_path.joinpath(*module.split(".")).with_suffix(".py")),
            sys_path=(str(tmp_path),),
            programs=(program,),
            cases=tuple(cases),
            limits=Limits(cpu=cpu, wall=20.0, memory=256),
            **fields,
        )
        sandbox = process_sandbox(Config(rootdir=tmp_path))
        try:
            sandbox.run(batch, lambda _, j, execution: found.__setitem__(j, execution))
        finally:
            sandbox.close()
        return [found[j] for j in range(len(cases))]

    return run_one


def exchange(reads: str, prints: str | None = None) -> Case:
    """Make a case of a program that reads and prints."""
    return Case(reads, "test", Expectation("", prints), form=CaseForm.EXCHANGE)


def session(text: str, *imports: str) -> Case:
    """Make a case of an interactive session."""
    return Case(text, "test", imports=imports, form=CaseForm.DOCTEST)


def function(text: str, *imports: str) -> Case:
    """Make a case of test functions."""
    return Case(text, "test", imports=imports, form=CaseForm.FUNCTION)


# Each prints the sum of the integers that it reads.
SUMMING = {
    "input": "n = int(input())\nprint(sum(int(input()) for _ in range(n)))\n",
    "lines": "import sys\nnext(sys.stdin)\nprint(sum(map(int, sys.stdin)))\n",
    "whole": "import sys\n_, *d = map(int, sys.stdin.read().split())\n"
    "sys.stdout.write(f'{sum(d)}')\n",
    "bytes": "import sys\nd = sys.stdin.buffer.read().split()[1:]\n"
    "sys.stdout.buffer.write(b'%d' % sum(map(int, d)))\n",
    "descriptors": "import os\nd = os.read(0, 99).split()[1:]\n"
    "os.write(1, b'%d' % sum(map(int, d)))\n",
    "open": "print(sum(map(int, open(0).read().split()[1:])), file=open(1, 'w'))\n",
    "main": "def main():\n    _, *d = map(int, open(0).read().split())\n    print(sum(d))\n"
    "if __name__ == '__main__':\n    main()\n",
    "exit": "import sys\nprint(sum(map(int, [*sys.stdin][1:])))\nsys.exit(0)\nprint('no')\n",
    "quit": "print(sum(int(input()) for _ in range(int(input()))))\nexit()\n",
    "atexit": "import atexit, io, sys\nsys.stdout = io.StringIO()\n"
    "atexit.register(lambda: sys.__stdout__.write(sys.stdout.getvalue()))\n"
    "print(sum(int(input()) for _ in range(int(input()))))\n",
    "thread": "import sys, threading\nsys.setrecursionlimit(10**6)\nthreading.stack_size(1 << 26)\n"
    "def main():\n    print(sum(int(input()) for _ in range(int(input()))))\n"
    "threading.Thread(target=main).start()\n",
    "pickle": "import pickle\nclass A: pass\nassert type(pickle.loads(pickle.dumps(A()))) is A\n"
    "print(sum(int(input()) for _ in range(int(input()))))\n",
    "global": "total = 0\ndef add(x):\n    global total\n    total += x\n"
    "for _ in range(int(input())):\n    add(int(input()))\nprint(total)\n",
}


@pytest.mark.parametrize("program", SUMMING.values(), ids=SUMMING)
def test_a_program_reads_and_prints_as_it_would_as_a_script(run_one, program):
    """However it gets at its input and output, and ends."""
    cases = [exchange("2\n1\n2\n", "3\n"), exchange("1\n5\n", "6\n"), exchange("1\n7\n")]
    right, wrong, seen = run_one(program, cases)
    assert (right.outcome, right.detail) == (P, "")
    assert right.value.strip() == "3"
    assert (wrong.outcome, wrong.detail) == (F, "token 1 is '5', expected '6'")
    assert (seen.outcome, seen.value.strip()) == (P, "7")


@pytest.mark.parametrize(
    ("program", "outcome", "detail"),
    [
        ("print(1)\nraise ValueError('no')\n", E, "ValueError: no"),
        ("print(1)\nexit(1)\n", E, "SystemExit: 1"),
        ("print(1)\nexit('bad')\n", E, "SystemExit: bad"),
        ("print(1)\nassert False\n", F, "AssertionError"),
        ("input(); input(); input()\n", E, "EOFError: EOF when reading a line"),
        ("print(1\n", E, "import: SyntaxError"),
        ("while True: pass\n", T, "does not end"),
        ("print(1, flush=True)\nimport os\nos._exit(0)\n", C, "the process ended with status 0"),
        ("print(1)\nimport sys\nsys.stdout.close()\n", P, ""),
        ("while True: print('x' * 10**6)\n", E, "OSError"),
        ("print('1 ' * 10**5)\n", F, "printed"),
        ("import mod\n", E, "ModuleNotFoundError"),
        ("print(1, __name__, __file__[-6:])\n", F, "goes on after 1 tokens with '__main__'"),
    ],
)
def test_how_a_program_ends_decides(run_one, program, outcome, detail):
    """An exit with a status, an exception or silence are no success, whatever was printed."""
    (execution,) = run_one(program, [exchange("1\n", "1")], cpu=0.5)
    assert execution.outcome is outcome
    assert execution.detail.startswith(detail)


def test_programs_start_afresh_for_each_case(run_one):
    """No state goes from one to the next, and the last newline of an input is not needed."""
    program = "import random\nseen = []\nseen.append(input())\nprint(seen, random.random())\n"
    one, two, three = run_one(program, [exchange("a\n"), exchange("a"), exchange("b")])
    assert one.value == two.value != three.value
    assert one.value.startswith("['a']")


def test_what_a_program_shall_print_never_reaches_it(run_one):
    """Not in its memory, and what it writes on other descriptors is no verdict."""
    program = (
        "import os, sys\n"
        "needle = 'secr' + 'et-4711'\n"
        "frame, found = sys._getframe(), []\n"
        "while frame:\n"
        "    found += [k for k, v in frame.f_locals.items() if k != 'needle' and v == needle]\n"
        "    frame = frame.f_back\n"
        "for fd in range(3, 20):\n"
        '    try:\n        os.write(fd, b\'f["P","",null,null]\')\n    except OSError: pass\n'
        "print(found)\n"
    )
    observed, judged = run_one(program, [exchange(""), exchange("", "secret-4711")], cpu=5.0)
    assert observed.value.endswith("[]\n")
    assert judged.outcome is F


def test_a_verdict_where_an_observation_is_due_is_none():
    """Only free-form cases are judged beside the candidate; what it forges elsewhere is noise."""
    plans = [
        make_plan(exchange("", "1")),
        make_plan(Case("assert f(1) == 2", "x")),
        make_plan(Case("f(1)", "x", Expectation("f(1)", "2"))),
        make_plan(Case("y = f(1)\nassert y == 2", "x")),
    ]
    judge = Judge(plans)
    forged = [judge.decide(j, 'f["P","",null,null]') for j in range(len(plans))]
    assert [e.outcome for e in forged if e is not None] == [C, C, C, P]
    printed = [judge.decide(j, "o0  1") for j in range(len(plans))]
    assert [e.outcome for e in printed if e is not None] == [P, C, C, C]


def test_long_output_is_compared_whole(run_one):
    """More than what travels, with its beginning right or all of it."""
    program = "n, last = map(int, input().split())\nprint('12 ' * n)\nprint(last)\n"
    expected = "12\n" * 10**5 + "3"
    right, wrong = run_one(
        program, [exchange("100000 3", expected), exchange("100000 4", expected)]
    )
    assert (right.outcome, right.value) == (P, None)
    assert (wrong.outcome, wrong.detail[:8]) == (F, "printed ")
    assert right.digest != wrong.digest


def test_unprintable_output_is_told_from_its_like(run_one):
    """Bytes that are no text, and NUL, arrive as something."""
    program = "import sys\nsys.stdout.buffer.write(b'a\\xff\\0' + 'é'.encode())\nprint('\\ud800')\n"
    (execution,) = run_one(program, [exchange("")])
    assert execution.outcome is P
    assert execution.value == "a\ufffd\\0é\\ud800\n"


def test_a_session_passes_or_fails_like_a_doctest(run_one):
    """It sees the candidate's names, and its own."""
    program = "import math\nstate = []\n" + ADD + "def fail(): raise KeyError('k')\n"
    cases = [
        session(">>> f(1)\n2\n>>> y = f(2)\n>>> y\n3\n>>> state.append(1)"),
        session(
            ">>> state\n[]\n>>> math.floor(Decimal('1.5'))\n1\n", "from decimal import Decimal"
        ),
        session(">>> f(1)\n3\n>>> undefined\n"),
        session(">>> fail()\nTraceback (most recent call last):\n    ...\nKeyError: 'k'\n"),
        session(">>> fail()\n"),
        session(">>> f(1)\n"),
        session(">>> assert f(1) == 3\n"),
        session(">>> list(range(20))  # doctest: +ELLIPSIS\n[0, 1, ..., 19]\n"),
        session("f(1) == 2"),
        session(">>> f(\n1\n"),
        session(">>> raise SystemExit\n"),
        session(">>> print('a\\n\\nb')\na\n<BLANKLINE>\nb\n"),
    ]
    row = run_one(program, cases)
    assert [e.outcome for e in row] == [P, P, F, P, E, F, F, P, E, E, E, P]
    assert row[2].detail == "f(1) gave 2, expected 3"
    assert row[4].detail == "KeyError: 'k'"
    assert row[4].raised == "KeyError"
    assert row[5].detail == "f(1) gave 2, expected nothing"
    assert row[8].detail == "ValueError: no example in the session"


def test_a_function_is_run_by_pytest(run_one):
    """Fixtures, parameters, plain asserts and `raises`; names come with or without an import."""
    program = ADD + "def test_not_mine(): assert False\n_private = 1\n"
    cases = [
        function(
            "def test_it(tmp_path):\n    (tmp_path / 'a').write_text('1')\n    assert f(1) == 2"
        ),
        function("def test_it():\n    assert f(1) == 3, 'why'"),
        function("def test_it():\n    f(None)"),
        function("from mod import f as g\ndef test_it():\n    assert g is f and _private == 1"),
        function(
            "@pytest.mark.parametrize('x', [1, 2, 3])\ndef test_it(x):\n    assert f(x) < 4",
            "import pytest",
        ),
        function(
            "def test_it(monkeypatch, capsys):\n    monkeypatch.setattr('mod.f', print)\n"
            "    import mod\n    mod.f('hi')\n    assert capsys.readouterr().out == 'hi\\n'"
        ),
        function(
            "def test_it():\n    with pytest.raises(TypeError):\n        f('a')", "import pytest"
        ),
        function(
            "def test_it():\n    with pytest.raises(TypeError):\n        f(1)", "import pytest"
        ),
        function("class TestIt:\n    def test_a(self):\n        assert f(1) == 2"),
        function(
            "import unittest\nclass Checks(unittest.TestCase):\n"
            "    def test_a(self):\n        self.assertEqual(f(1), 3)"
        ),
        function(
            "from __future__ import annotations\ndef test_it(x: unknown = 1):\n    assert f(x) == 2"
        ),
        function(
            "import asyncio\nasync def test_it(tmp_path):\n    await asyncio.sleep(0)\n"
            "    assert f(1) == 2"
        ),
        function("async def test_it():\n    assert f(1) == 3"),
    ]
    row = run_one(program, cases)
    expected = [P, F, E, P, F, P, P, F, P, F, P, P, F]
    assert [(e.outcome, e.detail) for e in row if e.outcome is P] == [(P, "")] * expected.count(P)
    assert [e.outcome for e in row] == expected
    assert row[1].detail.startswith("AssertionError: why")
    assert row[2].raised == "TypeError"


def test_a_function_that_proves_nothing_is_an_error(run_one):
    """Skipped, expected to fail, broken outside of its body, or not there at all."""
    mark = "import pytest\n@pytest.mark."
    cases = {
        "not judged: Skipped: later": mark + "skip('later')\ndef test_it(): pass",
        "not judged: known": mark + "xfail(reason='known')\ndef test_it(): assert f(1) == 3",
        "not judged: expected to fail: known": mark + "xfail(reason='known')\ndef test_it(): pass",
        "call: [XPASS(strict)] known": mark
        + "xfail(strict=True, reason='known')\ndef test_it(): pass",
        "pytest ran no test": "def check_it(): pass",
        "collection: ": "import no_such_module\ndef test_it(): pass",
        "collection:": "def test_it(:\n    pass",
        "setup: ": "def test_it(no_such_fixture): pass",
        "setup: AssertionError: first": "import pytest\n@pytest.fixture\ndef broken():\n"
        "    assert False, 'first'\ndef test_it(broken): pass",
        "teardown: ValueError: late": "import pytest\n@pytest.fixture\ndef broken():\n    yield\n"
        "    raise ValueError('late')\ndef test_it(broken): pass",
        "not judged: Skipped: here": "import pytest\ndef test_it(): pytest.skip('here')",
        "pytest ran no test, and ended": "import pytest\ndef test_it(): pytest.exit('out', 0)",
    }
    row = run_one(ADD, [function(source) for source in cases.values()])
    for execution, detail in zip(row, cases, strict=True):
        assert execution.outcome is E, detail
        assert execution.detail.startswith(detail)


def test_functions_use_the_fixtures_and_settings_of_the_user(run_one, tmp_path):
    """Those of the conftest files above, the innermost first, which see the candidate."""
    tests = tmp_path / "tests" / "unit"
    tests.mkdir(parents=True)
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\naddopts = --no-such-option\nmarkers =\n    slow: takes long\n"
        "filterwarnings =\n    error\n",
        encoding="utf-8",
    )
    (tmp_path / "conftest.py").write_text(
        "import pytest\nfrom mod import f\n"
        "def pytest_addoption(parser):\n    parser.addoption('--theirs', default=41)\n"
        "@pytest.fixture\ndef number(): return 1\n"
        "@pytest.fixture\ndef answer(request): return f(request.config.getoption('--theirs'))\n"
        "@pytest.fixture(autouse=True)\n"
        "def always(monkeypatch): monkeypatch.setenv('SEEN', 'yes')\n",
        encoding="utf-8",
    )
    (tmp_path / "tests" / "__init__.py").write_text("", encoding="utf-8")
    (tmp_path / "tests" / "helper.py").write_text("ONE = 1\n", encoding="utf-8")
    (tmp_path / "tests" / "conftest.py").write_text(
        "import pytest\nfrom .helper import ONE\n"
        "@pytest.fixture\ndef number(number): return number + ONE\n",
        encoding="utf-8",
    )
    conftests = conftests_above(tests / "test_new.py", tmp_path)
    assert [Path(path).parent for path in conftests] == [tmp_path, tmp_path / "tests"]
    cases = [
        function("def test_it(number):\n    assert f(number) == 3"),
        function("def test_it(answer):\n    assert answer == 42"),
        function("import os\ndef test_it():\n    assert os.environ['SEEN'] == 'yes'"),
        function("import pytest\n@pytest.mark.slow\ndef test_it():\n    assert f(1) == 2"),
        function("import warnings\ndef test_it():\n    warnings.warn('x')"),
        function(
            f"def test_it(request):\n    assert str(request.config.rootpath) == {str(tmp_path)!r}"
        ),
    ]
    row = run_one(ADD, cases, rootdir=str(tmp_path), conftests=conftests)
    assert [(e.outcome, e.detail) for e in row[:4]] == [(P, "")] * 4
    assert (row[4].outcome, row[4].raised) == (E, "UserWarning")
    assert row[5].outcome is P
    (tmp_path / "conftest.py").write_text("import no_such_module\n", encoding="utf-8")
    (execution,) = run_one(ADD, cases[:1], rootdir=str(tmp_path), conftests=conftests)
    assert execution.outcome is E
    assert "no_such_module" in execution.detail


def test_a_function_that_never_ends_is_a_timeout(run_one):
    """The clock is set back when the functions begin, and runs on."""
    cases = [function("def test_it():\n    while True: pass"), function("def test_it(): f(1)")]
    assert [e.outcome for e in run_one(ADD, cases)] == [T, P]


def test_forms_other_than_exchanges_share_a_batch(run_one):
    """State is fresh for each."""
    program = "seen = []\ndef f():\n    seen.append(1)\n    return len(seen)\n"
    cases = [
        Case("assert f() == 1", "x"),
        session(">>> f()\n1\n"),
        function("def test_it(): assert f() == 1"),
        Case("f()", "x", Expectation("f()", "1")),
    ]
    assert [e.outcome for e in run_one(program, cases)] == [P] * 4


def test_exchanges_do_not_mix_with_cases_that_need_a_module(run_one):
    """A program is a script or a module."""
    with pytest.raises(SandboxError, match="a batch mixes exchanges"):
        run_one(ADD, [exchange(""), session(">>> f(1)\n2\n")])


def test_the_configuration_file_is_the_one_that_pytest_takes(tmp_path):
    """In its order, and only where it has a section for pytest."""
    assert ini_file(tmp_path) == ""
    for name, text in (
        ("setup.cfg", "[tool:pytest]\n"),
        ("pyproject.toml", "[tool.pytest.ini_options]\n"),
        ("pytest.ini", ""),
    ):
        (tmp_path / name).write_text("[other]\n", encoding="utf-8")
        assert name == "pytest.ini" or Path(ini_file(tmp_path)).name != name
        (tmp_path / name).write_text(text, encoding="utf-8")
        assert Path(ini_file(tmp_path)).name == name
    assert conftests_above(Path("/elsewhere/test_a.py"), tmp_path) == ()
