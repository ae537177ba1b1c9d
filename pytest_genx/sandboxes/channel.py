"""The trusted end of a worker's pipes: messages out, frames in.

Only two tokens steer, the worker's and the program's. Whatever stands between their frames
was written by the process of a case, and counts as a verdict if it holds that pair's token
before a whole frame; the rest, of whatever length, is thrown away.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_TOKEN, _LENGTH = 16, 4


@dataclass(frozen=True, slots=True)
class Frame:
    """A steering frame, and the bytes that stood before it."""

    from_worker: bool
    fields: list[str | None]
    before: bytes


class FrameReader:
    """Collects bytes; keeps at most `limit` that no steering frame has closed."""

    def __init__(self, worker_token: bytes, limit: int) -> None:
        self.worker_token = worker_token
        self.program_token = worker_token
        self.limit = limit
        self._bytes = bytearray()
        self._searched = 0

    def feed(self, data: bytes, case_token: bytes) -> None:
        """Take what was read; `case_token` is that of the pair in flight."""
        self._bytes += data
        if len(self._bytes) > 2 * self.limit:
            self._shed(case_token)

    def frames(self) -> Iterator[Frame]:
        """Yield the steering frames that are complete."""
        while True:
            start = self._find()
            if start < 0:
                return
            if _length(self._bytes, start) > self.limit:
                self._searched = start + 1  # longer than any: what claims it is no frame
                continue
            frame = take(self._bytes, start)
            if frame is None:
                return  # the rest of it is on its way
            fields, end = frame
            from_worker = self._bytes.startswith(self.worker_token, start)
            before = bytes(self._bytes[:start])
            del self._bytes[:end]
            self._searched = 0
            yield Frame(from_worker, fields, before)

    def _find(self) -> int:
        """Find the first steering token, going on where the last search ended."""
        found = [
            start
            for token in {self.worker_token, self.program_token}
            if (start := self._bytes.find(token, self._searched)) >= 0
        ]
        if not found:
            self._searched = max(0, len(self._bytes) - _TOKEN + 1)
        return min(found, default=-1)

    def _shed(self, case_token: bytes) -> None:
        """Drop a flood, but not the verdict in it, nor what a steering frame may begin with."""
        end = self._find()
        end = self._searched if end < 0 else end
        start = self._bytes.find(case_token, 0, end) if case_token else -1
        kept = b"" if start < 0 else self._bytes[start : min(end, start + self.limit)]
        self._bytes[:end] = kept
        self._searched = len(kept)


def take(data: bytes | bytearray, start: int) -> tuple[list[str | None], int] | None:
    """Read the frame whose token begins at `start`; None while it is incomplete.

    Returns:
        Its fields and where it ends.
    """
    body = start + _TOKEN + _LENGTH
    end = body + _length(data, start)
    if len(data) < body or len(data) < end:
        return None
    text = bytes(data[body:end]).decode("utf-8", "replace")
    return [field[1:] if field[:1] == "+" else None for field in text.split("\0")], end


def _length(data: bytes | bytearray, start: int) -> int:
    return int.from_bytes(data[start + _TOKEN : start + _TOKEN + _LENGTH], "big")


def find_frame(data: bytes, token: bytes) -> list[str | None]:
    """Read the first whole frame with a token; no fields if there is none."""
    start = data.find(token) if token else -1
    frame = take(data, start) if start >= 0 else None
    return [] if frame is None else frame[0]


def encode(message: Mapping[str, object]) -> bytes:
    """Write a message to a worker."""
    body = json.dumps(message).encode()
    return len(body).to_bytes(_LENGTH, "big") + body
