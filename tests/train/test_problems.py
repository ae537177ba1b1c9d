"""Published problems become functions with executed calls."""

from __future__ import annotations

import ast
import gzip
import json
import random
import sys
from dataclasses import replace
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("needs fork", allow_module_level=True)

from pytest_genx.train import corpus
from pytest_genx.train.corpus import build_corpus
from pytest_genx.train.execute import Executor
from pytest_genx.train.families.calls import Call
from pytest_genx.train.mutate import mutate, mutate_call, tidy_call
from pytest_genx.train.problems import (
    MEASURED,
    TRAINING,
    Problem,
    documented,
    fitting_calls,
    problem_functions,
    read_problems,
    spelled,
)
from pytest_genx.train.recipe import DataRecipe

PROBLEMS = Path(__file__).parents[3] / "shared" / "data" / "problems"

HALVES = Problem(
    "own/halves",
    "Given numbers, return the even ones halved.",
    "main_solution",
    "",
    "import math\n\nLIMIT = 2\n\ndef half(n):\n    return n // LIMIT\n\n"
    "def main_solution(values):\n    return [half(v) for v in values if v % 2 == 0]\n",
    (
        "assert main_solution(values=[2, 4, 5]) == [1, 2]",
        "assert main_solution(values=[6, 8]) == [3, 4]",
    ),
)


def made(problem, seed=0):
    """Return the functions of a problem."""
    with Executor(cpu=0.2) as executor:
        return list(problem_functions(problem, executor, random.Random(seed)))


def test_entry_point_and_helpers_come_with_true_calls():
    """Both functions are found, with what they need above and values that hold."""
    entry, helper = made(HALVES)
    assert (entry.name, helper.name) == ("main_solution", "half")
    assert "LIMIT = 2" in entry.above
    assert "import math" not in entry.above
    for function in (entry, helper):
        assert len(function.calls) >= 3
        for call in function.calls:
            namespace = {}
            exec(HALVES.solution, namespace)
            assert eval(call.source, namespace) == ast.literal_eval(call.value)


def test_spelling_changes_names_and_keywords_alone():
    """A spelled function still does what its calls say."""
    function = made(HALVES)[0]
    for seed in range(6):
        other = documented(
            spelled(function, HALVES, random.Random(seed)), HALVES, random.Random(seed)
        )
        assert other.name in {"main_solution", "numbers_return_even"}
        namespace = {}
        exec(other.program, namespace)
        for call in other.calls:
            assert eval(call.source, namespace) == ast.literal_eval(call.value)


def test_statements_of_leetcode_are_not_shown():
    """A LeetCode problem's function gets no docstring."""
    function = made(HALVES)[0]
    theirs = Problem(
        "leetcode/x", "Secret words.", *[getattr(HALVES, n) for n in HALVES.__slots__[2:]]
    )
    assert "Secret" not in documented(function, theirs, random.Random(0)).source


@pytest.mark.parametrize("value", [3, -2.5, True, "text", [1, 2], (1, "a"), {"k": [1]}, []])
def test_mutation_keeps_the_type(value):
    """A changed input is still an input of the same kind."""
    rng = random.Random(1)
    for _ in range(50):
        assert type(mutate(value, rng)) is type(value)


def test_mutated_calls_parse_and_keep_the_callee():
    """Only literal arguments change."""
    rng = random.Random(2)
    for _ in range(30):
        call = mutate_call("f([1, 2], key='a', other=x)", rng)
        assert call is None or call.startswith("f(")
    assert tidy_call("f(0.123456, n=[1.99999])") == "f(0.12, n=[2.0])"


def test_code_equal_to_measured_problems_is_dropped_and_counted(tmp_path):
    """A training problem whose code is measured under other names does not get in."""
    for name in (*TRAINING, *MEASURED):
        solution = HALVES.solution
        if name in MEASURED:
            solution = solution.replace("values", "numbers").replace("main_solution", "solve")
        record = {
            "id": f"{name}/1", "statement": HALVES.statement, "setup": "",
            "entry_point": "solve" if name in MEASURED else "main_solution",
            "solutions": [solution], "tests": list(HALVES.tests),
        }  # fmt: skip
        wanted = name in {"mbpp-train", "mbpp-test"}
        with gzip.open(tmp_path / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n" if wanted else "")
    recipe = DataRecipe(functions=5, problems=tmp_path, answers=1, library=0)
    made_of = build_corpus(recipe, seed=0)
    assert made_of.counts["dropped as equal to measured code"] >= 1
    assert not any("% 2 == 0]" in d.prompt and "half(" in d.prompt for d in made_of.documents)


def test_an_absent_folder_is_a_notice(tmp_path):
    """Without problems there are composed functions, and one line says so."""
    notices = []
    recipe = DataRecipe(functions=5, problems=tmp_path / "absent", library=0)
    made_of = build_corpus(recipe, seed=0, notice=notices.append)
    assert len(made_of.documents) >= 5
    assert "no problems in" in notices[0]


@pytest.mark.skipif(not PROBLEMS.is_dir(), reason="the problem files are not here")
def test_real_problem_files_are_read():
    """Each set has problems, and a few of them give functions."""
    for name in (*TRAINING, *MEASURED):
        assert len(read_problems(PROBLEMS, name)) > 100
    found = [f for p in read_problems(PROBLEMS, "mbpp-train")[:10] for f in made(p)]
    assert len(found) >= 8


def test_a_problems_own_generator_gives_more_calls():
    """Arguments drawn by name become calls, which are run."""
    generator = "def generate_inputs(rng):\n    return {'values': [rng.randint(100, 999)]}\n"
    entry = made(replace(HALVES, generator=generator))[0]
    drawn = [ast.literal_eval(c.source.partition("=")[2][:-1]) for c in entry.calls]
    assert sum(len(values) == 1 and values[0] >= 100 for values in drawn) >= 5


def test_long_calls_are_left_out_and_long_decimals_cut():
    """What no test would show is dropped; of a value four decimals stay."""
    long = Call(f"f({'x' * 300!r})", "1", None, frozenset())
    third = Call("f(1)", "{'a': 0.3333333333333333, 'b': '1.5'}", None, frozenset())
    raising = Call("f(0)", None, "ZeroDivisionError", frozenset())
    (kept,) = fitting_calls([long, third, raising])
    assert kept.value == "{'a': 0.3333, 'b': '1.5'}"


def test_source_folders_are_run_and_counted(tmp_path):
    """A function of a source folder becomes documents; an absent folder is a notice."""
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "m.py").write_text(
        "def area(w: int, h: int):\n    n = w * h\n    return n\n", "utf-8"
    )
    (tmp_path / "empty").mkdir()
    notices = []
    recipe = DataRecipe(functions=0, sources=folder, answers=2, library=0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(corpus, "standard_library", lambda: tmp_path / "empty")
        built = build_corpus(recipe, seed=0)
    assert built.counts["functions of sources"] == 1
    assert all("area(" in d.answer for d in built.documents)
    absent = replace(recipe, sources=tmp_path / "absent", functions=1)
    build_corpus(absent, seed=0, notice=notices.append)
    assert "no source in" in notices[0]
