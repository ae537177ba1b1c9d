"""Say whether a program can leave nothing behind, so that many may share one process.

Child side: standard library only, imports nothing of ours. A program is *stateless* when no
call of its functions can change anything that a later call sees: what it runs with holds
nothing mutable, and it has no way to reach more. Two halves make that so.

- By name: its code objects use no name with which code leaves the language proper (`eval`,
  `getattr`, `__globals__`, frames of generators), store no globals and no attributes, and
  define no classes. Names are what the compiler wrote down, so nothing hides in strings:
  without `getattr` and its like (class patterns, format strings made at run time, `type` with
  three arguments) a string is never a name. Generators that clean up are left out, too: they
  do so when they are collected, which may be in somebody else's time.
- By what it is given: see `views`. A program that asks for more runs in a process of its own,
  as does whatever keeps lists, dictionaries or objects in its globals or its default arguments.

What a stateless program can still do is take time, take memory and crash; the process it
shares with others then ends, and who has no verdict yet is run again.
"""

from __future__ import annotations

import dis
import inspect
import opcode
import re
import sys
import types
import typing
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or __package__:  # run by path, this is a module of its own
    from pytest_genx.sandboxes.worker.views import WITHHELD, Views, words
else:
    from views import WITHHELD, Views, words


# Attributes that read others by strings, or lead to classes nobody offered.
_LEADING = words("format_map mro")
# Special names that are harmless to read or to call, on anything there is to reach.
_HARMLESS = words(
    "__name__ __doc__ __len__ __contains__ __getitem__ __iter__ __next__ __eq__ __ne__ __lt__",
    "__le__ __gt__ __ge__ __add__ __sub__ __mul__ __mod__ __floordiv__ __truediv__ __neg__",
    "__abs__ __str__ __repr__ __bool__ __int__ __float__ __hash__ __reversed__",
)
_INNER = re.compile(r"__+[a-zA-Z]|(?:gi|cr|ag|f|tb|co)_")
_STATEFUL = frozenset(
    opcode.opmap[name]
    for name in (
        "STORE_GLOBAL", "DELETE_GLOBAL", "STORE_ATTR", "DELETE_ATTR", "LOAD_BUILD_CLASS",
        "SETUP_ANNOTATIONS", "LOAD_LOCALS", "MATCH_CLASS",
    )
    if name in opcode.opmap
)  # fmt: skip
_CLEANING = frozenset(
    opcode.opmap[name]
    for name in ("PUSH_EXC_INFO", "SETUP_FINALLY", "SETUP_WITH", "SETUP_ASYNC_WITH")
    if name in opcode.opmap
)
_GENERATORS = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
_STORE_NAME = opcode.opmap["STORE_NAME"]
_CONSTANT, _EXTENDED = opcode.opmap["LOAD_CONST"], opcode.opmap["EXTENDED_ARG"]
_FILLERS = frozenset(
    opcode.opmap[name] for name in ("CACHE", "EXTENDED_ARG", "NOP") if name in opcode.opmap
)
# Operations that read an attribute, and by how many bits its name is shifted.
_ATTRIBUTES = {opcode.opmap["LOAD_ATTR"]: int(sys.version_info >= (3, 12))}
if "LOAD_METHOD" in opcode.opmap and sys.version_info < (3, 12):
    _ATTRIBUTES[opcode.opmap["LOAD_METHOD"]] = 0
_INNER_FIELD = re.compile(r"\.\s*(?:_|(?:gi|cr|ag|f|tb|co)_)")  # of a format string

_ATOMS = frozenset({int, float, bool, str, bytes, complex, type(None), range, type(...)})


def harmless(code: types.CodeType) -> bool:
    """Say whether a program's or a case's code, by the names it uses, cannot reach state."""
    return all(
        _STATEFUL.isdisjoint(part.co_code[::2])
        and WITHHELD.isdisjoint(part.co_names)
        and _LEADING.isdisjoint(part.co_names)
        and not any(_INNER.match(name) and name not in _HARMLESS for name in part.co_names)
        and not (part.co_flags & _GENERATORS and not _CLEANING.isdisjoint(part.co_code[::2]))
        and not _reads_inside(part)
        for part in _parts(code)
    )


def binds(code: types.CodeType) -> bool:
    """Say whether an expression binds a name in the namespace that it is evaluated in."""
    return _STORE_NAME in code.co_code[::2]


def _reads_inside(part: types.CodeType) -> bool:
    """Say whether code may read attributes that are not for others, or formats with any string."""
    if not any(name[0] == "_" or name == "format" for name in part.co_names):
        return False  # nearly always
    code, wide, start, before = part.co_code, 0, 0, None
    for at in range(0, len(code), 2):
        operation, argument = code[at], code[at + 1] | wide
        start = start if wide else at
        wide = argument << 8 if operation == _EXTENDED else 0
        if operation in _FILLERS:
            continue
        if operation in _ATTRIBUTES:
            name = part.co_names[argument >> _ATTRIBUTES[operation]]
            if name[0] == "_" and name.strip("_") and name not in _HARMLESS:
                return True
            if name == "format" and not (_formats_plainly(before) and start not in _labels(code)):
                return True
        before = part.co_consts[argument] if operation == _CONSTANT else None
    return False


def _labels(code: Any) -> list[int]:
    """Return where jumps lead, in bytes of code: what was loaded before may not be what is used."""
    return dis.findlabels(code)


def _formats_plainly(constant: object) -> bool:
    """Say whether what was just loaded is a format string that is known and harmless."""
    return type(constant) is str and _INNER_FIELD.search(constant) is None


def mentioned(code: types.CodeType) -> frozenset[str]:
    """Return the names that code uses, apart from variables."""
    return frozenset(name for part in _parts(code) for name in part.co_names)


def stateless(
    namespace: dict[str, Any], code: types.CodeType, used: frozenset[str], views: Views
) -> bool:
    """Say whether an executed program left nothing mutable that is ever looked at again.

    Args:
        namespace: its globals.
        code: the program.
        used: names that the cases mention.
        views: what it was executed with.
    """
    views.loading = False
    doubtful = {
        name
        for name, value in namespace.items()
        if name != "__builtins__" and (_remembers(value, views) or not _immutable(value, views))
    }
    if not doubtful:
        return True
    inner = [
        part
        for part in code.co_consts
        if isinstance(part, types.CodeType) and part.co_name != "__annotate__"
    ]
    return doubtful.isdisjoint(used.union(*map(mentioned, inner))) and not any(
        type(namespace[name]) is types.FunctionType for name in doubtful
    )


def _remembers(value: Any, views: Views) -> bool:
    """Say whether a value is of `typing`, which gives `List[1]` to who asks for `List[True]`."""
    return type(value).__module__ == "typing" or value is views.typing


def _parts(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _parts(constant)


def _immutable(value: Any, views: Views) -> bool:
    kind = type(value)
    if kind in _ATOMS or id(value) in views.offered:
        return True
    if kind is types.FunctionType:
        kept = (value.__defaults__ or ()) + tuple((value.__kwdefaults__ or {}).values())
        plain = value.__closure__ is None and not value.__dict__
        return plain and all(_immutable(item, views) for item in kept)
    if kind in (tuple, frozenset):
        return all(_immutable(item, views) for item in value)
    if kind is re.Pattern:
        return True
    return kind.__module__ == "typing" and getattr(typing, kind.__name__, None) is kind
