"""Row 4: bodies of the coder that pass all tests, held-out compositions and published problems."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from common import Line
from proposing.setting import Setting, Shown, counted, mean, percent

from pytest_genx.bench.kept import context_of, placed
from pytest_genx.bench.metrics import random_pass_at_k
from pytest_genx.bench.runner import Runner
from pytest_genx.domain import Case, Outcome, Request, Role
from pytest_genx.pipeline.extract import extract_candidates
from pytest_genx.pipeline.generate import derived_seed
from pytest_genx.pipeline.prompt import make_prompts
from pytest_genx.train.exercises import held_out_exercises

HELD_OUT, GOAL = "held-out compositions", 0.5
PUBLISHED = ("humaneval", "mbpp-test")
KS = (1, 10)
_CPU = 1.0  # seconds for a test
_MOST = 400  # compositions, where all problems of a set are asked for


def passes(setting: Setting) -> Iterator[Line]:
    """pass@1 of the compositions against its goal; the others are printed however low."""
    first = _row(setting, HELD_OUT, _compositions(setting))
    for name in PUBLISHED:
        problems = setting.problems(name)
        if problems:
            _row(setting, name, problems)
    if first is None:
        return
    mean_, text = first
    what = f"pass@1, coder, {HELD_OUT}"
    yield Line(what, text, f"{100 * GOAL:g} % or more", mean_ >= GOAL)


def _row(setting: Setting, name: str, problems: Sequence[Shown]) -> tuple[float, str] | None:
    """Print pass@k of a set; returns what pass@1 is."""
    n = setting.coder_samples
    right = []
    for _, problem in counted(problems, f"coder, {name}"):
        found = _right(setting, problem)
        if found is not None:
            right.append(found)
    if not right:
        return None
    texts = {k: mean([random_pass_at_k(n, found, k) for found in right]) for k in KS if k <= n}
    for k, found in texts.items():
        print(f"pass@{k}, coder, {name}: {percent(found)}, {n} samples, n={len(right)}", flush=True)
    return texts[1].mean, f"{percent(texts[1])}, {n} samples, n={len(right)}"


def _right(setting: Setting, problem: Shown) -> int | None:
    """How many samples pass every test that the reference passes; None where there is none."""
    runner = Runner(setting.parts.sandbox, _CPU)
    with placed(problem.coder, problem.entry_point) as target:
        context = context_of(target)
        prompt = make_prompts(target, context, show_body=False)[Role.CODER]
        seed = derived_seed(setting.seed, target, Role.CODER)
        request = Request(target, context, prompt, n=setting.coder_samples, seed=seed)
        candidates = extract_candidates(list(setting.embedded.sample(request)), target)
    programs = [problem.coder, *(candidate.program for candidate in candidates)]
    reference, *rows = runner.run(programs, problem.tests)
    sound = [j for j, e in enumerate(reference) if e.outcome is Outcome.PASS]
    if not sound:
        return None
    return sum(
        candidate.count
        for candidate, row in zip(candidates, rows, strict=True)
        if all(row[j].outcome is Outcome.PASS for j in sound)
    )


def _compositions(setting: Setting) -> list[Shown]:
    """Functions of compositions that training never shows."""
    rng = random.Random(f"{setting.seed} {HELD_OUT}")
    found = []
    for number, one in enumerate(held_out_exercises(setting.limit or _MOST, rng)):
        function = one.function
        name = function.name if function.owner is None else f"{function.owner}.{function.name}"
        tests = tuple(Case(text, "original") for text in one.tests)
        found.append(Shown(f"{HELD_OUT}/{number}", name, one.program, one.program, tests))
    return found
