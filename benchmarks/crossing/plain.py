"""Plain ways to execute: a bare loop, a fresh interpreter, a pytest process for each pair.

None of them isolates anything. Limits of the operating system keep a runaway from the machine,
and each process is a session of its own, as a sandbox's are: where the scheduler shares cores
among sessions (Linux's autogroups), both sides then get the same beside busy neighbours.
"""

from __future__ import annotations

import gc
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import CodeType

MEMORY = 4 << 30  # bytes of address space
STUCK = 600  # seconds of CPU time after which a bare loop is stuck
_RUN_FILE = (
    "import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[2]),) * 2);"
    "runpy.run_path(sys.argv[1], run_name='solution')"
)

Source = tuple[str, str]  # a program, and what checks it


def forked(n: int, work: Callable[[int], bytes]) -> tuple[list[bytes], float]:
    """Do `work(k)` in `n` forked processes.

    Returns:
        What each returned, and wall seconds for all.
    """
    gc.collect()
    sys.stdout.flush()
    started = time.perf_counter()
    children = []
    for k in range(n):
        ours, theirs = os.pipe()
        if (pid := os.fork()) == 0:
            _child(theirs, work, k)
        os.close(theirs)
        children.append((pid, ours))
    results = []
    for _, pipe in children:
        with os.fdopen(pipe, "rb") as file:
            results.append(file.read())
    fates = [os.waitpid(pid, 0)[1] for pid, _ in children]
    if any(fates):
        sys.exit(f"a process of the plain side died with status {max(fates)}")
    return results, time.perf_counter() - started


def _child(pipe: int, work: Callable[[int], bytes], k: int) -> None:
    status = 1
    try:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (STUCK, STUCK))
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        with os.fdopen(pipe, "wb") as file:
            file.write(work(k))
        status = 0
    finally:
        os._exit(status)


def bare_loop(programs: Sequence[str], checks: Sequence[str], n: int) -> tuple[list[str], float]:
    """Execute every program against every check in `n` processes, with nothing around them.

    Returns:
        Rows of "P" and "F", and wall seconds.
    """
    shares, seconds = forked(n, lambda k: _share(programs[k::n], checks))
    rows = [""] * len(programs)
    for k, share in enumerate(shares):
        rows[k::n] = share.decode().split("\n")[:-1]
    return rows, seconds


def _share(programs: Sequence[str], checks: Sequence[str]) -> bytes:
    codes = [compile(text, "<case>", "exec") for text in checks]
    return "".join(_row(program, codes) + "\n" for program in programs).encode()


def _row(program: str, codes: Sequence[CodeType]) -> str:
    namespace: dict[str, object] = {"__name__": "solution"}
    try:
        exec(program, namespace)  # noqa: S102 -- that is what is measured
    except BaseException:  # noqa: BLE001 -- a program that does not load fails everything
        return "F" * len(codes)
    found = []
    for code in codes:
        try:
            exec(code, namespace)  # noqa: S102 -- as above
            found.append("P")
        except BaseException:  # noqa: BLE001 -- whatever it raises, it fails
            found.append("F")
    return "".join(found)


def burn(n_loops: int, cpu: float, n: int) -> float:
    """Loop `n_loops` times for `cpu` seconds of CPU time, `n` at a time; return wall seconds.

    Each loop has a process of its own.
    """

    def share(k: int) -> bytes:
        for _ in range(k, n_loops, n):
            if (pid := os.fork()) == 0:
                _spin(cpu)
            os.waitpid(pid, 0)
        return b""

    return forked(n, share)[1]


def _spin(cpu: float) -> None:
    end = time.process_time() + cpu
    while time.process_time() < end:
        pass
    os._exit(0)


def fresh_interpreters(pairs: Iterable[Source], limit: float, n: int) -> list[str]:
    """Run each pair in an interpreter of its own, `n` at a time.

    Args:
        pairs: a program, and what is executed after it.
        limit: wall seconds for each.
        n: how many at a time.

    Returns:
        "P", "F" or "T" for each.
    """
    with ThreadPoolExecutor(n) as threads:
        return list(threads.map(lambda pair: _fresh(pair, limit), pairs))


def _fresh(pair: Source, limit: float) -> str:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "solution.py"
        path.write_text("\n".join(pair), encoding="utf-8")
        command = [sys.executable, "-B", "-c", _RUN_FILE, str(path), str(MEMORY)]
        return _letter(command, directory, limit)


def pytest_processes(pairs: Iterable[Source], limit: float, n: int) -> list[str]:
    """Run each pair as a test file in a pytest process of its own; as `fresh_interpreters`."""
    with ThreadPoolExecutor(n) as threads:
        return list(threads.map(lambda pair: _pytest(pair, limit), pairs))


def _pytest(pair: Source, limit: float) -> str:
    program, check = pair
    with tempfile.TemporaryDirectory() as directory:
        indented = check.replace("\n", "\n    ")
        path = Path(directory) / "test_pair.py"
        path.write_text(f"{program}\n\ndef test_pair():\n    {indented}\n", encoding="utf-8")
        command = [sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        return _letter([*command, "-p", "no:genx", path.name], directory, limit)


def _letter(command: Sequence[str], directory: str, limit: float) -> str:
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": directory, "PYTHONHASHSEED": "0"}
    try:
        done = subprocess.run(
            command,
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=limit,
            check=False,
            start_new_session=True,
        )
    except subprocess.TimeoutExpired:
        return "T"
    return "P" if done.returncode == 0 else "F"
