"""Printed output as the trusted side compares it."""

from __future__ import annotations

import time
from hashlib import blake2b

import pytest

from pytest_genx.domain import Outcome
from pytest_genx.sandboxes.exchange import judged, same_output

SAME = [
    ("", ""),
    ("", " \n\n"),
    ("1 2\n", "1 2"),
    ("1 2 \n\n3\n", "1 2\n3"),
    ("a\r\nb", "a\nb\n"),
    ("1 2\n3", "1\n2 3"),
    ("1.0", "1"),
    ("1", "1.0000004"),
    ("0.333333", "0.3333333333333333"),
    ("1e3", "1000.0"),
    ("-0.0", "0"),
    (".5", "0.5"),
    ("1e-9", "0"),
    ("nan", "nan"),
    ("inf x", "inf x"),
    ("é\u2003b", "é b"),
]
OTHER = [
    ("YES", "yes"),
    ("", "0"),
    ("0", ""),
    ("1 2", "1"),
    ("1", "1 2"),
    ("1", "2"),
    ("1000000", "1000001"),
    ("10000000000000001", "10000000000000002"),
    ("007", "7"),
    ("1.0", "1.00001"),
    ("nan", "NaN"),
    ("nan", "1"),
    ("inf", "1e999"),
    ("1_000", "1000.0"),
    ("\u0661", "1.0"),
    ("ab", "a b"),
    ("0x10", "16.0"),
    ("1" * 400, "1" * 399 + "2"),
]


@pytest.mark.parametrize(("expected", "printed"), SAME)
def test_white_space_and_small_differences_of_numbers_do_not_count(expected, printed):
    """Contests compare token by token."""
    assert same_output(expected, printed)
    assert same_output(printed, expected)


@pytest.mark.parametrize(("expected", "printed"), OTHER)
def test_all_else_counts(expected, printed):
    """Case, integers, the number of tokens, and what is no plain number."""
    assert not same_output(expected, printed)
    assert not same_output(printed, expected)


def test_huge_outputs_are_compared_in_time():
    """Work grows with the length alone."""
    start = time.process_time()
    assert same_output("0.5 " * 10**5, "0.5000000001 " * 10**5)
    assert not same_output("9" * 10**6, "9" * 10**6 + ".0")
    assert time.process_time() - start < 5


def test_an_execution_says_where_outputs_differ():
    """The detail names the first token; the value is what was printed."""
    right, wrong = judged("1 2", "o0  1\n2\n"), judged("1 2", "o0  1 3\n")
    assert (right.outcome, right.detail, right.value) == (Outcome.PASS, "", "1\n2\n")
    assert (wrong.outcome, wrong.detail) == (Outcome.FAIL, "token 2 is '3', expected '2'")
    assert judged("1 2", "o0  1").detail == "ends after 1 tokens, expected '2' next"
    assert judged("1", "o0  1 2").detail == "goes on after 1 tokens with '2'"
    assert judged(None, "o0  1").outcome is Outcome.PASS
    assert right.digest == judged(None, "o0  1 2").digest != wrong.digest


def test_output_that_was_cut_passes_by_the_digest_of_its_tokens_alone():
    """What is left out may be anything."""
    digest = blake2b(b"1 2 3", digest_size=16).hexdigest()
    right, wrong = judged("1 2\n3", f"o3 {digest} 1 "), judged("1 4", f"o3 {digest} 1 ")
    assert (right.outcome, right.value) == (Outcome.PASS, None)
    assert (wrong.outcome, wrong.value) == (Outcome.FAIL, None)
    assert wrong.detail == "printed 5 characters, not those that are expected"
    assert judged("1", "o3  1").outcome is Outcome.FAIL
    for answer in ("ox  1", "o0 1", "o"):
        with pytest.raises(ValueError, match=r"."):
            judged("1", answer)
