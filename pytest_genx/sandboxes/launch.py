"""The command line that starts a worker in a level, and the paths it can read there.

Bubblewrap, or `worker/contain.py` where it is missing, sets a container up and becomes the
worker. In the other levels the worker is started as it is, and shuts itself in (`confine`).
Killing what was started kills everything inside: a container's processes end with it.
"""

from __future__ import annotations

import contextlib
import json
import os
import site
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from pytest_genx.sandboxes.mechanism import Level, Mechanism

WORKER = Path(__file__).with_name("worker")
# What an interpreter and its extension modules may need of a system; no user's data.
_SYSTEM = (
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store",
    "/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime", "/etc/mime.types",
)  # fmt: skip
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
# What a runtime asks of the machine; tells nothing of other processes.
_MACHINE = ("/sys/devices/system/cpu", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat")
_LIBRARY_PATHS = ("LD_LIBRARY_PATH",)


def readable_paths(project: Iterable[str | Path]) -> tuple[str, ...]:
    """List what a worker may read: the system's libraries, this interpreter, and the project.

    Args:
        project: files and directories of the user's.

    Returns:
        Absolute paths that exist, none below another, parents of links resolved and not.
    """
    wanted = {*map(str, project), *_installed()}
    wanted |= {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix, str(WORKER)}
    wanted |= set(_hops(sys.executable))
    for name in _LIBRARY_PATHS:
        wanted |= {path for path in os.environ.get(name, "").split(os.pathsep) if path}
    absolute = {os.path.abspath(path) for path in wanted}  # noqa: PTH100 -- keeps links
    absolute |= {os.path.realpath(path) for path in absolute}
    return _topmost([*_SYSTEM, *sorted(p for p in absolute if Path(p).exists())])


def landlock_paths(readable: Sequence[str]) -> list[str]:
    """List what the worker lets itself read in the level `landlock`, home and null apart."""
    return [path for path in (*readable, *_DEVICES, *_MACHINE) if Path(path).exists()]


def command(
    mechanism: Mechanism,
    worker: Sequence[str],
    home: Path,
    readable: Sequence[str],
    disk: int,
) -> list[str]:
    """Write the command line that starts a worker.

    Args:
        mechanism: what shuts it in.
        worker: its own command line.
        home: the directory of its own, which exists.
        readable: what it may read, as `readable_paths` lists it.
        disk: MiB that a container's home holds.
    """
    if mechanism.level is not Level.CONTAINER:
        return list(worker)
    links = [(os.readlink(p), p) for p in readable if p in _SYSTEM and Path(p).is_symlink()]  # noqa: PTH115
    linked = {path for _, path in links}
    binds = [(os.path.realpath(p), p) for p in readable if p not in linked and Path(p).exists()]
    if mechanism.program is None:
        spec = {
            "home": str(home),
            "bytes": disk << 20,
            "binds": binds,
            "links": links,
            "devices": _DEVICES,
            "user": mechanism.user_namespace,
        }
        contain = str(WORKER / "contain.py")
        return [sys.executable, "-I", "-S", "-B", contain, json.dumps(spec), *worker]
    return [*_bubblewrap(mechanism, home, binds, links, disk), *worker]


def _bubblewrap(
    mechanism: Mechanism,
    home: Path,
    binds: Sequence[tuple[str, str]],
    links: Sequence[tuple[str, str]],
    disk: int,
) -> list[str]:
    assert mechanism.program is not None
    kinds = ("ipc", "pid", "net", "uts", "cgroup-try")
    arguments = [mechanism.program, *(f"--unshare-{kind}" for kind in kinds)]
    # Root needs one capability, and only until the worker has shut itself in: see `privileges`.
    arguments += ["--unshare-user"] if mechanism.user_namespace else []
    arguments += ["--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    arguments += [] if mechanism.user_namespace else ["--cap-add", "CAP_SETUID"]
    for source, path in binds:
        arguments += ["--ro-bind", source, path]
    for target, path in links:
        arguments += ["--symlink", target, path]
    arguments += ["--proc", "/proc"]
    for device in _DEVICES:
        arguments += ["--dev-bind-try", device, device]
    arguments += ["--perms", "0700", "--size", str(disk << 20), "--tmpfs", str(home)]
    return [*arguments, "--remount-ro", "/", "--chdir", str(home), "--"]


def _installed() -> set[str]:
    """List where packages are, editable ones included; not what only this process imports from."""
    folders = [*site.getsitepackages(), site.getusersitepackages() if site.ENABLE_USER_SITE else ""]
    found = {folder for folder in folders if folder}
    for file in [file for folder in found for file in Path(folder).glob("*.pth")]:
        with contextlib.suppress(OSError):
            lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
            found |= {str(file.parent / line) for line in lines if line.startswith("/")}
    return found


def _topmost(paths: Iterable[str]) -> tuple[str, ...]:
    """Drop what lies below another path, and what is not there."""
    kept: list[str] = []
    for path in sorted({p for p in paths if Path(p).exists()}):
        if not any(path == parent or path.startswith(parent.rstrip("/") + "/") for parent in kept):
            kept.append(path)
    return tuple(kept)


def _hops(path: str) -> list[str]:
    """List a path and what its links lead to, one by one."""
    hops = [path]
    while os.path.islink(hops[-1]) and len(hops) < 40:  # noqa: PTH114
        hops.append(os.path.join(os.path.dirname(hops[-1]), os.readlink(hops[-1])))  # noqa: PTH115, PTH118, PTH120
    return hops
