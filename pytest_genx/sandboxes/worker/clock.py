"""Count CPU time: report when it is spent, and let the kernel end what does not listen.

Child side: standard library only, imports nothing of ours. Two steps: a signal handler that
reports and exits, at the limit; and a second timer whose signal kills, for code that does not
return to the interpreter. Code that tampers with both is left to RLIMIT_CPU (`confine`), which
counts in whole seconds. Where a system has no timers, wall time is all there is.
"""

from __future__ import annotations

import signal
from collections.abc import Callable

_HARD_FACTOR = 1.5
# Plain numbers: making members of an enumeration costs more than the calls.
_PROF = int(getattr(signal, "ITIMER_PROF", 0))
_VIRTUAL = int(getattr(signal, "ITIMER_VIRTUAL", 0))


def hard_limit(seconds: float) -> float:
    """Return when code that ignored the soft limit is killed, in seconds of CPU time."""
    return seconds * _HARD_FACTOR + 0.05


class Clock:
    """The limit on one stretch of code at a time; timers do not survive a fork."""

    def __init__(self, seconds: float, report: Callable[[], object]) -> None:
        self.seconds = seconds
        self.hard = hard_limit(seconds)
        self.report = report
        self.works = hasattr(signal, "setitimer")

    def listen(self) -> None:
        """Take the signals, which other code may have taken."""
        if self.works:
            signal.signal(signal.SIGPROF, lambda *_: self.report())
            signal.signal(signal.SIGVTALRM, signal.SIG_DFL)
            signal.signal(signal.SIGXCPU, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, ())

    def start(self) -> None:
        """Begin to count; what this process has used before does not count."""
        if self.works:
            signal.setitimer(_PROF, self.seconds)
            signal.setitimer(_VIRTUAL, self.hard)

    def stop(self) -> None:
        """Count no more."""
        if self.works:
            signal.setitimer(_PROF, 0)
            signal.setitimer(_VIRTUAL, 0)
