# ruff: noqa: PTH123, PTH208 -- pathlib takes long to import
"""Give up what root has, and let the kernel bound how many tasks a worker can have.

Child side: standard library only, imports nothing of ours. RLIMIT_NPROC counts the tasks of a
*real* user, in a namespace of users, and never binds root. So a worker of root's takes a real
user id that nobody else has; its effective id, by which files are opened, stays. A worker of
anybody else's enters a namespace of its own, where the count begins at zero; where it may not,
the user's other tasks are counted, and allowed for. `seccomp` keeps ids as they are from then on.
"""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress
from typing import Any

_TASKS = 256  # processes and threads of one worker
_SPARE = 1024  # more of them where a user's other tasks come and go
_NEW_USER = 0x10000000
_BOUNDING_DROP = 24  # of prctl
_CAPABILITIES_VERSION = 0x20080522
_COUNTS_APART = (5, 14)  # the version of Linux that counts in each namespace
_KEEP, _NOBODY = -1, 65534


def bound_tasks(libc: Any, resource: Any, *, contained: bool) -> bool:
    """Limit the tasks of this process and its children; single-threaded, before all else.

    Args:
        libc: the C library.
        resource: the module.
        contained: in a container, which has a namespace of users if it is not root's.

    Returns:
        Whether the kernel will enforce it.
    """
    limit = _TASKS
    if os.geteuid() == 0:
        bound = _take_real_user()
        _enter_user_namespace(libc)  # where the id shows as 65534, the same for every worker
    else:
        bound = True
        apart = contained or _enter_user_namespace(libc)
        if not apart or _kernel() < _COUNTS_APART:
            limit += _SPARE + _tasks_of_user()
    hard = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(resource.RLIMIT_NPROC, (limit, limit))
    return bound


def drop_capabilities(libc: Any) -> bool:
    """Give up every capability, and with `no_new_privs` for good."""
    for capability in range(64):
        libc.prctl(_BOUNDING_DROP, capability, 0, 0, 0)  # refused where there are none to drop
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES_VERSION, 0)
    none = (ctypes.c_uint32 * 6)()
    return bool(libc.capset(header, none) == 0)


def _take_real_user() -> bool:
    for user in (0x70000000 + int.from_bytes(os.urandom(3), "big"), _NOBODY):
        with suppress(OSError):  # not a user id in this namespace
            os.setresuid(user, _KEEP, _KEEP)
            return True
    return False


def _enter_user_namespace(libc: Any) -> bool:
    user, group = os.geteuid(), os.getegid()
    if libc.unshare(_NEW_USER) != 0:
        return False
    with suppress(OSError):  # without a map the worker is nobody, and otherwise the same
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{user} {user} 1"),
            ("gid_map", f"{group} {group} 1"),
        ):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                file.write(text)
    return True


def _kernel() -> tuple[int, ...]:
    return tuple(int(part) for part in os.uname().release.split(".")[:2] if part.isdigit())


def _tasks_of_user() -> int:
    count = 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            with suppress(OSError):  # ended since
                if os.stat(f"/proc/{name}").st_uid == os.getuid():  # noqa: PTH116
                    count += len(os.listdir(f"/proc/{name}/task"))
    return count
