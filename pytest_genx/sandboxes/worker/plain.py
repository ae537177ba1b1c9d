"""Write plain values as text that is read back without running anything.

Child side: standard library only, imports nothing of ours. Plain are numbers, strings, bytes,
None and the built-in containers of them: exact types, finite, not deep, not long. The text is
what `repr` writes, but for sets, which are sorted so that no hash seed shows, and for whole
numbers of very many digits. It runs for nearly every pair, hence the shortcuts.
"""

from __future__ import annotations

from typing import Any

_SCALARS = frozenset({int, float, bool, str, bytes, complex, type(None)})
_MOST_ITEMS, _MOST_CHARACTERS, _DEEPEST = 20_000, 1 << 20, 40
_MOST_BITS = 2048  # beyond, decimal digits are limited and take quadratic time


def plain(value: Any) -> str | None:
    """Return the text of a value, None when it is not plain.

    >>> plain([1, "a", None]), plain({2, 1}), plain(range(3))
    ("[1, 'a', None]", '{1, 2}', None)
    """
    kind = type(value)
    if kind is str or kind is bytes:
        return repr(value) if len(value) <= _MOST_CHARACTERS else None
    if kind is bool or value is None:
        return repr(value)
    if (kind is list or kind is tuple) and len(value) <= _MOST_ITEMS:
        kinds = set(map(type, value))
        if kinds <= _SIMPLE and (int not in kinds or not value or _is_small(value)):
            text = repr(value)
            return text if len(text) <= _MOST_CHARACTERS else None
    try:
        return _write(value, _DEEPEST)
    except ValueError:
        return None


_SIMPLE = frozenset({int, bool, str, type(None)})


def _is_small(items: Any) -> bool:
    try:
        return all(-_SMALL < item < _SMALL for item in items if type(item) is int)
    except TypeError:
        return False


_SMALL = 1 << _MOST_BITS


def _write(value: Any, depth: int) -> str:
    """Write a value; raises ValueError when it is not plain."""
    kind = type(value)
    if kind in _SCALARS:
        return _scalar(value, kind)
    if depth == 0 or kind not in _CONTAINERS or len(value) > _MOST_ITEMS:
        raise ValueError
    if kind is dict:
        items = [f"{_write(k, depth - 1)}: {_write(v, depth - 1)}" for k, v in value.items()]
        return _bounded(f"{{{', '.join(items)}}}")
    texts = [_write(item, depth - 1) for item in value]
    if kind is list:
        return _bounded(f"[{', '.join(texts)}]")
    if kind is tuple:
        return _bounded(f"({', '.join(texts)}{',' if len(texts) == 1 else ''})")
    inside = f"{{{', '.join(_in_order(value, texts))}}}" if texts else ""
    return _bounded((inside or "set()") if kind is set else f"frozenset({inside})")


_CONTAINERS = frozenset({list, tuple, dict, set, frozenset})


def _scalar(value: Any, kind: type) -> str:
    if kind is int:
        return repr(value) if value.bit_length() <= _MOST_BITS else _bounded(hex(value))
    if kind is float or kind is complex:
        if value - value != 0:  # infinite, or not a number
            raise ValueError
        return repr(value)
    return _bounded(repr(value))


def _bounded(text: str) -> str:
    if len(text) > _MOST_CHARACTERS:
        raise ValueError
    return text


def _in_order(items: Any, texts: list[str]) -> list[str]:
    """Order the texts of a set: by value for numbers or strings alone, else by text."""
    kinds = set(map(type, items))
    if len(kinds) == 1 and kinds <= {int, str}:
        return [text for _, text in sorted(zip(items, texts, strict=True))]
    return sorted(texts)
