from __future__ import annotations

import pytest

from pytest_genx.domain import (
    Candidate,
    Case,
    Execution,
    Expectation,
    Outcome,
)
from pytest_genx.pipeline.correct import (
    MAX_CASES,
    agreed,
    corrected,
    listed,
    merged,
    raised_names,
    settle,
)

INCUMBENT = Candidate("", "", "incumbent", incumbent=True)


def returned(value: str) -> Execution:
    return Execution(Outcome.PASS, value=value, digest=value)


def call(text: str, value: str | None = None, **more: object) -> Case:
    source = text if value is None else f"assert {text} == {value}"
    return Case(source, "model", Expectation(text, value), **more)


def cross_of(values: dict[str, Execution]):
    """Make a cross-run that knows the observation of each call, for every candidate."""

    def cross(candidates, cases):
        return [[values[case.source] for case in cases] for _ in candidates]

    return cross


def test_observed_value_becomes_an_equality(half):
    """A returned value is written as `==`."""
    case = corrected(call("half(5)"), returned("2"), half)
    assert case is not None
    assert case.source == "assert half(5) == 2"
    assert case.expectation == Expectation("half(5)", "2")
    assert case.corrected


@pytest.mark.parametrize("value", ["None", "True", "False"])
def test_singletons_are_compared_by_identity(value, half):
    """None, True and False are written with `is`, as linters want it."""
    case = corrected(call("half(5)"), returned(value), half)
    assert case is not None
    assert case.source == f"assert half(5) is {value}"


def test_exception_that_the_source_raises_becomes_pytest_raises(half):
    """An intended exception is worth a test, and the test imports pytest."""
    execution = Execution(Outcome.ERROR, raised="ValueError")
    case = corrected(call("half(-1)"), execution, half)
    assert case is not None
    assert case.source == "with pytest.raises(ValueError):\n    half(-1)"
    assert case.imports == ("import pytest",)


@pytest.mark.parametrize(
    "execution",
    [
        Execution(Outcome.ERROR, raised="TypeError"),
        Execution(Outcome.TIMEOUT),
        Execution(Outcome.CRASH),
        Execution(Outcome.PASS, value=None, returned_type="object"),
    ],
)
def test_what_cannot_be_stated_gives_no_case(execution, half):
    """Accidents of the input and values that cannot be written down are no tests."""
    assert corrected(call("half('x')"), execution, half) is None


def test_iterators_are_asked_for_their_items():
    """A call that returned a generator is observed again through list()."""
    execution = Execution(Outcome.PASS, returned_type="generator")
    case = listed(call("half(1)"), execution)
    assert case is not None
    assert case.source == "list(half(1))"
    assert listed(call("half(1)"), returned("1")) is None


def test_raised_names_are_those_of_raise_statements():
    """Only exceptions named in a raise count, not those that are caught."""
    source = "try:\n    f()\nexcept KeyError:\n    raise ValueError('x') from None\n"
    assert raised_names(source) == {"ValueError"}


def test_merging_adds_counts_and_keeps_anchors():
    """The same source twice is one case with both counts, still an anchor."""
    one = call("half(4)", "2", count=2)
    two = Case(one.source, "docstring", one.expectation, count=3, anchor=True)
    (case,) = merged([one, two])
    assert (case.count, case.anchor, case.origin) == (5, True, "docstring")


def test_agreement_needs_two_candidates_and_no_tie():
    """One candidate alone, or a draw, is no agreement."""
    one, two = returned("1"), returned("2")
    assert agreed([one, one, two], [1, 1, 1]) == one
    assert agreed([one, two], [5, 1]) is None
    assert agreed([one, one, two, two], [1, 1, 1, 1]) is None
    assert agreed([], []) is None


def test_trusted_code_overrules_the_model(half):
    """With trusted code a wrong expected value is replaced and marked."""
    cases, _ = settle(
        [call("half(4)", "3")],
        [INCUMBENT],
        half,
        trusted=True,
        cross=cross_of({"half(4)": returned("2")}),
    )
    assert [(c.source, c.corrected) for c in cases] == [("assert half(4) == 2", True)]


def test_without_trust_both_values_stand(half):
    """In consensus the model's value and the code's compete."""
    cases, _ = settle(
        [call("half(4)", "3")],
        [INCUMBENT],
        half,
        trusted=False,
        cross=cross_of({"half(4)": returned("2")}),
    )
    assert {(c.source, c.corrected) for c in cases} == {
        ("assert half(4) == 3", False),
        ("assert half(4) == 2", True),
    }


def test_anchors_are_never_corrected(half):
    """What is trusted keeps its value even where the code disagrees."""
    anchor = call("half(4)", "3", anchor=True)
    cases, _ = settle(
        [anchor],
        [INCUMBENT],
        half,
        trusted=True,
        cross=cross_of({"half(4)": returned("2")}),
    )
    assert cases == [anchor]


def test_calls_without_a_statable_result_are_counted_in_a_note(half):
    """Nothing is dropped without a word."""
    cases, notes = settle(
        [call("half('x')")],
        [INCUMBENT],
        half,
        trusted=False,
        cross=cross_of({"half('x')": Execution(Outcome.ERROR, raised="TypeError")}),
    )
    assert cases == []
    assert notes == ["1 calls gave nothing that a test can state"]


def test_more_cases_than_the_cap_keep_anchors_and_the_most_frequent(half):
    """The cap cuts rare cases first, never an anchor, and says so."""
    many = [call(f"half({n})", str(n), count=1 + n) for n in range(MAX_CASES)]
    anchor = call("half(-2)", "9", anchor=True)
    cases, notes = settle(
        [*many, anchor], [], half, trusted=False, cross=lambda candidates, cases: []
    )
    assert len(cases) == MAX_CASES
    assert anchor in cases
    assert many[0] not in cases
    assert notes == [f"1 of {MAX_CASES + 1} cases were left out"]
