from __future__ import annotations

import ast
from collections import Counter

import pytest

from pytest_genx.bench.mutate import mutants
from pytest_genx.bench.mutation_sites import OPERATORS

EXAMPLES = {
    "comparison": ("return a < b", "return a <= b"),
    "arithmetic": ("a += b", "a -= b"),
    "constant": ("return a + 1", "return a + 2"),
    "text": ("return a + 'x'", "return a + ''"),
    "connective": ("return a and b", "return a or b"),
    "negation": ("return not a", "return a"),
    "return": ("return a", "return None"),
    "branch": ("return [x for x in a if x]", "return [x for x in a]"),
    "statement": ("a.append(b)", "pass"),
    "loop": ("for x in a:\n        break", "for x in a:\n        continue"),
    "index": ("return a[b]", "return a[b + 1]"),
    "bound": ("return range(a)", "return range(a - 1)"),
    "arguments": ("return pow(a, b)", "return pow(b, a)"),
    "function": ("return min(a, b)", "return max(a, b)"),
    "keyword": ("return sorted(a, reverse=True)", "return sorted(a)"),
}
LONG = '''
import math

LIMIT = 3

def helper(n: int, by=1):
    """Not 2 but 3."""
    return n + by

def f(values, k):
    """Sum of the k smallest, 0 of none."""
    total = 0
    for i in range(k):
        if i < len(values) and values[i] > 0:
            total += helper(sorted(values)[i])
    return max(total, 0)
'''


def f(body):
    return f"def f(a, b):\n    {body}"


@pytest.mark.parametrize("operator", EXAMPLES)
def test_operator_makes_its_fault(operator):
    """One example for each of them."""
    body, faulty = EXAMPLES[operator]
    made = {m.source for m in mutants(f(body), "f") if m.operator == operator}
    assert f(faulty) in made


def test_every_operator_has_an_example():
    """The table above is complete."""
    assert set(EXAMPLES) == set(OPERATORS)


@pytest.mark.parametrize(
    ("body", "faulty"),
    [
        ("return a in b", "return a not in b"),
        ("return a == b", "return a != b"),
        ("return a > b", "return a >= b"),
        ("return True", "return False"),
        ("return a[b:]", "return a[b + 1:]"),
        ("return a[:b]", "return a[1:b]"),
        ("return a[::-1]", "return a[:]"),
        ("return range(1, a)", "return range(1, a + 1)"),
        ("return range(a)", "return range(1, a)"),
        ("return -a", "return a"),
        ("return a and b", "return b"),
        ("return a if b else None", "return None"),
        ("if a:\n        return b", "return b"),
        ("if a:\n        return b", "if not a:\n        return b"),
        ("return sorted(a)", "return a"),
        ("return a.upper()", "return a.lower()"),
    ],
)
def test_slips_that_people_make_are_among_the_mutants(body, faulty):
    """Whatever operator makes them."""
    assert f(faulty) in {m.source for m in mutants(f(body), "f")}


def test_mutants_are_distinct_programs_that_compile():
    """And none is the original in another layout."""
    made = mutants(LONG, "f")
    texts = [m.source for m in made]
    assert len(set(texts)) == len(texts) > 20
    assert ast.unparse(ast.parse(LONG)) not in texts
    for text in texts:
        compile(text, "<mutant>", "exec")


def test_docstrings_defaults_annotations_and_module_level_stay():
    """Only what functions do is changed, helpers included."""
    for mutant in mutants(LONG, "f"):
        tree = ast.parse(mutant.source)
        helper, main = tree.body[2:]
        assert ast.unparse(tree.body[1]) == "LIMIT = 3"
        assert ast.get_docstring(helper) == "Not 2 but 3."
        assert ast.get_docstring(main) == "Sum of the k smallest, 0 of none."
        assert ast.unparse(helper.args) == "n: int, by=1"
    assert any("n - by" in mutant.source for mutant in mutants(LONG, "f"))


def test_lines_are_those_of_the_original():
    """Counted from 1."""
    lines = LONG.split("\n")
    for mutant in mutants(LONG, "f"):
        if mutant.operator == "return":
            assert lines[mutant.line - 1].lstrip().startswith("return")


def test_operators_take_turns():
    """With a limit no operator has two more than another that has some left."""
    everything = Counter(m.operator for m in mutants(LONG, "f"))
    some = Counter(m.operator for m in mutants(LONG, "f", limit=12))
    assert sum(some.values()) == 12
    for operator, total in everything.items():
        assert some[operator] >= min(total, max(some.values()) - 1)


def test_the_choice_depends_on_the_seed_alone():
    """The same seed, the same mutants in the same order."""
    assert mutants(LONG, "f", limit=8, seed=1) == mutants(LONG, "f", limit=8, seed=1)
    assert mutants(LONG, "f", limit=8, seed=1) != mutants(LONG, "f", limit=8, seed=2)


@pytest.mark.parametrize("source", ["def g():\n    pass", "def f("])
def test_a_program_without_the_entry_point_is_refused(source):
    """As is one that does not parse."""
    with pytest.raises((ValueError, SyntaxError)):
        mutants(source, "f")


def test_another_name_of_a_function_will_do():
    """As in programs whose entry point was renamed."""
    (mutant,) = mutants("def g(a):\n    return a\nf = g", "f")
    assert mutant.source == "def g(a):\n    return None\nf = g"


def test_nothing_to_change_gives_no_mutants():
    """A body of a docstring and `pass`."""
    assert mutants('def f():\n    """Nothing."""\n    pass', "f") == []
