"""seccomp filters: no network and no reach for the worker, no new process for a case.

Child side: standard library only, imports nothing of ours. x86-64 and 64-bit ARM; elsewhere
there are no filters. A filter sees numbers, not memory, so it cannot judge paths.
https://docs.kernel.org/userspace-api/seccomp_filter.html
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

_PR_SET_SECCOMP, _MODE_FILTER = 22, 2
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_LOAD, _AND, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x45, 0x06
_NUMBER_AT, _MACHINE_AT, _ARGUMENTS_AT = 0, 4, 16  # offsets into struct seccomp_data
_FOREIGN = 0x40000000  # x32 calls on x86-64
_CLONE_THREAD, _CLONE_NAMESPACES = 0x10000, 0x7E020000
_STREAM, _TYPE_MASK = 1, 0xF

# Audit number of the machine, then system calls by number.
_MACHINES: dict[str, tuple[int, dict[str, int]]] = {
    "x86_64": (
        0xC000003E,
        {
            "socket": 41, "connect": 42, "bind": 49, "socketpair": 53, "clone": 56, "fork": 57,
            "vfork": 58, "execve": 59, "execveat": 322, "setpgid": 109, "setsid": 112,
            "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312,
            "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161, "unshare": 272,
            "setns": 308, "swapon": 167, "swapoff": 168, "reboot": 169, "sethostname": 170,
            "setdomainname": 171, "init_module": 175, "finit_module": 313, "delete_module": 176,
            "kexec_load": 246, "kexec_file_load": 320, "add_key": 248, "request_key": 249,
            "keyctl": 250, "bpf": 321, "perf_event_open": 298, "userfaultfd": 323, "acct": 163,
            "quotactl": 179, "syslog": 103, "personality": 135, "memfd_create": 319,
            "shmget": 29, "shmat": 30, "semget": 64, "msgget": 68, "mq_open": 240, "setuid": 105,
            "setgid": 106, "setreuid": 113, "setregid": 114, "setresuid": 117, "setresgid": 119,
            "setfsuid": 122, "setfsgid": 123, "setgroups": 116, "capset": 126,
            "open_by_handle_at": 304, "name_to_handle_at": 303, "fanotify_init": 300,
            "lookup_dcookie": 212, "clock_settime": 227, "settimeofday": 164, "adjtimex": 159,
            "clock_adjtime": 305, "migrate_pages": 256, "move_pages": 279, "iopl": 172,
            "ioperm": 173, "prlimit64": 302, "setpriority": 141, "ioprio_set": 251,
            "sched_setaffinity": 203, "sched_setscheduler": 144, "sched_setparam": 142,
            "sched_setattr": 314,
        },
    ),
    "aarch64": (
        0xC00000B7,
        {
            "socket": 198, "connect": 203, "bind": 200, "socketpair": 199, "clone": 220,
            "execve": 221, "execveat": 281, "setpgid": 154, "setsid": 157, "ptrace": 117,
            "process_vm_readv": 270, "process_vm_writev": 271, "kcmp": 272, "mount": 40,
            "umount2": 39, "pivot_root": 41, "chroot": 51, "unshare": 97, "setns": 268,
            "swapon": 224, "swapoff": 225, "reboot": 142, "sethostname": 161,
            "setdomainname": 162, "init_module": 105, "finit_module": 273, "delete_module": 106,
            "kexec_load": 104, "kexec_file_load": 294, "add_key": 217, "request_key": 218,
            "keyctl": 219, "bpf": 280, "perf_event_open": 241, "userfaultfd": 282, "acct": 89,
            "quotactl": 60, "syslog": 116, "personality": 92, "memfd_create": 279,
            "shmget": 194, "shmat": 196, "semget": 190, "msgget": 186, "mq_open": 180,
            "setuid": 146, "setgid": 144, "setreuid": 145, "setregid": 143, "setresuid": 147,
            "setresgid": 149, "setfsuid": 151, "setfsgid": 152, "setgroups": 159, "capset": 91,
            "open_by_handle_at": 265, "name_to_handle_at": 264, "fanotify_init": 262,
            "lookup_dcookie": 18, "clock_settime": 112, "settimeofday": 170, "adjtimex": 171,
            "clock_adjtime": 266, "migrate_pages": 238, "move_pages": 239, "prlimit64": 261,
            "setpriority": 140, "ioprio_set": 30, "sched_setaffinity": 122,
            "sched_setscheduler": 119, "sched_setparam": 118, "sched_setattr": 274,
        },
    ),
}  # fmt: skip
_SHARED = {
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428,
    "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433,
    "clone3": 435, "pidfd_getfd": 438, "process_madvise": 440,
    "mount_setattr": 442, "quotactl_fd": 443, "memfd_secret": 447, "process_mrelease": 448,
}  # fmt: skip
_PROCESSES = ("fork", "vfork", "execve", "execveat", "setpgid", "setsid")
# Allowed, if at all, by their arguments; all other calls by name above are refused to a worker.
_JUDGED = ("clone", "clone3", "socketpair", "prlimit64", "setpriority", "ioprio_set")
_OF_TASKS = ("sched_setaffinity", "sched_setscheduler", "sched_setparam", "sched_setattr")


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


class _Rule(NamedTuple):
    """A call that is refused unless its argument, masked, fits: equal, with a bit, or without."""

    call: str
    argument: int
    operator: str
    operand: int
    mask: int = 0xFFFFFFFF


Filter: TypeAlias = Any  # a reference to a _Program: made once, as each case installs it


def network_filter() -> Filter | None:
    """Make the filter of a worker: no sockets but connected pairs, no reach into the system.

    Its own limits may be changed, within those that stand; other processes' may not.
    """
    machine = _machine()
    kept = {*_PROCESSES, *_JUDGED, *_OF_TASKS}
    denied = [n for n in {**_MACHINES[machine][1], **_SHARED} if n not in kept] if machine else []
    rules = [
        _Rule("clone", 0, "without", _CLONE_NAMESPACES),
        _Rule("socketpair", 1, "equal", _STREAM, _TYPE_MASK),  # datagrams may go elsewhere
        _Rule("prlimit64", 0, "equal", 0),
        *(_Rule(call, 0, "equal", 0) for call in ("setpriority", "ioprio_set")),
        *(_Rule(call, 1, "equal", 0) for call in ("setpriority",)),
        *(_Rule(call, 0, "equal", 0) for call in _OF_TASKS),
    ]
    return _assemble(denied, rules)


def process_filter() -> Filter | None:
    """Make the filter of a case: threads may start, processes may not."""
    return _assemble(_PROCESSES, [_Rule("clone", 0, "with", _CLONE_THREAD)])


def install(libc: Any, program: Filter | None) -> bool:
    """Put a filter on this process, for good; needs `no_new_privs`."""
    if program is None:
        return False
    return bool(libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, program, 0, 0) == 0)


def _machine() -> str:
    machine = os.uname().machine if sys.platform == "linux" and sys.maxsize > 2**32 else ""
    return machine if machine in _MACHINES else ""


def _assemble(denied: Sequence[str], rules: Sequence[_Rule]) -> Filter | None:
    """Write a filter: `denied` never, what has a rule only where it fits, `clone3` not there."""
    machine = _machine()
    if not machine:
        return None
    audit, numbers = _MACHINES[machine][0], {**_MACHINES[machine][1], **_SHARED}
    refuse, absent = _ERRNO | errno.EACCES, _ERRNO | errno.ENOSYS
    code = [
        (_LOAD, 0, 0, _MACHINE_AT),
        (_EQUAL, 1, 0, audit),
        (_RETURN, 0, 0, absent),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_AT_LEAST, 0, 1, _FOREIGN),
        (_RETURN, 0, 0, absent),
        # the C library then falls back to `clone`, whose flags a filter can see
        (_EQUAL, 0, 1, numbers["clone3"]),
        (_RETURN, 0, 0, absent),
    ]
    for name in denied:
        if name in numbers:
            code += [(_EQUAL, 0, 1, numbers[name]), (_RETURN, 0, 0, refuse)]
    for rule in rules:
        operator = _EQUAL if rule.operator == "equal" else _ANY_BIT
        fits, not_fits = (1, 0) if rule.operator != "without" else (0, 1)
        code += [
            (_EQUAL, 0, 5, numbers[rule.call]),
            (_LOAD, 0, 0, _ARGUMENTS_AT + 8 * rule.argument),
            (_AND, 0, 0, rule.mask),
            (operator, fits, not_fits, rule.operand),
            (_RETURN, 0, 0, refuse),
            (_LOAD, 0, 0, _NUMBER_AT),
        ]
    code.append((_RETURN, 0, 0, _ALLOW))
    packed = b"".join(struct.pack("=HBBI", *line) for line in code)
    return ctypes.byref(_Program(len(code), packed))
