"""Landlock: let this process and its children read and write only where they may.

Child side: standard library only, imports nothing of ours. Covers reading, executing, creating,
writing, truncating, renaming and removing; TCP (version 4), abstract sockets and signals to
processes outside (version 6).
Does not cover whether a file is there, its size (`stat`), nor changing modes, owners and times.
https://docs.kernel.org/userspace-api/landlock.html
"""

from __future__ import annotations

import ctypes
import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

COMPLETE = 6  # the version that knows all that the level `landlock` promises
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same number on every machine
_ASK_VERSION, _PATH_BENEATH = 1, 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _TRUNCATE = 1, 1 << 1, 1 << 2, 1 << 3, 1 << 14
_CHANGE_TREE = sum(1 << bit for bit in range(4, 13))  # remove and make, of every kind
_REFER = 1 << 13
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
_TCP = 0b11  # bind, connect
_SCOPE = 0b11  # abstract sockets, signals


class _Ruleset(ctypes.Structure):
    _fields_ = (("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def version(libc: Any) -> int:
    """Return the version of Landlock that the kernel has, 0 for none."""
    return max(0, int(libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_VERSION)))


def ruleset(libc: Any, directory: str, readable: Sequence[str] | None) -> int:
    """Make a set of rules, which any number of processes may enter.

    Args:
        libc: the C library, opened with `use_errno`.
        directory: the one place that stays writable, besides the null device.
        readable: files and directories to read and execute, too; None for all there are.

    Returns:
        A file descriptor, or -1 where the kernel has no Landlock.
    """
    known = version(libc)
    if known < 1:
        return -1
    files = _WRITE_FILE | (_TRUNCATE if known >= 3 else 0)
    tree = files | _CHANGE_TREE | (_REFER if known >= 2 else 0)
    read = 0 if readable is None else _EXECUTE | _READ_FILE | _READ_DIR
    rules = _Ruleset(tree | read, _TCP if known >= 4 else 0, _SCOPE if known >= 6 else 0)
    size = 24 if known >= 6 else 16 if known >= 4 else 8
    made = int(libc.syscall(_CREATE_RULESET, ctypes.byref(rules), ctypes.c_size_t(size), 0))
    if made >= 0:
        _allow(libc, made, directory, tree | read & ~_EXECUTE)
        _allow(libc, made, os.devnull, files | read)
        for path in readable or ():
            with suppress(OSError):  # gone by now, so that there is nothing to read
                _allow(libc, made, path, read)
    return made


def enter(libc: Any, made: int) -> bool:
    """Put this thread and all it starts under a set of rules, for good; needs no new privileges."""
    return made >= 0 and bool(libc.syscall(_RESTRICT_SELF, made, 0) == 0)


def _allow(libc: Any, made: int, path: str, allowed: int) -> None:
    if not allowed:
        return
    parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    if not stat.S_ISDIR(os.fstat(parent).st_mode):
        allowed &= _OF_FILES
    rule = _PathBeneath(allowed, parent)
    libc.syscall(_ADD_RULE, made, _PATH_BENEATH, ctypes.byref(rule), 0)
    os.close(parent)
