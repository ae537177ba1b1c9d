"""Take apart the values of NumPy and pandas, which are recognised by the names of their classes.

Child side: standard library only, imports nothing of ours, and none of those packages: where a
value of theirs exists they are loaded. Types, shapes and labels count. Of a long array of
numbers all bytes count, of other long values the first items and the length.
"""

from __future__ import annotations

import sys
from hashlib import blake2b
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or __package__:  # run by path, this is a module of its own
    from pytest_genx.sandboxes.worker.typename import is_a, module_name, mro_of
else:
    from typename import is_a, module_name, mro_of

_PACKAGES = ("numpy", "pandas")
_ALIASES = {"numpy": ("np", "numpy"), "pandas": ("pd", "pandas")}
_LISTED = 1000  # items of an array of numbers; beyond, its bytes are hashed
_BYTES = 1 << 26  # of an array that are hashed at most
_STAMPS = ("Timestamp", "Timedelta", "Period", "Interval", "NaTType", "NAType")


def is_foreign(kind: type) -> bool:
    """Say whether a class is, or inherits from, one of these packages."""
    return any(module_name(base).partition(".")[0] in _PACKAGES for base in mro_of(kind))


def parts_of(  # noqa: PLR0911 -- one for each kind
    value: Any, kind: type, room: int
) -> list[Any] | None:
    """List what identifies a value besides its class; None for values of other packages.

    Args:
        value: anything.
        kind: its class.
        room: items that are listed at most.
    """
    if not is_foreign(kind):
        return None
    if is_a(kind, "numpy", "ndarray"):
        return _array(value, kind, room)
    if is_a(kind, "numpy", "generic"):
        item = value.item()
        return [str(value.dtype), str(value) if type(item) is kind else item]
    if is_a(kind, "numpy", "dtype"):
        return [str(value)]
    if is_a(kind, "pandas", "DataFrame"):
        columns = [value.iloc[:room, i].tolist() for i in range(min(value.shape[1], room))]
        return [value.shape, [*map(str, value.dtypes)], value.columns, value.index, columns]
    if is_a(kind, "pandas", "Series"):
        return [len(value), value.name, str(value.dtype), value.index, value.iloc[:room].tolist()]
    if is_a(kind, "pandas", "Index"):
        return [len(value), list(value.names), str(value.dtype), value[:room].tolist()]
    if is_a(kind, "pandas", "ExtensionArray"):
        return [len(value), str(value.dtype), value[:room].tolist()]
    if is_a(kind, "pandas", *_STAMPS):
        return [repr(value)]
    return None


def spelling(value: Any, kind: type, namespace: dict[str, Any]) -> str | None:
    """Write the expression that makes a NumPy or pandas value, by names of the namespace.

    Returns:
        None where the namespace does not have the package, or no short expression exists.
        Whether `==` of the value is a truth is not looked at.
    """
    if is_a(kind, "numpy", "ndarray") and value.size <= _LISTED and value.dtype.kind in "biufcSU":
        alias = _alias("numpy", namespace)
        return alias and f"{alias}.array({value.tolist()!r}, dtype={value.dtype.str!r})"
    if is_a(kind, "numpy", "generic"):
        item, alias = value.item(), _alias("numpy", namespace)
        if alias and type(item) in (bool, int, float, complex, str, bytes):
            return f"{alias}.{kind.__name__}({item!r})"
    elif is_a(kind, "pandas", "Timestamp", "Timedelta"):
        alias = _alias("pandas", namespace)
        return alias and f"{alias}.{value!r}"
    return None


def _array(value: Any, kind: type, room: int) -> list[Any]:
    dtype = value.dtype
    head = [repr(dtype.descr) if dtype.names else dtype.str, value.shape]
    masked = is_a(kind, "numpy", "MaskedArray")
    if value.size <= _LISTED and not masked:
        return [*head, value.tolist()]
    if dtype.kind in "biufcmMSU" and value.nbytes <= _BYTES and not masked:
        return [*head, blake2b(value.tobytes(), digest_size=16).hexdigest()]
    return [*head, value.reshape(-1)[:room].tolist()]


def _alias(package: str, namespace: dict[str, Any]) -> str | None:
    module = sys.modules.get(package)
    if type(module) is not ModuleType:
        return None
    for name in (*_ALIASES[package], *namespace):
        if namespace.get(name) is module:
            return name
    return None
