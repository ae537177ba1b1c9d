"""Judging answers: perfect ones score one, useless ones zero, in both roles."""

from __future__ import annotations

import random
import sys

import pytest

if sys.platform == "win32":
    pytest.skip("needs fork", allow_module_level=True)

from pytest_genx.errors import ModelError
from pytest_genx.train import evaluate
from pytest_genx.train.execute import Executor
from pytest_genx.train.exercises import Exercise, held_out_exercises, published_exercises
from pytest_genx.train.families.composition import held_out
from pytest_genx.train.families.functions import Function
from pytest_genx.train.problems import Problem

SOURCE = (
    'def sign(n):\n    """Return -1 or 1."""\n    if n == 0:\n        raise ValueError\n'
    "    if n < 0:\n        return -1\n    return 1"
)
SIGN = Exercise(
    Function("own", "sign", SOURCE, None, "", ()), SOURCE, SOURCE,
    ("assert sign(2) == 1", "assert sign(-2) == -1"),
)  # fmt: skip
PERFECT = "2) == 1\nassert sign(-2) == -1\nwith pytest.raises(ValueError):\n    sign(0)"


@pytest.fixture(scope="module")
def executor():
    """Open one helper for all tests here."""
    with Executor(cpu=0.5) as executor:
        yield executor


def judged(executor, answer):
    """Judge one fixed answer of a tester."""
    whole = f"assert sign({answer}" if answer else ""
    return evaluate.judge_tester(lambda *_: whole, SIGN, executor, samples=2, shown=True, seed=0)


def test_a_perfect_answer_scores_one_everywhere(executor):
    """It runs, is right, has no repetition and reaches every line."""
    assert set(judged(executor, PERFECT).values()) == {1.0}


def test_an_empty_answer_scores_zero_everywhere(executor):
    """Saying nothing is not a way to be right."""
    assert set(judged(executor, "").values()) == {0.0}


def test_each_share_falls_for_its_own_reason(executor):
    """A wrong value, a failing call and a repetition are told apart."""
    shares = judged(
        executor, "2) == 5\nassert sign('a') == 1\nassert sign(2) == 1\nassert sign(2) == 1"
    )
    assert shares["calls that run"] == 0.75
    assert shares["values right as written"] == 0.5
    assert shares["calls distinct within an answer"] == 0.5
    assert shares["lines of the body reached by an answer"] == pytest.approx(3 / 5)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("    return -1 if n < 0 else 1", 1.0),
        ("    return 1", 0.0),
        ("    return (", 0.0),
        ("    while True: pass", 0.0),
        ("    import os; os._exit(0)", 0.0),
    ],
)
def test_a_body_passes_only_with_all_tests(executor, body, expected):
    """Neither half a solution nor leaving early counts."""
    assert evaluate.judge_coder(lambda *_: body, SIGN, executor, samples=1, seed=0) == expected


def test_held_out_exercises_are_solved_by_their_own_source(executor):
    """The reference body passes its tests in every form, methods with state included."""
    exercises = held_out_exercises(80, random.Random(0))
    assert any(e.function.stateful for e in exercises)
    for exercise in exercises:
        assert held_out(exercise.function.key)
        assert exercise.body_lines()
        answer = evaluate.coder_document(
            exercise.described, exercise.function.owner, exercise.function.above
        ).answer
        assert (
            evaluate.judge_coder(lambda *_, a=answer: a, exercise, executor, samples=1, seed=0)
            == 1.0
        ), exercise.program


def test_a_published_problem_gets_its_statement_as_docstring():
    """The coder sees statement and first test, the tester the bare definition."""
    problem = Problem(
        "mbpp/0", "Write a function to add.", "add", "", "def add(a, b):\n    return a + b",
        ("assert add(1, 2)==3",),
    )  # fmt: skip
    (exercise,) = published_exercises([problem], 5, random.Random(0))
    assert "Write a function to add." in exercise.described
    assert "add(1, 2)==3" in exercise.described
    assert '"""' not in exercise.function.source


def test_a_missing_model_is_named(tmp_path):
    """The path stands in the message."""
    pytest.importorskip("llama_cpp", reason="needs llama-cpp-python")
    with (
        pytest.raises(ModelError, match=r"absent\.gguf"),
        evaluate.llama_generate(tmp_path / "absent.gguf"),
    ):
        pass
