"""The values that travel between stages; none of them does anything.

Rows are candidates and columns are cases, everywhere.
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


class Role(enum.Enum):
    """Which of the two parts a model plays."""

    CODER = "coder"
    TESTER = "tester"


class Oracle(enum.Enum):
    """What is trusted: the current code, the user's tests, or neither."""

    CODE = "code"
    TESTS = "tests"
    CONSENSUS = "consensus"


class TargetKind(enum.Enum):
    """How a target is called."""

    FUNCTION = "function"
    METHOD = "method"
    STATICMETHOD = "staticmethod"
    CLASSMETHOD = "classmethod"


class Outcome(enum.Enum):
    """What became of one candidate on one case; the value is its letter in records."""

    PASS = "P"  # noqa: S105 -- a letter, not a password
    FAIL = "F"  # an assertion
    ERROR = "E"  # any other exception, a failed import included
    TIMEOUT = "T"
    CRASH = "C"  # the process died without a verdict


@dataclass(frozen=True, slots=True)
class Target:
    """One function or method under test, located in source that is never imported here.

    `start` and `end` are the first and last line of the definition, decorators included,
    counted from 1; `source` is those lines, dedented.
    """

    path: Path
    import_root: Path  # the directory that must be on sys.path for `module` to import
    module: str
    qualname: str
    kind: TargetKind
    is_async: bool
    is_stub: bool
    start: int
    end: int
    source: str
    module_source: str
    docstring: str | None = None

    @property
    def name(self) -> str:
        """The last part of the qualified name."""
        return self.qualname.rpartition(".")[2]

    @property
    def owner(self) -> str | None:
        """The class that holds a method, dotted when nested; None for a function."""
        return self.qualname.rpartition(".")[0] or None

    def label(self, rootdir: Path) -> str:
        """How users and records write it: `PATH::NAME`, relative to the rootdir, with slashes."""
        inside = self.path.is_relative_to(rootdir)
        path = self.path.relative_to(rootdir) if inside else self.path
        return f"{path.as_posix()}::{self.qualname}"


@dataclass(frozen=True, slots=True)
class Expectation:
    """The form "call and compare": `call` is an expression, and so is `value` (or `raises`).

    Both None: the call was proposed without a value, to be observed by running it.
    """

    call: str
    value: str | None = None
    raises: str | None = None


class CaseForm(enum.Enum):
    """What the source of a case is."""

    SNIPPET = "snippet"  # statements, run in the candidate's namespace
    FUNCTION = "function"  # test functions, run by pytest with the user's own fixtures
    DOCTEST = "doctest"  # an interactive session
    EXCHANGE = "exchange"  # what a program reads; `expectation.value` is what it shall print


@dataclass(frozen=True, slots=True)
class Case:
    """One test: statements run in a copy of the target module's namespace, or another form.

    `imports` are statements that the written test needs too (`import math`). `count` is how
    often the model wrote it. `corrected` says that the value comes from running the incumbent.
    """

    source: str
    origin: str
    expectation: Expectation | None = None
    imports: tuple[str, ...] = ()
    count: int = 1
    corrected: bool = False
    anchor: bool = False
    form: CaseForm = CaseForm.SNIPPET


@dataclass(frozen=True, slots=True)
class Weakness:
    """Why a case is no whole witness of what the target does.

    `kind` is "pointless", "copy", "twin" or "easy"; `weight`, in [0, 1], is how much of a
    witness is left; `reason` says why it must not be kept, "" when it may be.
    """

    kind: str
    weight: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A trusted example of behaviour, as statements, and where it was found."""

    source: str
    origin: str  # "docstring", "doctest" or "PATH::NAME" of an existing test
    imports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Context:
    """What a prompt may show besides the target itself."""

    imports: str = ""
    surroundings: str = ""  # source of module-level names and class members the target uses
    anchors: tuple[Anchor, ...] = ()
    calls: tuple[str, ...] = ()  # expressions that call the target, from tests and callers
    test_style: tuple[str, ...] = ()  # at most two existing tests of the module
    callers: tuple[str, ...] = ()  # source of functions that call the target
    fixtures: tuple[str, ...] = ()  # source of fixtures that its existing tests use
    types: tuple[str, ...] = ()  # classes of other modules that its annotations name


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is asked, both ways: `messages` for chat models, `text` for plain ones.

    A plain completion continues `text`; `prefix` is the end of `text` that belongs to the
    answer (`assert f(`), so that `prefix + completion` is what extraction parses. `shorter` is
    the same prompt without what matters least of it, for a model that has no room for this one;
    `cut` names what is missing here already, and `text_cut` what of that `text` ever shows.
    `grammar` is GBNF that a completion of `text` may be held to, `schema` the JSON schema that
    an answer to `messages` may be held to; "" for none.
    """

    role: Role
    text: str
    prefix: str = ""
    messages: tuple[tuple[str, str], ...] = ()  # (role, content)
    stop: tuple[str, ...] = ()
    grammar: str = ""
    shorter: Prompt | None = None
    cut: tuple[str, ...] = ()
    schema: str = ""
    text_cut: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """What it is known by: 16 hexadecimal digits of what a model is shown."""
        shown = repr((self.role.value, self.text, self.messages)).encode()
        return hashlib.sha256(shown).hexdigest()[:16]


class Stage(enum.Enum):
    """Why samples are asked for."""

    FIRST = "first"  # the ordinary way
    REPAIR = "repair"  # a sample that was no use goes back with the error
    SECOND = "second"  # the second round: what would tell competing behaviours apart


@dataclass(frozen=True, slots=True)
class Followup:
    """What is worth asking once more: samples `first` to `first + n - 1` of a further prompt.

    `values` are those of placeholders that a first prompt has nothing for; only `backend` is
    asked, "" for all that cost something.
    """

    role: Role
    stage: Stage
    values: Mapping[str, str]
    n: int
    first: int = 0
    backend: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """One order to a backend: `n` samples of one prompt for one target.

    They are samples `first` to `first + n - 1` of that prompt: sample i has seed `seed + i` and
    the temperature `temperatures[i % len(temperatures)]`, whatever the requests it comes in.
    """

    target: Target
    context: Context
    prompt: Prompt
    n: int
    seed: int
    first: int = 0
    stage: Stage = Stage.FIRST
    max_tokens: int = 256
    temperatures: tuple[float, ...] = (0.8,)
    top_p: float = 0.95
    min_p: float = 0.05

    def temperature(self, index: int) -> float:
        """The temperature of one of the prompt's samples, counted from the prompt's first."""
        return self.temperatures[index % len(self.temperatures)]


@dataclass(frozen=True, slots=True)
class Sample:
    """One raw completion; `text` already starts with the prompt's prefix.

    `cut` names what was left out of the prompt for want of room.
    """

    role: Role
    text: str
    backend: str
    seed: int = 0
    tokens: int = 0
    logprob: float | None = None  # sum over tokens, nats
    cut: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """One implementation: `source` is the definition, `program` the whole module with it in place.

    `count` is how many samples wrote it. The incumbent is the code as it stands.
    """

    source: str
    program: str
    origin: str
    count: int = 1
    incumbent: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """What one case may use. CPU time decides; wall time is a far backstop."""

    cpu: float = 1.0  # seconds of CPU time for a case, the same for the import of a candidate
    wall: float = 10.0  # seconds of wall time
    memory: int = 1024  # MiB of address space above what the worker has after its imports
    file_size: int = 16  # MiB
    disk: int = 64  # MiB in all that a container's directory holds
    processes: int = 0  # that a case may start
    output: int = 64  # KiB of an observation that are kept


@dataclass(frozen=True, slots=True)
class Batch:
    """What a sandbox runs: every program against every case.

    `path` and `module` are what the programs believe they are, so that relative imports and
    `__file__` work; `sys_path` goes before the interpreter's own. `known[i]` holds executions
    of program `i` from an earlier run, by case; they are reported as they are, and not run.
    `rootdir` and `conftests`, outermost first, are what test functions find in pytest. Where
    cases are exchanges, all are, and the programs are scripts.
    """

    module: str
    path: str
    sys_path: tuple[str, ...]
    programs: tuple[str, ...]
    cases: tuple[Case, ...]
    limits: Limits = field(default_factory=Limits)
    hash_seed: int = 0
    known: tuple[Mapping[int, Execution], ...] = ()
    rootdir: str = ""
    conftests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Execution:
    """One pair, executed.

    `value` is an expression that rebuilds what the call returned (None when there is none or
    it cannot be rebuilt), `digest` identifies what it returned or raised, canonically.
    `detail` is one line for people: the exception or the reason.
    """

    outcome: Outcome
    detail: str = ""
    value: str | None = None
    raised: str | None = None  # qualified name of the exception's class
    digest: str | None = None
    returned_type: str | None = None


# Where a case comes from that the user's answer to a question made; it is an anchor.
ANSWER = "answer you gave"

# Timeouts after which the remaining cases of a program are not run, counted in their order.
HOPELESS = 3
NOT_RUN = Execution(Outcome.TIMEOUT, f"not run: {HOPELESS} cases before it timed out")


@dataclass(frozen=True, slots=True)
class Finding:
    """A suspected bug: the consensus supports the case and the current code fails it."""

    case: Case
    score: float
    supporters: int  # distinct candidates that pass the case, the incumbent excluded
    observed: str  # what the current code did, one line
    reason: str
    probability: float = 1.0  # that the code is wrong there
    expected: str = ""  # what the consensus gives, an expression where it is a value
    anchors: int = 0  # that the best of the supporters passes


@dataclass(frozen=True, slots=True)
class Answer:
    """What some candidates return for the call of a question, as an expression."""

    value: str
    candidates: int  # distinct ones that return it, the incumbent included
    samples: int  # that wrote them
    probability: float  # that it is right, as the ranking has it


@dataclass(frozen=True, slots=True)
class Question:
    """A call on which the leading groups of candidates differ; the most probable answer first."""

    call: str
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Answered:
    """A question that was put to the user, and the expression given; "" for no answer."""

    question: Question
    given: str


@dataclass(frozen=True, slots=True)
class Edit:
    """One file to be written: refused when the file on disk is no longer `before`."""

    path: Path
    before: str | None  # text when planned, None when the file did not exist
    after: str
