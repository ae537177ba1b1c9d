"""Landlock: let this process and its children write below one directory only.

Child side: standard library only, imports nothing of ours. Covers creating, writing,
truncating, renaming and removing; TCP (ABI 4) and signals to processes outside (ABI 6).
Does not cover reading, nor changing modes, owners and times.
https://docs.kernel.org/userspace-api/landlock.html
"""

from __future__ import annotations

import ctypes
import os
from typing import Any

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same number on every machine
_ASK_VERSION, _PATH_BENEATH = 1, 1

_WRITE_FILE, _TRUNCATE = 1 << 1, 1 << 14
_CHANGE_TREE = sum(1 << bit for bit in range(4, 13))  # remove and make, of every kind
_REFER = 1 << 13
_TCP = 0b11  # bind, connect
_SCOPE = 0b11  # abstract sockets, signals


class _Ruleset(ctypes.Structure):
    _fields_ = (("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def restrict_writes(libc: Any, directory: str) -> int:
    """Restrict this thread, for good, and all it starts.

    Args:
        libc: the C library, opened with `use_errno`.
        directory: the one place that stays writable, besides the null device.

    Returns:
        The version of Landlock that is in force, 0 for none.
    """
    version = int(libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_VERSION))
    if version < 1:
        return 0
    files = _WRITE_FILE | (_TRUNCATE if version >= 3 else 0)
    tree = files | _CHANGE_TREE | (_REFER if version >= 2 else 0)
    rules = _Ruleset(tree, _TCP if version >= 4 else 0, _SCOPE if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    ruleset = libc.syscall(_CREATE_RULESET, ctypes.byref(rules), ctypes.c_size_t(size), 0)
    if ruleset < 0:
        return 0
    try:
        for path, allowed in ((directory, tree), (os.devnull, files)):
            parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
            rule = _PathBeneath(allowed, parent)
            libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0)
            os.close(parent)
        return version if libc.syscall(_RESTRICT_SELF, ruleset, 0) == 0 else 0
    finally:
        os.close(ruleset)
