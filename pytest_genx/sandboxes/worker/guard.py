# ruff: noqa: PTH115, PTH118 -- pathlib takes long to import
"""Refuse, inside the interpreter, what a program under test has no business doing.

Child side: standard library only, imports nothing of ours. An audit hook raises
PermissionError before Python code writes outside its directory, touches other processes or
the network. It works on every system and explains itself, and it is a guard, not a wall:
code that calls the C library by itself walks around it, into Landlock and seccomp in the
levels that have them (see `landlock` and `seccomp`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from os.path import normcase, realpath  # bound here: a candidate may patch those of `os.path`
from typing import Any

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# How many of the first arguments are paths.
_CHANGES = {
    "os.chflags": 1, "os.chmod": 1, "os.chown": 1, "os.link": 2, "os.mkdir": 1, "os.remove": 1,
    "os.removexattr": 1, "os.rename": 2, "os.rmdir": 1, "os.setxattr": 1, "os.truncate": 1,
    "os.utime": 1,
}  # fmt: skip
_RELATIVE = {
    "os.chmod",
    "os.chown",
    "os.link",
    "os.mkdir",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.utime",
}  # whose last arguments are descriptors of directories, one for each path, or -1
_STARTS = (
    "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.startfile",
    "os.startfile/2", "os.system", "pty.spawn", "subprocess.Popen",
)  # fmt: skip
_NETWORK = (
    "socket.bind", "socket.connect", "socket.getaddrinfo", "socket.gethostbyaddr",
    "socket.gethostbyname", "socket.getnameinfo", "socket.sendmsg", "socket.sendto",
)  # fmt: skip
_OTHER = ("os.killpg", "resource.setrlimit", "resource.prlimit", "sys.remote_exec")
_LOCAL_HOSTS = ("127.0.0.1", "::1", "localhost")
# On Windows the event loop of asyncio connects to itself through the loopback.
_LOOPBACK = sys.platform == "win32"


class Guard:
    """The hook of one process and its children; there is no way to take it off."""

    def __init__(self, directory: str, *, processes: bool) -> None:
        """Add the hook, switched off.

        Args:
            directory: where writing is allowed, besides the null device.
            processes: whether other programs may be started.
        """
        self.armed = False
        self._root = _real(directory)
        self._null = _real(os.devnull)
        self._checks: dict[str, Callable[[str, tuple[Any, ...]], None]] = {
            "open": self._on_open,
            "os.symlink": self._on_symlink,
            "os.kill": self._on_kill,
            "sqlite3.connect": self._on_sqlite,
            **dict.fromkeys(_CHANGES, self._on_change),
            **dict.fromkeys(_NETWORK, self._on_network),
            **dict.fromkeys(_OTHER, self._refuse),
            **({} if processes else dict.fromkeys(_STARTS, self._refuse)),
        }
        sys.addaudithook(self._hook)
        if not processes:
            self._guard_fork_exec()

    def _hook(self, event: str, args: tuple[Any, ...]) -> None:
        if self.armed:
            check = self._checks.get(event)
            if check is not None:
                check(event, args)

    def _refuse(self, event: str, args: tuple[Any, ...] = ()) -> None:
        shown = f" of {args[0]!r}" if args and isinstance(args[0], str | bytes) else ""
        raise PermissionError(f"the sandbox refuses {event}{shown}")

    def _check_path(self, event: str, path: object, directory: object = -1) -> None:
        if isinstance(path, str | bytes | os.PathLike):
            name = os.fsdecode(path)
            if isinstance(directory, int) and directory >= 0:
                name = os.path.join(_path_of(directory), name)
            real = _real(name)
            if real not in (self._root, self._null) and not real.startswith(self._root + os.sep):
                self._refuse(event, (os.fsdecode(path),))

    def _on_open(self, _event: str, args: tuple[Any, ...]) -> None:
        if isinstance(args[2], int) and args[2] & _WRITES:
            self._check_path("opening for writing", args[0])

    def _on_change(self, event: str, args: tuple[Any, ...]) -> None:
        count = _CHANGES[event]
        directories = args[-count:] if event in _RELATIVE else (-1,) * count
        for path, directory in zip(args, directories, strict=False):
            self._check_path(event, path, directory)

    def _on_symlink(self, event: str, args: tuple[Any, ...]) -> None:
        self._check_path(event, args[1], args[2])

    def _on_sqlite(self, event: str, args: tuple[Any, ...]) -> None:
        name = args[0]
        if isinstance(name, str) and name.startswith("file:"):
            name = name[5:].partition("?")[0]
        if name not in {"", ":memory:", b"", b":memory:"}:
            self._check_path(event, name)

    def _guard_fork_exec(self) -> None:
        """Refuse the way to start a process that no event tells of: that of `multiprocessing`."""
        with suppress(ImportError):  # Windows has none
            import _posixsubprocess  # noqa: PLC0415 -- not there everywhere

            fork_exec = _posixsubprocess.fork_exec

            def guarded(*args: Any) -> int:
                if self.armed:
                    self._refuse("starting a process")
                return int(fork_exec(*args))

            _posixsubprocess.fork_exec = guarded

    def _on_kill(self, event: str, args: tuple[Any, ...]) -> None:
        if args[0] != os.getpid():
            self._refuse(event)

    def _on_network(self, event: str, args: tuple[Any, ...]) -> None:
        address = args[1] if len(args) > 1 else None
        local = isinstance(address, tuple) and address and address[0] in _LOCAL_HOSTS
        if not (_LOOPBACK and local):
            self._refuse(event)


def _real(path: str) -> str:
    """Return a path without links, and on Windows in one case."""
    return normcase(realpath(path))


def _path_of(directory: int) -> str:
    """Return the path of an open directory; the root, where nothing is allowed, if unknown."""
    with suppress(OSError):
        return os.readlink(f"/proc/self/fd/{directory}")
    with suppress(ImportError, AttributeError, OSError):  # macOS tells in another way
        import fcntl  # noqa: PLC0415 -- not there everywhere

        name: bytes = fcntl.fcntl(directory, fcntl.F_GETPATH, bytes(1024))  # type: ignore[attr-defined,unused-ignore]
        return os.fsdecode(name.rstrip(b"\0"))
    return os.sep
