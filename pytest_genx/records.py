"""What a run says, as values and as versioned JSON lines.

Every reporter is fed these and nothing else, so a file of them holds all that the terminal
shows. Fields are plain JSON types; timings, and what the caches spared, stand only in
`RunEnded`, so that two runs with the same seed, model and inputs differ in that line alone.
"""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_genx.domain import Answered, Question
from pytest_genx.errors import RecordError

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The first record: what was asked and with which parts.

    `environment` holds what is the same for every case, as `NAME=value`.
    """

    version: str
    seed: int
    oracle: str
    backends: tuple[str, ...]
    sandbox: str
    ranker: str
    targets: tuple[str, ...]
    notes: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    models: tuple[str, ...] = ()  # `BACKEND NAME sha256:DIGEST`, of backends that have one
    schema: int = SCHEMA


@dataclass(frozen=True, slots=True)
class TargetStarted:
    """Work on one target begins."""

    target: str
    is_stub: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stage of one target is; for displays, never kept in a file."""

    target: str
    stage: str  # "sampled" or "executed"
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class PromptMade:
    """What models are asked from here on, for one role and stage; samples name its `digest`."""

    target: str
    role: str
    stage: str
    digest: str
    text: str
    messages: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SampleTaken:
    """One raw completion, as the backend gave it; `replay` reads these back."""

    target: str
    role: str
    backend: str
    seed: int
    text: str
    tokens: int = 0
    logprob: float | None = None
    stage: str = "first"
    prompt: str = ""  # digest of the prompt
    cut: tuple[str, ...] = ()  # what was left out of it for want of room
    first: int = 0  # of the request it came from: index of the first sample asked for


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """One row of the pass matrix."""

    source: str
    origin: str
    count: int
    incumbent: bool
    score: float
    passed: int


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One column of the pass matrix; `reason` says why a case was not kept."""

    source: str
    imports: tuple[str, ...]
    origin: str
    count: int
    corrected: bool
    anchor: bool
    score: float
    agree: int  # distinct candidates that pass it, the incumbent included
    incumbent: str  # letter of the outcome on the current code, "" for a stub
    kept: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A suspected bug; `case` is an index into the cases of the same record."""

    case: int
    score: float
    supporters: int
    observed: str
    reason: str
    probability: float = 1.0
    expected: str = ""
    anchors: int = 0


@dataclass(frozen=True, slots=True)
class TargetDone:
    """The whole result for one target; one letter of `outcomes[i][j]` per pair."""

    target: str
    candidates: tuple[CandidateRow, ...]
    cases: tuple[CaseRow, ...]
    outcomes: tuple[str, ...]
    findings: tuple[FindingRow, ...]
    proposal: int | None  # row of the implementation proposed for a stub
    notes: tuple[str, ...] = ()
    question: Question | None = None  # what one would have to know, where the ranking is unsure
    answered: tuple[Answered, ...] = ()  # questions that were put to the user


@dataclass(frozen=True, slots=True)
class QuestionAsked:
    """A question is put to the user now; displays make room for it."""

    target: str
    question: Question


@dataclass(frozen=True, slots=True)
class TargetFailed:
    """A target that could not be worked on, with the reason."""

    target: str
    reason: str


@dataclass(frozen=True, slots=True)
class FileWritten:
    """What became of one planned file: "written", "unchanged" or why it was refused."""

    path: str
    status: str
    cases: int


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of wall time that a stage took, over all targets."""

    stage: str
    seconds: float


@dataclass(frozen=True, slots=True)
class RunEnded:
    """The last record, and the only one in which two runs of the same differ.

    `executed` and `cached` count pairs, `sampled` and `remembered` samples of models that are
    known by a digest; `notes` say what is wrong with the caches, and where samples came from.
    """

    interrupted: bool
    seconds: float
    executed: int = 0
    cached: int = 0
    notes: tuple[str, ...] = ()
    sampled: int = 0
    remembered: int = 0
    timings: tuple[Timing, ...] = ()


Record = (
    RunStarted
    | TargetStarted
    | Progress
    | PromptMade
    | SampleTaken
    | QuestionAsked
    | TargetDone
    | TargetFailed
    | FileWritten
    | RunEnded
)

_KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in typing.get_args(Record)}


def encode(record: Record) -> str:
    """Write a record as one JSON line, without the newline."""
    body = {"record": type(record).__name__, **dataclasses.asdict(record)}
    return json.dumps(body, ensure_ascii=False)


def decode(line: str) -> Record:
    """Read one JSON line.

    Raises:
        ValueError: the line is not a record; the message says why.
    """
    body = json.loads(line)
    if not isinstance(body, dict) or body.get("record") not in _KINDS:
        raise ValueError(f"not a record; known: {', '.join(_KINDS)}")
    kind = _KINDS[body.pop("record")]
    record: Record = _build(kind, body)
    if isinstance(record, RunStarted) and record.schema != SCHEMA:
        raise ValueError(f"schema {record.schema} is not supported; this version reads {SCHEMA}")
    return record


def read(path: Path) -> Iterator[Record]:
    """Read a file of JSON lines, skipping empty ones.

    Raises:
        RecordError: the file cannot be read, or a line is bad (its number is in the message).
    """
    number = 0
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):  # noqa: B007 -- told when decoding fails
                if line.strip():
                    yield decode(line)
    except (OSError, ValueError) as error:  # JSON and Unicode errors are ValueErrors
        raise RecordError(path, number, str(error)) from None


def _build(kind: Any, value: Any) -> Any:
    """Turn plain JSON into the annotated type, strictly."""
    origin = typing.get_origin(kind)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _build_fields(kind, value)
    if origin is tuple and isinstance(value, list):
        item_kind = typing.get_args(kind)[0]
        return tuple(_build(item_kind, item) for item in value)
    if origin in (typing.Union, types.UnionType):
        kinds = typing.get_args(kind)
        if value is None and type(None) in kinds:
            return None
        return _build(next(k for k in kinds if k is not type(None)), value)
    if kind is float and type(value) is int:
        return float(value)
    if isinstance(kind, type) and type(value) is kind:
        return value
    raise ValueError(f"expected {getattr(kind, '__name__', kind)}, got {value!r:.80}")


def _build_fields(kind: Any, value: Any) -> Any:
    """Turn a JSON object into a dataclass: no field too many, none too few."""
    if not isinstance(value, dict):
        raise ValueError(f"{kind.__name__} must be an object")  # noqa: TRY004 -- as documented
    hints = typing.get_type_hints(kind)
    unknown = set(value) - set(hints)
    if unknown:
        raise ValueError(f"{kind.__name__} has no field {min(unknown)!r}")
    built = {name: _build(hints[name], item) for name, item in value.items()}
    for field in dataclasses.fields(kind):
        if field.name not in built and field.default is dataclasses.MISSING:
            raise ValueError(f"{kind.__name__}: the field {field.name!r} is missing")
    return kind(**built)
