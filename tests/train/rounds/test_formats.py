"""Rows of published data sets become problems, and what is dropped is counted by cause."""

from __future__ import annotations

import gzip
import json

import pytest

from pytest_genx.errors import UnknownName
from pytest_genx.train.rounds.formats import DataError, Exchange, read_set
from pytest_genx.train.rounds.problems import make_problem


def read(folder, form, rows, **options):
    """Write rows as a file and read them in a format."""
    (folder / "set.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    return read_set(f"{form}:set", folder, **options)


def apps(**held):
    """A row of APPS with JSON inside of strings."""
    solutions = held.pop("solutions", ["def f(a, b):\n    return a + b"])
    return {
        "problem_id": 7, "question": "Add.", "solutions": json.dumps(solutions),
        "input_output": json.dumps(held),
    }  # fmt: skip


def test_apps_calls_become_assertions(tmp_path):
    """An output that is wrapped in a list counts either way."""
    row = apps(fn_name="f", inputs=[[1, 2], ["a", "b"]], outputs=[[3], "ab"])
    (task,), dropped = read(tmp_path, "apps", [row])
    assert task.entry_point == "f"
    assert task.tests == ("assert f(1, 2) in (3, [3])", "assert f('a', 'b') in ('ab', 'ab')")
    assert not dropped


def test_apps_methods_of_solution_become_functions(tmp_path):
    """The class goes, and with it `self`."""
    solution = "class Solution:\n    def f(self, a, b):\n        return a + b"
    row = apps(fn_name="f", inputs=[[1, 2]], outputs=[3], solutions=[solution])
    (task,), _ = read(tmp_path, "apps", [row])
    assert task.solutions == ("def f(a, b):\n    return a + b",)


def test_apps_programs_read_and_print(tmp_path):
    """Without a function's name the pairs are exchanges, lists of lines included."""
    row = apps(inputs=["1 2\n", ["3", "4"]], outputs=["3\n", "7"], solutions=["print(3)"])
    (task,), _ = read(tmp_path, "taco", [row])
    assert task.entry_point == ""
    assert task.exchanges == (Exchange("1 2\n", "3\n"), Exchange("3\n4", "7"))


def test_apps_call_based_problems_without_solutions_have_a_starter(tmp_path):
    """The head of the method becomes the function that is asked for."""
    starter = "class Solution:\n    def f(self, a: int) -> int:\n        "
    row = {**apps(fn_name="f", inputs=[[1]], outputs=[2]), "solutions": "", "starter_code": starter}
    (task,), dropped = read(tmp_path, "apps", [row])
    assert (task.solutions, task.starter) == ((), "def f(a: int) -> int:\n    ")
    assert not dropped
    assert make_problem(task).target.is_stub


def test_keys_of_mappings_are_integers_again(tmp_path):
    """JSON has texts for keys alone."""
    row = apps(fn_name="f", inputs=[[{"1": {"-2": "x"}}]], outputs=[{"a": [1, 2]}])
    (task,), _ = read(tmp_path, "apps", [row])
    assert task.tests == ("assert f({1: {-2: 'x'}}) in ({'a': [1, 2]}, {'a': [1, 2]})",)


def test_taco_rows_without_ids_are_numbered(tmp_path):
    """Sets do not share ids, and difficulties and tags are passed over."""
    row = {k: v for k, v in apps(inputs=["1"], outputs=["1"]).items() if k != "problem_id"}
    rows = [{**row, "difficulty": "EASY", "starter_code": "", "raw_tags": "[]"}] * 2
    tasks, _ = read(tmp_path, "taco", rows)
    assert [task.id for task in tasks] == ["taco/0", "taco/1"]


def test_apps_rows_that_make_no_problem_are_counted_by_cause(tmp_path):
    """Python 2, broken JSON in a field, no tests, huge integers and a long input."""
    rows = [
        apps(inputs=["1"], outputs=["1"], solutions=["print 1"]),
        {**apps(), "solutions": '["print(1)'},
        apps(inputs=[], outputs=[]),
        {**apps(), "input_output": ""},
        apps(inputs=["1"], outputs=["1", "2"]),
        apps(inputs=["1" * 10_000_000], outputs=["1"], solutions=["print(1)"]),
        {
            **apps(),
            "input_output": '{"fn_name": "f", "inputs": [[1]], "outputs": [%s]}' % ("7" * 5000),
        },
        {**apps(inputs=["1"], outputs=["1"]), "question": 5},
        {**apps(inputs=["1"], outputs=["1"]), "question": "\ud800"},
        apps(inputs=["1"], outputs=["1"], solutions=[5]),
        ["no record"],
    ]
    rows = [{**r, "problem_id": i} if isinstance(r, dict) else r for i, r in enumerate(rows)]
    tasks, dropped = read(tmp_path, "apps", rows)
    assert tasks == []
    assert dropped == {
        "no solution is Python 3": 1, "no JSON in a field": 1, "no tests": 4, "tests too long": 2,
        "row not in this format (ValueError)": 1, "a field is no text": 2,
        "a field is no list of texts": 1, "no JSON record": 1,
    }  # fmt: skip


def test_mbpp_sanitized_has_other_fields(tmp_path):
    """Its statement is `prompt`, and what tests import stands before them."""
    row = {"source_file": "x", "task_id": 2, "prompt": "Do.", "code": "def f(x):\n    return x",
           "test_imports": ["import math"], "test_list": ["assert f(1) == 1"]}  # fmt: skip
    (task,), _ = read(tmp_path, "mbpp", [row])
    assert (task.statement, task.setup) == ("Do.", "import math")
    _, dropped = read(
        tmp_path, "mbpp", [{**row, "test_list": "assert f(1)"}, {**row, "code": None}]
    )
    assert dropped == {"a field is no list of texts": 1, "row not in this format (TypeError)": 1}


def test_mbpp_finds_the_function_that_is_tested(tmp_path):
    """Helpers are passed over."""
    row = {"task_id": 3, "text": "Do.", "code": "def f(x):\n    return g(x)\ndef g(x): pass",
           "test_list": ["assert f(1) == 1"], "test_setup_code": "import math"}  # fmt: skip
    (task,), _ = read(tmp_path, "mbpp", [row])
    assert (task.id, task.entry_point, task.setup) == ("mbpp/3", "f", "import math")


def test_humaneval_check_is_called(tmp_path):
    """The program is prompt and solution, the test calls `check`."""
    row = {"task_id": "HumanEval/0", "prompt": "def f(x):\n", "canonical_solution": "    return x",
           "test": "def check(g):\n    assert g(1) == 1", "entry_point": "f"}  # fmt: skip
    (task,), _ = read(tmp_path, "humaneval", [row])
    assert task.solutions == ("def f(x):\n    return x",)
    assert task.tests[0].endswith("\ncheck(f)")


def test_kodcode_tests_are_called(tmp_path):
    """Tests with fixtures are left out, since they are pytest's."""
    row = {"question_id": "k", "question": "Do.", "solution": "def f(x):\n    return x",
           "test": "def test_a():\n    assert f(1) == 1\ndef test_b(tmp_path):\n    pass",
           "test_info": [{"function_name": "f"}]}  # fmt: skip
    (task,), _ = read(tmp_path, "kodcode", [row])
    assert task.tests == ("def test_a():\n    assert f(1) == 1\ntest_a()",)


def test_kodcode_tests_keep_what_their_file_has_besides(tmp_path):
    """Imports and helpers come along, the import of the solution does not, and fields are JSON."""
    test = ("import pytest\nfrom solution import f\nLIMIT = 3\n"
            "@pytest.mark.parametrize('n', [1])\ndef test_a(n): pass\n"
            "def test_b():\n    with pytest.raises(ValueError):\n        f(LIMIT)")  # fmt: skip
    row = {"question_id": "k", "question": "Do.", "solution": "def f(x):\n    raise ValueError",
           "test": test, "test_info": "[]"}  # fmt: skip
    (task,), _ = read(tmp_path, "kodcode", [row])
    assert task.entry_point == "f"
    (case,) = task.tests
    assert case.startswith("import pytest\nLIMIT = 3\ndef test_b():")
    exec(f"{task.solutions[0]}\n{case}", {})
    _, dropped = read(tmp_path, "kodcode", [{**row, "test": "def ("}, {**row, "test_info": "["}])
    assert dropped == {"row not in this format (SyntaxError)": 1, "no JSON in a field": 1}


def test_rows_that_make_no_problem_are_counted(tmp_path):
    """One bad row never stops the others."""
    good = {"id": "a", "statement": "", "entry_point": "f", "solutions": ["def f(): pass"],
            "tests": ["assert f() is None"]}  # fmt: skip
    long = f"assert f() != '{'x' * 10_000_000}'"
    rows = [
        *(good, good, {"id": "d"}, {**good, "id": "e", "tests": [long]}),
        *({**good, "id": "b", "tests": []}, {**good, "id": "c", "solutions": []}),
    ]
    tasks, dropped = read(tmp_path, "problems", rows)
    assert [task.id for task in tasks] == ["a"]
    assert dropped == {
        "id stands twice": 1, "no tests": 2, "no solution": 1, "tests too long": 1,
        "row not in this format (KeyError)": 1,
    }  # fmt: skip


def test_files_that_are_not_there_or_damaged_are_one_sentence(tmp_path):
    """The path is named, and so are the formats there are."""
    with pytest.raises(DataError, match=r"nothing: no such file"):
        read_set("nothing", tmp_path)
    (tmp_path / "cut.jsonl.gz").write_bytes(gzip.compress(b'{"id": 1}\n' * 99)[:-20])
    with pytest.raises(DataError, match=r"cut\.jsonl\.gz"):
        read_set("cut", tmp_path)
    with pytest.raises(UnknownName, match="humaneval"):
        read_set("appps:cut", tmp_path)
