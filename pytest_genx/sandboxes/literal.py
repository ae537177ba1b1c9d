"""Read the literals that a worker writes, and compare them; the trusted side of `worker.plain`.

A text may come from a hostile process, so nothing is evaluated and the parser of Python is not
asked, which some versions of it answer to deep nesting by dying: a small one of its own reads
numbers, strings, None, True, False, lists, tuples, dictionaries, sets, `set()`,
`frozenset(...)`, `inf`, `nan` and `float('inf')`. Work and depth are bounded.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from typing import Any

from pytest_genx.sandboxes.worker.plain import MAX_DEPTH, MAX_TEXT, has_nan, plain

_TEXT = r"""
    (?:[rR][bB]?|[bB][rR]?|[uU])?(?:
        '(?!'')[^'\\\n]*(?:\\.[^'\\\n]*)*' | "(?!"")[^"\\\n]*(?:\\.[^"\\\n]*)*"
        | '''(?:[^\\']|\\.|'(?!''))*''' | \"""(?:[^\\"]|\\.|"(?!""))*\"""
    )
"""
_TOKEN = re.compile(
    _TEXT
    + r"""
    | 0[xX][\da-fA-F_]+ | 0[oO][0-7_]+ | 0[bB][01_]+
    | (?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?[jJ]?
    | [^\W\d]\w*
    | ['"\\].*  # no string starts here, so that all the rest is wrong: looked at once only
    | \S
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_WHOLE_TEXT = re.compile(_TEXT, re.VERBOSE | re.DOTALL)
# Escapes that Python warns of; they are left to others.
_DOUBTFUL = re.compile(r"\\(?:[^\\'\"abfnrtvxuUN0-7\n]|[4-7][0-7]{2})")
_NAMES = {"None": None, "True": True, "False": False, "inf": float("inf")}
_SIGNS = frozenset("+-")
_WORDS = frozenset({"inf", "-inf", "nan"})
_DEPTH = 2 * MAX_DEPTH + 2  # as `frozenset({1})` counts twice
_DIGITS = 4300  # as many as Python converts
_COLLISIONS = 64  # keys with one hash, beyond which a set takes quadratic time to build


def read(text: str) -> Any:
    """Build the value of a literal.

    Args:
        text: at most `MAX_TEXT` characters, and no deeper than what `plain` writes.

    Raises:
        ValueError: it is no literal, too long or too deep.
    """
    if text.isdecimal() and text.isascii() and len(text) < 100 and text[0] != "0":
        return int(text)
    if len(text) > MAX_TEXT:
        raise ValueError(f"a literal of {len(text)} characters; at most {MAX_TEXT} are read")
    reader = _Reader(_TOKEN.findall(text))
    try:
        value = reader.value(0)
        last = reader.tokens[-1]
        ended = reader.at == len(reader.tokens)
    except (IndexError, TypeError, SyntaxError, RecursionError) as error:
        # It ended early, an item is not hashable, an escape is none, or the stack is full.
        raise ValueError(f"no literal: {text[:60]!r}") from error
    if not ended or (last[0] in "'\"" and not _WHOLE_TEXT.fullmatch(last)):
        raise ValueError(f"no literal: {text[:60]!r}")
    return value


def equal(one: Any, other: Any) -> bool:
    """Compare two values that were read, as `==` does, except that NaN equals nothing.

    Not even the same object does, so that reading a text once or twice makes no difference.
    """
    return bool(one == other) and not has_nan(one)


def canonical(text: str) -> str:
    """Write a literal so that values equal in type and content have equal text.

    Dictionaries and sets are sorted, numbers and strings have one spelling.

    Raises:
        ValueError: it is no literal, too long or too deep.
    """
    written = plain(read(text), ordered=False)
    if written is None:
        raise ValueError(f"no literal of bounded size: {text[:60]!r}")
    return written


class _Reader:
    """Where one text has been read to; an IndexError means that it ended early."""

    __slots__ = ("at", "tokens")

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.at = 0

    def value(self, depth: int) -> Any:  # noqa: PLR0911 -- one for each kind
        """Read one value."""
        token = self.tokens[self.at]
        self.at += 1
        first = token[0]
        if first in "0123456789.+-":
            return self._number(token)
        if token[-1] in "'\"":
            return self._string(token)
        if token in _NAMES:
            return _NAMES[token]
        if token == "nan":  # noqa: S105 -- a token of the language
            return float("nan")  # never one object for two of them
        if depth > _DEPTH:
            raise ValueError(f"more than {_DEPTH} brackets inside one another")
        if first == "[":
            return self._items("]", depth + 1)[0]
        if first == "(":
            items, comma = self._items(")", depth + 1)
            return tuple(items) if comma or not items else items[0]
        if first == "{":
            return self._braces(depth + 1)
        return self._call(token, depth + 1)

    def _number(self, token: str) -> Any:
        """Read a number with its sign, or the sum that is a complex number."""
        sign = token if token in _SIGNS else ""
        if sign:
            token = self.tokens[self.at]
            self.at += 1
        if token == "inf":  # noqa: S105 -- a token of the language
            return float(sign + token)
        if token == "float":  # noqa: S105 -- a token of the language
            number = self._call(token, 1)
            return -number if sign == "-" else number
        if token[0] not in "0123456789.":
            raise ValueError(f"no number: {token[:60]!r}")
        number = _convert(token)
        following = self.tokens[self.at : self.at + 2]
        if len(following) == 2 and following[0] in _SIGNS and following[1][-1] in "jJ":
            if isinstance(number, complex):
                raise ValueError("no literal: a sum of complex numbers")
            self.at += 2
            imaginary = complex(following[1]).imag
            return complex(
                -float(number) if sign == "-" else float(number),
                -imaginary if following[0] == "-" else imaginary,
            )
        if sign != "-":
            return number
        return complex(0.0, -number.imag) if isinstance(number, complex) else -number

    def _string(self, token: str) -> Any:
        """Read a string, and those that follow it and belong to it."""
        value = _unquote(token)
        parts = [value]
        while self.at < len(self.tokens) and self.tokens[self.at][-1] in "'\"":
            parts.append(_unquote(self.tokens[self.at]))
            self.at += 1
        return value if len(parts) == 1 else value[:0].join(parts)

    def _items(self, end: str, depth: int) -> tuple[list[Any], bool]:
        """Read up to a closing bracket; the second result says whether there was a comma."""
        tokens, items, comma = self.tokens, [], False
        while tokens[self.at] != end:
            items.append(self.value(depth))
            if tokens[self.at] == ",":
                self.at += 1
                comma = True
            elif tokens[self.at] != end:
                raise ValueError(f"{tokens[self.at][:60]!r} where a comma should stand")
        self.at += 1
        return items, comma

    def _braces(self, depth: int) -> Any:
        """Read a dictionary or a set."""
        keys, values, tokens = [], [], self.tokens
        while tokens[self.at] != "}":
            keys.append(self.value(depth))
            if tokens[self.at] == ":":
                self.at += 1
                values.append(self.value(depth))
            if tokens[self.at] == ",":
                self.at += 1
            elif tokens[self.at] != "}":
                raise ValueError(f"{tokens[self.at][:60]!r} where a comma should stand")
        self.at += 1
        if values and len(values) != len(keys):
            raise ValueError("a dictionary with a key that has no value")
        _check_hashes(keys)
        return dict(zip(keys, values, strict=True)) if values or not keys else set(keys)

    def _call(self, name: str, depth: int) -> Any:
        """Read `set()`, `frozenset(...)` and `float('inf')`; no other name means anything."""
        if name not in {"set", "frozenset", "float"} or self.tokens[self.at] != "(":
            raise ValueError(f"no literal: {name[:60]!r}")
        self.at += 1
        items, _ = self._items(")", depth)
        if not items and name != "float":
            return set() if name == "set" else frozenset()
        (item,) = items
        if name == "float" and isinstance(item, str) and item in _WORDS:
            return float(item)
        if name == "frozenset" and isinstance(item, set):
            return frozenset(item)
        raise ValueError(f"no literal: {name}({type(item).__name__})")


def _convert(token: str) -> int | float | complex:
    if token[:2] in {"0x", "0X", "0o", "0O", "0b", "0B"}:
        return int(token, 0)
    if len(token) > _DIGITS:
        raise ValueError(f"a number of {len(token)} digits; at most {_DIGITS} are read")
    if token[-1] in "jJ":
        return complex(token)
    return int(token, 0) if token.replace("_", "").isdecimal() else float(token)


def _unquote(token: str) -> Any:
    plain_quotes = token[0] in "'\"" and token[:3] not in {"'''", '"""'}
    if plain_quotes and "\\" not in token:
        return token[1:-1]
    if (
        _DOUBTFUL.search(token.replace("\\\\", ""))
        and token[0] not in "rR"
        and token[1] not in "rR"
    ):
        raise ValueError(f"an escape that is none: {token[:60]!r}")
    return ast.literal_eval(token)  # one string, and nothing around it


def _check_hashes(keys: list[Any]) -> None:
    """Refuse keys that were made to collide."""
    if len(keys) > _COLLISIONS and max(Counter(map(hash, keys)).values()) > _COLLISIONS:
        raise ValueError(f"more than {_COLLISIONS} keys with the same hash")
