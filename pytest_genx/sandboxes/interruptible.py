"""Interrupts that come from within: a main thread that waits for descriptors notices them at once.

Python can be told by another thread to raise KeyboardInterrupt in the main one, and then does so
once that runs Python code again; a wait in the kernel goes on. Ray cancels a task in this way.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Let an interrupt from another thread end a wait of the main one, while in here.

    In another thread than the main one, and where there is no `pthread_kill`, do nothing.
    """
    main = threading.main_thread()
    if threading.current_thread() is not main or not hasattr(signal, "pthread_kill"):
        yield
        return
    end, start = os.pipe()
    os.set_blocking(start, False)

    def pass_on() -> None:
        # Any signal makes the kernel give up the wait, upon which Python looks at what is due.
        while got := os.read(end, 1):
            if got[0] == signal.SIGINT:
                signal.pthread_kill(main.ident or 0, signal.SIGURG)

    helper = threading.Thread(target=pass_on, daemon=True)
    handler = signal.signal(signal.SIGURG, lambda *_: None)
    before = signal.set_wakeup_fd(start, warn_on_full_buffer=False)
    try:
        helper.start()
        yield
    finally:
        signal.set_wakeup_fd(before)
        os.close(start)
        helper.join()
        os.close(end)
        signal.signal(signal.SIGURG, handler)
