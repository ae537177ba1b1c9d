"""The whole way of one target, and the only module that names every stage, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pytest_genx.config import Config
from pytest_genx.domain import (
    Candidate,
    Case,
    Context,
    Execution,
    Oracle,
    Prompt,
    Question,
    Role,
    Sample,
    Stage,
    Target,
)
from pytest_genx.interfaces import Backend, Cache, Ranker, Sandbox
from pytest_genx.pipeline.anchors import anchor_case
from pytest_genx.pipeline.budget import cut_notes
from pytest_genx.pipeline.clock import Clock, TimedSandbox
from pytest_genx.pipeline.context import gather
from pytest_genx.pipeline.correct import settle
from pytest_genx.pipeline.executor import Executor
from pytest_genx.pipeline.extract import (
    extract_candidates,
    extract_cases,
    incumbent,
    merge,
    useless,
)
from pytest_genx.pipeline.generate import BATCH, Health, Sampling, any_paid, in_order
from pytest_genx.pipeline.judge import Ask, judge, rank
from pytest_genx.pipeline.memory import Memory
from pytest_genx.pipeline.prompt import make_prompts
from pytest_genx.pipeline.rows import target_done
from pytest_genx.pipeline.score import credible, without_broken_anchors
from pytest_genx.pipeline.select import choose, reasons_against
from pytest_genx.pipeline.settled import Standing, settled, standing, why
from pytest_genx.pipeline.suspect import find
from pytest_genx.pipeline.wording import Wording
from pytest_genx.records import (
    Progress,
    PromptMade,
    QuestionAsked,
    Record,
    SampleTaken,
    TargetFailed,
    TargetStarted,
)

Emit = Callable[[Record], None]


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


def run_target(target: Target, parts: Parts, emit: Emit) -> list[Case]:
    """Sample, execute, rank and select for one target, and say everything in records.

    Args:
        target: what is under test.
        parts: backends, sandbox, ranker and configuration.
        emit: takes each record as soon as it is known.

    Returns:
        The cases to keep, best first.

    Raises:
        GenxError: the sandbox itself failed, or all backends did at several targets in a row.
    """
    config = parts.config
    name = target.label(config.rootdir)
    parts.health.refuse(parts.backends)
    emit(TargetStarted(name, target.is_stub))
    executor = Executor(
        target,
        config,
        TimedSandbox(parts.sandbox, parts.clock),
        Memory(parts.cache),
        lambda done, total: emit(Progress(name, "executed", done, total)),
    )
    runner = _Runner(target, parts, executor, emit, name)

    broken = executor.probe()
    if broken:
        emit(TargetFailed(name, broken))
        return []

    context = gather(
        target, rootdir=config.rootdir, test_paths=[Path(path) for path in config.test_paths]
    )
    sampling = runner.sampling(context)
    samples = runner.sample(context, sampling)
    # Another round with other prompts goes here: `runner.take(sampling.ask(..., stage=...))`,
    # made from `runner.run(...)` of what there is, and its samples behind these.
    if not samples and sampling.notes:
        emit(TargetFailed(name, "; ".join(sampling.notes)))
        return []
    work = runner.run(context, samples)
    candidates, notes = work.candidates, [*sampling.notes, *useless(samples, target)]
    notes += [*cut_notes(samples), *work.notes]
    if config.oracle is Oracle.TESTS and not any(case.anchor for case in work.cases):
        notes.append("no trusted tests or examples were found; ranked by consensus alone")

    judged = judge(
        target,
        candidates,
        work.cases,
        work.executions,
        ranker=parts.ranker,
        oracle=config.oracle,
        cross=executor.cross,
        ask=runner.ask if parts.ask else None,
    )
    cases, executions = judged.cases, judged.executions
    matrix, ranking = judged.matrix, judged.ranking
    voices = credible(matrix, cases, executions)
    findings = find(matrix, ranking, cases, executions, voices, config.oracle)
    reasons = reasons_against(
        matrix, ranking, cases, executions, voices, findings, config.oracle, judged.weak
    )
    current = incumbent(target)
    if current:
        executor.refuse_unstable(current, cases, reasons)
    chosen = choose(matrix, ranking, cases, [not reason for reason in reasons], config.max_tests)
    for j, reason in enumerate(reasons):
        if not reason and j not in chosen:
            reasons[j] = f"not among the {config.max_tests} that add most"

    emit(
        target_done(
            name,
            target,
            candidates,
            cases,
            executions,
            matrix,
            ranking,
            findings=findings,
            chosen=chosen,
            reasons=reasons,
            notes=[*notes, *judged.notes],
            question=judged.question,
            answered=judged.answered,
        )
    )
    return [cases[j] for j in chosen]


@dataclass(frozen=True, slots=True)
class _Work:
    """What samples come to once they are executed."""

    candidates: list[Candidate]
    cases: list[Case]
    executions: list[list[Execution]]
    notes: list[str]


@dataclass(frozen=True, slots=True)
class _Runner:
    """The steps that are taken more than once for a target, with what they share."""

    target: Target
    parts: Parts
    executor: Executor
    emit: Emit
    name: str

    def ask(self, question: Question) -> str | None:
        """Put a question to the user, and say so first."""
        assert self.parts.ask is not None, "there is somebody to ask"
        self.emit(QuestionAsked(self.name, question))
        return self.parts.ask(question)

    def sampling(self, context: Context) -> Sampling:
        """Make what asks the backends for samples of this target."""
        config = self.parts.config
        return Sampling(
            self.target,
            context,
            self.parts.backends,
            samples=config.samples,
            seed=config.seed,
            temperatures=config.temperatures,
            budget=config.budget,
            health=self.parts.health,
            clock=self.parts.clock,
            on_progress=lambda done, total: self.emit(Progress(self.name, "sampled", done, total)),
        )

    def sample(self, context: Context, sampling: Sampling) -> list[Sample]:
        """Ask every backend for both roles, in batches until the ranking is settled."""
        config, n = self.parts.config, self.parts.batch
        prompts = make_prompts(
            self.target,
            context,
            show_body=config.oracle is Oracle.CODE,
            wording=self.parts.wording,
            structured=config.structured,
        )
        self.say(prompts, Stage.FIRST)
        if config.samples <= 2 * n:
            n = config.samples  # nothing is left to spare after the two that the rule asks for
        samples: list[Sample] = []
        before: Standing | None = None
        for first in range(0, config.samples, n):
            count = min(n, config.samples - first)
            asked = sampling.ask(prompts, first=first, n=count)
            batch = self.take(asked, prompts, Stage.FIRST, first)
            samples += batch
            so_far, left = first + count, config.samples - first - count
            if sampling.out_of_time:
                spent = f"the budget of {config.budget:g} s is spent"
                sampling.notes.append(f"sampling stopped after {len(samples)} samples: {spent}")
            if sampling.out_of_time or not left or not any_paid(batch, self.parts.backends):
                break
            now = self.standing(context, in_order(samples))
            if before is not None and settled(before, now, config.oracle):
                used = f"{so_far} of {config.samples} samples for each role"
                sampling.notes.append(f"sampling stopped after {used}: {why(config.oracle)}")
                break
            before = now
        return in_order(samples)

    def say(self, prompts: Mapping[Role, Prompt], stage: Stage) -> None:
        """Tell what models are asked from here on."""
        for role, prompt in prompts.items():
            shown = (prompt.digest, prompt.text, prompt.messages)
            self.emit(PromptMade(self.name, role.value, stage.value, *shown))

    def take(
        self,
        samples: Iterable[Sample],
        prompts: Mapping[Role, Prompt],
        stage: Stage,
        first: int = 0,
    ) -> list[Sample]:
        """Tell of each sample as it comes; `first` is of the request that asked for it."""
        taken = []
        for sample in samples:
            taken.append(sample)
            self.emit(
                SampleTaken(
                    self.name,
                    sample.role.value,
                    sample.backend,
                    sample.seed,
                    sample.text,
                    sample.tokens,
                    sample.logprob,
                    stage.value,
                    prompts[sample.role].digest,
                    sample.cut,
                    first,
                )
            )
        return taken

    def run(self, context: Context, samples: Sequence[Sample]) -> _Work:
        """Make candidates and cases of samples, and run them."""
        target, trusted = self.target, self.parts.config.oracle is Oracle.CODE
        current = incumbent(target)
        candidates = merge([*([current] if current else []), *extract_candidates(samples, target)])
        proposed = [anchor_case(anchor, target) for anchor in context.anchors]
        proposed += extract_cases(samples, target)
        cases, notes = settle(
            proposed, candidates, target, trusted=trusted, cross=self.executor.cross
        )
        executions = self.executor.cross(candidates, cases)
        cases, executions, dropped = without_broken_anchors(candidates, cases, executions)
        if dropped:
            notes.append(f"{dropped} examples could not be run and were left out")
        return _Work(candidates, cases, executions, notes)

    def standing(self, context: Context, samples: Sequence[Sample]) -> Standing:
        """Rank what there is so far."""
        work = self.run(context, samples)
        matrix, ranking, _ = rank(
            self.target,
            work.candidates,
            work.cases,
            work.executions,
            ranker=self.parts.ranker,
            oracle=self.parts.config.oracle,
        )
        candidates = [candidate.source for candidate in work.candidates]
        return standing(candidates, [case.source for case in work.cases], matrix, ranking)
