"""Names of written tests say what is passed, and are never taken twice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_genx.domain import Case, Expectation, Target
from pytest_genx.pipeline.naming import MAX_NAME, name_for, snake


@pytest.mark.parametrize(
    ("call", "name"),
    [
        ("half(4)", "test_half_4"),
        ("half(-3)", "test_half_minus_3"),
        ("half(1.5)", "test_half_1_5"),
        ("half(None)", "test_half_none"),
        ("half('')", "test_half_empty_string"),
        ("half('  ')", "test_half_blank_string"),
        ("half('Hello, big World and more')", "test_half_hello_big_world_and"),
        ("half('??')", "test_half_symbols"),
        ("half('äö')", "test_half_symbols"),
        ("half(b'x')", "test_half_bytes"),
        ("half([])", "test_half_empty_list"),
        ("half({})", "test_half_empty_dict"),
        ("half({'a': 1})", "test_half_a"),
        ("half([1, 2, 3])", "test_half_1_2_3"),
        ("half([1, 2, 3, 4])", "test_half_list_of_4"),
        ("half((x, [y for y in z]))", "test_half_tuple_of_2"),
        ("half(n=4, strict=True)", "test_half_n_4_strict_true"),
        ("half(Decimal('2'))", "test_half_decimal_2"),
        ("half(lambda: 1)", "test_half"),
        ("list(half(4))", "test_half_4"),
        ("half.cache_info()", "test_half"),
        ("half(*args, **options)", "test_half"),
    ],
)
def test_call_becomes_a_name(half: Target, call: str, name: str) -> None:
    """Each kind of argument has its words; what has none adds none."""
    assert name_for(Case(f"assert {call}", "t", Expectation(call)), half, set()) == name


def test_exception_is_part_of_the_name(half: Target) -> None:
    """A test for an exception says which one."""
    case = Case("...", "t", Expectation("half(-1)", raises="errors.NotHalf"))
    assert name_for(case, half, set()) == "test_half_minus_1_raises_not_half"


def test_taken_names_are_numbered(half: Target) -> None:
    """The first free number is added."""
    case = Case("half(4)", "t")
    assert name_for(case, half, {"test_half_4", "test_half_4_2"}) == "test_half_4_3"


def test_long_names_are_cut_at_a_word(half: Target) -> None:
    """However much is passed, the name stays readable."""
    case = Case(f"half({', '.join(['alphabet'] * 20)})", "t")
    name = name_for(case, half, set())
    assert len(name) <= MAX_NAME
    assert name.endswith("_alphabet")


def test_a_word_too_long_is_cut_anywhere(half: Target) -> None:
    """A target's name alone can be longer than allowed."""
    target = replace(half, qualname="x" * 99)
    assert name_for(Case("half()", "t"), target, set()) == "test_" + "x" * (MAX_NAME - 5)


def test_constructor_is_found_by_its_class(half: Target) -> None:
    """`__init__` is called by the name of its class."""
    target = replace(half, qualname="HTTPServer.__init__")
    assert name_for(Case("HTTPServer(80)", "t"), target, set()) == "test_httpserver_init_80"


def test_snake_splits_at_capitals() -> None:
    """Class names become words."""
    assert snake("ShoppingCart.add_item") == "shopping_cart_add_item"
