from __future__ import annotations

import pytest

from pytest_genx.backends.inputs.calls import calls_of
from pytest_genx.domain import Anchor, Context


@pytest.fixture
def calls(target_of):
    """Write calls for the last function of a source, or the one named."""

    def write(source: str, qualname: str = "", *, n: int = 24, context: Context | None = None):
        return calls_of(target_of(source, qualname), context or Context(), n=n, seed=0)

    return write


def test_examples_come_first_and_verbatim(calls):
    """A call somebody wrote is the best input there is."""
    source = '''
    def f(a, b):
        """Join.

        >>> f("x", 3)
        'xxx'
        """
        return a * b
    '''
    context = Context(
        anchors=(Anchor("assert f('ab', 2) == 'abab'", "docstring"),), calls=("f('q', b=9)",)
    )
    assert calls(source, context=context)[:3] == ["f('ab', 2)", "f('q', 9)", "f('x', 3)"]


def test_examples_are_varied_one_argument_at_a_time(calls):
    """Shorter, longer, negated: next to what works."""
    found = calls("def f(a, b):\n    '''f([1, 2], 5)'''\n    return a", n=40)
    assert {"f([2], 5)", "f([], 5)", "f([1, 2], 4)", "f([1, 2], -5)"} <= set(found)


def test_boundaries_of_the_code_are_tried(calls):
    """Both sides of every comparison."""
    found = calls("def grade(score):\n    return 'A' if score >= 90 else 'B'")
    assert {"grade(89)", "grade(90)", "grade(91)", "grade(0)", "grade(-1)"} <= set(found)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("    yield n\n", "list(f(2))"),
        ("    return (i for i in range(n))\n", "list(f(2))"),
        ("    while True:\n        yield n\n", "list(itertools.islice(f(2), 20))"),
        ("    return [iter([n]), iter([])]\n", "list(map(list, f(2)))"),
    ],
)
def test_iterators_are_consumed(calls, body, expected):
    """An iterator has no value that a test could compare."""
    first = calls("def f(n):\n" + body)[0]
    assert first.splitlines()[-1] == expected


def test_an_async_function_is_run(calls):
    """With the import that takes, unless the module has it."""
    body = "async def f(n: int):\n    return n"
    assert calls(body)[0] == "import asyncio\nasyncio.run(f(2))"
    assert calls("import asyncio as aio\n" + body)[0] == "aio.run(f(2))"


@pytest.mark.parametrize(
    "source",
    [
        "from contextlib import contextmanager\n@contextmanager\ndef f(n):\n    yield n",
        "async def f(n):\n    yield n",
        "def f(n):\n    def inner():\n        return n\n    return inner",
    ],
)
def test_what_has_no_value_is_not_called(calls, source):
    """Context managers, asynchronous generators, decorators."""
    assert calls(source) == []


def test_methods_are_called_on_built_instances(calls):
    """Class methods and static methods on the class."""
    source = """
    class Money:
        def __init__(self, amount: int, *, currency: str):
            self.amount = amount

        def add(self, other: "Money"):
            return self.amount + other.amount

        @classmethod
        def zero(cls, currency: str):
            return cls(0, currency=currency)

        @staticmethod
        def digits(text: str):
            return text.isdigit()
    """
    first = calls(source, "Money.add")[0]
    assert first.startswith("Money(3, currency='")
    assert ").add(Money(" in first
    assert calls(source, "Money.zero")[0].startswith("Money.zero('")
    assert calls(source, "Money.digits")[0].startswith("Money.digits('")
    assert calls(source, "Money.__init__")[0].startswith("Money(3, currency='")


def test_examples_of_constructors_and_class_methods_are_used(calls):
    """What stands before the dot is the class there, and no instance."""
    source = """
    class C:
        "C(5) and C.of(6)."
        def __init__(self, a):
            self.a = a
        @classmethod
        def of(cls, a):
            return cls(a)
    """
    context = Context(calls=("m.C(7)", "m.C.of(8)"))
    assert calls(source, "C.__init__", context=context)[:1] == ["C(7)"]
    assert calls(source, "C.of", context=context)[:1] == ["C.of(8)"]


def test_arguments_after_a_gap_are_named(calls):
    """Keyword-only ones always."""
    found = calls("def f(a, b=1, c=2, *, d=3):\n    return a + b + c + d", n=64)
    assert any(call.startswith("f(3, c=") for call in found)
    assert any(", d=" in call for call in found)


def test_amounts_stay_small(calls):
    """A loop that counts to a million would end in a timeout, not in a test."""
    source = (
        "def f(count):\n    if count > 1000000:\n        raise ValueError\n    return 'a' * count"
    )
    numbers = [int(call[2:-1]) for call in calls(source, n=64)]
    assert max(numbers) <= 50


def test_none_is_given_only_where_it_is_allowed(calls):
    """An int that is no Optional never gets it."""
    assert not any("None" in call for call in calls("def f(n: int):\n    return n", n=64))
    assert "f(None)" in calls("def f(n: int | None):\n    return n", n=64)


def test_a_name_the_module_uses_otherwise_is_imported_dotted(calls):
    """`from datetime import datetime` hides the module of the same name."""
    body = "def f(day: datetime.date):\n    return day.year"
    assert calls("import datetime\n" + body)[0] == "f(datetime.date(2024, 1, 31))"
    plain = "from datetime import date\ndef f(day: date):\n    return day.year"
    assert calls(plain)[0] == "f(date(2024, 1, 31))"
    hidden = "def date(): ...\ndef f(day):\n    return day.year, day.isoweekday()"
    assert calls(hidden)[0] == "import datetime\nf(datetime.date(2024, 1, 31))"


def test_invalid_escapes_in_user_code_do_not_warn(calls):
    """The user's strings are the user's business."""
    assert calls("def f(text):\n    '''A \\d.'''\n    return text.split('\\d')")


def test_a_function_without_parameters_is_called_once(calls):
    """There is nothing to vary."""
    assert calls("def f():\n    return 1") == ["f()"]
