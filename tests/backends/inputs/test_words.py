from __future__ import annotations

import pytest

from pytest_genx.backends.inputs.namespace import namespace_of
from pytest_genx.backends.inputs.shape import (
    ANY,
    BOOL,
    COUNT,
    FLOAT,
    INT,
    NONE,
    STR,
    Kind,
    collection,
    mapping,
    union,
)
from pytest_genx.backends.inputs.words import shape_of_name, shapes_of_docstring
from pytest_genx.domain import Context


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("n", COUNT),
        ("max_retries", COUNT),
        ("page_size", COUNT),
        ("text", STR),
        ("_first_name", STR),
        ("str2", STR),
        ("is_open", BOOL),
        ("user_names", collection(STR)),
        ("zzz", ANY),
    ],
)
def test_a_name_tells_by_its_last_word(name, shape):
    """Underscores and numbers around it do not matter."""
    assert shape_of_name(name) == shape


@pytest.mark.parametrize(
    "docstring",
    [
        "Do.\n\nArgs:\n    a (int): one.\n    b (list of str, optional): two.\n    c (dict): d.",
        ":param int a: one\n:type b: list[str]\n:param dict c: d",
        "Parameters\n----------\na : int\n    One.\nb : list of str\n    Two.\nc : dict\n",
    ],
    ids=["google", "sphinx", "numpy"],
)
def test_each_docstring_style_is_read(target_of, docstring):
    """The types of parameters, in whatever style."""
    shapes = shapes_of_docstring(docstring, namespace_of(target_of("def f(): ..."), Context()))
    assert shapes["a"] == INT
    assert shapes["b"] == collection(STR)
    assert shapes["c"].kind is Kind.DICT


@pytest.mark.parametrize(
    ("words", "shape"),
    [
        ("an integer", INT),
        ("str or None", union(STR, NONE)),
        ("sequence of floats", collection(FLOAT)),
        ("dict of str to int", mapping(STR, INT)),
        ("bool, optional", BOOL),
        ("int, defaults to 3", INT),
        (":class:`int`", INT),
    ],
)
def test_prose_is_read_as_a_type(target_of, words, shape):
    """As people write it."""
    namespace = namespace_of(target_of("def f(): ..."), Context())
    assert shapes_of_docstring(f"Args:\n    x ({words}): it.", namespace) == {"x": shape}


def test_prose_that_is_no_type_says_nothing(target_of):
    """Nor does a missing docstring."""
    namespace = namespace_of(target_of("def f(): ..."), Context())
    assert shapes_of_docstring("Args:\n    x (see the notes below!): it.", namespace) == {}
    assert shapes_of_docstring(None, namespace) == {}
