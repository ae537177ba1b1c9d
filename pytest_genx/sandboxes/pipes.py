"""The two pipes of a worker, without waiting for either: by the kernel, or by a thread each.

Windows cannot wait for pipes, and before Python 3.12 not use them without waiting; threads do
it there. Both kinds have the same methods, and `Waiter` waits for either.
"""

from __future__ import annotations

import contextlib
import os
import queue
import selectors
import threading
from collections import deque
from collections.abc import Callable
from typing import IO, Generic, TypeAlias, TypeVar

from pytest_genx.sandboxes.system import System

_READ = 1 << 18  # bytes
_LONGEST = 0.5  # seconds
_Key = TypeVar("_Key")


class PolledPipes:
    """Pipes that the kernel tells about."""

    def __init__(self, control: IO[bytes], verdicts: IO[bytes]) -> None:
        self._control, self._verdicts = control, verdicts
        self._outbox = bytearray()
        for pipe in (control, verdicts):
            os.set_blocking(pipe.fileno(), False)
            _widen(pipe.fileno())

    def fileno(self) -> int:
        """Return the descriptor of the pipe with the verdicts."""
        return self._verdicts.fileno()

    def send(self, data: bytes) -> None:
        """Write something, as soon as the worker listens."""
        self._outbox += data
        self.flush()

    def flush(self) -> None:
        """Write what has not been written yet."""
        with contextlib.suppress(BlockingIOError, BrokenPipeError):
            while self._outbox:
                sent = os.write(self._control.fileno(), self._outbox[:_READ])
                del self._outbox[:sent]

    @property
    def waits(self) -> bool:
        """Whether there is more to say."""
        return bool(self._outbox)

    def receive(self) -> bytes | None:
        """Return what is there: nothing at the end, None while there is nothing."""
        try:
            return os.read(self._verdicts.fileno(), _READ)
        except BlockingIOError:
            return None

    def hang_up(self) -> None:
        """Close both, on which the worker ends by itself."""
        for pipe in (self._control, self._verdicts):
            with contextlib.suppress(OSError):
                pipe.close()

    def close(self) -> None:
        """Close both."""
        self.hang_up()


class ThreadedPipes:
    """Pipes with a thread each; closing one that a thread reads waits, hence last of all."""

    def __init__(self, control: IO[bytes], verdicts: IO[bytes]) -> None:
        self._control, self._verdicts = control, verdicts
        self._outbox: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._inbox: deque[bytes] = deque()
        self._tell: Callable[[], object] = _ignore
        self._threads = [
            threading.Thread(target=work, daemon=True) for work in (self._write, self._read)
        ]
        for thread in self._threads:
            thread.start()

    def on_news(self, tell: Callable[[], object]) -> None:
        """Have a function called, from any thread, when there is something to receive."""
        self._tell = tell
        tell()  # of what came before

    def send(self, data: bytes) -> None:
        """Have something written."""
        self._outbox.put(data)

    def flush(self) -> None:
        """Nothing is left to do here."""

    @property
    def waits(self) -> bool:
        """Never: the thread does."""
        return False

    def receive(self) -> bytes | None:
        """Return what was read: nothing for the end, None while there is nothing."""
        return self._inbox.popleft() if self._inbox else None

    def hang_up(self) -> None:
        """Close the pipe that is written to, once all is written."""
        self._outbox.put(b"")

    def close(self) -> None:
        """Wait for the threads, which end with the process."""
        self._tell = _ignore
        self.hang_up()
        for thread in self._threads:
            thread.join(1.0)
        if not self._threads[1].is_alive():  # else something that was started holds the pipe
            self._verdicts.close()

    def _write(self) -> None:
        with contextlib.suppress(OSError):  # the worker is gone, as the other thread will see
            while data := self._outbox.get():
                while data:
                    data = data[os.write(self._control.fileno(), data) :]
        with contextlib.suppress(OSError):
            self._control.close()

    def _read(self) -> None:
        data = b"-"
        while data:
            try:
                data = os.read(self._verdicts.fileno(), _READ)
            except OSError:
                data = b""
            self._inbox.append(data)
            self._tell()


AnyPipes: TypeAlias = PolledPipes | ThreadedPipes


class Waiter(Generic[_Key]):
    """Waits for any of several pipes, each with a key that is returned."""

    def __init__(self, system: System) -> None:
        """Open it.

        Raises:
            OSError: no file descriptor is left.
        """
        self._selector = selectors.DefaultSelector() if system.selects else None
        self._news: queue.SimpleQueue[_Key] = queue.SimpleQueue()

    def add(self, pipes: AnyPipes, key: _Key) -> None:
        """Wait for these, too."""
        if isinstance(pipes, ThreadedPipes):
            pipes.on_news(lambda: self._news.put(key))
        elif self._selector is not None:
            self._selector.register(pipes, selectors.EVENT_READ, key)

    def remove(self, pipes: AnyPipes) -> None:
        """Wait for these no more; what was read of them may still be returned."""
        if isinstance(pipes, ThreadedPipes):
            pipes.on_news(_ignore)
        elif self._selector is not None:
            self._selector.unregister(pipes)

    def wait(self, patience: float | None) -> list[_Key]:
        """Return the keys of pipes that have something, each as often as it has.

        Args:
            patience: seconds to wait at most; None for as long as it takes, or a while.
        """
        if self._selector is not None:
            return [key.data for key, _ in self._selector.select(patience)]
        keys: list[_Key] = []
        with contextlib.suppress(queue.Empty):
            # Nothing interrupts this wait on Windows, so it is never long.
            keys.append(
                self._news.get(timeout=min(_LONGEST, _LONGEST if patience is None else patience))
            )
            while True:
                keys.append(self._news.get_nowait())
        return keys

    def close(self) -> None:
        """Forget all."""
        if self._selector is not None:
            self._selector.close()


def open_pipes(control: IO[bytes], verdicts: IO[bytes], system: System) -> AnyPipes:
    """Take the pipes of a new process, in the way that the system knows."""
    return (PolledPipes if system.selects else ThreadedPipes)(control, verdicts)


def _ignore() -> None:
    """Tell nobody."""


def _widen(pipe: int) -> None:
    """Give a pipe room, where that can be asked for: fewer switches between processes."""
    with contextlib.suppress(ImportError, AttributeError, OSError):
        import fcntl  # noqa: PLC0415 -- not everywhere

        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _READ)
