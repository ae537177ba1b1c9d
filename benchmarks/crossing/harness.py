"""The usual harness: the scheme of human-eval and CodeT, written for comparison.

For each candidate a manager process that holds the result, and a forked process that disables
functions of `os`, swallows output, executes the candidate, and then each assertion under an
alarm of wall time. As many at a time as there are cores, each waited for by a thread. Output is
swallowed once and not again for each assertion, and results are sent in one message: both
make it faster than the published ones.
"""

from __future__ import annotations

import builtins
import faulthandler
import io
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, MutableSequence, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import partial

PASSED, FAILED, TIMED_OUT = "passed", "failed", "timed out"
_DISABLED = {
    os: (
        "kill system putenv remove removedirs rmdir fchdir setuid fork forkpty killpg rename "
        "renames truncate replace unlink fchmod fchown chmod chown chroot lchown getcwd chdir"
    ),
    shutil: "rmtree move chown",
    subprocess: "Popen",
    builtins: "exit quit help",
}
_HIDDEN = ("ipdb", "joblib", "resource", "psutil", "tkinter")


@dataclass(frozen=True, slots=True)
class Checked:
    """What the harness says of one candidate: a verdict for each assertion, and wall seconds."""

    verdicts: tuple[str, ...]
    seconds: float


class _TimedOut(Exception):
    """The alarm went off."""


def check_all(
    programs: Sequence[str], asserts: Sequence[str], timeout: float, n_at_once: int
) -> list[Checked]:
    """Check every program; `timeout` is wall seconds for one assertion."""
    with ThreadPoolExecutor(n_at_once) as threads:
        return list(threads.map(partial(_check, asserts=asserts, timeout=timeout), programs))


def _check(program: str, asserts: Sequence[str], timeout: float) -> Checked:
    started = time.perf_counter()
    context = multiprocessing.get_context("fork")
    with tempfile.TemporaryDirectory() as directory, context.Manager() as manager:
        result = manager.list()
        process = context.Process(
            target=_execute, args=(program, asserts, timeout, directory, result)
        )
        process.start()
        process.join(timeout * (len(asserts) + 1) + 1.0)
        if process.is_alive():
            process.kill()
            process.join()
        verdicts = tuple(result) or (TIMED_OUT,) * len(asserts)
    return Checked(verdicts, time.perf_counter() - started)


def _execute(
    program: str,
    asserts: Sequence[str],
    timeout: float,
    directory: str,
    result: MutableSequence[str],
) -> None:
    """Execute a program and its assertions, in a process of their own."""
    signal.signal(signal.SIGALRM, _ring)
    os.setsid()  # as `plain.py` says
    os.chdir(directory)
    _guard()
    namespace: dict[str, object] = {}
    with _swallowed():
        verdict = _verdict(program, namespace, timeout)
        if verdict == PASSED:
            verdicts = [_verdict(text, namespace, timeout) for text in asserts]
        else:
            verdicts = [verdict] * len(asserts)
    result.extend(verdicts)


def _verdict(source: str, namespace: dict[str, object], timeout: float) -> str:
    try:
        signal.setitimer(signal.ITIMER_REAL, timeout)
        try:
            exec(source, namespace)  # noqa: S102 -- that is what is measured
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except _TimedOut:
        return TIMED_OUT
    except BaseException:  # noqa: BLE001 -- as the published ones
        return FAILED
    return PASSED


def _ring(*_: object) -> None:
    raise _TimedOut


def _guard() -> None:
    """Disable what a candidate may break, as the published ones do: no barrier to intent."""
    faulthandler.disable()
    os.environ["OMP_NUM_THREADS"] = "1"
    for module, names in _DISABLED.items():
        for name in names.split():
            if hasattr(module, name):
                setattr(module, name, None)
    for name in _HIDDEN:
        sys.modules[name] = None  # type: ignore[assignment]


@contextmanager
def _swallowed() -> Iterator[None]:
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        stdin, sys.stdin = sys.stdin, io.StringIO()
        try:
            yield
        finally:
            sys.stdin = stdin
