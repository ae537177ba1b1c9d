"""Target and context -> the prompt of each role; wording only, no model knowledge.

Plain models continue code: the coder continues the definition after its docstring, the
tester continues a first assertion. The embedded model is trained on exactly `coder_text` and
`tester_text`. Chat models get the same code in a message, and may answer in any style.
"""

from __future__ import annotations

import ast

from pytest_genx.domain import Anchor, Context, Prompt, Role, Target, TargetKind
from pytest_genx.syntax.definition import definition_head, hidden
from pytest_genx.syntax.source import parse, shift

MAX_EXAMPLES = 3
_MAX_EXAMPLE = 4  # lines of one example

# Where a completion has left the answer; the two ends a plain model drifts to differ by role.
CODER_STOP = ("\ndef ", "\nclass ", "\n@", "\n#", "\nif ", "\nprint", "\nassert ", "\nasync ")
TESTER_STOP = ("\ndef ", "\nclass ", "\n@", "\n#", "\nif ", "\nprint", "\nasync ")

_CODER_TASK = (
    "Write the complete Python definition of `{name}` so that it does what its signature and "
    "docstring say. Answer with one code block and nothing else.\n\n```python\n{code}\n```"
)
_TESTER_TASK = (
    "Write test cases for the Python {noun} `{name}`. Cover ordinary values, edge cases and "
    "errors. One assertion a line, each of the form `assert {call} == expected`. Answer with "
    "one code block and nothing else.\n\n```python\n{code}\n```"
)


def coder_text(head: str, above: str = "") -> str:
    """Make the text a plain coder continues.

    Args:
        head: the definition up to the end of its docstring, without a body.
        above: imports and surrounding code, may be empty.
    """
    return _join(above, head.rstrip() + "\n")


def tester_text(shown: str, name: str, prefix: str, above: str = "") -> str:
    """Make the text a plain tester continues; it ends in `prefix`.

    Args:
        shown: the definition, with its body or with `pass`.
        name: what is tested, as it is called in the comment.
        prefix: how the first assertion begins, such as `assert f(`.
        above: imports and surrounding code, may be empty.
    """
    return _join(above, f"{shown.rstrip()}\n\n# check the correctness of {name}\n{prefix}")


def make_prompts(target: Target, context: Context, *, show_body: bool) -> dict[Role, Prompt]:
    """Make one prompt for each role.

    Args:
        target: what is under test.
        context: what may be shown besides it.
        show_body: whether the tester sees the body; hiding it keeps a bug out of its test.
    """
    above = _join(context.imports, context.surroundings).rstrip()
    bare_head = definition_head(target.source)
    bare_shown = target.source if show_body and not target.is_stub else hidden(target.source)
    head, shown = _indent(target, bare_head), _indent(target, bare_shown)
    call = call_text(target)
    prefix = f"assert {call}(" if target.owner is None and not target.is_async else "assert "
    coder_code = _whole(target, above, bare_head)
    tester_code = _whole(target, above, bare_shown) + _examples(context.anchors)
    noun = "function" if target.owner is None else "method"
    form = f"asyncio.run({call}(...))" if target.is_async else f"{call}(...)"
    return {
        Role.CODER: Prompt(
            Role.CODER,
            coder_text(head, above),
            messages=(("user", _CODER_TASK.format(name=target.name, code=coder_code)),),
            stop=CODER_STOP,
        ),
        Role.TESTER: Prompt(
            Role.TESTER,
            tester_text(shown, target.name, prefix, above),
            prefix=prefix,
            messages=(
                (
                    "user",
                    _TESTER_TASK.format(noun=noun, name=target.name, call=form, code=tester_code),
                ),
            ),
            stop=TESTER_STOP,
        ),
    }


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


def _examples(anchors: tuple[Anchor, ...]) -> str:
    """Show some trusted examples as comments, none that is long."""
    short = [a.source for a in anchors if a.source.count("\n") < _MAX_EXAMPLE]
    lines = [line for source in short[:MAX_EXAMPLES] for line in source.split("\n")]
    return "".join(f"\n# {line}" for line in ["These hold:", *lines] if short)


def _join(above: str, below: str) -> str:
    return f"{above.rstrip()}\n\n\n{below}" if above.strip() else below
