"""Target and context -> the prompts of each role; no model knowledge, and words are files.

Plain models continue code: the coder continues the definition after its docstring, the
tester continues a first assertion. The embedded model is trained on exactly `coder_text` and
`tester_text`. Chat models get the same code in a message, and may answer in any style.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace

from pytest_genx.domain import Context, Followup, Prompt, Role, Stage, Target, TargetKind
from pytest_genx.pipeline.budget import PARTS, within
from pytest_genx.pipeline.grammar import case_grammar
from pytest_genx.pipeline.listing import CASES_SCHEMA
from pytest_genx.pipeline.wording import PLACEHOLDERS, Wording, read_wording
from pytest_genx.syntax.definition import body_text, definition_head, hidden, only_definition
from pytest_genx.syntax.source import parse, shift

MAX_EXAMPLES = 3
_MAX_EXAMPLE = 4  # lines of one example
_MAX_CALLS = 5
_GAP = "\n\n\n"  # between definitions

# Where a completion has left the answer; the two ends a plain model drifts to differ by role.
CODER_STOP = ("\ndef ", "\nclass ", "\n@", "\n#", "\nif ", "\nprint", "\nassert ", "\nasync ")
TESTER_STOP = ("\ndef ", "\nclass ", "\n@", "\n#", "\nif ", "\nprint", "\nasync ")


def coder_text(head: str, above: str = "") -> str:
    """Make the text a plain coder continues.

    Args:
        head: the definition up to the end of its docstring, without a body.
        above: imports and surrounding code, may be empty.
    """
    values = {"surroundings": above.rstrip(), "definition": head.rstrip()}
    return read_wording(None).write("coder-plain", values) + "\n"


def tester_text(shown: str, name: str, prefix: str, above: str = "") -> str:
    """Make the text a plain tester continues; it ends in `prefix`.

    Args:
        shown: the definition, with its body or with `pass`.
        name: what is tested, as it is called in the comment.
        prefix: how the first assertion begins, such as `assert f(`.
        above: imports and surrounding code, may be empty.
    """
    values = {"surroundings": above.rstrip(), "definition": shown.rstrip()}
    values |= {"name": name, "prefix": prefix}
    return read_wording(None).write("tester-plain", values)


def make_prompts(
    target: Target,
    context: Context,
    *,
    show_body: bool,
    wording: Wording | None = None,
    structured: bool = False,
) -> dict[Role, Prompt]:
    """Make one prompt for each role, with shorter ones for models that have less room.

    Args:
        target: what is under test.
        context: what may be shown besides it.
        show_body: whether the tester sees the body; hiding it keeps a bug out of its test.
        wording: the words; None for the built-in ones.
        structured: whether testers are held to a grammar, or to a JSON schema in chats.
    """
    wording = wording or read_wording(None)
    parts = _parts(target, context, show_body=show_body)
    return {
        role: _chain(target, role, parts, wording, show_body=show_body, structured=structured)
        for role in (Role.CODER, Role.TESTER)
    }


def make_followup(
    target: Target,
    context: Context,
    asked: Followup,
    *,
    show_body: bool,
    wording: Wording | None = None,
) -> Prompt:
    """Make the prompt of a later stage, with shorter ones for models that have less room.

    Args:
        target: what is under test.
        context: what may be shown besides it.
        asked: of whom, and what is shown besides the context.
        show_body: whether the tester sees the body.
        wording: the words; None for the built-in ones.
    """
    wording = wording or read_wording(None)
    parts = _parts(target, context, show_body=show_body) | dict(asked.values)
    return _chain(target, asked.role, parts, wording, show_body=show_body, stage=asked.stage)


def _parts(target: Target, context: Context, *, show_body: bool) -> dict[str, str]:
    """What each part of the context shows, within its room and without the target's body."""

    def items(name: str, given: Sequence[str]) -> list[str]:
        return within(name, [i for i in given if show_body or not shows_body(i, target)])

    short = [a.source for a in context.anchors if a.source.count("\n") < _MAX_EXAMPLE]
    parts = {
        "imports": context.imports,
        "surroundings": context.surroundings,
        "examples": "\n".join(items("examples", short[:MAX_EXAMPLES])),
        "types": _GAP.join(items("types", context.types)),
        "fixtures": _GAP.join(items("fixtures", context.fixtures)),
        "callers": _GAP.join(items("callers", context.callers)),
        "tests": _GAP.join(items("tests", context.test_style)),
    }
    known = "\n".join([target.docstring or "", *parts.values()])
    fresh = [call for call in context.calls if call not in known]
    return parts | {"calls": "\n".join(items("calls", fresh[:_MAX_CALLS]))}


def shows_body(text: str, target: Target) -> bool:
    """Say whether a text holds all lines of a target's body, one below the other.

    Args:
        text: source of something else.
        target: whose body must not be shown; a stub has none.
    """
    if target.is_stub:
        return False
    body = body_text(only_definition(target.source), target.source.split("\n"))
    return _lines(body) in _lines(text)


def _lines(text: str) -> str:
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    return "\n" + "\n".join(lines) + "\n"


def _chain(
    target: Target,
    role: Role,
    parts: dict[str, str],
    wording: Wording,
    *,
    show_body: bool,
    structured: bool = False,
    stage: Stage = Stage.FIRST,
) -> Prompt:
    """Make a prompt with everything, then without the least important part, down to the target."""

    def write(parts: dict[str, str]) -> Prompt:
        return _prompt(target, role, parts, wording, show_body, structured, stage)

    made = [write(parts)]
    left = dict(parts)
    for part in reversed(PARTS):
        if not left[part.name]:
            continue
        left[part.name] = ""
        last = made[-1]
        less = write(left)
        said, continued = less.messages != last.messages, less.text != last.text
        if said or continued:
            cut = (*last.cut, part.words) if said else last.cut
            text_cut = (*last.text_cut, part.words) if continued else last.text_cut
            made.append(replace(less, cut=cut, text_cut=text_cut))
    prompt = made.pop()
    while made:
        prompt = replace(made.pop(), shorter=prompt)
    return prompt


def _prompt(
    target: Target,
    role: Role,
    parts: dict[str, str],
    wording: Wording,
    show_body: bool,  # noqa: FBT001 -- each has its one caller
    structured: bool,  # noqa: FBT001
    stage: Stage,
) -> Prompt:
    """Write one prompt, without shorter ones."""
    above = _join(parts["imports"], parts["surroundings"]).rstrip()
    if role is Role.CODER:
        bare = definition_head(target.source)
    else:
        bare = target.source if show_body and not target.is_stub else hidden(target.source)
    call = call_text(target)
    prefix = f"assert {call}(" if target.owner is None and not target.is_async else "assert "
    structured = structured and role is Role.TESTER
    values = dict.fromkeys(PLACEHOLDERS, "") | parts
    values |= {
        "name": target.name,
        "noun": "function" if target.owner is None else "method",
        "call": f"asyncio.run({call}(...))" if target.is_async else f"{call}(...)",
        "prefix": prefix,
        "surroundings": above,
        "definition": _indent(target, bare).rstrip(),
        "code": _whole(target, above, bare),
    }
    who = role.value if stage is Stage.FIRST else f"{stage.value}-{role.value}"
    chat = "tester-json" if structured else f"{who}-chat"
    system = wording.texts["system"]
    messages = (("system", wording.write("system", {})),) if system else ()
    messages = (*messages, ("user", wording.write(chat, values)))
    text = wording.write(f"{who}-plain", values)
    if role is Role.CODER:
        return Prompt(role, f"{text}\n", messages=messages, stop=CODER_STOP)
    return Prompt(
        role,
        text,
        prefix=prefix,
        messages=messages,
        stop=TESTER_STOP,
        grammar=case_grammar(call, prefix, is_async=target.is_async) if structured else "",
        schema=CASES_SCHEMA if structured else "",
    )


def call_text(target: Target) -> str:
    """How a test names the target: `f`, `C.f` for static and class methods, `C().f` otherwise."""
    if target.owner is None:
        return target.name
    if target.kind is TargetKind.METHOD:
        return f"{target.owner}().{target.name}"
    return f"{target.owner}.{target.name}"


def _indent(target: Target, text: str) -> str:
    """Put a method under its class line, since a plain model has no other way to know."""
    if target.owner is None:
        return text
    return f"class {target.owner.rpartition('.')[2]}:\n{shift(text, '', '    ')}"


def _whole(target: Target, above: str, text: str) -> str:
    """Put a method into the class that ends what is above, as people would write it."""
    tree = parse(above) if target.owner is not None else None
    last = tree.body[-1] if tree is not None and tree.body else None
    if not isinstance(last, ast.ClassDef) or last.name != (target.owner or "").rpartition(".")[2]:
        return _join(above, _indent(target, text)).rstrip()
    return f"{above.removesuffix('    ...').rstrip()}\n\n{shift(text, '', '    ')}".rstrip()


def _join(above: str, below: str) -> str:
    return f"{above.rstrip()}\n\n\n{below}" if above.strip() else below
