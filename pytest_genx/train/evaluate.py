"""`genx-train eval`: what a plain model can do in both roles.

The tester is asked whether the calls it proposes run, whether the values it expects are
right as written, whether the calls of one answer differ and how much of the body they
reach. The coder is asked for a body that passes all tests. Prompts and sampling are the
product's own.
"""

from __future__ import annotations

import ast
import random
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path

from pytest_genx.errors import MissingDependency, ModelError
from pytest_genx.pipeline.prompt import CODER_STOP, TESTER_STOP
from pytest_genx.train.answers import agrees, read_answer
from pytest_genx.train.documents import coder_document, tester_document
from pytest_genx.train.execute import Executor
from pytest_genx.train.exercises import Exercise, held_out_exercises, published_exercises
from pytest_genx.train.families.calls import Call
from pytest_genx.train.measure import Measure, summarise
from pytest_genx.train.problems import read_problems

Generate = Callable[[str, Sequence[str], int], str]  # prompt, stops, seed -> completion

_CALL_SECONDS = 0.5  # of CPU
_PUBLISHED = ("codeio-test", "mbpp-test", "humaneval")
_CODED = ("mbpp-test", "humaneval")  # the statements of the other are too long for a small model


def evaluate(
    generate: Generate,
    problems: Path | None,
    *,
    functions: int,
    samples: int,
    seed: int,
    notice: Callable[[str], None] = lambda _: None,
) -> list[Measure]:
    """Measure a model on compositions that training held out, and on published problems.

    Args:
        generate: makes one completion.
        problems: folder of problem files; None leaves those figures out.
        functions: how many problems of each set.
        samples: answers to each prompt.
        seed: of the choice of problems and of sampling.
        notice: called with the name of each set before it is measured.
    """
    rng = random.Random(seed)
    sets = {"held-out compositions": held_out_exercises(functions, rng)}
    for name in _PUBLISHED if problems is not None else ():
        assert problems is not None
        sets[name] = published_exercises(read_problems(problems, name), functions, rng)
    measures: list[Measure] = []
    with Executor(cpu=_CALL_SECONDS) as executor:
        for name, exercises in sets.items():
            notice(name)
            own = name not in _PUBLISHED
            for shown in (True, False) if own else (True,):
                rows = [
                    judge_tester(generate, e, executor, samples=samples, shown=shown, seed=seed)
                    for e in exercises
                ]
                form = "shown" if shown else "hidden"
                measures += summarise(f"{name}, tester, body {form}", rows, rng)
            if own or name in _CODED:
                rows = [
                    {"pass@1": judge_coder(generate, e, executor, samples=samples, seed=seed)}
                    for e in exercises
                ]
                measures += summarise(f"{name}, coder", rows, rng)
    return measures


def judge_tester(
    generate: Generate,
    exercise: Exercise,
    executor: Executor,
    *,
    samples: int,
    shown: bool,
    seed: int,
) -> dict[str, float]:
    """Return the shares of one problem, averaged over answers; an empty answer counts zero."""
    function = exercise.function
    first = f"assert {function.name}(" if function.owner is None else "assert "
    prompt = tester_document(
        function.source, function.name, function.owner, function.above, [first], show_body=shown
    ).prompt
    body = exercise.body_lines()
    shares: dict[str, list[float]] = {
        "calls that run": [],
        "values right as written": [],
        "calls distinct within an answer": [],
        "lines of the body reached by an answer": [],
    }
    for i in range(samples):
        calls = read_answer(first + generate(prompt, TESTER_STOP, seed + i))
        if not calls:
            for values in shares.values():
                values.append(0.0)
            continue
        ran = executor.run(exercise.program, [c.source for c in calls]).calls
        reached = {line for r in ran if r is not None for line in r.lines}
        for values, share in zip(
            shares.values(),
            (
                statistics.fmean(runs(r, function.source) for r in ran),
                statistics.fmean(agrees(c, r) for c, r in zip(calls, ran, strict=True)),
                len({c.source for c in calls}) / len(calls),
                len(reached & body) / len(body) if body else 1.0,
            ),
            strict=True,
        ):
            values.append(share)
    return {figure: statistics.fmean(values) for figure, values in shares.items()}


def judge_coder(
    generate: Generate, exercise: Exercise, executor: Executor, *, samples: int, seed: int
) -> float:
    """Return the share of samples whose body passes every test."""
    function = exercise.function
    prompt = coder_document(exercise.described, function.owner, function.above).prompt
    passed = []
    for i in range(samples):
        program = prompt + generate(prompt, CODER_STOP, seed + i).rstrip() + "\n"
        if function.stateful:
            program = program.replace(f"\n\n\nclass {function.owner}:\n    def {function.name}",
                                      f"\n\n    def {function.name}")  # fmt: skip
        try:
            ast.parse(program)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            passed.append(False)
            continue
        ran = executor.run(program, exercise.tests)
        good = all(call is not None and call.raised is None for call in ran.calls)
        passed.append(ran.error is None and good)
    return statistics.fmean(passed)


def llama_generate(path: Path, *, threads: int = 1, max_tokens: int = 256) -> Generate:
    """Open a GGUF file for sampling as the product samples.

    Args:
        path: the file.
        threads: of llama.cpp.
        max_tokens: of one completion.

    Raises:
        ModelError: the file does not exist or is no model.
        MissingDependency: llama-cpp-python is not installed.
    """
    try:
        from llama_cpp import Llama  # noqa: PLC0415
    except ImportError:
        raise MissingDependency(
            "genx-train eval", "llama-cpp-python", "pip install pytest-genx"
        ) from None
    if not path.exists():
        raise ModelError(str(path), "no such file")
    try:
        llama = Llama(
            str(path), n_ctx=0, n_threads=threads, n_threads_batch=threads, flash_attn=True,
            verbose=False,
        )  # fmt: skip
    except ValueError as error:
        raise ModelError(str(path), str(error)) from None

    def generate(prompt: str, stop: Sequence[str], seed: int) -> str:
        tokens = llama.tokenize(prompt.encode(), add_bos=False, special=False)
        if len(tokens) + max_tokens > llama.n_ctx():
            return ""  # counts as an empty answer: the prompt does not fit
        made = llama.create_completion(
            tokens, max_tokens=max_tokens, temperature=0.8, top_p=0.95, min_p=0.05, top_k=0,
            repeat_penalty=1.0, stop=list(stop), seed=seed,
        )  # fmt: skip
        return str(made["choices"][0]["text"])

    return generate


def runs(ran: Call | None, source: str) -> bool:
    """Tell whether a call runs: it returns, or raises what the source raises by name."""
    return ran is not None and (ran.raised is None or f"raise {ran.raised}" in source)
