"""The whole way of one target, and the only module that names every stage, in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pytest_genx.config import Config
from pytest_genx.domain import (
    Answered,
    Candidate,
    Case,
    CaseForm,
    Context,
    Execution,
    Limits,
    Oracle,
    Outcome,
    Question,
    Sample,
    Stage,
    Target,
    Weakness,
)
from pytest_genx.interfaces import Backend, Cache, Ranker, Sandbox
from pytest_genx.matrix import PassMatrix, Ranking
from pytest_genx.pipeline.anchors import anchor_case
from pytest_genx.pipeline.answers import MAX_QUESTIONS, answer_case, with_answer
from pytest_genx.pipeline.budget import cut_notes
from pytest_genx.pipeline.clusters import ask_about
from pytest_genx.pipeline.context import gather
from pytest_genx.pipeline.correct import settle
from pytest_genx.pipeline.crossrun import cross_run
from pytest_genx.pipeline.extract import extract_candidates, extract_cases, incumbent, merge
from pytest_genx.pipeline.generate import generate
from pytest_genx.pipeline.place import file_names, place
from pytest_genx.pipeline.prompt import make_prompts
from pytest_genx.pipeline.rows import target_done
from pytest_genx.pipeline.score import (
    credible,
    is_broken_anchor,
    to_matrix,
    without_broken_anchors,
)
from pytest_genx.pipeline.select import choose, reasons_against
from pytest_genx.pipeline.suspect import find
from pytest_genx.pipeline.validate import stable
from pytest_genx.pipeline.weak import names_of, weaknesses, weights
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
from pytest_genx.syntax.conftests import conftests_above

Emit = Callable[[Record], None]
Ask = Callable[[Question], str | None]  # gives an expression, or None for no answer


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


def run_target(target: Target, parts: Parts, emit: Emit) -> list[Case]:
    """Sample, execute, rank and select for one target, and say everything in records.

    Args:
        target: what is under test.
        parts: backends, sandbox, ranker and configuration.
        emit: takes each record as soon as it is known.

    Returns:
        The cases to keep, best first.
    """
    config = parts.config
    name = target.label(config.rootdir)
    emit(TargetStarted(name, target.is_stub))
    runner = _Runner(target, parts, emit, name)

    broken = runner.probe()
    if broken:
        emit(TargetFailed(name, broken))
        return []

    context = gather(
        target, rootdir=config.rootdir, test_paths=[Path(path) for path in config.test_paths]
    )
    samples = runner.sample(context)
    current = incumbent(target)
    candidates = merge([*([current] if current else []), *extract_candidates(samples, target)])
    proposed = [anchor_case(anchor, target) for anchor in context.anchors]
    proposed += extract_cases(samples, target)
    cases, notes = settle(
        proposed, candidates, target, trusted=config.oracle is Oracle.CODE, cross=runner.cross
    )
    notes += cut_notes(samples)
    executions = runner.cross(candidates, cases)
    cases, executions, dropped = without_broken_anchors(candidates, cases, executions)
    if dropped:
        notes.append(f"{dropped} examples could not be run and were left out")
    if config.oracle is Oracle.TESTS and not any(case.anchor for case in cases):
        notes.append("no trusted tests or examples were found; ranked by consensus alone")

    judged = runner.judge(candidates, cases, executions)
    cases, executions = judged.cases, judged.executions
    matrix, ranking = judged.matrix, judged.ranking
    voices = credible(matrix, cases, executions)
    findings = find(matrix, ranking, cases, executions, voices, config.oracle)
    reasons = reasons_against(
        matrix, ranking, cases, executions, voices, findings, config.oracle, judged.weak
    )
    if current:
        runner.refuse_unstable(current, cases, reasons)
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
class _Judged:
    """A ranking with all that went into it, answers of the user included."""

    cases: list[Case]
    executions: list[list[Execution]]
    matrix: PassMatrix
    ranking: Ranking
    weak: list[Weakness | None]
    question: Question | None  # which is still open
    answered: tuple[Answered, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Runner:
    """The sandbox with everything that stays the same for one target."""

    target: Target
    parts: Parts
    emit: Emit
    name: str

    @property
    def limits(self) -> Limits:
        return Limits(cpu=self.parts.config.timeout)

    def conftests(self, cases: Sequence[Case]) -> tuple[str, ...]:
        """List the conftest files above the test file of the target, if a case may need them."""
        if not any(case.form is CaseForm.FUNCTION for case in cases):
            return ()
        config = self.parts.config
        test_file = place(
            self.target,
            next(file_names(self.target, config.rootdir)),
            rootdir=config.rootdir,
            test_dir=config.test_dir,
            test_paths=[Path(path) for path in config.test_paths],
            sys_path=config.sys_path,
        )
        return conftests_above(test_file, config.rootdir)

    def probe(self) -> str:
        """Import the module as it stands; one line that says why it cannot be, or ""."""
        program = Candidate(self.target.source, self.target.module_source, "probe")
        cases = [Case("pass", "probe")]
        execution = self.cross([program], cases, silent=True)[0][0]
        if execution.outcome is not Outcome.PASS and self.parts.cache is not None:
            # What was wrong in an earlier run may be put right where the cache does not look.
            uncached = replace(self, parts=replace(self.parts, cache=None))
            execution = uncached.cross([program], cases, silent=True)[0][0]
        if execution.outcome is Outcome.PASS:
            return ""
        return execution.detail or f"importing the module ends in {execution.outcome.name}"

    def cross(
        self, candidates: Sequence[Candidate], cases: Sequence[Case], *, silent: bool = False
    ) -> list[list[Execution]]:
        """Run every candidate against every case."""

        def on_progress(done: int, total: int) -> None:
            if not silent:
                self.emit(Progress(self.name, "executed", done, total))

        return cross_run(
            self.target,
            candidates,
            cases,
            self.parts.sandbox,
            sys_path=self.parts.config.sys_path,
            limits=self.limits,
            rootdir=str(self.parts.config.rootdir),
            conftests=self.conftests(cases),
            on_progress=on_progress,
            cache=self.parts.cache,
        )

    def judge(
        self, candidates: Sequence[Candidate], cases: list[Case], executions: list[list[Execution]]
    ) -> _Judged:
        """Rank, ask the user about what that leaves open, and rank again with each answer."""
        answered: list[Answered] = []
        notes: list[str] = []
        trusted = self.parts.config.oracle is Oracle.CODE
        while True:
            matrix = to_matrix(candidates, cases, executions)
            weak = weaknesses(
                cases,
                names_of(self.target),
                matrix.passed,
                echoes=matrix.incumbent is not None and not trusted,
            )
            matrix = replace(matrix, weights=weights(weak))
            ranking = self.parts.ranker(matrix)
            known = (cases, executions, matrix, ranking)
            settled = {one.question.call for one in answered if one.given}
            asked = {one.question.call for one in answered}
            question = None if trusted else ask_about(candidates, *known, asked)
            if question is None or self.parts.ask is None or len(answered) == MAX_QUESTIONS:
                # what the user skipped is still open
                open_ = None if trusted else ask_about(candidates, *known, settled)
                return _Judged(*known, weak, open_, tuple(answered), tuple(notes))
            self.emit(QuestionAsked(self.name, question))
            given = self.parts.ask(question) or ""
            answered.append(Answered(question, given))
            if not given:
                notes.append(f"not answered: what {question.call} should give")
                continue
            answer = answer_case(question, given, cases)
            column = [row[0] for row in self.cross(candidates, [answer])]
            if all(is_broken_anchor(answer, execution) for execution in column):
                notes.append(f"your answer {given} could not be run: {column[0].detail}")
                continue
            cases, executions = with_answer(answer, column, cases, executions)

    def sample(self, context: Context) -> list[Sample]:
        """Ask every backend for both roles."""
        config = self.parts.config
        samples = []
        prompts = make_prompts(
            self.target,
            context,
            show_body=config.oracle is Oracle.CODE,
            wording=self.parts.wording,
            structured=config.structured,
        )
        for role, prompt in prompts.items():
            self.emit(
                PromptMade(
                    self.name,
                    role.value,
                    Stage.FIRST.value,
                    prompt.digest,
                    prompt.text,
                    prompt.messages,
                )
            )
        for sample in generate(
            self.target,
            context,
            prompts,
            self.parts.backends,
            samples=config.samples,
            seed=config.seed,
            on_progress=lambda done, total: self.emit(Progress(self.name, "sampled", done, total)),
        ):
            samples.append(sample)
            self.emit(
                SampleTaken(
                    self.name,
                    sample.role.value,
                    sample.backend,
                    sample.seed,
                    sample.text,
                    sample.tokens,
                    sample.logprob,
                    Stage.FIRST.value,
                    prompts[sample.role].digest,
                    sample.cut,
                )
            )
        return samples

    def refuse_unstable(
        self, current: Candidate, cases: Sequence[Case], reasons: list[str]
    ) -> None:
        """Give a reason to the cases that had none and do not pass every time."""
        open_ = [j for j, reason in enumerate(reasons) if not reason]
        holds = stable(
            self.target,
            current,
            [cases[j] for j in open_],
            self.parts.sandbox,
            sys_path=self.parts.config.sys_path,
            limits=self.limits,
            rootdir=str(self.parts.config.rootdir),
            conftests=self.conftests(cases),
        )
        for j, held in zip(open_, holds, strict=True):
            if not held:
                reasons[j] = "its outcome changes with the hash seed or the process"
