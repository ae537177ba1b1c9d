"""Run programs that come from elsewhere, in child processes of a helper interpreter.

What is covered: a crash, an endless loop and a memory hog end one program only (CPU time,
address space and file size are limited, the working directory is an empty one, standard
streams lead nowhere). What is not: a program can read files, open sockets and guess the
result channel. It is meant for published reference solutions and for what a small model of
one's own writes; whoever distrusts them uses a sandbox of `pytest_genx.sandboxes`.

Run as a module it is the helper: one JSON request a line on stdin, one JSON answer a line on
stdout. It needs POSIX (`fork`).
"""

from __future__ import annotations

import ast
import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
import types
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Self

from pytest_genx.train.families.calls import Call

_MEMORY = 2 << 30  # bytes of address space
_FILE = "<program>"
_LONGEST = 4000  # characters of a value that are sent back
_LOADING = 2.0  # CPU seconds for the import of a program
_PATIENCE = 3  # calls that may run into the limit before a program is given up


class _Late(BaseException):
    """The limit of one call; no program catches it by accident."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a program did: `error` when it did not load, else one call each; None timed out."""

    error: str | None
    calls: tuple[Call | None, ...]
    helpers: tuple[tuple[str, Call], ...] = ()  # calls seen of the program's other functions


class Executor:
    """The helper interpreter; open it once, run many programs, close it.

    Args:
        cpu: seconds of CPU time for one call.
        wall: seconds of wall time for a program with all its calls, against those that sleep.
    """

    def __init__(self, cpu: float = 2.0, *, wall: float = 6.0) -> None:
        self._limits = {"cpu": cpu, "wall": wall}
        self._folder = tempfile.TemporaryDirectory(prefix="genx-train-")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "pytest_genx.train.execute"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "GENX_TRAIN_FOLDER": self._folder.name},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        self._folder.cleanup()

    def run(self, program: str, calls: Sequence[str], *, entry: str = "") -> Ran:
        """Run expressions, or statements, in the namespace of a program.

        Args:
            program: source of a module.
            calls: each is an expression whose value is wanted, or statements.
            entry: record calls of the program's top-level functions other than this one.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        request = {"program": program, "calls": list(calls), "entry": entry, **self._limits}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        answered = zip(calls, answer["calls"], strict=True)
        found = [_call(source, c) if c is not None else None for source, c in answered]
        helpers = tuple((name, _call(source, c)) for name, source, c in answer["helpers"])
        return Ran(answer["error"], tuple(found), helpers)


def _call(source: str, found: dict[str, Any]) -> Call:
    return Call(source, found["value"], found["raised"], frozenset(found["lines"]))


def _serve() -> None:
    """Answer requests until stdin ends; each runs in its own child."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)
    for line in sys.stdin:
        channel.write(_fork(json.loads(line)) + "\n")
        channel.flush()


def _fork(request: dict[str, Any]) -> str:
    """Run one request in a child and collect what it managed to write."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.setsid()
        status = 1
        try:
            _limit(request["cpu"], len(request["calls"]))
            _run(request, writing)
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    text = _read(reading, time.monotonic() + request["wall"])
    # Whatever the program started and left behind belongs to its session.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    lines = [json.loads(line) for line in text.splitlines() if line.endswith("}")]
    error = next((line["error"] for line in lines if "error" in line), "the process died")
    helpers: list[Any] = next((line["helpers"] for line in lines if "helpers" in line), [])
    calls = {line["call"]: line for line in lines if "call" in line}
    count = len(request["calls"])
    answer = {"error": error, "calls": [calls.get(i) for i in range(count)], "helpers": helpers}
    return json.dumps(answer)


def _read(channel: int, deadline: float) -> str:
    """Read until the writers are gone or the time is up."""
    parts = []
    while select.select([channel], [], [], max(0.0, deadline - time.monotonic()))[0]:
        part = os.read(channel, 1 << 16)
        if not part:
            break
        parts.append(part)
    os.close(channel)
    return b"".join(parts).decode(errors="replace")


def _limit(cpu: float, calls: int) -> None:
    import resource  # noqa: PLC0415 - POSIX alone has it

    total = int(_LOADING + cpu * min(calls, 20)) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (total, total + 1))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
    os.chdir(os.environ.get("GENX_TRAIN_FOLDER", tempfile.gettempdir()))


def _run(request: dict[str, Any], writing: int) -> None:
    def send(line: dict[str, Any]) -> None:
        os.write(writing, (json.dumps(line) + "\n").encode())

    def late(*_: object) -> None:
        raise _Late

    signal.signal(signal.SIGVTALRM, late)
    module = types.ModuleType("program")
    sys.modules["program"] = module
    namespace = module.__dict__
    helpers: list[Any] = []
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, _LOADING)
        exec(compile(request["program"], _FILE, "exec"), namespace)  # noqa: S102
    except BaseException as error:  # noqa: BLE001 - foreign code may raise anything
        send({"error": type(error).__name__})
        return
    send({"error": None})
    if request["entry"]:
        _record(namespace, request["entry"], helpers)
    patience = _PATIENCE
    for i, source in enumerate(request["calls"]):
        signal.setitimer(signal.ITIMER_VIRTUAL, request["cpu"])
        found = _observe(source, namespace)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        if found is None:
            patience -= 1
            if not patience:
                break
            continue
        send({"call": i, **found})
    send({"helpers": helpers[:40]})


def _observe(source: str, namespace: dict[str, Any]) -> dict[str, Any] | None:
    lines: set[int] = set()

    def trace(frame: types.FrameType, event: str, _: object) -> Any:
        if frame.f_code.co_filename != _FILE:
            return None
        if event == "line":
            lines.add(frame.f_lineno)
        return trace

    value, raised = None, None
    try:
        try:
            code = compile(source, "<call>", "eval")
        except SyntaxError:
            code = compile(source, "<call>", "exec")
        sys.settrace(trace)
        value = _literal(eval(code, namespace))  # noqa: S307
    except _Late:
        return None
    except BaseException as error:  # noqa: BLE001 - as above
        raised = type(error).__name__
    finally:
        sys.settrace(None)
    return {"value": value, "raised": raised, "lines": sorted(lines)[:400]}


def _literal(value: object) -> str | None:
    text = repr(value)
    if len(text) > _LONGEST:
        return None
    try:
        return text if ast.literal_eval(text) == value else None
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None


def _record(namespace: dict[str, Any], entry: str, seen: list[Any]) -> None:
    """Wrap the program's other functions, to learn how they are called."""

    def wrap(name: str, function: Any) -> Any:
        def wrapper(*arguments: Any, **named: Any) -> Any:
            texts = [_literal(a) for a in arguments]
            result = function(*arguments, **named)
            value = _literal(result)
            if not named and None not in texts and value is not None and len(seen) < 400:
                source = f"{name}({', '.join(map(str, texts))})"
                seen.append([name, source, {"value": value, "raised": None, "lines": []}])
            return result

        return wrapper

    for name, thing in list(namespace.items()):
        own = isinstance(thing, types.FunctionType) and thing.__code__.co_filename == _FILE
        if own and name != entry:
            namespace[name] = wrap(name, thing)


if __name__ == "__main__":
    _serve()
