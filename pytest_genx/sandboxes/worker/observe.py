"""Write down what a call returned: an expression that rebuilds it, and a digest.

Child side: standard library only, imports nothing of ours. Iterators are not consumed, and
what has no faithful text (NaN, objects shown by their address) has no expression. The text
of a set is sorted, so that it does not depend on the hash seed; dictionaries keep their order
in the expression and are sorted in the digest, as `==` does not see it either.
"""

from __future__ import annotations

import sys
import types
from hashlib import blake2b
from typing import Any, NamedTuple

# Names an expression may use besides those of the case, and the import each one needs.
EXTRA_NAMES = {
    "Decimal": "from decimal import Decimal",
    "Fraction": "from fractions import Fraction",
    "datetime": "import datetime",
    "date": "from datetime import date",
    "time": "from datetime import time",
    "timedelta": "from datetime import timedelta",
    "timezone": "from datetime import timezone",
    "Path": "from pathlib import Path",
    "PurePosixPath": "from pathlib import PurePosixPath",
    "PureWindowsPath": "from pathlib import PureWindowsPath",
    "deque": "from collections import deque",
    "OrderedDict": "from collections import OrderedDict",
    "Counter": "from collections import Counter",
    "defaultdict": "from collections import defaultdict",
}
_DIGEST_LIMIT = 1 << 20  # characters; longer values have no digest
_DEPTH_LIMIT = 60
_ADDRESS = " at 0x"
_INFINITE = (float("inf"), float("-inf"))
_INHERITED: tuple[Any, ...] = tuple(k.__repr__ for k in (int, float, str, bytes, list, tuple, dict))
_PLAIN = (int, str, bool, bytes, type(None))


class Observation(NamedTuple):
    """What is known of a value; `value` and `digest` are None when there is no faithful text."""

    value: str | None
    digest: str | None
    type_name: str


def observe(value: Any, namespace: dict[str, Any], limit: int) -> Observation:
    """Describe a value.

    Args:
        value: what the call returned.
        namespace: names an expression may use; the extra names fill the gaps.
        limit: characters an expression may have.
    """
    name = type_name(type(value))
    if hasattr(type(value), "__next__") or hasattr(type(value), "__await__"):
        return Observation(None, None, name)
    writer = _Writer(ordered=True)
    try:
        text = writer.write(value, 0)
        canonical = _Writer(ordered=False).write(value, 0) if "{" in text else text
    except Exception:  # noqa: BLE001 -- the value's own code may raise anything
        return Observation(None, None, name)
    digest = None if _ADDRESS in canonical else hash_text(f"{name}:{canonical}")
    if len(text) > limit:
        return Observation(None, digest, name)
    if writer.literal:
        return Observation(text, digest, name)
    return Observation(_rebuildable(text, value, namespace), digest, name)


def raised_digest(name: str) -> str:
    """Identify an exception by the qualified name of its class."""
    return hash_text(f"raise:{name}")


def type_name(kind: type) -> str:
    """Write the qualified name of a class, without `builtins`."""
    qualname = kind.__qualname__
    return qualname if kind.__module__ == "builtins" else f"{kind.__module__}.{qualname}"


def short(value: Any, limit: int = 80) -> str:
    """Write a value for people, in one line of at most `limit` characters."""
    try:
        text = _Writer(ordered=True).write(value, 0)
    except Exception:  # noqa: BLE001 -- the value's own code may raise anything
        text = f"<{type_name(type(value))}>"
    return one_line(text, limit)


def one_line(text: str, limit: int = 200) -> str:
    """Fold white space, escape what cannot be printed, and cut."""
    text = " ".join(text[: 8 * limit].split())
    if not text.isprintable():
        text = "".join(
            [c if c.isprintable() else c.encode("unicode_escape").decode() for c in text]
        )
    return text if len(text) <= limit else text[: limit - 3] + "..."


def hash_text(text: str) -> str:
    """Identify a text."""
    return blake2b(text.encode("utf-8", "backslashreplace"), digest_size=8).hexdigest()


def _rebuildable(text: str, value: Any, namespace: dict[str, Any]) -> str | None:
    """Return the text if it evaluates to an equal value of the same type, else None."""
    for attempt in dict.fromkeys((text, text.replace("datetime.", ""))):
        try:
            again = eval(attempt, _names(attempt, namespace))  # noqa: S307 -- that is the check
            if type(again) is type(value) and bool(again == value):
                return attempt
        except Exception:  # noqa: BLE001, S112 -- an expression that fails is no expression
            continue
    return None


def _names(text: str, namespace: dict[str, Any]) -> dict[str, Any]:
    """Add those extra names that the text may mean."""
    names = dict(namespace)
    for name, statement in EXTRA_NAMES.items():
        if name in text and name not in names:
            exec(statement, names)  # noqa: S102 -- a constant of this file
    return names


class _Writer:
    """Writes one value; gives up on deep and on very long ones by raising ValueError."""

    def __init__(self, *, ordered: bool) -> None:
        self.ordered = ordered
        self.room = _DIGEST_LIMIT
        self.literal = True  # made of plain values in plain containers alone

    def write(self, value: Any, depth: int) -> str:
        """Return the text of a value; containers are taken apart, the rest is `repr`."""
        if depth > _DEPTH_LIMIT or self.room < 0:
            raise ValueError("too large")
        kind = type(value)
        if kind is int and value.bit_length() > 2048:
            text = hex(value)  # decimal digits are limited and take quadratic time
        elif kind is float:
            text = f"float('{value}')" if value in _INFINITE else repr(value)
            self.literal &= value == value  # noqa: PLR0124 -- NaN cannot be rebuilt
        elif kind in _PLAIN:
            text = repr(value)
        else:
            return self._compound(value, kind, depth + 1)
        self.room -= len(text)
        return text

    def _compound(self, value: Any, kind: type, depth: int) -> str:
        if kind is dict:
            return f"{{{self._pairs(value, depth)}}}"
        if kind in (list, tuple):
            items = self._items(value, depth)
            return f"[{items}]" if kind is list else f"({items}{',' if len(value) == 1 else ''})"
        if kind in (set, frozenset):
            return self._set(value, kind, depth)
        self.literal = False
        return self._instance(value, kind, depth)

    def _set(self, value: Any, kind: type, depth: int) -> str:
        texts = ", ".join(_sorted_texts(value, [self.write(item, depth) for item in value]))
        text = f"{{{texts}}}" if texts else ""
        return text or "set()" if kind is set else f"frozenset({text})"

    def _instance(self, value: Any, kind: type, depth: int) -> str:
        if kind.__module__ == "collections":
            return self._collection(value, kind, depth)
        if isinstance(value, tuple) and hasattr(kind, "_fields"):
            return self._call(kind, dict(zip(kind._fields, value, strict=True)), depth)
        if hasattr(kind, "__dataclass_fields__"):
            fields = [f for f in sys.modules["dataclasses"].fields(value) if f.init]
            return self._call(kind, {f.name: getattr(value, f.name) for f in fields}, depth)
        return self._leaf(value, kind)

    def _leaf(self, value: Any, kind: type) -> str:
        if isinstance(value, type):
            text = type_name(value) if value.__module__ == "builtins" else value.__qualname__
        elif any(base.__module__ == "enum" for base in kind.__mro__) and value.name:
            text = f"{kind.__qualname__}.{value.name}"
        elif kind.__name__ == "PosixPath" and kind.__module__.startswith("pathlib"):
            text = f"Path({str(value)!r})"
        elif kind.__name__ == "ndarray" and kind.__module__ == "numpy":
            text = f"array({value.tolist()!r}, dtype={value.dtype.str!r})"  # repr leaves out items
        elif kind.__repr__ in _INHERITED:
            text = f"{kind.__qualname__}({value!r})"  # of a class of its own that does not tell
        else:
            text = repr(value)
        if isinstance(value, types.FunctionType | types.ModuleType) or type(text) is not str:
            raise TypeError("has no faithful text")
        self.room -= len(text)
        return text

    def _collection(self, value: Any, kind: type, depth: int) -> str:
        name = kind.__name__
        if name == "deque":
            tail = "" if value.maxlen is None else f", maxlen={value.maxlen}"
            return f"deque([{self._items(value, depth)}]{tail})"
        if name == "OrderedDict":
            return f"OrderedDict([{self._items(value.items(), depth)}])"
        if name == "Counter":
            return f"Counter({{{self._pairs(value, depth)}}})" if value else "Counter()"
        if name == "defaultdict":
            factory = self.write(value.default_factory, depth)
            return f"defaultdict({factory}, {{{self._pairs(value, depth)}}})"
        return self._leaf(value, kind)

    def _call(self, kind: type, fields: dict[str, Any], depth: int) -> str:
        inside = ", ".join(f"{name}={self.write(item, depth)}" for name, item in fields.items())
        return f"{kind.__qualname__}({inside})"

    def _items(self, items: Any, depth: int) -> str:
        return ", ".join([self.write(item, depth) for item in items])

    def _pairs(self, items: dict[Any, Any], depth: int) -> str:
        pairs = [f"{self.write(k, depth)}: {self.write(v, depth)}" for k, v in items.items()]
        return ", ".join(pairs if self.ordered else sorted(pairs))


def _sorted_texts(items: Any, texts: list[str]) -> list[str]:
    """Order the texts of a set: by value for numbers or strings alone, else by text."""
    kinds = {type(item) for item in items}
    if len(kinds) == 1 and kinds <= {int, str}:
        return [text for _, text in sorted(zip(items, texts, strict=True))]
    return sorted(texts)
