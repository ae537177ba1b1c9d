from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pytest_genx.domain import Case, CaseForm, Weakness
from pytest_genx.pipeline.weak import COPY, TWIN, names_of, weaknesses, weights


def case(source: str, **more: object) -> Case:
    return Case(source, "model", **more)


def weak(*cases: Case, rows=None) -> list[Weakness | None]:
    passed = np.array(rows if rows is not None else np.eye(len(cases)), dtype=bool)
    return weaknesses(cases, {"f"}, passed)


def test_a_whole_witness_is_not_weak():
    """Different claims that something could fail have nothing against them."""
    found = weak(case("assert f(1) == 2"), case("assert f(2) == 3"))
    assert found == [None, None]
    assert weights(found) is None


def test_pointless_case_has_no_weight():
    """It is told why nothing could fail it."""
    (found,) = weak(case("assert f(1) is not None"))
    assert (found.kind, found.weight) == ("pointless", 0.0)
    assert found.reason == (
        "nothing that the target returns could fail it: it says no more than that there is a value"
    )


def test_copy_of_an_anchor_has_no_weight_and_the_anchor_all():
    """The anchor says it already."""
    anchor = case("assert f([1, 2]) == 3", anchor=True)
    found = weak(anchor, case("r = f([1,2])\nassert r == 3.0"))
    assert found == [None, Weakness("copy", 0.0, COPY)]
    assert weights(found).tolist() == [1.0, 0.0]


def test_anchors_are_whole_witnesses_whatever_they_say():
    """Who writes an example means it."""
    pointless = case("assert f(1) is not None", anchor=True)
    assert weak(pointless, replace(pointless, source="assert  f(1) is not None")) == [None, None]


def test_twins_share_the_weight_of_one_and_the_first_may_be_kept():
    """Three ways of writing one claim are one witness."""
    texts = ["assert f(1) == [1, 2]", "assert f(1) == [1,2]", "assert [1, 2.0] == f(1)"]
    found = weak(*map(case, texts), case("assert f(2) == 1"))
    assert weights(found) == pytest.approx([1 / 3, 1 / 3, 1 / 3, 1])
    assert [w and w.reason for w in found] == ["", TWIN, TWIN, None]


def test_what_all_living_candidates_pass_tells_none_apart():
    """A row that passes nothing has no say; such a case may be kept all the same."""
    cases = [case("assert f(1) == 2"), case("assert f(2) == 3")]
    found = weak(*cases, rows=[[1, 1], [1, 0], [0, 0]])
    assert found == [Weakness("easy", 0.0), None]


def test_among_candidates_that_are_all_alike_no_case_is_easy():
    """Nothing shows that a wrong candidate would pass it."""
    cases = [case("assert f(1) == 2"), case("assert f(2) == 3")]
    assert weak(*cases, rows=[[1, 1], [1, 1]]) == [None, None]
    assert weak(*cases, rows=np.zeros((0, 2))) == [None, None]


def test_forms_are_not_mixed():
    """A doctest and a snippet with the same text are two things, and functions are not read."""
    function = case("def test_f():\n    f(1)", form=CaseForm.FUNCTION)
    snippet = replace(function, form=CaseForm.SNIPPET)
    assert weak(function, snippet) == [None, None]


def test_names_of_a_method_are_its_own_and_its_class(half):
    """Either is enough to have to do with the target."""
    assert names_of(half) == {"half"}
    assert names_of(replace(half, qualname="A.B.c")) == {"c", "B"}
