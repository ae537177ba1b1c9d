"""What is measured is kept out of what is trained on, and training sets are split by problem."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("yaml", reason="needs the train extra")

from pytest_genx.errors import RecipeError
from pytest_genx.train.rounds.recipe import load_rounds
from pytest_genx.train.rounds.run import open_work
from pytest_genx.train.rounds.work import Watch


def row(number, statement="", code=""):
    """A problem whose statement and code are like no other's."""
    words = " ".join(f"w{number}x{i}" for i in range(12))
    numbers = ", ".join(str(number * 100 + i) for i in range(12))
    return {
        "id": f"p/{number}", "statement": statement or f"Tell of {words}.", "entry_point": "f",
        "solutions": [code or f"def f(n):\n    return [{numbers}][n]\n"],
        "tests": [f"assert f(0) == {number * 100}"],
    }  # fmt: skip


@pytest.fixture
def opened(tmp_path):
    """Open the work of a recipe over sets that are given as rows."""
    (tmp_path / "base.gguf").write_text("")

    def opened(sets, *overrides):
        for name, rows in sets.items():
            (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
        recipe = tmp_path / "r.yaml"
        recipe.write_text(f"name: r\nbase: {tmp_path}/base.gguf\noutput: {tmp_path}/out\n")
        options = [f"data.folder={tmp_path}", *overrides]
        return open_work(load_rounds(recipe, options), Watch(), {})

    return opened


def test_statements_and_code_of_test_sets_are_left_out_each_under_its_cause(opened):
    """The same code under other names, and the same statement over other code."""
    renamed = row(1)["solutions"][0].replace("f(n)", "f(m)").replace("[n]", "[m]")
    train = [
        row(10),
        row(11, code=renamed),
        row(12, statement="WRITE a function to " + row(2)["statement"].lower()),
        row(13, statement="Tell of w2x0 w2x1 w2x2 w2x3 and something else that is not the same"),
    ]
    work = opened(
        {"train": train, "test": [row(1), row(2)]}, "data.train=[train]", "data.test=[test]"
    )
    assert list(work.train) == ["p/10", "p/13"]
    assert work.dropped["train train"] == {
        "problems": 2, "equal to measured code": 1, "statement like a measured one": 1,
    }  # fmt: skip
    allowed = opened({}, "data.train=[train]", "data.test=[test]", "data.overlap=1")
    assert "p/12" in allowed.train


def test_programs_of_test_sets_are_left_out_too(opened):
    """Their code is compared as the functions that they become."""
    text = "a = input().split()\nprint(sorted(a)[0], sorted(a)[-1], len(a), len(set(a)))"
    held = json.dumps({"inputs": ["b a\n"], "outputs": ["a b 2 2\n"]})
    rows = [
        {"problem_id": i, "question": q, "solutions": json.dumps([s]), "input_output": held}
        for i, q, s in (
            *((1, "One", text), (2, "Two", text.replace("a", "b").replace("b =", "c ="))),
            (3, "Three", "x = input().split()\n" + text.partition("\n")[2].replace("(a)", "(x)")),
        )
    ]
    work = opened(
        {"train": rows[1:], "test": rows[:1]},
        "data.train=['apps:train']",
        "data.test=['apps:test']",
    )
    assert work.dropped["train apps:train"]["equal to measured code"] == 1
    assert "3" not in work.train


def test_training_sets_are_split_by_problem_before_anything_else(opened):
    """No problem is on both sides, no copy of one is, and the split does not depend on a limit."""
    rows = [row(n) for n in range(40)]
    copies = [{**row(n), "id": f"copy/{n}"} for n in range(40)]
    work = opened({"train": [*rows, *copies]}, "data.train=[train]", "data.holdout=0.3")
    (held,) = work.test.values()
    tested = {problem.id for problem in held}
    assert list(work.test) == ["train held out"]
    assert 10 < len(tested) < 40
    assert not tested & work.train.keys()
    programs = {problem.references[0] for problem in held}
    assert not programs & {problem.references[0] for problem in work.train.values()}
    assert work.dropped["train train"]["equal to measured code"] > 0
    limited = opened({}, "data.train=[train]", "data.holdout=0.3", "data.limit=5", "eval.limit=4")
    (some,) = limited.test.values()
    assert (len(limited.train), len(some)) == (5, 4)
    assert limited.train.keys() <= work.train.keys()
    assert {problem.id for problem in some} <= tested
    other = opened({}, "data.train=[train]", "data.holdout=0.3", "seed=5")
    assert {p.id for p in next(iter(other.test.values()))} != tested


def test_a_problem_stands_in_one_set(opened):
    """The first set that has an id keeps it."""
    work = opened({"a": [row(1)], "b": [row(1, code="def f(n):\n    return 100\n"), row(2)]},
                  "data.train=[a, b]")  # fmt: skip
    assert work.dropped["train b"] == {"problems": 1, "id stands in another set": 1}


@pytest.mark.parametrize("setting", ["data.holdout=1.5", "data.overlap=-1"])
def test_shares_are_shares(opened, setting):
    """The setting and its value are named."""
    with pytest.raises(RecipeError, match=r"expected 0 to 1"):
        opened({"a": [row(1)]}, "data.train=[a]", setting)
