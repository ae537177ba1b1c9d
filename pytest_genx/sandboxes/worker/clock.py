"""Count CPU time: report when it is spent, and let the kernel end what does not listen.

Child side: standard library only, imports nothing of ours. Two steps: a signal handler that
reports and exits, at the limit; and a second timer whose signal kills, for code that does not
return to the interpreter. Code that tampers with both is left to RLIMIT_CPU (`confine`), which
counts in whole seconds. Where a system has no timers, wall time is all there is.
"""

from __future__ import annotations

import signal
import types
from collections.abc import Callable
from time import process_time
from typing import Any

# Bound here, so that a candidate that patches `signal` is still timed; Windows has none.
setitimer: Any = getattr(signal, "setitimer", None)

_LOOKS = (1, 3, 7)  # ticks at which a slow stretch is looked at
_HARD_FACTOR, _HARD_MARGIN = 1.05, 0.01
_TICKS, _SLOWEST_TICK = 16, 0.02  # ticks within the limit, and seconds
# Plain numbers: making members of an enumeration costs more than the calls.
_PROF = int(getattr(signal, "ITIMER_PROF", 0))
_VIRTUAL = int(getattr(signal, "ITIMER_VIRTUAL", 0))


def hard_limit(seconds: float) -> float:
    """Return when code that ignored the soft limit is killed, in seconds of CPU time."""
    return seconds * _HARD_FACTOR + _HARD_MARGIN


def take_signals(handler: Callable[[types.FrameType | None], object]) -> None:
    """Have the timer's signal handled, and the others end the process as they would."""
    if setitimer is not None:
        signal.signal(signal.SIGPROF, lambda _, frame: handler(frame))
        signal.signal(signal.SIGVTALRM, signal.SIG_DFL)
        signal.signal(signal.SIGXCPU, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())


class Clock:
    """The limit on one stretch of code at a time; timers do not survive a fork."""

    def __init__(self, seconds: float, report: Callable[[], object]) -> None:
        self.seconds = seconds
        self.hard = hard_limit(seconds)
        self.report = report
        self.works = setitimer is not None

    def listen(self) -> None:
        """Take the signals, which other code may have taken."""
        take_signals(self._on_time)

    def _on_time(self, _: types.FrameType | None) -> None:
        self.report()  # whichever is in force by then

    def start(self) -> None:
        """Begin to count; what this process has used before does not count."""
        if self.works:
            setitimer(_PROF, self.seconds)
            setitimer(_VIRTUAL, self.hard)

    def stop(self) -> None:
        """Count no more."""
        if self.works:
            setitimer(_PROF, 0)
            setitimer(_VIRTUAL, 0)


class Ticker:
    """The limit on each of many short stretches, without a system call for any.

    Whoever runs them says which one runs now. A timer that goes on ticking notices one that is
    still there: it was begun after the last tick that saw another. What does not return to the
    interpreter is killed by a second timer, which each tick sets back.
    """

    def __init__(
        self,
        seconds: float,
        now: Callable[[], object],
        report: Callable[[], object],
        alive: Callable[[], object],
        slow: Callable[[types.FrameType | None], object],
    ) -> None:
        """Prepare to tick.

        Args:
            seconds: of CPU time that one stretch may take, up to one tick more.
            now: says which one runs, None between two.
            report: called when it has; does not return.
            alive: called at a tick that sees another stretch than the last.
            slow: called with what is being executed at some of the ticks that see the same.
        """
        self.seconds = seconds
        self.tick = min(seconds / _TICKS, _SLOWEST_TICK)
        self._now, self._report, self._alive, self._slow = now, report, alive, slow
        self._seen: object = None
        self._since = 0.0
        self._ticks = 0

    def start(self) -> None:
        """Begin to tick."""
        take_signals(self._on_tick)
        if setitimer is None:
            return
        setitimer(_PROF, self.tick, self.tick)
        setitimer(_VIRTUAL, self.seconds + self.tick)

    def _on_tick(self, frame: types.FrameType | None) -> None:
        setitimer(_VIRTUAL, self.seconds + self.tick)
        spent, now = process_time(), self._now()
        if now != self._seen:
            self._seen, self._since, self._ticks = now, spent, 0
            self._alive()
        elif spent - self._since >= self.seconds:
            self._report()
        elif now is not None:
            self._ticks += 1
            if self._ticks in _LOOKS:
                self._slow(frame)
