"""Prompts that fit a model: the longest of the shorter forms, or what is left of the shortest."""

from __future__ import annotations

from collections.abc import Callable

from pytest_genx.domain import Prompt

TOP = "the top of the code"  # what is cut when no form of the prompt fits


def fitting(prompt: Prompt, room: int, count: Callable[[Prompt], int]) -> Prompt:
    """Choose the first form of a prompt that fits; the shortest one if none does.

    Args:
        prompt: with its shorter forms.
        room: tokens that the model has for it.
        count: how many tokens a form takes.
    """
    while prompt.shorter is not None and count(prompt) > room:
        prompt = prompt.shorter
    return prompt


def cut_top(text: str, room: int, tokenize: Callable[[str], list[int]]) -> list[int]:
    """Tokenize a text, leaving out lines from its top until `room` tokens hold it.

    What stands at the top of a prompt matters least: imports, then code around the target.
    """
    tokens = tokenize(text)
    while len(tokens) > room:
        lines = text.splitlines(keepends=True)
        if len(lines) < 2:
            return tokens[-room:]
        # Lines are dropped by their share of the excess, so that a few rounds suffice.
        excess = (len(tokens) - room) / len(tokens) * len(text)
        dropped = 0
        while lines[1:] and dropped < excess:
            dropped += len(lines.pop(0))
        text = "".join(lines)
        tokens = tokenize(text)
    return tokens
