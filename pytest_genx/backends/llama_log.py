"""What llama.cpp logs, collected instead of printed."""

from __future__ import annotations

import functools
from collections import deque
from typing import Any

_LINES = 100  # that are kept


class LibraryLog:
    """The last lines that llama.cpp logged, in place of its output."""

    def __init__(self, library: Any) -> None:
        self.lines: deque[str] = deque(maxlen=_LINES)

        def take(_level: int, text: bytes, _data: object) -> None:
            self.lines.append(text.decode("utf-8", errors="replace").strip())

        self.callback = library.llama_log_callback(take)
        library.llama_log_set(self.callback, None)

    def complaint(self) -> str:
        """The line that says what went wrong."""
        wrong = [line for line in self.lines if "error" in line or "failed" in line]
        return next(iter(wrong or [line for line in self.lines if line][-1:]), "it gave no reason")


@functools.cache
def library_log(library: Any) -> LibraryLog:
    """Open the log, once in a process: the library keeps a pointer to it for good.

    Args:
        library: the module `llama_cpp`.
    """
    return LibraryLog(library)
