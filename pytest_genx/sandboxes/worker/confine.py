# ruff: noqa: PTH101, PTH106, PTH108, PTH112, PTH114, PTH118, PTH123, PTH208 -- pathlib takes long to import
"""Shut in the worker, the process of a program and the process of a case, each more than the last.

Child side: standard library only, imports nothing of ours. Layers: resource limits and the
guard everywhere; on Linux also Landlock, seccomp and no new privileges, and every process dies
with its parent. What outlives its parent is adopted by the process above, and swept.

Not covered: reading files the user can read; UDP and Unix sockets where seccomp is missing;
processes that C code starts while a candidate is imported; how much is written in total;
the guard for threads that an import leaves running (the kernel's part holds for them).
"""

from __future__ import annotations

import ctypes
import math
import os
import signal
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

try:
    import resource as _resource
except ImportError:  # Windows has no limits of this kind
    _resource = None  # type: ignore[assignment]

if TYPE_CHECKING or __package__:  # run by path, these are modules of their own
    from pytest_genx.sandboxes.worker import clock, guard, landlock, seccomp
else:
    import clock
    import guard
    import landlock
    import seccomp

resource: Any = _resource
_SET_DEATH_SIGNAL, _SET_NO_NEW_PRIVS, _SET_SUBREAPER = 1, 38, 36  # of prctl
_KILL = int(getattr(signal, "SIGKILL", 9))
_FILES = 256  # open at once
_STACK = 64 << 20  # bytes; deep recursion in C code then ends in RecursionError
_LINUX = sys.platform == "linux"


class Confinement:
    """What is in force, and how the next generation gets more of it."""

    def __init__(self, directory: str, limits: dict[str, Any]) -> None:
        self.directory = directory
        self.memory: int = limits["memory"] << 20
        self.processes: bool = limits["processes"] > 0
        self.libc: Any = ctypes.CDLL(None, use_errno=True) if _LINUX else None
        self.cpu = math.ceil(2 * clock.hard_limit(limits["cpu"]))  # the clock is set back once
        self.process_filter = seccomp.process_filter()
        self.guard = guard.Guard(directory, processes=self.processes)

    def enter_program(self) -> None:
        """Confine the process of a program, before its candidate is imported."""
        os.setpgid(0, 0)
        if self.libc is not None:
            self.libc.prctl(_SET_DEATH_SIGNAL, _KILL, 0, 0, 0)
            self.libc.prctl(_SET_SUBREAPER, 1, 0, 0, 0)
        self._limit_memory()

    def enter_group(self) -> None:
        """Confine a process that programs share; their clock kills it, not a limit on the whole."""
        self.enter_program()
        self._refuse_processes()

    def enter_cases(self) -> None:
        """Make the process of a program ready to fork for cases."""
        os.chdir(self.directory)
        self._limit_memory()

    def enter_case(self) -> None:
        """Confine the process of a case; cheap, as it runs for every pair."""
        if resource is not None:
            resource.setrlimit(resource.RLIMIT_CPU, (self.cpu, self.cpu))
        if self.libc is not None:
            self.libc.prctl(_SET_DEATH_SIGNAL, _KILL, 0, 0, 0)
            self._refuse_processes()

    def _refuse_processes(self) -> None:
        if self.libc is not None and not self.processes:
            seccomp.install(self.libc, self.process_filter)

    def relieve(self) -> None:
        """Lift the limit on memory, so that running out of it can be reported."""
        if resource is not None and _LINUX:
            self.guard.armed = False  # setting limits is refused otherwise
            _set_soft(resource.RLIMIT_AS, resource.RLIM_INFINITY)

    def sweep(self, group: int | None) -> None:
        """Kill what a process left behind when it ended: its group, and what was adopted."""
        if group is not None:
            with suppress(OSError):
                os.killpg(group, signal.SIGKILL)
        with suppress(ChildProcessError):
            while True:
                if os.waitpid(-1, os.WNOHANG)[0] == 0:
                    for pid in _children():
                        os.kill(pid, signal.SIGKILL)
                    time.sleep(0.0005)

    def clean(self) -> None:
        """Empty the directory of a case."""
        for entry in os.listdir(self.directory):
            _remove(os.path.join(self.directory, entry))

    def _limit_memory(self) -> None:
        """Allow so much address space above what there is now."""
        if resource is not None and _LINUX:
            with open("/proc/self/statm", "rb") as file:
                size = int(file.read().split()[0]) * resource.getpagesize()
            _set_soft(resource.RLIMIT_AS, size + self.memory)


def confine_worker(directory: str, limits: dict[str, Any]) -> Confinement:
    """Confine this process, before it imports anything of the user's.

    Args:
        directory: where cases run, and the one place that stays writable.
        limits: the fields of `Limits`.
    """
    os.chdir(directory)
    confinement = Confinement(directory, limits)
    if resource is not None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        _set_soft(resource.RLIMIT_FSIZE, limits["file_size"] << 20)
        _set_soft(resource.RLIMIT_NOFILE, _FILES)
        _set_soft(resource.RLIMIT_STACK, _STACK)
    libc = confinement.libc
    if libc is not None:
        libc.prctl(_SET_DEATH_SIGNAL, _KILL, 0, 0, 0)
        libc.prctl(_SET_SUBREAPER, 1, 0, 0, 0)
        libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        landlock.restrict_writes(libc, directory)
        seccomp.install(libc, seccomp.network_filter())
    return confinement


def _set_soft(limit: int, value: int) -> None:
    hard = resource.getrlimit(limit)[1]
    if hard != resource.RLIM_INFINITY and (value == resource.RLIM_INFINITY or value > hard):
        value = hard
    with suppress(OSError, ValueError):  # some systems know a limit and refuse to set it
        resource.setrlimit(limit, (value, hard))


def _children() -> list[int]:
    """List the children of this process; nothing where /proc does not tell."""
    pid = os.getpid()
    with suppress(OSError), open(f"/proc/{pid}/task/{pid}/children", "rb") as file:
        return [int(child) for child in file.read().split()]
    return []


def _remove(path: str) -> None:
    """Remove a file or a directory tree, whatever its modes."""
    if not os.path.isdir(path) or os.path.islink(path):
        os.unlink(path)
        return
    os.chmod(path, 0o700)
    for entry in os.listdir(path):
        _remove(os.path.join(path, entry))
    os.rmdir(path)
