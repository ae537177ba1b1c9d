"""Examples that a docstring gives in prose: `f(1) == 2`, `f(1) -> 2`, `f(1) returns 2`.

Both sides must be expressions whose names are known, and the right one a literal or nearly
so: `f(x) == y` tells how to read the documentation, not what to expect.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from pytest_genx.domain import Target, TargetKind
from pytest_genx.syntax.assertions import equal, raises
from pytest_genx.syntax.names import calls, dotted, free_names, is_literal, mentions
from pytest_genx.syntax.source import parse_expression

_MAX_ENDS = 40  # closing brackets that are tried as the end of one call
_SAYS = re.compile(
    r"`*\s*(?:(?P<raises>raises)\s|(?:=>|==?|->|→|➞|⇒|➔|returns?\b|should return\b|gives\b)\s*)`*"
)
_SENTENCE_END = re.compile(r"[,;]|\.\s|\s(?:and|or|because|since|but|while|if|when)\s|\s{2,}#?")
_BUILTINS = frozenset(dir(builtins))


def prose_examples(text: str, target: Target, known: AbstractSet[str]) -> Iterator[ast.stmt]:
    """Yield the assertions that lines of a docstring state about the target.

    Args:
        text: the docstring; its interactive sessions are passed over.
        target: what the left side must call.
        known: names that the target's module binds.
    """
    begin = re.escape(_beginning(target))
    known = known | {target.qualname.partition(".")[0]}
    for line in text.split("\n"):
        if line.lstrip().startswith((">>>", "...")):
            continue
        for match in re.finditer(rf"(?<![\w.]){begin}\(", line):
            found = _example(line[match.start() :], target, known)
            if found is not None:
                yield found


def _beginning(target: Target) -> str:
    """How a call starts that stands alone: a method needs its class."""
    if target.owner is None:
        return target.name
    if target.kind is TargetKind.METHOD:
        return target.owner
    return f"{target.owner}.{target.name}"


def _example(text: str, target: Target, known: AbstractSet[str]) -> ast.stmt | None:
    """Read the example that a text begins with; the call may hold further brackets."""
    found = None
    for bracket in list(re.finditer(r"\)", text))[:_MAX_ENDS]:
        says = _SAYS.match(text, bracket.end())
        call = parse_expression(text[: bracket.end()]) if says is not None else None
        if says is None or not isinstance(call, (ast.Call, ast.Attribute, ast.Subscript)):
            continue
        if not any(calls(call, target)):
            continue
        if free_names(call) - _BUILTINS - known:
            continue
        rest = text[says.end() :]
        made = _raised(call, rest, known) if says["raises"] else _stated(call, rest, target, known)
        found = made or found
    return found


def _stated(call: ast.expr, rest: str, target: Target, known: AbstractSet[str]) -> ast.stmt | None:
    rest = rest.partition("  #")[0].strip()
    ends = [len(rest), *(match.start() for match in _SENTENCE_END.finditer(rest))]
    for end in ends:
        text = rest[:end].strip().rstrip(".`;,").strip()
        value = parse_expression(text)
        if value is None or mentions(value, target):
            continue
        if isinstance(value, ast.Tuple) and not text.startswith("("):
            return None  # one value or several: nobody can know
        return equal(call, value) if _is_value(value, known) else None
    return None


def _raised(call: ast.expr, rest: str, known: AbstractSet[str]) -> ast.stmt | None:
    match = re.match(r"an?\s+|", rest)
    assert match is not None
    name = re.match(r"[A-Za-z_]\w*", rest[match.end() :])
    if name is None:
        return None
    kind = getattr(builtins, name[0], None)
    if name[0] in known or (isinstance(kind, type) and issubclass(kind, BaseException)):
        return raises(ast.Name(name[0], ast.Load()), [ast.Expr(call)])
    return None


def _is_value(node: ast.expr, known: AbstractSet[str]) -> bool:
    """Say whether an expression can only be meant as a value."""
    if is_literal(node):
        return True
    if isinstance(node, ast.Attribute):
        return dotted(node).partition(".")[0] in known
    called = isinstance(node, ast.Call) and bool(dotted(node.func))
    return called and not free_names(node) - _BUILTINS - known
