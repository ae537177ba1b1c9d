"""Regular expression -> texts that match it."""

from __future__ import annotations

import importlib
import re
import sys
from typing import Any

_CLASSES = {"CATEGORY_DIGIT": "123", "CATEGORY_WORD": "abc", "CATEGORY_SPACE": "   "}
_OUTSIDE = {"CATEGORY_NOT_DIGIT": "abc", "CATEGORY_NOT_WORD": " -.", "CATEGORY_NOT_SPACE": "abc"}
_FILLING = "ab1 -_.Zé"  # candidates for "anything but"


def matching_texts(pattern: str) -> list[str]:
    r"""Make a few texts that a regular expression matches, the shortest first.

    Lookaround and back references are passed over; what then does not match is left out.

    >>> matching_texts(r"^(\d+)-([a-z]{2})$")
    ['1-aa', '22-bb', '333-cc']
    >>> matching_texts("(")
    []
    """
    try:
        compiled = re.compile(pattern)
    except re.error:
        return []
    parser = importlib.import_module("re._parser" if sys.version_info >= (3, 11) else "sre_parse")
    tree = parser.parse(pattern)
    texts = dict.fromkeys(_walk(tree, extra) for extra in range(3))
    return [text for text in texts if compiled.search(text)]


def _walk(tree: Any, extra: int) -> str:
    """Write a text for a parsed pattern; `extra` counts repeats beyond the fewest."""
    return "".join(_piece(str(operation), value, extra) for operation, value in tree)


def _piece(operation: str, value: Any, extra: int) -> str:  # noqa: PLR0911 -- one an operation
    if operation == "LITERAL":
        return chr(value)
    if operation == "NOT_LITERAL":
        return next(letter for letter in _FILLING if ord(letter) != value)
    if operation == "ANY":
        return "abc"[extra]
    if operation == "IN":
        return _member(value, extra)
    if operation == "SUBPATTERN":
        return _walk(value[-1], extra)
    if operation == "ATOMIC_GROUP":
        return _walk(value, extra)
    if operation == "BRANCH":
        return _walk(value[1][extra % len(value[1])], extra)
    if operation in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
        least, most, inner = value
        return _walk(inner, extra) * int(min(least + extra, int(most)))
    return ""


def _member(items: Any, extra: int) -> str:
    """Choose a character of a set."""
    names = [(str(operation), value) for operation, value in items]
    if names[0][0] == "NEGATE":
        excluded = re.compile("[" + "".join(map(_source, names[1:])) + "]")
        allowed = [letter for letter in _FILLING if not excluded.match(letter)]
        return allowed[extra % len(allowed)] if allowed else ""
    operation, value = names[extra % len(names)]
    if operation == "RANGE":
        return chr(min(value[0] + extra, value[1]))
    if operation == "CATEGORY":
        return {**_CLASSES, **_OUTSIDE}.get(str(value), "abc")[extra]
    return chr(value)


def _source(item: tuple[str, Any]) -> str:
    """Write a member of a set back as source."""
    operation, value = item
    if operation == "RANGE":
        return f"{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}"
    if operation == "CATEGORY":
        letter = str(value).rpartition("_")[2][0].lower()
        return "\\" + (letter.upper() if "_NOT_" in str(value) else letter)
    return re.escape(chr(value))
