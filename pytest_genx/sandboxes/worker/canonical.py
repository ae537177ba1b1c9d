"""Write any value as a text that identifies it: what a digest is made of.

Child side: standard library only, imports nothing of ours. Two values that compare equal and
have the same types have the same text as far as that can be known, in every process and with
every hash seed. No address is ever written.

- Plain values as in `plain`; sets and dictionaries sorted, `OrderedDict` in its order.
- Instances: the qualified name of the class and the attributes, from `__dict__` and slots; of
  a dataclass the fields that are compared. What a class inherits from a built-in container,
  number or string is written, too. No `__repr__`, `__iter__` or `__eq__` of the program's runs.
- Functions: their name, code, defaults and closure. Classes and modules: their name.
- NumPy and pandas values: see `foreign`.
- A value inside itself is a reference, `<^N>`, N containers from the outermost one.
- What shows no state (locks, files, values of extension modules that cannot be pickled) is the
  name of its class. Iterators and coroutines are not consumed, as looking at them may never
  end; a value that holds one has no text.
- Long values: the first `ROOM` characters, and the length of what is counted. A long set or
  dictionary, which cannot be sorted in bounded time, is its length alone.
"""

from __future__ import annotations

import itertools
import types
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or __package__:  # run by path, these are modules of their own
    from pytest_genx.sandboxes.worker import foreign
    from pytest_genx.sandboxes.worker.inherited import INHERITED, integer
    from pytest_genx.sandboxes.worker.typename import (
        attributes,
        is_a,
        members_of,
        module_name,
        mro_of,
        type_name,
    )
else:
    import foreign
    from inherited import INHERITED, integer
    from typename import attributes, is_a, members_of, module_name, mro_of, type_name

ROOM = 1 << 18  # characters
_DEPTH = 100  # containers inside one another
# Classes of the standard library whose `repr` tells all there is.
_TELLING = {
    "decimal": ("Decimal",),
    "fractions": ("Fraction",),
    "datetime": ("date", "time", "datetime", "timedelta", "timezone"),
    "uuid": ("UUID",),
    "pathlib": ("PurePath", "PurePosixPath", "PureWindowsPath", "PosixPath", "WindowsPath"),
    "pathlib._local": ("PurePath", "PurePosixPath", "PureWindowsPath", "PosixPath", "WindowsPath"),
    "builtins": ("range", "ellipsis", "NotImplementedType"),
}
_CODE = (
    types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.CodeType, types.CellType,
    types.MethodDescriptorType, types.WrapperDescriptorType, types.MethodWrapperType,
    types.ModuleType,
)  # fmt: skip
_CONSUMED = ("__next__", "__anext__", "__await__")


class Unknowable(Exception):
    """A value cannot be looked at without changing it."""


class _FullError(Exception):
    """The text is as long as it may be."""


def canonical(value: Any, room: int = ROOM) -> str:
    """Write a value.

    Args:
        value: anything.
        room: characters the text may have, apart from a remark on its length.

    Raises:
        Unknowable: it is, or holds, an iterator or a coroutine.
    """
    writer = _Writer(room)
    try:
        writer.write(value)
    except _FullError:
        size = len(value) if type(value) in (str, bytes, list, tuple) else "more"
        return f"{''.join(writer.parts)[:room]}...{size}"
    return "".join(writer.parts)


class _Writer:
    """Collects the parts of one text."""

    def __init__(self, room: int) -> None:
        self.parts: list[str] = []
        self.room = room
        self.path: list[int] = []  # identities of the containers around what is written

    def put(self, text: str) -> None:
        """Add a piece, or what there is room for."""
        self.parts.append(text)
        self.room -= len(text)
        if self.room < 0:
            raise _FullError

    def write(self, value: Any) -> None:
        """Add the text of a value."""
        kind = type(value)
        if kind in (str, bytes):
            self.put(repr(value[: self.room + 1]))
        elif kind is int:
            self.put(integer(value, self.room))
        elif kind in (float, complex, bool, type(None)):
            self.put(repr(value))
        elif id(value) in self.path:
            self.put(f"<^{self.path.index(id(value))}>")
        elif len(self.path) >= _DEPTH:
            raise _FullError
        else:
            self.path.append(id(value))
            self._compound(value, kind)
            self.path.pop()

    def _compound(self, value: Any, kind: type) -> None:
        if kind is list:
            self.all("[", value, "]")
        elif kind is tuple:
            self.all("(", value, ")")
        elif kind in (set, frozenset):
            self.unordered(f"{kind.__name__}{{", zip(value), len(value))
        elif kind is dict:
            self.unordered("{", value.items(), len(value))
        elif _is_consumed(kind):
            raise Unknowable
        else:
            before, room = len(self.parts), self.room
            try:
                self._instance(value, kind)
            except (Unknowable, _FullError):
                raise
            except BaseException:  # noqa: BLE001 -- the value's own code may raise anything
                del self.parts[before:]
                self.room = room
                self.put(f"<{type_name(kind)}>")

    def _instance(self, value: Any, kind: type) -> None:
        if issubclass(kind, type):
            self.put(f"<class {type_name(value)}>")
        elif kind in _CODE:
            self._code(value, kind)
        elif is_a(kind, "enum", "Enum"):
            self.put(f"{type_name(kind)}.{value._name_}=")
            self.write(value._value_)
        elif (parts := foreign.parts_of(value, kind, self.room)) is not None:
            self.all(f"{type_name(kind)}(", parts, ")")
        else:
            self.put(type_name(kind))
            told = self._inherited(value, kind)
            self._state(value, kind, told=told)

    def _inherited(self, value: Any, kind: type) -> bool:
        """Write what a class has from a class of the library; False where there is nothing."""
        for base in mro_of(kind):
            if base in INHERITED:
                INHERITED[base](self, value)
                return True
            if base.__name__ in ("Pattern", "Match") and module_name(base) == "re":
                self._match(value)
                return True
            if base.__name__ in _TELLING.get(module_name(base), ()):
                text = base.__repr__(value)
                if " at 0x" in text:
                    return False
                self.put(f"<{text}>")
                return True
        return False

    def _match(self, value: Any) -> None:
        """Write a compiled regular expression or a match; their `repr` leaves out the end."""
        if hasattr(value, "pattern"):
            self.all("(", (value.pattern, value.flags), ")")
        else:
            self.all("(", (value.re, value.string, value.span(), value.groups()), ")")

    def _state(self, value: Any, kind: type, *, told: bool) -> None:
        state = attributes(value)
        fields = _compared_fields(kind)
        if fields is not None:
            state = {name: state[name] for name in fields if name in state}
        if state:
            self.unordered("{", state.items(), len(state))
        elif not told and fields is None:
            self._reduced(value)

    def _reduced(self, value: Any) -> None:
        """Write what an instance without attributes is pickled as, or shown as."""
        try:
            reduced = value.__reduce_ex__(2)
        except Exception:  # noqa: BLE001 -- most such types refuse
            text = repr(value)
            if " at 0x" not in text:
                self.put(f"<{text[: self.room + 1]}>")
            return
        if type(reduced) is str:
            self.put(f"<{reduced}>")
            return
        rest = [list(itertools.islice(part, self.room)) for part in reduced[3:] if part is not None]
        self.all("<", [*reduced[1:3], *rest], ">")

    def _code(self, value: Any, kind: type) -> None:
        self.put(f"<{kind.__name__} ")
        if kind is types.FunctionType:
            code, cells = value.__code__, value.__closure__ or ()
            self.put(f"{value.__module__}.{value.__qualname__}")
            self.all(" ", [code, value.__defaults__, value.__kwdefaults__, *cells], ">")
        elif kind is types.CodeType:
            self.all("", [value.co_code, value.co_names, value.co_consts], ">")
        elif kind is types.CellType:
            self.all("", [value.cell_contents], ">")
        elif kind is types.MethodType:
            self.all("", [value.__self__, value.__func__], ">")
        elif kind is types.ModuleType:
            self.put(f"{value.__name__}>")
        else:
            owner = getattr(value, "__self__", None)
            self.put(f"{value.__qualname__}>")
            if owner is not None and type(owner) is not types.ModuleType:
                self.write(owner)

    def all(self, start: str, items: Iterable[Any], end: str) -> None:
        """Write items in their order."""
        self.put(start)
        for item in items:
            self.write(item)
            self.put(", ")
        self.put(end)

    def unordered(self, start: str, entries: Iterable[tuple[Any, ...]], size: int) -> None:
        """Write entries in the order of their texts; their number if there is no room for all."""
        self.put(start)
        outer, texts = self.parts, []
        try:
            for entry in entries:
                self.parts = []
                for item in entry:
                    self.write(item)
                    self.put(":")
                texts.append("".join(self.parts))
        except _FullError:
            outer.append(f"{size} items")  # which of them were written depends on the hash seed
            raise
        finally:
            self.parts = outer
        self.parts += [*sorted(texts), "}"]


def _compared_fields(kind: type) -> list[str] | None:
    """Name the fields of a dataclass that its `==` looks at; None for other classes."""
    for base in mro_of(kind):
        fields = members_of(base).get("__dataclass_fields__")
        if type(fields) is dict:
            return [name for name, field in fields.items() if field.compare]
    return None


def _is_consumed(kind: type) -> bool:
    """Say whether instances are used up by looking; iterators written in Python show a state."""
    return any(
        type(members_of(base).get(name)) is types.WrapperDescriptorType
        for base in mro_of(kind)
        for name in _CONSUMED
    )
