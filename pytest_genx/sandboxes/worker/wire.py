"""Frames to the trusted side, messages from it.

Child side: standard library only, imports nothing of ours. A frame is a token, the length of
the rest in four bytes, and fields: a byte that tells None from text, UTF-8, joined by NUL.
Plain enough that neither side runs more than a split. Messages are JSON behind a length.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from os import read, write  # bound here, so that a candidate that patches `os` stays readable
from typing import Any


def send(pipe: int, token: bytes, fields: Sequence[str | None]) -> None:
    """Write one frame."""
    put(pipe, frame(token, fields))


def frame(token: bytes, fields: Sequence[str | None]) -> bytes:
    """Make one frame."""
    body = "\0".join(["-" if field is None else "+" + field for field in fields])
    if body.count("\0") >= len(fields):
        body = "\0".join(
            ["-" if field is None else "+" + field.replace("\0", "\\0") for field in fields]
        )
    data = body.encode("utf-8", "backslashreplace")
    return token + len(data).to_bytes(4, "big") + data


def put(pipe: int, data: bytes) -> None:
    """Write frames, whole."""
    while data:
        data = data[write(pipe, data) :]


class Voice:
    """Speaks for the worker, with its token, until that is forgotten where a candidate comes."""

    def __init__(self, pipe: int, token: bytes) -> None:
        self.pipe = pipe
        self._token = token

    def say(self, *fields: str) -> None:
        """Write one frame."""
        send(self.pipe, self._token, fields)

    def forget(self) -> None:
        """Leave nothing to be found in this process; what is said after that is not heard."""
        self._token = b""


def receive(pipe: int) -> dict[str, Any] | None:
    """Read one message; None when the trusted side is gone."""
    size = _read(pipe, 4)
    body = size and _read(pipe, int.from_bytes(size, "big"))
    message: dict[str, Any] | None = json.loads(body) if body else None
    return message


def _read(pipe: int, size: int) -> bytes | None:
    parts = []
    while size:
        part = read(pipe, min(size, 1 << 20))
        if not part:
            return None
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
