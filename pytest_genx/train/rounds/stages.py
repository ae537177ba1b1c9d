"""The stages of one round, each alone: sample, execute, filter, train, evaluate.

Version 1 is the base trained on the original data (round 0, which samples nothing); round k
samples with version k and makes version k + 1, from the base again or, by kto, dpo and grpo, on
from version k.
"""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

from pytest_genx import plugins
from pytest_genx.config import Config, worker_option
from pytest_genx.domain import Role
from pytest_genx.interfaces import Ranker
from pytest_genx.train.rounds import accept, lines, score
from pytest_genx.train.rounds.execute import LONGEST, Runner, execute
from pytest_genx.train.rounds.methods.round import train_on
from pytest_genx.train.rounds.preferences import Evidence
from pytest_genx.train.rounds.sample import Sampler, read_samples, sample, tokens
from pytest_genx.train.rounds.store import Line, Place, keeping, read_lines, write_text
from pytest_genx.train.rounds.tuning import train_parts
from pytest_genx.train.rounds.work import Work

SAMPLES, ACCEPTED = "samples.parquet", "accepted.parquet"
MEASURED, METRICS = "measured.parquet", "metrics.json"
RANKERS = ("dual_critic", "codet", "majority")
STAGES = ("sample", "execute", "filter", "train", "evaluate")


def run_stage(work: Work, number: int, stage: str) -> None:
    """Run one stage of a round, unless the manifest says that it is done.

    Raises:
        GenxError: what the stage needs is not there, or breaks.
    """
    place = work.place(number)
    if place.done(stage):
        return
    begun = time.monotonic()
    with keeping(place.folder, stage):
        place.folder.mkdir(parents=True, exist_ok=True)
        work.watch.log({"event": "stage", "round": number, "stage": stage})
        files, facts = _STAGES[stage](work, number, place)
        seconds = round(time.monotonic() - begun, 1)
        if not work.main:
            return
        place.finish(stage, files, {**facts, "seconds": seconds})
        place.clean()
        done = {"event": "done", "round": number, "stage": stage, "seconds": seconds}
        work.watch.log({**done, **facts})
    work.watch.notice(f"round {number}, {stage}: {seconds:.0f} s, {_told(facts)}")


def _sample(work: Work, number: int, place: Place) -> tuple[list[str], dict[str, Any]]:
    problems = list(work.train.values())
    empty: Line = {role.value: [] for role in Role}
    if number == 0:  # the original data
        place.write(SAMPLES, ({"problem": p.id, **empty} for p in problems))
        return [SAMPLES], {"samples": 0, "tokens": 0}
    recipe = work.recipe
    sampler = Sampler(
        work.version(number), recipe.sampling, recipe.seed + number,
        recipe.sampling.tester, recipe.sampling.coder,
    )  # fmt: skip
    part = place.part("sample")
    with closing(part), _counting(work, f"round {number}, sample", len(problems)) as on_done:
        sample(problems, sampler, part, on_done)
    place.write(SAMPLES, (part.lines[p.id] for p in problems))
    made = [part.lines[p.id] for p in problems]
    n = sum(len(line[role.value]) for line in made for role in Role)
    return [SAMPLES], {"samples": n, "tokens": tokens(made)}


def _execute(work: Work, number: int, place: Place) -> tuple[list[str], dict[str, Any]]:
    sampled = {line["problem"]: line for line in place.read(SAMPLES)}
    problems = list(work.train.values())
    part = place.part("execute")
    with ExitStack() as stack:
        stack.enter_context(closing(part))
        run = stack.enter_context(open_runner(work))
        on_done = stack.enter_context(_counting(work, f"round {number}, execute", len(problems)))
        for problem in problems:
            if problem.id not in part.lines:
                done = execute(
                    problem,
                    [s for role in Role for s in read_samples(sampled[problem.id], role)],
                    run,
                    n_mutants=work.recipe.filter.mutants if number else 0,
                    seed=work.recipe.seed,
                )
                part.add(lines.executed_line(problem, done))
            on_done()
    ordered = [part.lines[p.id] for p in problems]
    for file, at in ((lines.CASES, 0), (lines.CODES, 1), (lines.OUTCOMES, 2)):
        place.write(file, (parts[at] for parts in lines.split(ordered)))
    pairs = sum(
        len(row)
        for one in ordered
        for row in (one["reference"], *one["mutants"], *one["code_rows"])
    )
    facts = {
        "cases": sum(len(one["cases"]) for one in ordered),
        "codes": sum(len(one["codes"]) for one in ordered),
        "pairs": pairs,
    }
    return [lines.CASES, lines.CODES, lines.OUTCOMES], facts


def _filter(work: Work, number: int, place: Place) -> tuple[list[str], dict[str, Any]]:
    recipe = work.recipe.filter
    rejected: Counter[str] = Counter()
    rows: list[Line] = []
    three = zip(*(place.read(n) for n in (lines.CASES, lines.CODES, lines.OUTCOMES)), strict=True)
    for at, (cases, codes, outcomes) in enumerate(three):
        work.watch.progress(f"round {number}, filter", at + 1, len(work.train))
        problem = work.train[cases["problem"]]
        sound = [] if problem.target.is_stub else lines.sound_tests(problem, outcomes)
        if not sound and not problem.target.is_stub:
            rejected["problem: reference fails its tests"] += 1
            continue
        if number == 0:
            if problem.target.is_stub:
                continue  # there is nothing yet that could be trusted
            head = {"problem": problem.id, "round": 0}
            rows.append({**head, "role": "coder", "source": problem.target.source})
            rows += [{**head, "role": "tester", "source": s, "kills": []}
                     for s in sound if len(s) <= LONGEST and s.startswith("assert ")]  # fmt: skip
            continue
        made, causes = accept.accept(
            lines.filter_line(problem, cases, codes, outcomes), recipe, number
        )
        rows += made
        rejected.update(causes)
    place.write(ACCEPTED, rows)
    facts: dict[str, Any] = {f"accepted {role.value}": 0 for role in Role}
    for row in rows:
        facts[f"accepted {row['role']}"] += 1
    return [ACCEPTED], {**facts, "rejected": dict(sorted(rejected.items()))}


def _train(work: Work, number: int, place: Place) -> tuple[list[str], dict[str, Any]]:
    recipe = work.recipe
    if number and recipe.train.method != "sft":
        files = (SAMPLES, lines.CASES, lines.CODES, lines.OUTCOMES)
        of_problems = zip(*map(place.read, files), strict=True)
        evidence = [Evidence(work.train[four[0]["problem"]], *four) for four in of_problems]
        with open_runner(work) as run:
            return train_on(work, number, place, evidence, run)
    earlier = [work.place(k).read(ACCEPTED) for k in range(number)]
    draw = random.Random(f"{recipe.seed} replay {number}")
    rows = accept.replayed(earlier, recipe.filter, draw) + place.read(ACCEPTED)
    return train_parts(work, number, place, accept.distinct(rows))


def _evaluate(work: Work, number: int, place: Place) -> tuple[list[str], dict[str, Any]]:
    measured = measure(work, number + 1, place)
    place.write(MEASURED, measured)
    base = read_lines(work.place(0).folder / MEASURED) if number else []
    metrics = summaries(measured, base, work.recipe.seed)
    write_metrics(work, number + 1, place, metrics)
    return [MEASURED, METRICS], {"problems": len(measured)}


def write_metrics(work: Work, version: int, place: Place, sets: Mapping[str, Any]) -> None:
    """Leave the figures of a version, by test set, in its folder and in the log."""
    text = json.dumps({"version": version, "sets": sets}, indent=1)
    write_text(place.folder / METRICS, text + "\n")
    work.watch.log({"event": "measured", "version": version, "sets": sets})


def measure(work: Work, version: int, place: Place) -> list[Line]:
    """Sample and run the test sets with a version: one line of figures a problem."""
    recipe, part_of = work.recipe, work.recipe.eval
    sampler = Sampler(
        work.version(version), recipe.sampling, recipe.seed, part_of.tester, part_of.coder
    )
    rankers = _rankers()
    held = [(name, problem) for name, problems in work.test.items() for problem in problems]
    sampled, judged = place.part("evaluate.samples"), place.part("evaluate")
    with ExitStack() as stack:
        stack.enter_context(closing(sampled))
        stack.enter_context(closing(judged))
        on_done = stack.enter_context(
            _counting(work, f"version {version}, evaluate", 2 * len(held))
        )
        sample([problem for _, problem in held], sampler, sampled, on_done)
        run = stack.enter_context(open_runner(work))
        for name, problem in held:
            if problem.id not in judged.lines:
                line = sampled.lines[problem.id]
                done = execute(
                    problem,
                    [s for role in Role for s in read_samples(line, role)],
                    run,
                    n_mutants=part_of.mutants,
                    seed=recipe.seed,
                    written=True,
                )
                found = score.figures(done, part_of.coder, part_of.first, rankers)
                judged.add({"problem": problem.id, "set": name, "figures": found})
            on_done()
    return [judged.lines[problem.id] for _, problem in held]


def summaries(measured: Sequence[Line], base: Sequence[Line], seed: int) -> dict[str, Any]:
    """Figures of each test set and of all, with leads over `base` on the same problems."""
    by_problem = {line["problem"]: line["figures"] for line in base}
    found: dict[str, Any] = {}
    names = list(dict.fromkeys(line["set"] for line in measured))
    for name in (*names, *(["all"] if len(names) > 1 else [])):
        own = [line for line in measured if name in (line["set"], "all")]
        both = [by_problem[one["problem"]] for one in own if one["problem"] in by_problem]
        lead = both if len(both) == len(own) else []
        found[name] = score.summary([line["figures"] for line in own], seed, lead)
    return found


def _rankers() -> dict[str, Ranker]:
    manager = plugins.load()
    config = Config(rootdir=Path.cwd())
    return {name: plugins.ranker(manager, name)(config) for name in RANKERS}


@contextmanager
def open_runner(work: Work) -> Iterator[Runner]:
    """Open the sandbox of a recipe."""
    recipe = work.recipe.execution
    make = plugins.sandbox(plugins.load(), recipe.sandbox)
    workers, ray = worker_option(str(recipe.workers))
    config = Config(rootdir=work.recipe.output.absolute(), workers=workers, ray=ray)
    with closing(make(config)) as sandbox:
        yield Runner(sandbox, recipe.cpu)


@contextmanager
def _counting(work: Work, what: str, total: int) -> Iterator[Callable[[], None]]:
    done = 0

    def on_done() -> None:
        nonlocal done
        done += 1
        work.watch.progress(what, done, total)

    yield on_done


def _told(facts: Mapping[str, Any]) -> str:
    found = [f"{n} {what}" for what, n in facts.items() if isinstance(n, int)]
    parts = [role.value for role in Role if isinstance(facts.get(role.value), dict)]
    found += [f"{part}: {_told(facts[part])}" for part in parts]
    return ", ".join(found)


_STAGES: dict[str, Callable[[Work, int, Place], tuple[list[str], dict[str, Any]]]] = {
    "sample": _sample,
    "execute": _execute,
    "filter": _filter,
    "train": _train,
    "evaluate": _evaluate,
}
