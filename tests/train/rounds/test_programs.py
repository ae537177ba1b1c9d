"""Programs that read and print become functions that do the same, and go through rounds."""

from __future__ import annotations

import io
import json
import sys
from contextlib import closing, redirect_stdout, suppress
from pathlib import Path

import pytest

from pytest_genx import plugins
from pytest_genx.config import Config
from pytest_genx.domain import Outcome, Role, Sample
from pytest_genx.train.rounds.accept import accept
from pytest_genx.train.rounds.execute import Runner, execute
from pytest_genx.train.rounds.finetune import body_of, make_documents
from pytest_genx.train.rounds.formats import read_set
from pytest_genx.train.rounds.lines import executed_line, filter_line, sound_tests, split
from pytest_genx.train.rounds.problems import Problem, make_problem
from pytest_genx.train.rounds.programs import as_function, tidy, without_frame, wrapped
from pytest_genx.train.rounds.recipe import FilterPart

# A program, and what it reads.
PROGRAMS = [
    ("n = int(input())\nprint(2 * n)", "4\n"),
    ("import sys\nfor line in sys.stdin:\n    print(line.strip()[::-1] + '  ')", "ab\ncd\n"),
    ("from sys import stdin, stdout\nstdout.write(stdin.read().upper())", "ab\ncd"),
    ("import sys\ninput = sys.stdin.readline\nprint(int(input()) + int(input()))", "1\n2\n"),
    ("import sys\na = sys.stdin.buffer.readline()\nprint(len(a), str(a, 'ascii'))", "abc\n"),
    ("import sys\nsys.stdout.buffer.write(b'x' * int(input()))\nprint()", "3\n"),
    ("import sys\nif input() == 'a':\n    print(1)\n    sys.exit()\nprint(2)", "a\n"),
    ("if input() == 'a':\n    print(1)\n    exit()\nprint(2)", "a\n"),
    ("from math import *\nfrom collections import deque\nprint(sqrt(deque([4])[0]))", ""),
    ('"""Say."""\nfrom __future__ import annotations\nprint(1)', ""),
    (
        """
def main():
    print(solve(input()))
def solve(s):
    return s * 2
if __name__ == '__main__':
    main()
""",
        "xy\n",
    ),
    (
        """
total = 0
def add(n):
    global total, last
    total += n
    last = n
for x in input().split():
    add(int(x))
print(total, last)
""",
        "1 2 3\n",
    ),
    (
        """
import sys
sys.setrecursionlimit(10**4)
class A:
    n = 3
    def f(self, n):
        return [self.n for _ in range(2)] if n == 0 else self.f(n - 1)
print(A().f(2000))
""",
        "",
    ),
]


@pytest.fixture
def streams():
    """Standard streams are what they were, after the test."""
    before = sys.stdin
    yield
    sys.stdin = before


@pytest.mark.parametrize(("text", "given"), PROGRAMS)
def test_the_function_returns_what_the_program_prints(text, given, streams, monkeypatch):
    """Twice, since nothing of the first call is left; compared with running it as a script."""
    stdin = io.TextIOWrapper(io.BytesIO(given.encode()))
    stdout = io.TextIOWrapper(io.BytesIO(), write_through=True)
    with monkeypatch.context() as patch, redirect_stdout(stdout):
        patch.setattr("sys.stdin", stdin)
        with suppress(SystemExit):
            exec(text, {"__name__": "__main__"})
    expected = tidy(stdout.buffer.getvalue().decode())
    namespace = {"__name__": "solution"}
    exec(wrapped(text), namespace)
    assert expected
    assert [namespace["program"](given) for _ in range(2)] == [expected] * 2


def test_what_is_no_program_of_python_3_makes_no_function():
    """Old syntax, and a name that cannot be moved into a function."""
    assert wrapped("print 1") is None
    assert wrapped("def f(x):\n    global x\n    x = 1") is None


def test_white_space_at_the_ends_of_lines_does_not_count():
    """Blank lines at the end go, those inside and at the beginning stay."""
    assert tidy("\n a \t\n\nb\r\n\n \n") == "\n a\n\nb"
    assert tidy("") == ""


SUM = "a, b = map(int, input().split())\nif a > b:\n    print(a - b)\nelse:\n    print(a + b)"
OTHER = "import sys\na, b = map(int, sys.stdin.read().split())\nprint(a - b if a > b else a + b)"


def row(identity, question, solutions, inputs, outputs):
    """A row in the schema of APPS."""
    return {
        "problem_id": identity, "question": question, "difficulty": "introductory", "url": "",
        "solutions": json.dumps(solutions) if solutions else "", "starter_code": "",
        "input_output": json.dumps({"inputs": inputs, "outputs": outputs}),
    }  # fmt: skip


ROWS = [
    row(1, "Add, or take away.", [SUM, OTHER], ["1 2\n", "5 3\n"], ["3 \n", ["2"]]),
    row(2, "Wrong.", ["print(input())"], ["1\n"], ["2\n"]),
    row(3, "Ask.", [], ["1\n"], ["2\n"]),
]


@pytest.fixture(scope="module")
def problems(tmp_path_factory):
    """Three rows of APPS as problems."""
    folder = tmp_path_factory.mktemp("apps")
    (folder / "set.jsonl").write_text("".join(json.dumps(r) + "\n" for r in ROWS))
    tasks, dropped = read_set("apps:set", folder)
    # A row without solutions has nothing to begin with but the function that is asked for.
    assert dropped == {}
    return [make_problem(task) for task in tasks]


@pytest.fixture(scope="module")
def run():
    """A sandbox for the module."""
    config = Config(rootdir=Path.cwd(), workers=1)
    with closing(plugins.sandbox(plugins.load(), "process")(config)) as sandbox:
        yield Runner(sandbox, 0.5)


def answers(cases, codes):
    """What a model might write."""
    return [
        *(Sample(Role.TESTER, c, "m") for c in cases),
        *(Sample(Role.CODER, c, "m") for c in codes),
    ]


def test_statements_are_asked_for_as_functions(problems):
    """The coder sees the statement and the head, the tester the program's own statements."""
    assert all(isinstance(p, Problem) for p in problems)
    coder, tester = problems[0].coder.text, problems[0].tester.text
    assert "def program(stdin: str) -> str:" in coder
    assert "Add, or take away." in coder
    assert r"program('1 2\\n') == '3'" in coder  # in a docstring
    assert "map(int" not in coder
    assert "a, b = map(int, input().split())" in tester
    assert tester.endswith("assert program(")
    assert [t.source for t in problems[0].tests] == [
        "assert program('1 2\\n') == '3'", "assert program('5 3\\n') == '2'"
    ]  # fmt: skip
    assert len(problems[0].references) == 2
    assert problems[2].target.is_stub


def test_programs_go_through_a_round(problems, run):
    """Cases are corrected, mutants are of the program, plain programs and functions are kept."""
    problem = problems[0]
    plain = "a, b = map(int, input().split())\nprint([a + b, a - b][a > b])"
    fenced = f"Here it is:\n```python\n{plain}\n```"
    body = "    a, b = map(int, stdin.split())\n    return str(a - b if a > b else a + b)"
    wrong = "```python\nprint(sum(map(int, input().split())))\n```"
    cases = (
        "assert program('2 2') == '0'\nassert program('9 1\\n') == '8'\nassert program('x') == ''"
    )
    samples = answers([cases], [fenced, body, wrong, "no code"])
    done = execute(problem, samples, run, n_mutants=6, seed=0)
    assert [(j.corrected and j.corrected.source, j.status) for j in done.cases] == [
        ("assert program('2 2') == '4'", ""),
        ("assert program('9 1\\n') == '8'", ""),
        (None, "raises an error"),
    ]
    assert {e.outcome for e in done.reference} == {Outcome.PASS}
    assert done.n_mutants == 6
    assert done.unreadable == 1
    (parts,) = split([executed_line(problem, done)])
    rows, causes = accept(filter_line(problem, *parts), FilterPart(), 1)
    codes = [r["source"] for r in rows if r["role"] == "coder"]
    assert len(codes) == 2
    assert causes["coder: wrong value"] == 1
    assert any("def run():" in code and "[a > b]" in code for code in codes)
    found = make_documents(rows, {problem.id: problem}, 3, 0)
    assert {d.prompt for d in found} == {problem.coder.text, problem.tester.text}
    assert body_of(codes[0]).startswith("    ")


def test_mutants_are_of_the_program_alone(problems):
    """The frame that reads and prints is no place for a fault."""
    reference = problems[0].references[0]
    own = [reference.split("\n")[line - 1] for line in without_frame(reference)]
    assert own[0] == "    def run():"
    assert own[-1].strip() == "print(a + b)"


def test_a_reference_that_fails_its_exchanges_is_not_sound(problems, run):
    """It is found out when it is run."""
    line = executed_line(problems[1], execute(problems[1], [], run, n_mutants=0, seed=0))
    assert sound_tests(problems[1], line) == []


def test_without_a_solution_programs_judge_each_other(problems, run):
    """The stub is asked for, and plain answers are run on the original exchanges."""
    plain = "```python\nprint(int(input()) + 1)\n```"
    done = execute(problems[2], answers([], [plain]), run, n_mutants=2, seed=0)
    assert [e.outcome for e in done.code_rows[0]] == [Outcome.PASS]


def test_a_task_of_a_function_keeps_the_order_of_its_exchanges(tmp_path):
    """The statement says what is returned."""
    (tmp_path / "set.jsonl").write_text(json.dumps(ROWS[0]))
    (task,), _ = read_set("apps:set", tmp_path)
    made = as_function(task)
    assert made.entry_point == "program"
    assert made.statement.endswith("without white space at the ends of lines.")
