from __future__ import annotations

from pytest_genx.backends.inputs.shape import (
    ANY,
    COUNT,
    INT,
    NONE,
    STR,
    Kind,
    Shape,
    collection,
    fixed,
    mapping,
    merge,
    union,
)


def test_a_hint_wins_and_usage_fills_its_gaps():
    """Through the parts."""
    assert merge(mapping(STR, ANY), mapping(ANY, collection(INT))) == mapping(STR, collection(INT))
    assert merge(INT, STR) == INT


def test_every_alternative_learns():
    """Each from what fits it."""
    better = union(STR, collection(ANY), NONE)
    worse = union(Shape(Kind.STR, examples=("'a'",)), collection(INT))
    merged = merge(better, worse)
    assert merged == union(Shape(Kind.STR, examples=("'a'",)), collection(INT), NONE)


def test_a_list_that_is_unpacked_has_that_length():
    """And stays a list."""
    pair = Shape(Kind.TUPLE, parts=(ANY, ANY))
    assert merge(collection(INT), pair) == Shape(Kind.TUPLE, "list", (INT, INT))


def test_an_int_that_counts_is_a_count():
    """So that it stays small."""
    assert merge(INT, COUNT) == COUNT


def test_fixed_values_stay_the_only_ones():
    """A Literal allows nothing else."""
    assert merge(fixed("'a'"), fixed("'b'")) == fixed("'a'")
    assert merge(STR, fixed("'b'", "3")) == Shape(Kind.STR, examples=("'b'",))


def test_keys_and_members_of_sets_are_made_hashable():
    """Lists become tuples, dicts give way to what is usual in the place."""
    assert mapping(collection(INT), STR).parts[0] == collection(INT, "tuple")
    assert mapping(mapping(STR, INT), INT).parts[0] == STR
    assert collection(mapping(STR, INT), "set").parts[0] == INT


def test_a_union_is_flat_and_without_repeats():
    """Of one alternative it is that alternative."""
    assert union(union(INT, STR), INT, NONE).parts == (INT, STR, NONE)
    assert union(INT, INT) == INT
