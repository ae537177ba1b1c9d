from __future__ import annotations

import ast

import pytest

from pytest_genx.backends.inputs.mutations import mutations


@pytest.mark.parametrize(
    ("text", "some"),
    [
        ("3", {"4", "2", "0", "-3"}),
        ("-3", {"3", "0"}),
        ("True", {"False"}),
        ("2.5", {"-2.5", "0.0"}),
        ("b'ab'", {"b''", "b'b'"}),
        ("{1, 2}", {"set()", "{2}"}),
        ("{'a': 1, 'b': 2}", {"{}", "{'b': 2}"}),
        ("(1,)", {"()", "(1, 1)"}),
        ("[[1], [2, 3]]", {"[]", "[[], [2, 3]]", "[[2, 3], [1]]"}),
        ("range(9)", {"range(10)", "range(0)"}),
    ],
)
def test_a_literal_has_neighbours(text, some):
    """Emptied, shortened, negated, one more and one less."""
    assert some <= set(mutations(text))


@pytest.mark.parametrize("text", ["None", "name", "lambda x: x", "not python(", "«a.b»(1)"])
def test_what_is_no_literal_stays(text):
    """None is never made of another value, nor another value of None."""
    assert mutations(text) == []


@pytest.mark.parametrize("text", ["'Ab'", "[1, [2], (3,)]", "{'a': [1]}", "dict(a=1)"])
def test_changed_forms_are_expressions_and_differ(text):
    """From each other and from the original."""
    found = mutations(text)
    assert text not in found
    assert len(set(found)) == len(found)
    for other in found:
        ast.parse(other, mode="eval")
