# ruff: noqa: PTH101, PTH106, PTH108, PTH112, PTH114, PTH118, PTH208 -- pathlib takes long to import
"""Shut in the worker, the process of a program and the process of a case, each more than the last.

Child side: standard library only, imports nothing of ours. In every level: resource limits and
the guard; on Linux also no new privileges, and every process dies with its parent. What outlives
its parent is adopted by the process above, and swept. In the levels `landlock` and `container`
also Landlock, seccomp, no capabilities and a bounded number of tasks, without which the worker
does not go on; a container lets it do without Landlock alone, and needs no rules for reading.
`docs/sandbox.md` says, property by property, what that covers and what not.
"""

from __future__ import annotations

import ctypes
import math
import os
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

try:
    import resource as _resource
except ImportError:  # Windows has no limits of this kind
    _resource = None  # type: ignore[assignment]

if TYPE_CHECKING or __package__:  # run by path, these are modules of their own
    from pytest_genx.sandboxes.worker import clock, guard, landlock, privileges, seccomp
else:
    import clock
    import guard
    import landlock
    import privileges
    import seccomp

resource: Any = _resource
_SET_DEATH_SIGNAL, _SET_NO_NEW_PRIVS, _SET_SUBREAPER, _SET_DUMPABLE = 1, 38, 36, 4  # of prctl
_KILL = int(getattr(signal, "SIGKILL", 9))
_FILES = 256  # open at once
_STACK = 64 << 20  # bytes; deep recursion in C code then ends in RecursionError
_SPARE = 64 << 20  # bytes; what a case that ran out of memory may still take
_LINUX = sys.platform == "linux"


class Confinement:
    """What is in force, and how the next generation gets more of it."""

    def __init__(self, directory: str, limits: dict[str, Any], level: str) -> None:
        self.directory = directory
        self.strong = _LINUX and level != "process"
        self.fence = -1  # rules of Landlock that hold for programs
        self.own: dict[str, int] = {}  # open files of /proc, which the fence hides
        self.memory: int = limits["memory"] << 20
        self.processes: bool = limits["processes"] > 0
        self.libc: Any = ctypes.CDLL(None, use_errno=True) if _LINUX else None
        self.cpu = math.ceil(2 * clock.hard_limit(limits["cpu"]))  # the clock is set back once
        self.process_filter = seccomp.process_filter()
        self.guard = guard.Guard(directory, processes=self.processes)

    def enter_foreman(self) -> None:
        """Have a child of the worker die with it, and adopt what its own children leave."""
        if self.libc is not None:
            self.libc.prctl(_SET_DEATH_SIGNAL, _KILL, 0, 0, 0)
            self.libc.prctl(_SET_SUBREAPER, 1, 0, 0, 0)
            self._open_own()

    def enter_program(self) -> None:
        """Confine the process of a program, before its candidate is imported."""
        with suppress(
            AttributeError, PermissionError
        ):  # not on Windows; a worker leads one already
            os.setpgid(0, 0)
        self.enter_foreman()
        self._limit_memory()
        if self.fence >= 0:
            if not landlock.enter(self.libc, self.fence):
                os._exit(1)
            os.close(self.fence)

    def enter_group(self) -> None:
        """Confine a process that programs share; their clock ends it, no limit on the whole."""
        self.enter_program()
        self._close_own()
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
            self._close_own()
            self._refuse_processes()

    def _refuse_processes(self) -> None:
        if self.strong and not self.processes:
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
                    for pid in self._children():
                        with suppress(OSError):
                            os.kill(pid, signal.SIGKILL)
                    time.sleep(0.0005)

    def clean(self) -> None:
        """Empty the directory of a case."""
        for entry in os.listdir(self.directory):
            _remove(os.path.join(self.directory, entry))

    def _limit_memory(self) -> None:
        """Allow so much address space above what there is now, and once more for the cases."""
        if resource is not None and _LINUX:
            size = int(os.pread(self.own["statm"], 100, 0).split()[0]) * resource.getpagesize()
            soft, hard = resource.getrlimit(resource.RLIMIT_AS)
            if soft == resource.RLIM_INFINITY:  # else the import is done, and its limit stands
                hard = _least(hard, size + 2 * self.memory + _SPARE)
            soft = _least(hard, size + self.memory)
            resource.setrlimit(resource.RLIMIT_AS, (soft, hard))

    def _open_own(self) -> None:
        """Open what /proc tells of this process, instead of what it tells of the parent."""
        self._close_own()
        for name, path in (("statm", "statm"), ("children", f"task/{os.getpid()}/children")):
            with suppress(OSError):  # a kernel may lack it
                self.own[name] = os.open(f"/proc/self/{path}", os.O_RDONLY)

    def _close_own(self) -> None:
        for file in self.own.values():
            os.close(file)
        self.own = {}

    def _children(self) -> list[int]:
        """List the children of this process; nothing where /proc does not tell."""
        with suppress(OSError, KeyError):
            listing, offset = b"", 0
            while part := os.pread(self.own["children"], 1 << 16, offset):
                listing, offset = listing + part, offset + len(part)
            return [int(child) for child in listing.split()]
        return []


def confine_worker(
    directory: str, limits: dict[str, Any], level: str = "process", readable: Sequence[str] = ()
) -> Confinement:
    """Confine this process, before it imports anything of the user's.

    Args:
        directory: where cases run, and the one place that stays writable.
        limits: the fields of `Limits`.
        level: "container" (around this process by now), "landlock" or "process".
        readable: what may be read in the level "landlock", besides the directory.

    Raises:
        SystemExit: the level cannot be had; the trusted side then has no worker.
    """
    os.chdir(directory)
    confinement = Confinement(directory, limits, level)
    if resource is not None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        _set_both(resource.RLIMIT_FSIZE, limits["file_size"] << 20)
        _set_both(resource.RLIMIT_NOFILE, _FILES)
        _set_soft(resource.RLIMIT_STACK, _STACK)
    libc = confinement.libc
    if libc is not None:
        if confinement.strong:
            privileges.bound_tasks(libc, resource, contained=level == "container")
            privileges.drop_capabilities(libc)
        libc.prctl(_SET_DEATH_SIGNAL, _KILL, 0, 0, 0)
        libc.prctl(_SET_SUBREAPER, 1, 0, 0, 0)
        libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        if confinement.strong:  # a case cannot reach into the memory of its program or worker
            libc.prctl(_SET_DUMPABLE, 0, 0, 0, 0)
        confinement._open_own()  # noqa: SLF001 -- the other half of the class
        if confinement.strong:
            _wall_in(confinement, level, readable)
    return confinement


def _wall_in(confinement: Confinement, level: str, readable: Sequence[str]) -> None:
    """Put up Landlock and seccomp; the worker sees its own /proc, which programs do not."""
    libc, directory = confinement.libc, confinement.directory
    paths = readable if level == "landlock" else None
    confinement.fence = landlock.ruleset(libc, directory, paths)
    own = landlock.ruleset(libc, directory, None if paths is None else [*paths, "/proc"])
    fenced = landlock.enter(libc, own)
    if own >= 0:
        os.close(own)
    filtered = seccomp.install(libc, seccomp.network_filter())
    if level == "landlock" and not (fenced and filtered):
        sys.exit("this kernel refuses Landlock or seccomp")


def _least(limit: int, value: int) -> int:
    return value if limit == resource.RLIM_INFINITY else min(limit, value)


def _set_both(limit: int, value: int) -> None:
    """Set a limit that nothing in this process can lift again, unless it is root."""
    value = _least(resource.getrlimit(limit)[1], value)
    with suppress(OSError, ValueError):  # some systems know a limit and refuse to set it
        resource.setrlimit(limit, (value, value))


def _set_soft(limit: int, value: int) -> None:
    hard = resource.getrlimit(limit)[1]
    if hard != resource.RLIM_INFINITY and (value == resource.RLIM_INFINITY or value > hard):
        value = hard
    with suppress(OSError, ValueError):  # some systems know a limit and refuse to set it
        resource.setrlimit(limit, (value, hard))


def _remove(path: str) -> None:
    """Remove a file or a directory tree, whatever its modes."""
    if not os.path.isdir(path) or os.path.islink(path):
        os.unlink(path)
        return
    os.chmod(path, 0o700)
    for entry in os.listdir(path):
        _remove(os.path.join(path, entry))
    os.rmdir(path)
