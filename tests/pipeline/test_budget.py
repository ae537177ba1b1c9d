"""Parts of prompts have room of their own, and go one by one where there is less."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_genx.domain import Context, Role, Sample
from pytest_genx.pipeline.budget import PARTS, cut_notes, tokens, within
from pytest_genx.pipeline.prompt import make_prompts

CONTEXT = Context(
    imports="import os",
    surroundings="LIMIT = 3",
    callers=("def twice(n):\n    return half(half(n))",),
    test_style=("def test_half():\n    assert half(4) == 2",),
    fixtures=("@pytest.fixture\ndef four():\n    return 4",),
)


def shorter(prompt):
    """A prompt and all its shorter ones."""
    while prompt is not None:
        yield prompt
        prompt = prompt.shorter


def test_items_are_kept_or_left_out_whole():
    """One that is too long makes room for the next."""
    assert tokens("a" * 7) == 3
    assert within("calls", ["a" * 300, "b" * 300, "c" * 150]) == ["a" * 300, "c" * 150]


def test_a_prompt_loses_its_least_important_part_first(half):
    """Down to the bare target, and each says what is gone."""
    tester = make_prompts(half, CONTEXT, show_body=False)[Role.TESTER]
    *_, last = chain = list(shorter(tester))
    assert last.cut == ("existing tests", "callers", "fixtures", "surrounding code", "imports")
    assert last.text_cut == ("surrounding code", "imports")
    assert [len(prompt.cut) for prompt in chain] == [0, 1, 2, 3, 4, 5]
    assert "test_half" in chain[0].messages[0][1]
    assert "test_half" not in chain[1].messages[0][1]
    bare = make_prompts(half, Context(), show_body=False)[Role.TESTER]
    assert (last.text, last.messages) == (bare.text, bare.messages)


def test_a_coder_is_shown_no_tests(half):
    """Nor fixtures."""
    cuts = [p.cut for p in shorter(make_prompts(half, CONTEXT, show_body=False)[Role.CODER])]
    assert cuts[-1] == ("callers", "surrounding code", "imports")


@pytest.mark.parametrize("show_body", [True, False])
def test_what_repeats_a_hidden_body_is_left_out(half, show_body):
    """A caller that holds all lines of it, in whatever place."""
    copy = half.source.replace("def half", "def halve") + "    half(n)"
    prompt = make_prompts(half, replace(CONTEXT, callers=(copy,)), show_body=show_body)
    assert ("halve" in prompt[Role.TESTER].messages[0][1]) is show_body


def test_the_report_says_what_was_cut():
    """Once for each role, whoever had no room."""
    samples = [
        Sample(Role.TESTER, "", "a", cut=("callers",)),
        Sample(Role.TESTER, "", "b", cut=("callers", "imports")),
        Sample(Role.CODER, "", "a"),
    ]
    assert cut_notes(samples) == [
        "left out of the tester's prompt for want of room: callers, imports"
    ]
    assert len({part.name for part in PARTS}) == len(PARTS)
