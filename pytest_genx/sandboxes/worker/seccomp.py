"""seccomp filters: no network for the worker, no new process for a case.

Child side: standard library only, imports nothing of ours. x86-64 and 64-bit ARM; elsewhere
nothing is filtered. A filter sees numbers, not memory, so it cannot judge paths.
https://docs.kernel.org/userspace-api/seccomp_filter.html
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys
from typing import Any, TypeAlias

_PR_SET_SECCOMP, _MODE_FILTER = 22, 2
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER_AT, _MACHINE_AT, _FIRST_ARGUMENT_AT = 0, 4, 16  # offsets into struct seccomp_data
_CLONE_THREAD, _AF_UNIX = 0x10000, 1
_FOREIGN = 0x40000000  # x32 calls on x86-64

# Audit number of the machine, then system calls by number.
_MACHINES: dict[str, tuple[int, dict[str, int]]] = {
    "x86_64": (
        0xC000003E,
        {
            "socket": 41, "connect": 42, "bind": 49, "ptrace": 101, "process_vm_readv": 310,
            "process_vm_writev": 311, "clone": 56, "fork": 57, "vfork": 58, "execve": 59,
            "execveat": 322, "setpgid": 109, "setsid": 112,
        },
    ),
    "aarch64": (
        0xC00000B7,
        {
            "socket": 198, "connect": 203, "bind": 200, "ptrace": 117, "process_vm_readv": 270,
            "process_vm_writev": 271, "clone": 220, "execve": 221, "execveat": 281,
            "setpgid": 154, "setsid": 157,
        },
    ),
}  # fmt: skip
_SHARED = {"io_uring_setup": 425, "clone3": 435, "pidfd_getfd": 438}
_NETWORK = ("connect", "bind", "ptrace", "process_vm_readv", "process_vm_writev")
_PROCESSES = ("fork", "vfork", "execve", "execveat", "setpgid", "setsid")


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


Filter: TypeAlias = Any  # a reference to a _Program: made once, as each case installs it


def network_filter() -> Filter | None:
    """Make the filter of a worker: local sockets alone, and no reaching into processes."""
    return _assemble([*_NETWORK, "io_uring_setup", "pidfd_getfd"], ("socket", _EQUAL, _AF_UNIX))


def process_filter() -> Filter | None:
    """Make the filter of a case: threads may start, processes may not."""
    return _assemble([*_PROCESSES], ("clone", _ANY_BIT, _CLONE_THREAD), missing="clone3")


def install(libc: Any, program: Filter | None) -> bool:
    """Put a filter on this process, for good; needs `no_new_privs`."""
    if program is None:
        return False
    return bool(libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, program, 0, 0) == 0)


def _assemble(
    denied: list[str], conditional: tuple[str, int, int], missing: str | None = None
) -> Filter | None:
    """Write a filter: `denied` never, `conditional` only where its first argument fits."""
    machine = os.uname().machine if sys.platform == "linux" and sys.maxsize > 2**32 else ""
    if machine not in _MACHINES:
        return None
    audit, numbers = _MACHINES[machine][0], {**_MACHINES[machine][1], **_SHARED}
    refuse, absent = _ERRNO | errno.EACCES, _ERRNO | errno.ENOSYS
    call, operator, operand = conditional
    code = [
        (_LOAD, 0, 0, _MACHINE_AT),
        (_EQUAL, 1, 0, audit),
        (_RETURN, 0, 0, absent),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_AT_LEAST, 0, 1, _FOREIGN),
        (_RETURN, 0, 0, absent),
    ]
    for name in denied:
        if name in numbers:
            code += [(_EQUAL, 0, 1, numbers[name]), (_RETURN, 0, 0, refuse)]
    if missing is not None:  # the C library then falls back to the older call
        code += [(_EQUAL, 0, 1, numbers[missing]), (_RETURN, 0, 0, absent)]
    code += [
        (_EQUAL, 0, 3, numbers[call]),
        (_LOAD, 0, 0, _FIRST_ARGUMENT_AT),
        (operator, 1, 0, operand),
        (_RETURN, 0, 0, refuse),
        (_RETURN, 0, 0, _ALLOW),
    ]
    packed = b"".join(struct.pack("=HBBI", *line) for line in code)
    return ctypes.byref(_Program(len(code), packed))
