"""Calls of composed functions: run them, and choose which ones a tester should write.

Runs in this process, since the functions come from this package. Source that comes from
anywhere else is for `pytest_genx.train.execute`.
"""

from __future__ import annotations

import ast
import random
import sys
import types
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

LONGEST_VALUE = 90  # characters of an expected value that a person would still read
_FILE = "<composed>"


@dataclass(frozen=True, slots=True)
class Call:
    """One call and what it did: `value` is a literal, or `raised` names the exception."""

    source: str
    value: str | None
    raised: str | None
    lines: frozenset[int]


def run_calls(program: str, sources: Sequence[str]) -> list[Call]:
    """Run each expression in a fresh namespace of `program`, noting the lines it reached.

    Args:
        program: trusted source that defines what the expressions name.
        sources: expressions.
    """
    code = compile(program, _FILE, "exec")
    results = []
    for source in sources:
        namespace: dict[str, Any] = {"__name__": "composed"}
        exec(code, namespace)  # noqa: S102
        value, raised, lines = _observe(source, namespace)
        results.append(Call(source, value, raised, lines))
    return results


def literal(value: object) -> str | None:
    """Write a value as a literal that reads back equal; None when it has none or is too long."""
    text = repr(value)
    if len(text) > LONGEST_VALUE:
        return None
    try:
        return text if ast.literal_eval(text) == value else None
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None


def written(value: object, quote: str) -> str:
    """Write a value as source, with the quote for strings that a project's formatter prefers."""
    if isinstance(value, str):
        text = repr(value)
        return f'"{text[1:-1]}"' if quote == '"' and text[0] == "'" and '"' not in text else text
    if isinstance(value, list):
        return f"[{', '.join(written(v, quote) for v in value)}]"
    if isinstance(value, tuple) and len(value) != 1:
        return f"({', '.join(written(v, quote) for v in value)})"
    if isinstance(value, dict):
        pairs = (f"{written(k, quote)}: {written(v, quote)}" for k, v in value.items())
        return f"{{{', '.join(pairs)}}}"
    return repr(value)


def choose(calls: Sequence[Call], n: int, rng: random.Random) -> list[Call]:
    """Choose up to `n` calls: those that reach new lines, then those with new outcomes.

    Greedy set cover over lines; among equals an unseen outcome wins, then chance. Calls that
    raise come last, so that an answer cut short still has ordinary cases.
    """
    pool = list({call.source: call for call in calls}.values())
    rng.shuffle(pool)
    chosen: list[Call] = []
    lines: set[int] = set()
    outcomes: set[tuple[str | None, str | None]] = set()
    while pool and len(chosen) < n:
        best = max(
            pool,
            key=lambda call: (
                len(call.lines - lines),
                (call.value, call.raised) not in outcomes and call.raised is None,
                call.raised is None,
            ),
        )
        pool.remove(best)
        chosen.append(best)
        lines |= best.lines
        outcomes.add((best.value, best.raised))
    return sorted(chosen, key=lambda call: call.raised is not None)


def assertion(call: Call) -> str:
    """Write a call as one assertion, or as `pytest.raises` over two lines."""
    if call.raised is not None:
        return f"with pytest.raises({call.raised}):\n    {call.source}"
    quote = '"' if '"' in call.source else "'"
    return f"assert {call.source} == {written(ast.literal_eval(str(call.value)), quote)}"


def _observe(
    source: str, namespace: dict[str, Any]
) -> tuple[str | None, str | None, frozenset[int]]:
    lines: set[int] = set()

    def trace(frame: types.FrameType, event: str, _: object) -> Any:
        if frame.f_code.co_filename != _FILE:
            return None
        if event == "line":
            lines.add(frame.f_lineno)
        return trace

    code = compile(source, "<call>", "eval")
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        result = eval(code, namespace)  # noqa: S307
    except (ArithmeticError, LookupError, ValueError, TypeError, AttributeError) as error:
        return None, type(error).__name__, frozenset(lines)
    finally:
        sys.settrace(before)
    return literal(result), None, frozenset(lines)
