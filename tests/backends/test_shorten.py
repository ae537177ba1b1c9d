from __future__ import annotations

from pytest_genx.backends.shorten import shortened
from pytest_genx.domain import Prompt, Role

TOP = "the top of the code"


def count(prompt: Prompt) -> int:
    return len(prompt.text)


def test_the_first_form_that_fits_is_taken():
    """What is left out is known from its `text_cut`."""
    bare = Prompt(Role.TESTER, "a" * 5, text_cut=("style", "callers"))
    less = Prompt(Role.TESTER, "a" * 10, text_cut=("style",), shorter=bare)
    whole = Prompt(Role.TESTER, "a" * 20, shorter=less)
    assert shortened(whole, 20, count) is whole
    assert shortened(whole, 19, count) is less
    assert shortened(whole, 9, count) is bare


def test_lines_are_cut_from_the_top_when_no_form_fits():
    """The end stays, and both lists of what is missing say so."""
    bare = Prompt(Role.TESTER, "one\ntwo\nthree\n", cut=("callers",))
    left = shortened(Prompt(Role.TESTER, "a" * 50, shorter=bare), 10, count)
    assert left.text == "two\nthree\n"
    assert (left.cut, left.text_cut) == (("callers", TOP), (TOP,))


def test_code_in_the_last_message_is_cut_and_the_words_before_it_stay():
    """What a chat model is asked must not be lost."""
    said = "Write tests.\n\n```python\none\ntwo\nthree\n```"
    prompt = Prompt(Role.TESTER, "", messages=(("user", said),))
    left = shortened(prompt, 36, lambda p: len(p.messages[-1][1]))
    assert left.messages == (("user", "Write tests.\n\n```python\nthree\n```"),)


def test_one_line_is_left_even_if_it_does_not_fit():
    """The backend has to cut its tokens."""
    left = shortened(Prompt(Role.TESTER, "endless"), 3, count)
    assert (left.text, left.text_cut) == ("endless", (TOP,))
