"""The whole way of one target, and the only module that names every stage, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_genx.domain import (
    Case,
    Context,
    Followup,
    Oracle,
    Prompt,
    Question,
    Role,
    Sample,
    Stage,
    Target,
)
from pytest_genx.matrix import PassMatrix, Ranking
from pytest_genx.pipeline.anchors import anchor_case
from pytest_genx.pipeline.budget import cut_notes
from pytest_genx.pipeline.clock import TimedSandbox
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
from pytest_genx.pipeline.generate import Sampling, any_paid, in_order, is_free
from pytest_genx.pipeline.judge import judge, rank
from pytest_genx.pipeline.memory import Memory
from pytest_genx.pipeline.parts import WHY, Parts, Work
from pytest_genx.pipeline.prompt import make_followup, make_prompts
from pytest_genx.pipeline.repair import repairs
from pytest_genx.pipeline.rows import prompt_made, sample_taken, target_done
from pytest_genx.pipeline.score import credible, without_broken_anchors
from pytest_genx.pipeline.second import second_round
from pytest_genx.pipeline.select import choose, reasons_against
from pytest_genx.pipeline.settled import Standing, settled, standing, why
from pytest_genx.pipeline.suspect import find
from pytest_genx.records import (
    Progress,
    QuestionAsked,
    Record,
    TargetFailed,
    TargetStarted,
)

Emit = Callable[[Record], None]


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
    runner = Runner(target, parts, executor, emit, name)

    broken = executor.probe()
    if broken:
        emit(TargetFailed(name, broken))
        return []

    context = gather(
        target, rootdir=config.rootdir, test_paths=[Path(path) for path in config.test_paths]
    )
    sampling = runner.sampling(context)
    samples = runner.sample(context, sampling)
    if config.repair:
        samples = runner.again(context, sampling, samples, runner.repairs(context, samples))
    if config.second_round and config.oracle is not Oracle.CODE:
        samples = runner.again(context, sampling, samples, runner.doubts(context, samples))
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
class Runner:
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
        for prompt in prompts.values():
            self.emit(prompt_made(self.name, prompt, Stage.FIRST))
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

    def again(
        self,
        context: Context,
        sampling: Sampling,
        samples: Sequence[Sample],
        asked: Sequence[Followup],
    ) -> list[Sample]:
        """Ask what is worth asking once more, and put what comes behind the samples there are."""
        config, more = self.parts.config, list(samples)
        for one in asked:
            if sampling.out_of_time:
                break
            prompt = make_followup(
                self.target,
                context,
                one,
                show_body=config.oracle is Oracle.CODE,
                wording=self.parts.wording,
            )
            self.emit(prompt_made(self.name, prompt, one.stage))
            prompts = {one.role: prompt}
            came = sampling.ask(
                prompts, first=one.first, n=one.n, stage=one.stage, only=one.backend
            )
            more += self.take(came, prompts, one.stage, one.first)
        if asked:
            count = len(more) - len(samples)
            plural = "" if count == 1 else "s"
            sampling.notes.append(f"{count} more sample{plural}: {WHY[asked[0].stage]}")
        return in_order(more)

    def repairs(self, context: Context, samples: Sequence[Sample]) -> list[Followup]:
        """Find what is sent back: nothing of a backend that is free, which has no more to give."""
        free = {backend.name for backend in self.parts.backends if is_free(backend)}
        paid = [sample for sample in samples if sample.backend not in free]
        if not paid:
            return []
        work = self.run(context, samples)
        return repairs(
            self.target,
            paid,
            work,
            self.executor.broken(work.candidates),
            extract_candidates=extract_candidates,
            extract_cases=extract_cases,
        )

    def doubts(self, context: Context, samples: Sequence[Sample]) -> list[Followup]:
        """Find what a second round asks."""
        if not any_paid(samples, self.parts.backends):
            return []
        work = self.run(context, samples)
        n = min(self.parts.config.samples, self.parts.batch)
        written = {case.source: case.count for case in extract_cases(samples, self.target)}
        return second_round(work.candidates, work.cases, *self.rank(work), written=written, n=n)

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
            self.emit(sample_taken(self.name, sample, prompts[sample.role], stage, first))
        return taken

    def run(self, context: Context, samples: Sequence[Sample]) -> Work:
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
        return Work(candidates, cases, executions, notes)

    def rank(self, work: Work) -> tuple[PassMatrix, Ranking]:
        """Rank what there is so far."""
        matrix, ranking, _ = rank(
            self.target,
            work.candidates,
            work.cases,
            work.executions,
            ranker=self.parts.ranker,
            oracle=self.parts.config.oracle,
        )
        return matrix, ranking

    def standing(self, context: Context, samples: Sequence[Sample]) -> Standing:
        """Say who leads so far."""
        work = self.run(context, samples)
        candidates = [candidate.source for candidate in work.candidates]
        return standing(candidates, [case.source for case in work.cases], *self.rank(work))
