"""Samples of a model that were drawn before, by this run or an earlier one, and are kept on disk.

A sample is known by the digest of the model, the prompt, its seed and how it is drawn, whatever
request it came in: who asks for 32 after 16 waits for 16. Only for backends that give the same
sample for the same of all these, and have the digest of their model.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from pytest_genx.config import Config
from pytest_genx.domain import Request, Role, Sample
from pytest_genx.interfaces import Backend
from pytest_genx.store.place import cache_directory
from pytest_genx.store.rows import Rows

SAMPLING = 2  # of the package; raised when the same key would give another sample
LIMIT = 128 << 20  # bytes


class Remembered:
    """A backend with a memory; all else about it is the backend's own."""

    def __init__(self, backend: Backend, digest: str, directory: Path | None) -> None:
        """Open the memory.

        Args:
            backend: closed with this.
            digest: of its model.
            directory: where samples are kept; None keeps nothing, and counts all the same.
        """
        self._backend = backend
        # What it adds to a request decides over the samples too.
        self._prepared: Callable[[Request], Request] = getattr(backend, "prepared", lambda r: r)
        self.drawn = 0
        self.remembered = 0
        self._digest = digest
        self._rows = Rows(directory, "sample", LIMIT)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)

    @property
    def name(self) -> str:
        """The name of the backend."""
        return self._backend.name

    @property
    def late_notes(self) -> tuple[str, ...]:
        """What is wrong with the memory."""
        return self._rows.notes

    def sample(self, request: Request) -> Iterator[Sample]:
        """Yield what is known, and what the backend gives for the rest, in the order of seeds."""
        request = self._prepared(request)
        end = request.first + request.n
        keys = self._keys(request)
        known = self._known(request, keys)
        at = request.first
        while at < end:
            if at in known:
                self.remembered += 1
                yield known[at]
                at += 1
                continue
            after = min((i for i in known if i > at), default=end)
            for sample in self._backend.sample(replace(request, first=at, n=after - at)):
                self.drawn += 1
                key = keys.get(sample.seed - request.seed)
                if key is not None:
                    self._rows.append({key: _pack(sample)})
                yield sample
            at = after

    def close(self) -> None:
        """Close the memory and the backend."""
        try:
            self._rows.close()
        finally:
            self._backend.close()

    def _keys(self, request: Request) -> dict[int, bytes]:
        """Digest all that decides over each sample of a request, by its index."""
        r = request
        shared = (SAMPLING, self.name, self._digest, r.prompt, r.top_p, r.min_p, r.max_tokens)
        digest = hashlib.sha256(repr(shared).encode("utf-8", "surrogatepass"))
        keys = {}
        for i in range(r.first, r.first + r.n):
            greedy = r.prompt.role is Role.CODER and i == 0
            own = digest.copy()
            own.update(repr((r.seed + i, r.temperature(i), greedy)).encode())
            keys[i] = own.digest()
        return keys

    def _known(self, request: Request, keys: Mapping[int, bytes]) -> dict[int, Sample]:
        """Look up samples by their index."""
        bodies = self._rows.read(list(keys.values()))
        known = {}
        for i, key in keys.items():
            if key not in bodies:
                continue
            sample = _unpack(bodies[key], request.prompt.role)
            if sample is None or sample.seed != request.seed + i:
                self._rows.note("holds damaged samples, which are drawn again")
            else:
                known[i] = sample
        return known


def remembered(backend: Backend, config: Config) -> Backend:
    """Give a backend a memory, if the same request gives the same samples and it says which model.

    Args:
        backend: one that has a `digest` is such a backend.
        config: `cache` says where samples are kept.
    """
    digest = getattr(backend, "digest", "")
    return Remembered(backend, digest, cache_directory(config)) if digest else backend


def _pack(sample: Sample) -> bytes:
    """Write a line that may be appended to a damaged one, or to the same of another process."""
    fields = asdict(sample)
    del fields["role"]
    return b"\n" + json.dumps(fields).encode()


def _unpack(body: bytes, role: Role) -> Sample | None:
    """Read the last line of a row; None when it is damaged."""
    try:
        fields = json.loads(body.splitlines()[-1])
        sample = Sample(role, **{**fields, "cut": tuple(fields["cut"])})
        return sample if isinstance(fields["text"], str) else None
    except (IndexError, KeyError, TypeError, ValueError):
        return None
