"""Tests that run without pytest's help become straight-line programs."""

from __future__ import annotations

import ast

import pytest

from pytest_genx.syntax.suite import find_tests, programs


def written(text, target):
    """Name and text of each program."""
    return [
        (p.name, "\n".join(ast.unparse(ast.fix_missing_locations(s)) for s in p.body))
        for p in programs(ast.parse(text).body, target)
    ]


def test_tests_are_functions_and_classes_with_test_methods():
    """Other functions and classes are not."""
    text = "def test_a(): pass\ndef b(): pass\nclass C:\n    def test_d(self): pass\nclass E: pass"
    assert [node.name for node in find_tests(ast.parse(text).body)] == ["test_a", "C"]


@pytest.mark.parametrize(
    ("decorator", "rounds"),
    [
        ("@pytest.mark.parametrize('n', [1, 2])", ["n = 1", "n = 2"]),
        ("@pytest.mark.parametrize(['n'], [(1,), (2,)])", ["n = 1", "n = 2"]),
        ("@pytest.mark.parametrize('n', N)", ["n = 7", "n = 8"]),
        ("@pytest.mark.parametrize('n', [pytest.param(1, id='a')], ids=['x'])", ["n = 1"]),
        ("@pytest.mark.parametrize('n', [pytest.param(1, marks=m), 2])", ["n = 2"]),
        ("@pytest.mark.parametrize('n', [1], indirect=True)", []),
        ("@pytest.mark.parametrize('n', make())", []),
        ("@pytest.mark.parametrize('n', [*a])", []),
        ("@pytest.mark.parametrize('m', [1])", []),
        ("@pytest.mark.slow\n@mark.parametrize('n', [1])", ["n = 1"]),
        ("@pytest.mark.skip\n@pytest.mark.parametrize('n', [1])", []),
        ("@patch('a.b')", []),
        ("", []),
    ],
)
def test_parameters_get_their_literal_values(function, decorator, rounds):
    """One program a round; none when a value is not written out or a fixture is asked for."""
    found = written(f"N = (7, 8)\n{decorator}\ndef test_a(n):\n    f(n)", function)
    assert found == [("test_a", f"{given}\nf(n)") for given in rounds]


def test_several_parametrisations_are_multiplied_up_to_a_limit(function):
    """Twenty rounds at most."""
    text = "".join(f"@pytest.mark.parametrize('{n}', {list(range(9))})\n" for n in "ab")
    assert len(written(f"{text}def test_a(a, b):\n    f(a, b)", function)) == 20


def test_names_and_values_may_be_tuples(function):
    """`a, b` and `("a", "b")` are the same."""
    for names in ("'a, b'", "('a', 'b')"):
        text = f"@pytest.mark.parametrize({names}, [(1, 2)])\ndef test_a(a, b):\n    f(a, b)"
        assert written(text, function) == [("test_a", "a = 1\nb = 2\nf(a, b)")]


def test_methods_bring_what_their_class_prepares(function):
    """Class attributes and `setUp`, as variables."""
    text = (
        "class TestA(TestCase):\n"
        "    size = 1\n"
        "    def setUp(self):\n        'Doc.'\n        self.n = 2\n"
        "    def test_b(self):\n        self.assertEqual(f(self.n), self.size)\n"
        "    @staticmethod\n    def test_c():\n        f(3)\n"
        "    def test_d(self):\n        f(self.unknown)\n"
        "    def test_e(self):\n        f(self)\n"
        "    def test_g(self):\n        super().test_g()\n        f(1)\n"
    )
    assert written(text, function) == [
        ("TestA::test_b", "self_size = 1\nself_n = 2\nassert f(self_n) == self_size"),
        ("TestA::test_c", "self_size = 1\nself_n = 2\nf(3)"),
    ]


@pytest.mark.parametrize(
    "prepared",
    [
        "def setUp(self, extra): pass",
        "def setup_class(cls): pass",
        "async def asyncSetUp(self): pass",
        "@patch('a')\n    def setUp(self): pass",
    ],
)
def test_classes_with_other_preparations_are_passed_over(function, prepared):
    """What they do is not known."""
    assert written(f"class TestA:\n    {prepared}\n    def test_b(self): f(1)", function) == []


@pytest.mark.parametrize(
    "body",
    [
        "return f(1)",
        "yield f(1)",
        "pytest.skip('no'); f(1)",
        "f(1); nonlocal_ = 1\n    def g():\n        nonlocal nonlocal_",
        "g(1)",
        "'Only a docstring with f.'",
    ],
)
def test_some_bodies_cannot_run_outside_of_a_function(function, body):
    """Or say nothing about the target."""
    assert written(f"def test_a():\n    {body}", function) == []


def test_inner_functions_may_return(function):
    """Only the test's own level matters."""
    text = "def test_a():\n    def g():\n        return 1\n    f(g())"
    assert written(text, function) == [("test_a", "def g():\n    return 1\nf(g())")]
