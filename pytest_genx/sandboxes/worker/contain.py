# ruff: noqa: PTH102, PTH103, PTH110, PTH112, PTH120, PTH123, PTH211 -- pathlib takes long to import
"""Set up a container and become the worker in it: what bubblewrap does, where it is missing.

Child side: standard library only, imports nothing of ours; run by path with a JSON object and
the worker's command line. Namespaces for mounts, processes, network, System V objects and names
of the machine (and for users, unless root does without); a new root that holds the readable
paths, read-only, a few devices, a fresh /proc and a bounded tmpfs as home. The worker is the
first process of its namespace, which ends with it; and it ends when this one is killed.
Needs Linux 5.12 (`mount_setattr`).
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import sys
from typing import Any, NoReturn

_NEW_MOUNTS, _NEW_USERS, _NEW_PROCESSES = 0x00020000, 0x10000000, 0x20000000
_NEW_REST = 0x08000000 | 0x40000000 | 0x04000000  # System V objects, network, machine's names
_SET_DEATH_SIGNAL, _BOUNDING_DROP, _SIGKILL = 1, 24, 9
_BIND, _REC, _PRIVATE, _DETACH = 4096, 16384, 1 << 18, 2
_READ_ONLY, _NO_SUID, _NO_DEVICES, _NO_EXEC = 1, 2, 4, 8
_MOUNT_SETATTR, _HERE, _RECURSIVE = 442, -100, 0x8000
_ATTR_READ_ONLY, _ATTR_NO_SUID, _ATTR_NO_DEVICES = 1, 2, 4
_SETUID = 7  # the one capability that a worker of root's needs: see `privileges`
_FILES = 16384  # in the home, directories included
_LIBC: Any = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    """Set up, and replace this process's child by the worker."""
    spec, command = json.loads(sys.argv[1]), sys.argv[2:]
    _LIBC.prctl(_SET_DEATH_SIGNAL, _SIGKILL, 0, 0, 0)
    user, group = os.getuid(), os.getgid()
    users = _NEW_USERS if spec["user"] else 0
    _check("unshare", _LIBC.unshare(users | _NEW_MOUNTS | _NEW_PROCESSES | _NEW_REST))
    if users:
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{user} {user} 1")
        _write("/proc/self/gid_map", f"{group} {group} 1")
    alive, parent = os.pipe()
    child = os.fork()
    if child:
        os.close(alive)
        _wait(child)
    os.close(parent)
    _LIBC.prctl(_SET_DEATH_SIGNAL, _SIGKILL, 0, 0, 0)
    if select.select([alive], [], [], 0)[0]:
        os._exit(1)  # the parent was killed before it could be noticed
    os.setsid()
    _build(spec)
    for capability in range(64):
        if capability != _SETUID or users:
            _LIBC.prctl(_BOUNDING_DROP, capability, 0, 0, 0)
    os.chdir(spec["home"])
    os.execv(command[0], command)  # noqa: S606 -- that is the worker


def _wait(child: int) -> NoReturn:
    """End as the child ends; its pipes are its own."""
    os.close(0)
    os.close(1)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os._exit(code if code >= 0 else 128 - code)


def _build(spec: dict[str, Any]) -> None:
    """Make the new root, and leave nothing of the old."""
    base = spec["home"]  # covered by mounts that only this process sees
    _mount("none", "/", None, _REC | _PRIVATE)
    _mount("tmpfs", base, "tmpfs", _NO_SUID | _NO_DEVICES, "mode=0755")
    os.mkdir(f"{base}/new")
    os.mkdir(f"{base}/old")
    _mount("tmpfs", f"{base}/new", "tmpfs", _NO_SUID | _NO_DEVICES, "mode=0755")
    _check("pivot_root", _LIBC.pivot_root(base.encode(), f"{base}/old".encode()))
    os.chdir("/new")
    for source, path in spec["binds"]:
        _bind(source, path, _ATTR_READ_ONLY | _ATTR_NO_SUID | _ATTR_NO_DEVICES)
    for target, path in spec["links"]:
        os.makedirs(os.path.dirname(f"/new{path}"), exist_ok=True)
        os.symlink(target, f"/new{path}")
    os.makedirs("/new/proc", exist_ok=True)
    # Root may write to /proc/sys without any capability, so all of /proc is read-only.
    _mount("proc", "/new/proc", "proc", _READ_ONLY | _NO_SUID | _NO_DEVICES | _NO_EXEC)
    for device in spec["devices"]:
        if os.path.exists(f"/old{device}"):
            _bind(device, device, _ATTR_NO_SUID)
    os.makedirs(f"/new{base}", exist_ok=True)
    room = f"size={spec['bytes']},nr_inodes={_FILES},mode=0700"
    _mount("tmpfs", f"/new{base}", "tmpfs", _NO_SUID | _NO_DEVICES, room)
    _check("umount", _LIBC.umount2(b"/old", _DETACH))
    _check("pivot_root", _LIBC.pivot_root(b".", b"."))
    _check("umount", _LIBC.umount2(b".", _DETACH))
    os.chdir("/")
    _set_attributes("/", _ATTR_READ_ONLY, 0)


def _bind(source: str, path: str, attributes: int) -> None:
    """Show a file or a tree of the old root at a path of the new one."""
    source, path = f"/old{source}", f"/new{path}"
    if os.path.isdir(source):
        os.makedirs(path, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDONLY, 0o644))
    _mount(source, path, None, _BIND | _REC)
    _set_attributes(path, attributes, _RECURSIVE)


def _set_attributes(path: str, attributes: int, flags: int) -> None:
    values = (ctypes.c_uint64 * 4)(attributes, 0, 0, 0)
    size = ctypes.c_size_t(ctypes.sizeof(values))
    done = _LIBC.syscall(_MOUNT_SETATTR, _HERE, path.encode(), flags, ctypes.byref(values), size)
    _check(f"mount_setattr {path}", done)


def _mount(source: str, path: str, kind: str | None, flags: int, options: str = "") -> None:
    done = _LIBC.mount(
        os.fsencode(source),
        os.fsencode(path),
        kind and kind.encode(),
        ctypes.c_ulong(flags),
        options.encode() or None,
    )
    _check(f"mount {kind or 'bind'} on {path}", done)


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def _check(what: str, done: int) -> None:
    if done != 0:
        sys.exit(f"{what}: {os.strerror(ctypes.get_errno())}")


if __name__ == "__main__":
    main()
