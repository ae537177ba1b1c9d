"""Refuse, inside the interpreter, what a program under test has no business doing.

Child side: standard library only, imports nothing of ours. An audit hook raises
PermissionError before Python code writes outside its directory, touches other processes or
the network. It works on every system and explains itself, and it is a guard, not a wall:
code that calls the C library by itself walks around it, into Landlock and seccomp where the
kernel has them (see `landlock` and `seccomp`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# How many of the first arguments are paths.
_CHANGES = {
    "os.chflags": 1, "os.chmod": 1, "os.chown": 1, "os.link": 2, "os.mkdir": 1, "os.remove": 1,
    "os.removexattr": 1, "os.rename": 2, "os.rmdir": 1, "os.setxattr": 1, "os.truncate": 1,
    "os.utime": 1,
}  # fmt: skip
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
        self._realpath = os.path.realpath
        self._root = self._realpath(directory)
        self._null = self._realpath(os.devnull)
        self._checks: dict[str, Callable[[str, tuple[Any, ...]], None]] = {
            "open": self._on_open,
            "os.symlink": self._on_symlink,
            "os.kill": self._on_kill,
            **dict.fromkeys(_CHANGES, self._on_change),
            **dict.fromkeys(_NETWORK, self._on_network),
            **dict.fromkeys(_OTHER, self._refuse),
            **({} if processes else dict.fromkeys(_STARTS, self._refuse)),
        }
        sys.addaudithook(self._hook)

    def _hook(self, event: str, args: tuple[Any, ...]) -> None:
        if self.armed:
            check = self._checks.get(event)
            if check is not None:
                check(event, args)

    def _refuse(self, event: str, args: tuple[Any, ...] = ()) -> None:
        shown = f" of {args[0]!r}" if args and isinstance(args[0], str | bytes) else ""
        raise PermissionError(f"the sandbox refuses {event}{shown}")

    def _check_path(self, event: str, path: object) -> None:
        if isinstance(path, str | bytes | os.PathLike):
            real = self._realpath(os.fsdecode(path))
            if real not in (self._root, self._null) and not real.startswith(self._root + os.sep):
                self._refuse(event, (os.fsdecode(path),))

    def _on_open(self, _event: str, args: tuple[Any, ...]) -> None:
        if isinstance(args[2], int) and args[2] & _WRITES:
            self._check_path("opening for writing", args[0])

    def _on_change(self, event: str, args: tuple[Any, ...]) -> None:
        for path in args[: _CHANGES[event]]:
            self._check_path(event, path)

    def _on_symlink(self, event: str, args: tuple[Any, ...]) -> None:
        self._check_path(event, args[1])

    def _on_kill(self, event: str, args: tuple[Any, ...]) -> None:
        if args[0] != os.getpid():
            self._refuse(event)

    def _on_network(self, event: str, args: tuple[Any, ...]) -> None:
        address = args[1] if len(args) > 1 else None
        local = isinstance(address, tuple) and address and address[0] in _LOCAL_HOSTS
        if not (_LOOPBACK and local):
            self._refuse(event)
