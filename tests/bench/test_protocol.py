from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_genx.bench.protocol import cut, extract, split_assertions


@pytest.mark.parametrize("stop", ["\nclass A", "\ndef g", "\n# so", "\nif x", "\nprint(1)"])
def test_a_completion_ends_before_the_first_stop_token(stop):
    """Whichever comes first."""
    assert cut(f"    return 1{stop}\nprint(2)\ndef h") == "    return 1"


def test_indented_stop_words_do_not_stop():
    """They belong to the function."""
    text = "    if n:\n        print(n)\n    return n"
    assert cut(text) == text


def test_assertions_are_split_cut_and_kept_when_they_compile():
    """Neither what does not compile nor what does not name the entry point is kept."""
    sample = "f(1) == 2\nassert f(2) ==\nassert g(3)\nassert f(4) == [\n  4]\n# f(5)\ndef f(): pass"
    assert split_assertions(sample, "f") == ["assert f(1) == 2", "assert f(4) == [\n  4]"]


def test_five_assertions_of_a_sample_are_kept(double):
    """The first ones; other samples have five of their own."""
    many = "\nassert ".join(f"double({i}) == {2 * i}" for i in range(8))
    material = extract(replace(double, test_samples=(many, many)))
    assert material.asserts == tuple(f"assert double({i}) == {2 * i}" for i in range(5))
    assert material.assert_counts == (2, 2, 2, 2, 2)


def test_completions_that_are_equal_when_cut_are_one_program(double):
    """Counted as often as they were sampled, prompt in front."""
    material = extract(double)
    assert material.program_counts == (2, 1, 1)
    assert material.programs[0] == double.prompt + "    return 2 * n\n"


def test_whole_programs_and_assertions_are_taken_as_they_are(half):
    """Repeats become counts."""
    material = extract(
        replace(half, test_samples=("assert half(4) == 2", " assert half(4) == 2 ", ""))
    )
    assert material.programs == half.code_samples[:1]
    assert material.program_counts == (2,)
    assert (material.asserts, material.assert_counts) == (("assert half(4) == 2",), (2,))
    assert material.pairs == 1


def test_warnings_of_compiling_stay_silent():
    """An invalid escape or `is` with a literal is the sample's business."""
    assert split_assertions('f("\\d") is 1', "f") == ['assert f("\\d") is 1']
