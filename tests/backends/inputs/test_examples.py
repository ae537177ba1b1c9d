from __future__ import annotations

import pytest

from pytest_genx.backends.inputs.examples import Example, examples_of
from pytest_genx.backends.inputs.namespace import namespace_of
from pytest_genx.domain import Anchor, Context

PLAIN = "LIMIT = 3\ndef f(a, b=1):\n    return a\n"


@pytest.fixture
def examples(target_of):
    def find(source: str, qualname: str = "", **context) -> list[Example]:
        target = target_of(source, qualname)
        shown = Context(**context)
        return examples_of(target, shown, namespace_of(target, shown))

    return find


def test_local_variables_are_inlined(examples):
    """A call must stand alone."""
    test = "def test_f():\n    xs = [1, 2]\n    n = len(xs)\n    assert f(xs, b=n) == 1\n"
    (found,) = examples(PLAIN, test_style=(test,))
    assert found == Example(("[1, 2]",), (("b", "len([1, 2])"),))


def test_a_call_with_unknown_names_is_dropped(examples):
    """Fixtures and loop variables cannot be inlined; names of the module can stay."""
    test = "def test_f(fixture):\n    f(fixture)\n    f(LIMIT)\n"
    assert examples(PLAIN, test_style=(test,)) == [Example(("LIMIT",))]


def test_parametrized_tests_give_their_rows(examples):
    """With `pytest.param` looked through."""
    test = (
        "@pytest.mark.parametrize(('x', 'y'), [(1, 2), pytest.param(3, 4, id='three')])\n"
        "def test_f(x, y):\n    assert f(x) == y\n"
    )
    assert examples(PLAIN, test_style=(test,)) == [Example(("1",)), Example(("3",))]


def test_prompts_of_a_docstring_share_their_variables(examples):
    """Continuation lines included."""
    source = '''
    def f(a):
        """Do.

        >>> data = [1,
        ...         2]
        >>> f(data)
        >>> for x in f("a"): pass
        """
    '''
    assert examples(source) == [Example(("[1, 2]",)), Example(("'a'",))]


def test_calls_in_running_text_are_found(examples):
    """Whatever follows them; a signature is no call."""
    source = "def f(a, b):\n    '''f(a, b) adds: f(1, (2)) -> 3, and f(4,\n    5) gives 9.'''\n"
    assert examples(source) == [Example(("1", "2")), Example(("4", "5"))]


def test_the_call_that_consumes_the_result_is_kept(examples):
    """Only what turns an iterator into a value; `len` and `print` lose too much."""
    anchors = (
        Anchor("assert list(islice(f(2), 3)) == []", "doctest", ("from itertools import islice",)),
        Anchor("print(len(sorted(f(1))))", "doctest"),
    )
    first, second = examples(PLAIN, anchors=anchors)
    assert first.around == "list(«itertools.islice»({}, 3))"
    assert second.around == "sorted({})"


def test_a_method_is_found_on_instances_of_its_class(examples):
    """The same name on something else is another method."""
    source = "class Cart:\n    def add(self, x):\n        return x\n"
    test = "cart = Cart()\ncart.add(1)\nset().add(2)\nCart().add(3)\n"
    found = examples(source, "Cart.add", test_style=(test,))
    assert found == [Example(("1",), (), "Cart()"), Example(("3",), (), "Cart()")]


def test_very_long_calls_are_left_out(examples):
    """They would end in somebody's test file."""
    assert examples(PLAIN, calls=(f"f({list(range(200))})", "f(1)")) == [Example(("1",))]


def test_text_that_is_no_python_is_passed_over(examples):
    """Docstrings and snippets need not parse."""
    source = "def f(a):\n    '''\n    >>> f(\n    f(1 2) and f(3)\n    '''\n"
    assert examples(source, calls=("f(",)) == [Example(("3",))]
