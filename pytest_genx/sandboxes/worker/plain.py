"""Write a value made of plain values in plain containers as a literal; nothing else is written.

Child side: standard library only, imports nothing of ours. Types are exact, so no code of the
program's own runs here. The text is what `pytest_genx.sandboxes.literal` reads: a Python
literal, with `set()`, `frozenset({...})`, `float('inf')` and `nan` besides. Sets are sorted,
so that the text does not depend on the hash seed. Integers beyond 2048 bits are hexadecimal.
"""

from __future__ import annotations

from typing import Any

MAX_TEXT = 1 << 20  # characters
MAX_DEPTH = 50  # containers inside one another; ends a value that contains itself
_BIG = 2048  # bits; decimal digits are limited and take quadratic time
_SMALL = 1 << 64
_NUMBERS = frozenset({int, float, bool, type(None)})
_STRINGS = frozenset({str, bytes})
_SCALARS = _NUMBERS | _STRINGS | {complex}
_CHUNK = 1024  # numbers written at once


class _NotPlainError(Exception):
    """The value is of another type, too deep or too long."""


def plain(value: Any, *, ordered: bool = True) -> str | None:
    """Write a value, or say by None that it is not plain, too deep or too long.

    Args:
        value: anything; only int, bool, float, complex, str, bytes, None, list, tuple, dict,
            set and frozenset are written, no subclass of them, and no complex number with a
            part that is not finite.
        ordered: keep the order of dictionaries; otherwise they are sorted, as `==` does not
            see their order.
    """
    kind = type(value)
    if kind is bool or value is None or (kind is int and -_SMALL < value < _SMALL):
        return repr(value)  # most values there are
    try:
        text = _write(value, kind, 0, [MAX_TEXT], ordered)
    except (_NotPlainError, RuntimeError, ValueError):  # or changed by a thread meanwhile
        return None
    return text if len(text) <= MAX_TEXT else None


def _write(value: Any, kind: type, depth: int, room: list[int], ordered: bool) -> str:  # noqa: FBT001
    """Write a value of that exact type; `room` is how many characters are left."""
    if kind in _SCALARS:
        text = _scalar(value, kind, room[0])
        room[0] -= len(text)
        return text
    room[0] -= 2
    if depth >= MAX_DEPTH or room[0] < 0:
        raise _NotPlainError
    depth += 1
    if kind is list or kind is tuple:
        inside = _flat(value, room)
        if inside is None:
            inside = ", ".join([_write(v, type(v), depth, room, ordered) for v in value])
        if kind is list:
            return f"[{inside}]"
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    if kind is dict:
        keys = [_write(k, type(k), depth, room, ordered) for k in value]
        values = [_write(v, type(v), depth, room, ordered) for v in value.values()]
        pairs = [f"{k}: {v}" for k, v in zip(keys, values, strict=True)]
        return f"{{{', '.join(pairs if ordered else sorted(pairs))}}}"
    if kind is set or kind is frozenset:
        items = list(value)
        texts = sorted_texts(items, [_write(v, type(v), depth, room, ordered) for v in items])
        text = f"{{{', '.join(texts)}}}" if texts else ""
        return text or "set()" if kind is set else f"frozenset({text})"
    raise _NotPlainError


def _scalar(value: Any, kind: type, room: int) -> str:
    if kind is int:
        if value.bit_length() > _BIG:
            if value.bit_length() > 4 * room:
                raise _NotPlainError
            return hex(value)
        return repr(value)
    if kind is float or kind is complex:
        text = repr(value)
        if "n" not in text:
            return text
        if kind is complex:
            raise _NotPlainError
        return text if text == "nan" else f"float('{text}')"
    if kind in _STRINGS and len(value) > room:
        raise _NotPlainError
    return repr(value)


def _flat(items: Any, room: list[int]) -> str | None:
    """Write the items of a list or tuple at once; None where they must be looked at one by one."""
    kinds = {*map(type, items)}
    if kinds <= _NUMBERS:
        if len(items) <= _CHUNK:
            chunks = [items]
        elif len(items) > room[0]:
            raise _NotPlainError
        else:
            chunks = [items[i : i + _CHUNK] for i in range(0, len(items), _CHUNK)]
        texts = []
        for chunk in chunks:
            try:
                text = repr(chunk)[1:-1].removesuffix(",")
            except ValueError:  # more digits than the interpreter writes
                return None
            room[0] -= len(text)
            if room[0] < 0:
                raise _NotPlainError
            texts.append(text)
        text = ", ".join(texts)
        # Not finite; or so many digits that one by one they are hexadecimal.
        return None if (float in kinds and "n" in text) or _has_big(items, kinds, text) else text
    if len(kinds) == 1 and kinds <= _STRINGS:
        if sum(map(len, items)) + 4 * len(items) > room[0]:
            raise _NotPlainError
        text = repr(items)[1:-1].removesuffix(",")
        room[0] -= len(text)
        return text
    return None


def _has_big(items: Any, kinds: set[type], text: str) -> bool:
    """Say whether an integer is beyond the limit; the length of the text mostly tells."""
    if int not in kinds or len(text) < 600:  # 2048 bits are 617 digits
        return False
    return any(type(item) is int and item.bit_length() > _BIG for item in items)


def sorted_texts(items: list[Any], texts: list[str]) -> list[str]:
    """Order the texts of a set: by value for integers or strings alone, else by text."""
    kinds = {*map(type, items)}
    if len(kinds) == 1 and (int in kinds or str in kinds):
        return [text for _, text in sorted(zip(items, texts, strict=True))]
    return sorted(texts)


def has_nan(value: Any) -> bool:
    """Say whether a plain value contains NaN, and so equals nothing."""
    if isinstance(value, (float, complex)):
        return value != value  # noqa: PLR0124 -- that is what NaN is
    if isinstance(value, dict):
        return any(has_nan(k) or has_nan(v) for k, v in value.items())
    return isinstance(value, (list, tuple, set, frozenset)) and any(map(has_nan, value))
