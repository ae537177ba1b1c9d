"""What this machine can give, found by trying, and the strongest level of it."""

from __future__ import annotations

import ctypes
import errno
import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pytest_genx.errors import SandboxError
from pytest_genx.sandboxes.launch import command, readable_paths
from pytest_genx.sandboxes.mechanism import LANDLOCK, PROCESS, Level, Mechanism
from pytest_genx.sandboxes.worker import landlock, seccomp

_PATIENCE = 20.0  # seconds of wall time for one attempt
_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ENOMEM)


@dataclass(frozen=True, slots=True)
class Probe:
    """Whether a level can be had: by which mechanism, or what is missing."""

    mechanism: Mechanism | None
    missing: str = ""


@functools.cache  # what a machine can do does not change while it runs
def probe(level: Level) -> Probe:
    """Find out whether this machine gives a level; the first answer stands for the process.

    Raises:
        SandboxError: nothing can be tried: no directory, no descriptors or no processes are left.
    """
    if level is Level.PROCESS:
        return Probe(PROCESS)
    if sys.platform != "linux":
        return Probe(None, f"this system is {sys.platform}, and the level needs Linux")
    return _probe_container() if level is Level.CONTAINER else _probe_landlock()


def strongest(weakest: Level) -> Mechanism:
    """Return the strongest mechanism there is.

    Args:
        weakest: the level that it must at least have.

    Raises:
        SandboxError: there is none that strong; says what is missing and what would work.
    """
    missing: list[str] = []
    for level in Level:
        found = probe(level)
        if found.mechanism is not None and level.rank <= weakest.rank:
            return found.mechanism
        if found.mechanism is not None:
            reasons = "; ".join(missing)
            raise SandboxError(weakest.value, f"{reasons}; the level {level.value!r} would work")
        missing.append(found.missing)
    raise AssertionError("unreachable: the level 'process' is always there")


def notes(mechanism: Mechanism) -> tuple[str, ...]:
    """Warn, in one sentence, of a mechanism in which candidates are not shut in by the kernel."""
    if mechanism.level is not Level.PROCESS:
        return ()
    lacks = "; ".join(probe(level).missing for level in (Level.CONTAINER, Level.LANDLOCK))
    sentence = (
        f"sandbox {mechanism.name}: generated code can read your files, and a guard in its own "
        f"interpreter is all that keeps it from harm ({lacks})"
    )
    return (sentence,)


def _probe_container() -> Probe:
    reasons = []
    for mechanism in _containers():
        reason = _attempt(mechanism)
        if reason is None:
            return Probe(mechanism)
        reasons.append(f"{mechanism.name}: {reason}")
    found = "" if shutil.which("bwrap") else "bubblewrap is not installed, "
    return Probe(None, f"{found}no container starts ({', '.join(dict.fromkeys(reasons))})")


def _containers() -> Iterator[Mechanism]:
    """Yield what may work; root does better without a namespace of users, if it is full root."""
    with_users = (False, True) if os.geteuid() == 0 else (True,)
    for program in dict.fromkeys((shutil.which("bwrap"), None)):
        for users in with_users:
            name = "container (bubblewrap)" if program else "container (namespaces)"
            yield Mechanism(Level.CONTAINER, name, program, users)


def _attempt(mechanism: Mechanism) -> str | None:
    """Start something in a container; None if that works, else the reason.

    Raises:
        SandboxError: the machine lacks what every level needs, which says nothing about this one.
    """
    try:
        directory = tempfile.TemporaryDirectory(prefix="genx-")
    except OSError as error:
        raise SandboxError(mechanism.name, f"no worker can be started: {error}") from None
    with directory as home:
        does = [shutil.which("true") or "/bin/true"]
        line = command(mechanism, does, Path(home).resolve(), readable_paths(()), 1)
        try:
            done = subprocess.run(
                line, capture_output=True, text=True, check=False, timeout=_PATIENCE
            )
        except (OSError, subprocess.SubprocessError) as error:
            if getattr(error, "errno", None) in _EXHAUSTED:
                reason = f"no worker can be started: {error}"
                raise SandboxError(mechanism.name, reason) from None
            return str(error)
    lines = done.stderr.strip().splitlines()
    return None if done.returncode == 0 else (lines or [f"exit {done.returncode}"])[-1]


def _probe_landlock() -> Probe:
    needed = landlock.COMPLETE
    version = landlock.version(ctypes.CDLL(None, use_errno=True))
    if version < needed:
        has = f"this kernel has version {version}" if version else "this kernel has none"
        return Probe(None, f"Landlock version {needed} (Linux 6.12) is needed and {has}")
    if seccomp.network_filter() is None:
        return Probe(None, f"no seccomp filter is known for {os.uname().machine}")
    return Probe(LANDLOCK)
