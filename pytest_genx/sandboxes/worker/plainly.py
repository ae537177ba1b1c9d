"""See a value as the plain one it is equal to, if its class leaves comparing to a built-in one.

Child side: standard library only, imports nothing of ours. A counter equals a dictionary, a
named tuple a tuple, a number of NumPy's a number: a test that expects the plain value passes,
so the trusted side is told which one that is. A class that compares in a way of its own is not
seen through.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or __package__:  # run by path, this is a module of its own
    from pytest_genx.sandboxes.worker.plain import plain
else:
    from plain import plain

_EXACT = frozenset({int, float, bool, complex, str, bytes, type(None)})
_BASES = (int, float, complex, str, bytes, tuple, list, dict, set, frozenset)
_LIBRARY = frozenset({"collections", "enum", "http", "signal", "socket"})  # no less equal there
_DEEPEST = 40


def plainly(value: Any) -> str | None:
    """Return the text of the plain value that a value equals, None when there is none."""
    try:
        return plain(_seen(value, _DEEPEST))
    except BaseException:  # noqa: BLE001 -- the value's own code may raise anything
        return None


def _seen(value: Any, depth: int) -> Any:
    kind: Any = type(value)
    if kind in _EXACT:
        return value
    if depth == 0:
        raise ValueError
    if kind.__module__ == "numpy" and hasattr(kind, "item") and value.ndim == 0:
        return value.item()
    if kind is type({}.keys()):
        return {_seen(item, depth - 1) for item in value}
    base: Any = next(base for base in _BASES if issubclass(kind, base))
    if kind.__eq__ is not base.__eq__ and kind.__module__ not in _LIBRARY:
        raise TypeError
    if base is dict:
        return {_seen(k, depth - 1): _seen(v, depth - 1) for k, v in dict.items(value)}
    if base in (tuple, list, set, frozenset):
        return base(_seen(item, depth - 1) for item in base.__iter__(value))
    return base(value)
