"""Look at the class of a value without running code of the value's own.

Child side: standard library only, imports nothing of ours. A class may have a metaclass that
lies, and an instance a property in the place of any attribute; what `type` itself says is read
here.
"""

from __future__ import annotations

import types
from typing import Any

_qualname_of: Any = type.__dict__["__qualname__"].__get__
_module_of: Any = type.__dict__["__module__"].__get__
mro_of: Any = type.__dict__["__mro__"].__get__
members_of: Any = type.__dict__["__dict__"].__get__
_NAMES: dict[type, str] = {
    kind: kind.__name__
    for kind in (int, str, bool, float, list, tuple, dict, set, type(None), bytes, frozenset)
}


def type_name(kind: type) -> str:
    """Write the qualified name of a class, without `builtins`."""
    known = _NAMES.get(kind)
    if known is not None:
        return known
    qualname, module = _qualname_of(kind), module_name(kind)
    return f"{qualname}" if module == "builtins" else f"{module}.{qualname}"


def module_name(kind: type) -> str:
    """Name the module that a class says it is from; "?" where that is no text."""
    try:
        module = _module_of(kind)
    except AttributeError:
        return "?"
    return module if type(module) is str else "?"


def short_name(kind: type) -> str:
    """Write the name of a class within its module."""
    return f"{_qualname_of(kind)}"


def is_a(kind: type, module: str, *names: str) -> bool:
    """Say whether a class is, or inherits from, one of those in a top-level package.

    The module is not imported: a value whose class is not loaded does not exist.
    """
    return any(
        base.__name__ in names and module_name(base).partition(".")[0] == module
        for base in mro_of(kind)
    )


def attributes(value: Any) -> dict[str, Any]:
    """Read the attributes in an instance's dictionary and slots, by name in sorted order."""
    found: dict[str, Any] = {}
    for base in mro_of(type(value)):
        members = members_of(base)
        own = members.get("__dict__")
        if type(own) is types.GetSetDescriptorType and own.__name__ == "__dict__":
            state = own.__get__(value)
            found.update({k: v for k, v in state.items() if type(k) is str})
        if "__slots__" in members:
            for name, member in members.items():
                if type(member) is types.MemberDescriptorType:
                    try:
                        found.setdefault(name, member.__get__(value))
                    except AttributeError:  # a slot that is empty
                        continue
    return dict(sorted(found.items()))
