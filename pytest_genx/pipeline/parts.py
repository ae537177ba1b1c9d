"""What the stages of a target share; nothing is done here."""

from __future__ import annotations

from dataclasses import dataclass, field

from pytest_genx.config import Config
from pytest_genx.domain import Candidate, Case, Execution, Stage
from pytest_genx.interfaces import Backend, Cache, Ranker, Sandbox
from pytest_genx.pipeline.clock import Clock
from pytest_genx.pipeline.generate import BATCH, Health
from pytest_genx.pipeline.judge import Ask
from pytest_genx.pipeline.wording import Wording

WHY = {  # samples of later stages were asked for
    Stage.REPAIR: "what was no use went back once, with the error",
    Stage.SECOND: "a second round, on what candidates or cases disagree about",
}


@dataclass(frozen=True, slots=True)
class Parts:
    """What the stages work with, opened by the caller."""

    config: Config
    backends: tuple[Backend, ...]
    sandbox: Sandbox
    ranker: Ranker
    cache: Cache | None = None
    ask: Ask | None = None  # puts a question to the user
    wording: Wording | None = None  # of prompts; None for the built-in ones
    batch: int = BATCH  # samples for each role and backend between two looks at the ranking
    health: Health = field(default_factory=Health)  # of the backends, from target to target
    clock: Clock = field(default_factory=Clock)


@dataclass(frozen=True, slots=True)
class Work:
    """What samples come to once they are executed: `executions` are `[n_candidates][n_cases]`."""

    candidates: list[Candidate]
    cases: list[Case]
    executions: list[list[Execution]]
    notes: list[str]
