"""A tiny model and a few problems, for whole runs that take seconds."""

from __future__ import annotations

import json

import pytest

PROBLEMS = (
    ("add", "Add two numbers.", "def add(a, b):\n    return a + b\n", "add(1, 2) == 3"),
    ("largest", "Find the largest of two numbers.",
     "def largest(a, b):\n    if a > b:\n        return a\n    return b\n", "largest(1, 2) == 2"),
    ("sign", "Tell the sign of a number.",
     "def sign(n):\n    if n < 0:\n        return -1\n    return int(n > 0)\n", "sign(-3) == -1"),
    ("first", "Return the first item.", "def first(items):\n    return items[0]\n",
     "first([4, 5]) == 4"),
    ("double", "Double every item.",
     "def double(items):\n    return [2 * item for item in items]\n", "double([1]) == [2]"),
)  # fmt: skip


def row(name, statement, solution, test, **more):
    """One record of the plain problem format."""
    return {
        "id": f"own/{name}", "statement": statement, "entry_point": name, "setup": "",
        "solutions": [solution], "tests": [f"assert {test}"], **more,
    }  # fmt: skip


@pytest.fixture(scope="module")
def rows():
    """Five problems as records."""
    return [row(*problem) for problem in PROBLEMS]


@pytest.fixture(scope="module")
def folder(tmp_path_factory, rows):
    """A folder of a training set with four problems and a test set with one."""
    tmp_path = tmp_path_factory.mktemp("rounds")
    for name, chosen in (("some", rows[:4]), ("other", rows[4:])):
        text = "".join(json.dumps(r) + "\n" for r in chosen)
        (tmp_path / f"{name}.jsonl").write_text(text)
    return tmp_path


@pytest.fixture(scope="module")
def recipe_text(folder, request):
    """A recipe of two rounds over them with the tiny model, as text."""
    base, _ = request.getfixturevalue("tiny")
    return f"""\
name: tiny
base: {base}
output: {folder}/out
rounds: 1
data: {{folder: {folder}, train: [some], test: [other]}}
sampling: {{tester: 2, coder: 2, max_tokens: 24}}
execution: {{workers: 1}}
filter: {{mutants: 2}}
train: {{epochs: 2, batch: 256, checkpoint: 0.0}}
eval: {{tester: 2, coder: 2, mutants: 2}}
"""
