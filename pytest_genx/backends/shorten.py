"""Which form of a prompt a model has room for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pytest_genx.domain import Prompt

_FENCE = "```python\n"
_TOP = "the top of the code"


def shortened(prompt: Prompt, room: int, count: Callable[[Prompt], int]) -> Prompt:
    """Return the first of a prompt and its shorter forms that there is room for.

    Where not even the last of them fits, it loses lines from the top of its text, and of the
    code in its last message, until it does; what stands at the top matters least. One line is
    left in the end, fitting or not.

    Args:
        prompt: the whole one.
        room: tokens.
        count: how many tokens a prompt has for the model.
    """
    size = count(prompt)
    while size > room and prompt.shorter is not None:
        prompt = prompt.shorter
        size = count(prompt)
    if size <= room:
        return prompt
    while size > room:
        # Lines are dropped by their share of the excess, so that a few rounds suffice.
        dropped = _without_top(prompt, (size - room) / size)
        if (dropped.text, dropped.messages) == (prompt.text, prompt.messages):
            break
        prompt = dropped
        size = count(prompt)
    return replace(prompt, cut=(*prompt.cut, _TOP), text_cut=(*prompt.text_cut, _TOP))


def _without_top(prompt: Prompt, share: float) -> Prompt:
    text = _below(prompt.text, share)
    if not prompt.messages:
        return replace(prompt, text=text)
    role, content = prompt.messages[-1]
    head, fence, code = content.rpartition(_FENCE)
    last = (role, head + fence + _below(code, share))
    return replace(prompt, text=text, messages=(*prompt.messages[:-1], last))


def _below(text: str, share: float) -> str:
    """Leave out lines from the top, so many that they are a share of the text, but not the last."""
    lines = text.splitlines(keepends=True)
    excess, dropped, first = share * len(text), 0, 0
    while first < len(lines) - 1 and dropped < excess:
        dropped += len(lines[first])
        first += 1
    return "".join(lines[first:])
