"""One record a line, in the file given as `jsonl:FILE`; what `replay` and programs read.

Every line is flushed, so that an interrupted run keeps what was done. `Progress` is for
displays and left out.
"""

from __future__ import annotations

from pathlib import Path

from pytest_genx.config import Config
from pytest_genx.errors import BadOption
from pytest_genx.interfaces import Reporter
from pytest_genx.records import Progress, Record, encode


def jsonl_reporter(config: Config) -> Reporter:
    """Open the file that `config.reports` names for `jsonl`, over what it held.

    Raises:
        BadOption: it cannot be opened for writing, or `--genx-replay` reads it.
    """
    path = config.destination("jsonl")
    if config.replay is not None and path.resolve() == config.replay.resolve():
        raise BadOption("--genx-report", f"jsonl:{path}", "another file than --genx-replay reads")
    return _JsonLines(path)


class _JsonLines:
    """An open file of records."""

    def __init__(self, path: Path) -> None:
        try:
            self._file = path.open("w", encoding="utf-8", newline="\n")
        except OSError as error:
            expected = f"a file that can be written ({error.strerror or error})"
            raise BadOption("--genx-report", f"jsonl:{path}", expected) from None

    def record(self, record: Record) -> None:
        """Write one line."""
        if not isinstance(record, Progress):
            self._file.write(encode(record) + "\n")
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
