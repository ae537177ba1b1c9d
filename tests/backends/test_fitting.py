from __future__ import annotations

from pytest_genx.backends.fitting import cut_top, fitting
from pytest_genx.domain import Prompt, Role


def count(prompt: Prompt) -> int:
    return len(prompt.text)


def test_the_first_form_that_fits_is_taken():
    """What is left out is known from its `cut`."""
    bare = Prompt(Role.TESTER, "a" * 5, cut=("style", "callers"))
    less = Prompt(Role.TESTER, "a" * 10, cut=("style",), shorter=bare)
    whole = Prompt(Role.TESTER, "a" * 20, shorter=less)
    assert fitting(whole, 20, count) is whole
    assert fitting(whole, 19, count) is less
    assert fitting(whole, 9, count) is bare


def test_the_shortest_form_is_left_when_none_fits():
    """The caller has to cut it."""
    bare = Prompt(Role.TESTER, "a" * 5)
    assert fitting(Prompt(Role.TESTER, "a" * 20, shorter=bare), 4, count) is bare


def test_lines_are_cut_from_the_top():
    """The end stays, and whole lines as long as there is more than one."""

    def tokenize(text):
        return list(text.encode())

    assert bytes(cut_top("one\ntwo\nthree\n", 10, tokenize)) == b"two\nthree\n"
    assert bytes(cut_top("endless", 3, tokenize)) == b"ess"
