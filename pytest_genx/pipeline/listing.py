"""Case lists as JSON: the schema that an answer may be held to, and reading such answers."""

from __future__ import annotations

import json
import re

from pytest_genx.syntax.source import parse_expression

_TEXT = {"type": "string"}
CASES_SCHEMA = json.dumps(
    {
        "type": "object",
        "properties": {
            "cases": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"call": _TEXT, "expected": _TEXT},
                    "required": ["call", "expected"],
                    "additionalProperties": False,
                },
            }
        },
        "required": ["cases"],
        "additionalProperties": False,
    }
)
MAX_ITEMS = 64
_ITEM = re.compile(r'\{\s*"(?:call|expected)"')


def assertions_of(text: str) -> str | None:
    """Write the cases of a JSON list as assertions, one a line; None when it is no such list.

    An answer that ends in the middle gives the cases before that.

    Args:
        text: one block of an answer.
    """
    if not text.lstrip().startswith(("{", "[")):
        return None
    decoder = json.JSONDecoder()
    lines = []
    for match in list(_ITEM.finditer(text))[:MAX_ITEMS]:
        try:
            item, _ = decoder.raw_decode(text, match.start())
        except (ValueError, RecursionError):
            continue
        call, expected = item.get("call"), item.get("expected")
        if not isinstance(call, str) or not isinstance(expected, str):
            continue
        if parse_expression(call) is not None and parse_expression(expected) is not None:
            lines.append(f"assert ({call.strip()}) == ({expected.strip()})")
    return "\n".join(lines) or None
