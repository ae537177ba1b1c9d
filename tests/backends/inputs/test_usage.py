from __future__ import annotations

import ast

import pytest

from pytest_genx.backends.inputs.namespace import namespace_of
from pytest_genx.backends.inputs.settle import shape_of_clues
from pytest_genx.backends.inputs.shape import Kind, Shape
from pytest_genx.backends.inputs.usage import clues_of_class, clues_of_function
from pytest_genx.domain import Context


@pytest.fixture
def shape(target_of):
    """The shape of `x`, the only parameter, by what a body does with it."""

    def settle(body: str, above: str = "") -> Shape:
        lines = "".join(f"    {line}\n" for line in body.splitlines())
        target = target_of(f"{above}\ndef f(x):\n{lines}")
        function = ast.parse(target.source).body[0]
        clues = clues_of_function(function, namespace_of(target, Context()))
        return shape_of_clues(clues["x"])

    return settle


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("return x.upper()", Kind.STR),
        ("return x % 2", Kind.INT),
        ("return range(x)", Kind.COUNT),
        ("return [0] * x", Kind.COUNT),
        ("return math.sqrt(x)", Kind.FLOAT),
        ("return f'{x:.2f}'", Kind.FLOAT),
        ("return x.items()", Kind.DICT),
        ("return x['name']", Kind.RECORD),
        ("x.append(1)", Kind.LIST),
        ("for item in x:\n    print(item)", Kind.LIST),
        ("a, b = x\nreturn a", Kind.TUPLE),
        ("return x(1) + 2", Kind.CALLABLE),
        ("return x.decode()", Kind.BYTES),
        ("return x.price * x.count", Kind.OBJECT),
        ("return x.total_seconds()", Kind.FIXED),
        ("raise x('no')", Kind.FIXED),
        ("match x:\n    case 'a':\n        return 1", Kind.STR),
        ("match x:\n    case {'k': v}:\n        return v", Kind.RECORD),
        ("pass", Kind.ANY),
    ],
)
def test_what_is_done_with_a_value_tells_its_kind(shape, body, kind):
    """Once is enough."""
    assert shape(body).kind is kind


def test_a_value_is_followed_through_variables_loops_and_lambdas(shape):
    """So the parts of it get kinds of their own."""
    found = shape(
        "rows = sorted(x, key=lambda row: row['name'].lower())\n"
        "for row in rows:\n    total = row['qty'] * 2\n"
    )
    assert found.kind is Kind.LIST
    (record,) = found.parts
    assert dict(zip(record.names, (part.kind for part in record.parts), strict=True)) == {
        "name": Kind.STR,
        "qty": Kind.INT,
    }


def test_functions_of_the_module_are_entered(shape):
    """What they do with their parameters is done with the arguments."""
    above = "def g(a, b=1):\n    return h(a)\ndef h(c):\n    return c.strip()\n"
    assert shape("return g(x)", above).kind is Kind.STR


def test_a_function_that_calls_itself_is_read_once(shape):
    """Recursion ends."""
    assert shape("return f(x[1:]) + x[0]").kind in {Kind.LIST, Kind.UNION}


def test_a_hint_of_another_function_counts(shape):
    """Handing a value on tells its type."""
    above = "def g(a: dict[str, int]):\n    return a\n"
    assert shape("return g(x)", above).kind is Kind.DICT


@pytest.mark.parametrize(
    ("body", "example"),
    [
        ("return x == 'yes'", "'yes'"),
        ("return x in ('on', 'off')", "'on'"),
        ("return x in MODES", "'fast'"),
        ("return MODES[x]", "'fast'"),
        ("return x.lower().startswith('ab')", "'ababc'"),
        ("return '@' in x", "'a@b'"),
        ("return [int(part) for part in x.split(',')]", "'12,7,40'"),
        ("key, value = x.split('=')\nreturn key", "'a=bob'"),
        ("return re.fullmatch(r'[A-Z]{2}-\\d+', x)", "'AA-1'"),
        ("return CODE.match(x)", "'AA-1'"),
        ("return datetime.strptime(x, '%d.%m.%Y')", "'31.01.2024'"),
        ("return [c for c in x if c == '(' or c == ')']", "'()'"),
        ("return int(x) > 12", "'12'"),
        ("sep = '::'\nreturn x.split(sep)", "'a::bob::c'"),
    ],
)
def test_strings_are_made_to_fit_the_code(shape, body, example):
    """Compared, looked up, split, matched and converted ones."""
    above = "import re\nMODES = {'fast': 1, 'slow': 2}\nCODE = re.compile(r'[A-Z]{2}-\\d+')\n"
    found = shape(body, above)
    parts = found.parts if found.kind is Kind.UNION else (found,)
    assert example in [text for part in parts for text in part.examples]


def test_numbers_are_tried_on_both_sides_of_a_comparison(shape):
    """Constants of the module included."""
    assert {"99", "100", "101"} <= set(shape("return x > LIMIT", "LIMIT = 100").limits)


def test_lengths_that_the_code_asks_about_are_built(shape):
    """One below, the same, one above."""
    found = shape("if len(x) != 3:\n    raise ValueError\nreturn x.append(1)")
    assert set(found.sizes) == {2, 3, 4}


def test_isinstance_names_the_alternatives(shape):
    """In the order of the code."""
    found = shape("return isinstance(x, (int, str))")
    assert [part.kind for part in found.parts] == [Kind.INT, Kind.STR]


def test_a_predicate_is_told_from_another_function(target_of):
    """By where its result goes."""
    target = target_of("def f(p, xs):\n    return [x for x in xs if p(x)]\n")
    function = ast.parse(target.source).body[0]
    clues = clues_of_function(function, namespace_of(target, Context()))
    predicate = shape_of_clues(clues["p"])
    assert predicate.sizes == (1,)
    assert predicate.parts[0].kind is Kind.BOOL


def test_a_constructor_learns_from_the_methods(target_of):
    """They use what it stored."""
    target = target_of(
        "class C:\n"
        "    def __init__(self, a, b):\n        self.a = a\n        self.b = b\n"
        "    def m(self):\n        return self.a.lower()\n"
        "    def n(self):\n        return self.b['k']\n",
        "C.m",
    )
    namespace = namespace_of(target, Context())
    init, *methods = namespace.classes["C"].body
    clues = clues_of_class(init, methods, namespace)
    assert shape_of_clues(clues["a"]).kind is Kind.STR
    assert shape_of_clues(clues["b"]).kind is Kind.RECORD
