"""What can go wrong that a user can act on; an error's docstring is its meaning.

Each constructor takes facts and writes the sentence. Front ends alone translate them.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path


class GenxError(Exception):
    """Something a user can put right; the message is one sentence."""


class UnknownName(GenxError):
    """A backend, sandbox, ranker or reporter of that name is not installed."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        super().__init__(f"no {kind} named {name!r}; known: {', '.join(sorted(known))}")


class DuplicateName(GenxError):
    """Two plugins offer the same name for the same kind of thing."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"two plugins offer a {kind} named {name!r}")


class TargetNotFound(GenxError):
    """A path or a name given as a target does not exist."""

    def __init__(self, what: str, value: str, known: Iterable[str] = ()) -> None:
        close = difflib.get_close_matches(value, list(known), n=3, cutoff=0.5)
        hint = f"; close matches: {', '.join(close)}" if close else ""
        super().__init__(f"{what} {value!r} does not exist{hint}")


class NoTargets(GenxError):
    """Nothing to generate for."""

    def __init__(self, places: Iterable[str]) -> None:
        listed = ", ".join(places)
        where = f"in {listed}" if listed else "because no path was given"
        super().__init__(
            f"no targets {where}; name a file, a directory or PATH::NAME after "
            "--genx-generate, or set genx_targets"
        )


class SourceError(GenxError):
    """A file of the user's does not parse or cannot be read."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"cannot read {path}: {reason}")


class ModelError(GenxError):
    """A model file is missing, truncated, or not what it should be."""

    def __init__(self, model: str, reason: str) -> None:
        super().__init__(f"cannot load model {model!r}: {reason}")


class PullError(GenxError):
    """A model cannot be had from the hub; what has come of it is kept unless the reason says so."""

    def __init__(self, model: str, reason: str) -> None:
        super().__init__(f"cannot pull {model!r}: {reason}")


class ServerError(GenxError):
    """A server cannot be reached, refuses, or answers with what is no answer.

    `reason` is what it does, `status` the HTTP status, 0 where there is none.
    """

    def __init__(self, url: str, reason: str, status: int = 0) -> None:
        super().__init__(f"server {url}: {reason}")
        self.reason = reason
        self.status = status


class MissingDependency(GenxError):
    """A part needs a package that is not installed."""

    def __init__(self, part: str, package: str, install: str) -> None:
        super().__init__(f"{part} needs the package {package!r}, which is missing; run: {install}")


class RecordError(GenxError):
    """A line of a record file is not a record."""

    def __init__(self, path: Path, line: int, reason: str) -> None:
        super().__init__(f"{path}, line {line}: {reason}")


class WriteRefused(GenxError):
    """A file will not be written: outside the rootdir, or changed since planning."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"will not write {path}: {reason}")


class BadOption(GenxError):
    """An option has a value it cannot have."""

    def __init__(self, option: str, value: object, expected: str) -> None:
        super().__init__(f"{option} is {value!r}; expected {expected}")


class PromptError(GenxError):
    """A file with a prompt's words cannot be used."""

    def __init__(self, path: Path, reason: str, near: str = "", known: Iterable[str] = ()) -> None:
        listed = list(known)
        close = difflib.get_close_matches(near, listed, n=1, cutoff=0.4)
        hint = f"; nearest: {close[0]}" if close else ""
        hint = hint or (f"; known: {', '.join(listed)}" if listed else "")
        super().__init__(f"prompt {path}: {reason}{hint}")


class SandboxError(GenxError):
    """The sandbox itself broke or cannot be had on this machine."""

    def __init__(self, sandbox: str, reason: str) -> None:
        super().__init__(f"sandbox {sandbox!r}: {reason}")


class RecipeError(GenxError):
    """A training recipe has a wrong key, type or path."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"recipe {path}: {reason}")
