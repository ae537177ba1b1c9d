"""Row 1: calls of the tester that run, on programs that no training saw."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

from common import Line
from proposing.setting import Setting, Shown, counted, mean, percent

from pytest_genx.bench.kept import context_of, placed
from pytest_genx.domain import Request, Role, Target
from pytest_genx.interfaces import Backend
from pytest_genx.pipeline.generate import derived_seed
from pytest_genx.pipeline.prompt import make_prompts
from pytest_genx.train.answers import read_answer
from pytest_genx.train.evaluate import runs
from pytest_genx.train.execute import Executor

SET, GOAL = "codeio-test", 0.8
_CPU = 0.5  # seconds for a call, as in `genx-train eval`


def calls_that_run(setting: Setting) -> Iterator[Line]:
    """The model's share, and beside it that of as many calls without a model."""
    problems = setting.problems(SET)
    if not problems:
        return
    shares: list[float] = []
    others: list[float] = []
    n_calls = n_others = 0
    with Executor(cpu=_CPU) as executor:
        for _, problem in counted(problems, "calls that run"):
            with placed(problem.tester, problem.entry_point) as target:
                answers = _answers(setting, setting.embedded, target, setting.samples)
                calls = [[c.source for c in read_answer(text)] for text in answers]
                n = sum(map(len, calls))
                found = _answers(setting, setting.heuristic, target, n) if n else []
                source = target.source
            shares.append(_share(calls, problem, source, executor))
            others.append(_share([[text] for text in found], problem, source, executor))
            n_calls, n_others = n_calls + n, n_others + len(found)
    what = f"calls that run, tester, {SET}, source shown"
    own, other = mean(shares), mean(others)
    size = f"{len(problems)} problems, {setting.samples} answers each"
    print(f"heuristic alone, {what}: {percent(other)}, {n_others} calls, n={len(others)}")
    lead = mean([a - b for a, b in zip(shares, others, strict=True)])
    print(f"model - heuristic, {what}: {percent(lead, sign=True)}, n={len(shares)}", flush=True)
    figure = f"{percent(own)}, {size}, {n_calls} calls"
    yield Line(what, figure, f"{100 * GOAL:g} % or more", own.mean >= GOAL)


def _answers(setting: Setting, backend: Backend, target: Target, n: int) -> list[str]:
    """Sample the tester as the product does."""
    context = context_of(target)
    prompt = make_prompts(target, context, show_body=True)[Role.TESTER]
    seed = derived_seed(setting.seed, target, Role.TESTER)
    request = Request(target, context, prompt, n=n, seed=seed)
    return [sample.text for sample in backend.sample(request)]


def _share(
    answers: Sequence[Sequence[str]], problem: Shown, source: str, executor: Executor
) -> float:
    """Mean over answers of the share of calls that run; an empty answer counts zero."""
    if not answers:
        return 0.0
    ran = iter(executor.run(problem.tester, [call for calls in answers for call in calls]).calls)
    return statistics.fmean(
        statistics.fmean([runs(next(ran), source) for _ in calls]) if calls else 0.0
        for calls in answers
    )
