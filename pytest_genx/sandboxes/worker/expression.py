"""Write a value that is not plain as an expression that rebuilds it, and check that it does.

Child side: standard library only, imports nothing of ours. The text may use the names of the
case, and a few of the standard library. A test will say `assert call == TEXT`, so what counts
is that evaluating the text gives an equal value of the same type, by calling classes alone: a
`__repr__` that mentions the function under test rebuilds nothing.
"""

from __future__ import annotations

import ast
import builtins
import sys
import types
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or __package__:  # run by path, these are modules of their own
    from pytest_genx.sandboxes.worker import foreign
    from pytest_genx.sandboxes.worker.plain import plain, sorted_texts
    from pytest_genx.sandboxes.worker.typename import is_a, mro_of, short_name, type_name
else:
    import foreign
    from plain import plain, sorted_texts
    from typename import is_a, mro_of, short_name, type_name

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
_DEPTH = 60
_PLAIN = (int, float, str, bytes, list, tuple, dict)
_INHERITED: tuple[Any, ...] = tuple(kind.__repr__ for kind in _PLAIN)
_NODES = (
    ast.Expression, ast.Constant, ast.Name, ast.Load, ast.Attribute, ast.Call, ast.keyword,
    ast.List, ast.Tuple, ast.Dict, ast.Set, ast.UnaryOp, ast.USub, ast.UAdd, ast.BinOp,
    ast.Add, ast.Sub,
    ast.BitOr,
)  # fmt: skip
_FACTORIES = frozenset({"numpy.array", "re.compile"})  # functions that make a value


class Unwritable(Exception):
    """A value has no expression, or none within the limit."""


def expression(value: Any, namespace: dict[str, Any], limit: int) -> str | None:
    """Write an expression and check it.

    Args:
        value: anything.
        namespace: names the expression may use; the extra names fill the gaps.
        limit: characters it may have.

    Returns:
        None where there is none.
    """
    try:
        text = _Writer(namespace, limit).write(value, 0)
    except Exception:  # noqa: BLE001 -- the value's own code may raise anything
        return None
    return _rebuildable(text, value, namespace) if len(text) <= limit else None


def shown(value: Any, limit: int) -> str:
    """Write a value like an expression, for people; it is not checked.

    Raises:
        Exception: it has none, or the value's own code raises.
    """
    return _Writer({}, limit).write(value, 0)


def _rebuildable(text: str, value: Any, namespace: dict[str, Any]) -> str | None:
    """Return the text if it evaluates to an equal value of the same type, else None."""
    for attempt in dict.fromkeys((text, text.replace("datetime.", ""))):
        try:
            names = _names(attempt, namespace)
            if not _makes_only(attempt, names):
                continue
            again = eval(attempt, names)  # noqa: S307 -- that is the check
            if type(again) is type(value) and bool(again == value):
                return attempt
        except Exception:  # noqa: BLE001, S112 -- an expression that fails is no expression
            continue
    return None


def _makes_only(text: str, names: dict[str, Any]) -> bool:
    """Say whether an expression calls nothing but classes."""
    for node in ast.walk(ast.parse(text, mode="eval")):
        if not isinstance(node, _NODES):
            return False
        if isinstance(node, ast.Call):
            called = _named(node.func, names)
            name = f"{getattr(called, '__module__', '')}.{getattr(called, '__name__', '')}"
            if not isinstance(called, type) and name not in _FACTORIES:
                return False
    return True


def _named(node: ast.expr, names: dict[str, Any]) -> Any:
    if isinstance(node, ast.Attribute):
        return getattr(_named(node.value, names), node.attr)
    if not isinstance(node, ast.Name):
        raise Unwritable
    return names[node.id] if node.id in names else getattr(builtins, node.id)


def _names(text: str, namespace: dict[str, Any]) -> dict[str, Any]:
    """Add those extra names that the text may mean."""
    names = dict(namespace)
    for name, statement in EXTRA_NAMES.items():
        if name in text and name not in names:
            exec(statement, names)  # noqa: S102 -- a constant of this file
    return names


class _Writer:
    """Writes one value; raises for what has no expression."""

    def __init__(self, namespace: dict[str, Any], limit: int) -> None:
        self.namespace = namespace
        self.room = limit

    def write(self, value: Any, depth: int) -> str:
        """Return the text of a value; containers are taken apart, the rest is `repr`."""
        kind = type(value)
        if depth > _DEPTH or self.room < 0:
            raise Unwritable
        if kind in (list, tuple, dict, set, frozenset):
            return self._container(value, kind, depth + 1)
        text = plain(value)
        if text == "nan":
            raise Unwritable  # it equals nothing
        if text is None:
            return self._instance(value, kind, depth + 1)
        self.room -= len(text)
        return text

    def _container(self, value: Any, kind: type, depth: int) -> str:
        self.room -= 2
        if kind is dict:
            return f"{{{self._pairs(value, depth)}}}"
        if kind is list:
            return f"[{self._items(value, depth)}]"
        if kind is tuple:
            return f"({self._items(value, depth)}{',' if len(value) == 1 else ''})"
        items = list(value)
        texts = ", ".join(sorted_texts(items, [self.write(item, depth) for item in items]))
        text = f"{{{texts}}}" if texts else ""
        return text or "set()" if kind is set else f"frozenset({text})"

    def _instance(self, value: Any, kind: type, depth: int) -> str:
        if kind.__module__ == "collections":
            return self._collection(value, kind, depth)
        if tuple in mro_of(kind) and hasattr(kind, "_fields"):
            return self._call(kind, dict(zip(kind._fields, value, strict=True)), depth)
        if hasattr(kind, "__dataclass_fields__"):
            fields = [f for f in sys.modules["dataclasses"].fields(value) if f.init]
            return self._call(kind, {f.name: getattr(value, f.name) for f in fields}, depth)
        return self._leaf(value, kind)

    def _leaf(self, value: Any, kind: type) -> str:
        spelling = foreign.spelling(value, kind, self.namespace)
        if spelling is not None:
            text = spelling
        elif issubclass(kind, type):
            name = type_name(value)
            text = short_name(value) if "." in name else name
        elif is_a(kind, "enum", "Enum") and value.name:
            text = f"{short_name(kind)}.{value.name}"
        elif kind.__name__ == "PosixPath" and kind.__module__.startswith("pathlib"):
            text = f"Path({str(value)!r})"
        elif kind.__repr__ in _INHERITED:
            text = f"{short_name(kind)}({value!r})"  # of a class of its own that does not tell
        else:
            text = repr(value)
        if kind in (types.FunctionType, types.ModuleType) or type(text) is not str:
            raise Unwritable
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
        return f"{short_name(kind)}({inside})"

    def _items(self, items: Any, depth: int) -> str:
        return ", ".join([self.write(item, depth) for item in items])

    def _pairs(self, items: dict[Any, Any], depth: int) -> str:
        return ", ".join(
            [f"{self.write(k, depth)}: {self.write(v, depth)}" for k, v in items.items()]
        )
