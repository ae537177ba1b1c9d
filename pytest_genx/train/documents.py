"""Functions and problems -> training documents: a prompt as the product makes it, an answer.

The wording comes from `pipeline.prompt`, so that a model never meets another form than the
one it was trained on.
"""

from __future__ import annotations

import random
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pytest_genx.pipeline.prompt import coder_text, tester_text
from pytest_genx.syntax.definition import definition_head, hidden
from pytest_genx.train.families.calls import Call, assertion, choose
from pytest_genx.train.families.functions import Function

_SHORT = 700  # characters of a published function that a small model may learn to write


@dataclass(frozen=True, slots=True)
class Document:
    """What is given and what is to be answered; training appends the end-of-text token.

    `whole` says that the prompt teaches as much as the answer: a described function with its
    body is a coder's answer too, up to the tester's comment, where a coder is stopped.
    """

    prompt: str
    answer: str
    whole: bool = False


def in_class(source: str, owner: str | None) -> str:
    """Put a method under its class line."""
    return source if owner is None else f"class {owner}:\n{textwrap.indent(source, '    ')}"


def coder_document(source: str, owner: str | None, above: str) -> Document:
    """Show a definition up to its docstring; the body is the answer."""
    head = in_class(definition_head(source), owner)
    body = in_class(source, owner)[len(head) :].strip("\n")
    return Document(coder_text(head, above), body)


def tester_document(
    source: str,
    name: str,
    owner: str | None,
    above: str,
    assertions: Sequence[str],
    *,
    show_body: bool,
) -> Document:
    """Show a definition with or without its body; the assertions are the answer.

    Args:
        source: the dedented definition.
        name: the function's name.
        owner: the class of a method.
        above: imports and surroundings.
        assertions: the first of them begins with `assert `.
        show_body: whether the body is shown.
    """
    prefix = "assert " if owner else f"assert {name}("
    shown = in_class(source if show_body else hidden(source), owner)
    text = "\n".join(assertions)
    assert text.startswith(prefix), text
    return Document(tester_text(shown, name, prefix, above), text[len(prefix) :])


def function_documents(function: Function, rng: random.Random) -> Iterator[Document]:
    """Make the documents of one composed function: the tester's weigh most."""
    documented = '"""' in function.source
    source, owner, above = function.source, function.owner, function.above
    if documented and rng.random() < 0.2:
        yield coder_document(source, owner, above)
    shown = tester_document(
        source, function.name, owner, above, _answer(function.calls, rng), show_body=True
    )
    yield replace(shown, whole=documented)
    if documented and rng.random() < 0.2:
        yield tester_document(
            source, function.name, owner, above, _answer(function.calls, rng), show_body=False
        )


def problem_documents(function: Function, rng: random.Random) -> Iterator[Document]:
    """Make the documents of one spelling of a published function."""
    source, name, owner, above = function.source, function.name, function.owner, function.above
    has_text = '"""' in source
    show_body = not has_text or rng.random() < 0.8
    answer = _answer(function.calls, rng)
    shown = tester_document(source, name, owner, above, answer, show_body=show_body)
    yield replace(shown, whole=has_text and show_body and len(shown.prompt) < _SHORT)


def _answer(calls: Sequence[Call], rng: random.Random) -> list[str]:
    """Choose calls that cover the body, and write them as assertions."""
    chosen = choose(calls, rng.choice((4, 5, 5, 6, 7, 8)), rng)
    returning = [call for call in chosen if call.raised is None]
    if not returning:
        returning = [next(call for call in calls if call.raised is None)]
    raising = [call for call in chosen if call.raised is not None]
    return [assertion(call) for call in [*returning, *raising[:2]]]
