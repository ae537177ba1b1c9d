"""Literals as the trusted side reads and compares them."""

from __future__ import annotations

import ast
import math
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_genx.sandboxes.literal import canonical, equal, has_nan, read
from pytest_genx.sandboxes.worker.plain import MAX_DEPTH, plain

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.complex_numbers(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.binary()
)
KEYS = st.recursive(SCALARS, lambda s: st.tuples(s, s) | st.frozensets(s, max_size=3), max_leaves=5)
VALUES = st.recursive(
    SCALARS,
    lambda s: (
        st.lists(s, max_size=4)
        | st.tuples(s)
        | st.tuples(s, s)
        | st.sets(KEYS, max_size=3)
        | st.dictionaries(KEYS, s, max_size=3)
    ),
    max_leaves=12,
)


@given(VALUES)
@settings(max_examples=200, deadline=None)
def test_reading_undoes_writing(value):
    """Every plain value comes back, with its types, but for the sign of a complex zero."""
    text = plain(value)
    assert text is not None
    again = read(text)
    assert plain(again) == text
    assert equal(again, value) is not has_nan(value)


@pytest.mark.parametrize(
    "text",
    [
        "1", " 1 ", "-1", "+1", "0", "00", "1_000", "0xFF", "0o17", "0b11", "1.", ".5", "1e5",
        "1E-5", "1_0.5e1_0", "2j", "-2j", "1+2j", "(1-2j)", "-1.5-0j", "''", '""', "'a' 'b'",
        "('a'\n'b')",        "b'a' b'b'", "'''a'b\n'''", '"""a"b"""', "r'\\d'", "u'a'", "Rb'\\x'",
        "'\\x41\\u0041\\N{EM DASH}'",
        "'\\\n'", "'it\\'s'", '"\\\\"', "[1, 2,]", "[\n 1,\n 2\n]", "(1)", "((1), )", "{}",
        "{1: 2,}", "{1, }", "{'a': {'b': []}}", "[None, True, False]", "'é'", "'#'",
        "'''\n'''", "''''a'''",
    ],
)  # fmt: skip
def test_it_reads_what_python_reads(text):
    """Spellings that people and models use."""
    value = ast.literal_eval(text.strip())
    assert read(text) == value
    assert type(read(text)) is type(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("set()", set()),
        ("frozenset()", frozenset()),
        ("frozenset({1})", frozenset({1})),
        ("inf", math.inf),
        ("-inf", -math.inf),
        ("1e999", math.inf),
        ("-1e999", -math.inf),
        ("float('-inf')", -math.inf),
        ("-float('inf')", -math.inf),
        ("[set(), {frozenset()}]", [set(), {frozenset()}]),
    ],
)
def test_it_reads_what_has_no_literal(text, value):
    """The few names that mean a value."""
    assert read(text) == value
    assert type(read(text)) is type(value)
    assert math.isnan(read("nan"))
    assert math.isnan(read("float('nan')"))


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "x", "f()", "1 2", "1,", "[1", "1]", "[1 2]", "[,]", "(,)", "{1: }", "{1: 2, 3}",
        "{[]: 1}", "{[]}", "'a", "a'", "'", "'''", "'a\nb'", "'a\nb' 'c'", "\\", "1 + 1", "1 + 2",
        "1j + 2j", "--1", "-'a'", "-[1]", "-None", "01", "1__0", "0x", "1a", "lambda: 1", "[*a]",
        "f'a'", "'a' b'b'", "'\\d'", "'\\400'", "'\\x'", "set", "set([1])", "float('1')", "float()",
        "frozenset(1)", "frozenset({1}, {2})", "__import__('os')", "...", "1 if 1 else 2", "{**{}}",
        "1" * 5000, "# 1", "1 # one", "True + 1j", "'a' % 1", "é", "1;2", "{}.a", "'a'[0]", "\0",
    ],
)  # fmt: skip
def test_all_else_is_refused(text):
    """Nothing is evaluated."""
    with pytest.raises(ValueError, match=r"."):
        read(text)


def test_what_is_made_to_be_slow_or_deep_is_refused_at_once():
    """A worker that was taken over cannot keep the trusted side busy."""
    n = 300_000
    keys = [i * (2**61 - 1) for i in range(20000)]
    texts = [
        *(
            start * n
            for start in ("[", "(", "{", "-", "+1", "1+", "'\\", "'''a", "'\\\n", "1", "1.")
        ),
        *(start * (n + 1) for start in ('"', "'\"")),
        "[" * n + "]" * n,
        "'''" + "\\" * n,
        "frozenset(" * 10000,
        "b'a'" * n + "b",
        f"{{{', '.join(map(str, keys))}}}",
        str(dict.fromkeys(keys)),
        "'" + "a" * (1 << 20) + "'",
    ]
    start = time.process_time()
    for text in texts:
        with pytest.raises(ValueError, match=r"."):
            read(text)
    assert time.process_time() - start < 20.0


def test_the_deepest_value_that_is_written_is_read():
    """The reader goes at least as deep as the writer."""
    value: object = ()
    for _ in range(MAX_DEPTH - 1):
        value = frozenset({value})
    text = plain(value)
    assert text is not None
    assert read(text) == value


def test_values_are_equal_as_python_says_but_nan_never_is():
    """Numbers of all types mix; one and the same NaN is not equal to itself."""
    nan = math.nan
    for one, other in ((1, True), (1, 1.0), (0.0, -0.0), ([1], [1.0]), ({1: 2}, {1.0: 2.0})):
        assert equal(one, other)
    for one, other in (((1,), [1]), ("1", 1), (b"a", "a"), ([1], [1, 2]), (0.1 + 0.2, 0.3)):
        assert not equal(one, other)
    for value in (nan, [nan], {"a": (1, nan)}, {nan}, {nan: 1}, complex(nan, 0), [[{nan}]]):
        assert has_nan(value)
        assert not equal(value, value)
    assert equal({"b": 1, "a": 2}, {"a": 2, "b": 1})


def test_equal_values_of_equal_types_have_one_canonical_text():
    """Order of dictionaries and sets, and spelling, do not count; types do."""
    texts = ["{'b': {3, 1}, 'a': 16}", '{"a": 0x10, "b": {1, 3}}', "{'a':16,'b':{3,1,1},}"]
    assert {canonical(text) for text in texts} == {"{'a': 16, 'b': {1, 3}}"}
    assert len({canonical(text) for text in ("1", "True", "1.0", "'1'", "(1,)", "[1]")}) == 6
    assert canonical("1e999") == canonical("inf") == "float('inf')"
    with pytest.raises(ValueError, match=r"no literal"):
        canonical("f()")
