"""Fork without the work that only threads make necessary.

Child side: standard library only, imports nothing of ours. `os.fork` repairs, in the child,
what other threads may have left in disorder, and calls back into every module that asked for
it (`threading`, `random`, `logging`); for a child that lives a millisecond this is most of the
cost, as each page it touches is copied. With one thread there is nothing to repair, so the C
library's own `fork` does. Where that does not hold, `os.fork` is called.
"""

from __future__ import annotations

import _thread
import ctypes
import os
import sys
import sysconfig
from collections.abc import Callable


def cheapest_fork() -> Callable[[], int]:
    """Choose how to fork on this system."""
    gil = not sysconfig.get_config_var("Py_GIL_DISABLED")
    if sys.platform != "linux" or sys.implementation.name != "cpython" or not gil:
        return os.fork
    bare: Callable[[], int] = ctypes.PyDLL(None).fork  # keeps the interpreter's lock

    def fork() -> int:
        if _thread._count() != 0:  # noqa: SLF001
            return os.fork()
        pid = bare()
        if pid < 0:
            raise OSError("the system refuses to fork")
        return pid

    return fork
