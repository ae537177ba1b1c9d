"""Run a program as a script: a case is what it reads, what it prints is the observation.

Child side: standard library only, imports nothing of ours. The program is `__main__`, compiled
once and executed for each case, on real descriptors, so that `input`, `sys.stdin`, `open(0)`
and `os.write` all work. `exit()` is a normal end; functions registered with `atexit` and
threads have their turn before the output is taken. What it shall print is not known here.

Not covered: `os._exit`, after which nothing can be said; the exit status of other programs.
"""

from __future__ import annotations

import atexit
import functools
import io
import os
import sys
import threading
import types
from collections.abc import Callable
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or __package__:  # run by path, this is a module of its own
    from pytest_genx.sandboxes.worker.clock import Clock
else:
    from clock import Clock

_CODE = "<program>"  # a key that no program can name
# Windows removes no file that is open, but can be told to when it is closed; it alone has these.
_GOES_AWAY = getattr(os, "O_TEMPORARY", 0) | getattr(os, "O_BINARY", 0)


def load(path: str, program: str, clock: Clock) -> dict[str, Any]:
    """Compile a program, under the CPU limit; raises whatever the compiler raises.

    Returns:
        What `prepare`d cases take for their namespace.
    """
    clock.start()
    try:
        return {_CODE: compile(program, path, "exec", dont_inherit=True)}
    finally:
        clock.stop()


def prepare(source: str, _batch: dict[str, Any]) -> Callable[..., str]:
    """Make what runs a case; `source` is what the program reads."""
    return functools.partial(_run, source)


def _run(source: str, namespace: dict[str, Any], limit: int, _restart: Callable[[], None]) -> str:
    """Run the program and return what it printed.

    Returns:
        "o", how many characters are left out, a space, then a digest of the tokens of it all,
        or nothing where all is there, a space, and the text.

    Raises:
        BaseException: whatever the program does; an exit status other than 0 is one.
    """
    code: types.CodeType = namespace[_CODE]
    main = types.ModuleType("__main__")
    main.__file__ = code.co_filename
    sys.modules["__main__"] = main
    sys.argv = [code.co_filename]
    output = _redirect(source)
    atexit._clear()  # noqa: SLF001 -- what the worker's imports registered is not the program's
    try:
        exec(code, main.__dict__)  # noqa: S102 -- that is the job
    except SystemExit as error:
        if not (error.code is None or (type(error.code) in (int, bool) and error.code == 0)):
            raise
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    atexit._run_exitfuncs()  # noqa: SLF001 -- some programs print in them
    for stream in (sys.stdout, sys.__stdout__):
        if stream is not None and not stream.closed:
            stream.flush()
    main.__dict__.clear()  # files that the program left open are written
    return _printed(output, limit)


def _redirect(source: str) -> int:
    """Let the program read the source, and return a descriptor of what it prints."""
    for name in ("stdin", "stdout"):
        descriptor = os.open(f".{name}", os.O_RDWR | os.O_CREAT | os.O_TRUNC | _GOES_AWAY)
        if not _GOES_AWAY:
            os.unlink(f".{name}")  # noqa: PTH108 -- pathlib takes long to import
        if name == "stdin":
            with os.fdopen(os.dup(descriptor), "wb") as file:
                file.write(source.encode("utf-8", "surrogatepass"))
            os.lseek(descriptor, 0, os.SEEK_SET)
            os.dup2(descriptor, 0)
            os.close(descriptor)
    os.dup2(descriptor, 1)
    streams: Any = sys
    streams.stdin = streams.__stdin__ = io.TextIOWrapper(
        io.BufferedReader(io.FileIO(0, closefd=False)), encoding="utf-8"
    )
    streams.stdout = streams.__stdout__ = io.TextIOWrapper(
        io.BufferedWriter(io.FileIO(1, "w", closefd=False)),
        encoding="utf-8",
        errors="backslashreplace",
        newline="\n",
    )
    return descriptor


def _printed(output: int, limit: int) -> str:
    size = os.fstat(output).st_size
    os.lseek(output, 0, os.SEEK_SET)
    data = b""
    while len(data) < size and (part := os.read(output, size - len(data))):
        data += part
    text = data.decode("utf-8", "replace")
    if len(text) <= limit:
        return f"o0  {text}"
    # What does not travel is known by its tokens.
    digest = blake2b(b" ".join(data.split()), digest_size=16).hexdigest()
    return f"o{len(text) - limit} {digest} {text[:limit]}"
