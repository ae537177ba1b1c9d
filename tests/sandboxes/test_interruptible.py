"""Interrupts that another thread asks for end a wait of the main thread."""

from __future__ import annotations

import _thread
import os
import select
import signal
import threading
import time
from pathlib import Path

import pytest

from pytest_genx.sandboxes.interruptible import interruptible

pytestmark = pytest.mark.skipif(
    not hasattr(signal, "pthread_kill"), reason="this system has no pthread_kill"
)


def test_a_wait_ends_when_another_thread_interrupts():
    """Without it the wait would last its ten seconds."""
    end, start = os.pipe()
    started = time.monotonic()
    timer = threading.Timer(0.2, _thread.interrupt_main)
    timer.start()
    with pytest.raises(KeyboardInterrupt), interruptible():
        select.select([end], [], [], 10.0)
    assert time.monotonic() - started < 5.0
    timer.join()
    os.close(end)
    os.close(start)


def test_everything_is_as_it_was_afterwards():
    """Handlers, threads and descriptors are restored."""

    def state() -> list[object]:
        descriptors = sorted(Path("/dev/fd").iterdir())
        return [signal.getsignal(signal.SIGURG), threading.active_count(), descriptors]

    before = state()
    with interruptible():
        assert state() != before
    assert state() == before
    assert signal.set_wakeup_fd(-1) == -1


def test_other_threads_are_left_alone():
    """Signals belong to the main thread; elsewhere nothing is changed."""
    entered = []

    def enter() -> None:
        with interruptible():
            entered.append(signal.getsignal(signal.SIGURG))

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert entered == [signal.getsignal(signal.SIGURG)]
