"""What more variety would bring, with the embedded model: temperatures, grammar, further rounds.

Targets are the functions of `examples/` and the first problems of HumanEval, each with its
solution as the current code, which neither role is shown. Every target has 16 samples of each
role. Rows: 1 distinct behaviours of candidates (of those that return for some call, what they do on
all calls that any setting wrote) and distinct valid calls (the current code returns), with
temperatures that change from sample to sample against 0.8 for all; 2 valid cases a second with a
grammar; 3 candidates that return something after repair, and 4 calls that tell the leading clusters
apart after a second round, each against as many more ordinary samples. Differences are paired, with
95 % bootstrap intervals over targets; a goal is reached when the interval is above 0.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path

from common import ROOT, Line, arguments, close_table, rows_option

from pytest_genx import plugins
from pytest_genx.app import open_backends
from pytest_genx.bench import metrics
from pytest_genx.bench.metrics import Interval
from pytest_genx.config import from_strings
from pytest_genx.domain import Case, Context, Expectation, Outcome, Role, Sample, Target
from pytest_genx.pipeline.clusters import clusters
from pytest_genx.pipeline.context import gather
from pytest_genx.pipeline.executor import Executor
from pytest_genx.pipeline.extract import extract_candidates, extract_cases, incumbent
from pytest_genx.pipeline.memory import Memory
from pytest_genx.pipeline.parts import Parts
from pytest_genx.pipeline.prompt import make_prompts
from pytest_genx.pipeline.run import Runner
from pytest_genx.pipeline.target import find_targets
from pytest_genx.rankers.dual_critic import dual_critic
from pytest_genx.sandboxes.process import process_sandbox

PROBLEMS = ROOT.parent / "shared" / "data" / "problems" / "humaneval.jsonl.gz"
N = 20  # problems
QUICK = 1  # target of each kind with --quick
SAMPLES = 16
PLAIN = (0.8,)
LADDERS = ((0.4, 0.8, 1.1), (0.6, 0.9, 1.2))
MAX_CALLS = 60  # on which behaviours are compared


@dataclass(frozen=True, slots=True)
class Bench:
    """One target with all that works on it."""

    target: Target
    context: Context
    runner: Runner

    def sample(self, temperatures: tuple[float, ...]) -> list[Sample]:
        """Take the ordinary samples of both roles."""
        config = replace(self.runner.parts.config, temperatures=temperatures)
        runner = replace(self.runner, parts=replace(self.runner.parts, config=config))
        return runner.sample(self.context, runner.sampling(self.context))

    def more(
        self, role: Role, *, n: int, first: int = SAMPLES, structured: bool = False
    ) -> list[Sample]:
        """Take samples of one role, behind the ordinary ones unless `first` says otherwise."""
        prompts = make_prompts(self.target, self.context, show_body=False, structured=structured)
        sampling = self.runner.sampling(self.context)
        return list(sampling.ask({role: prompts[role]}, first=first, n=n))

    def valid_calls(self, samples: Sequence[Sample]) -> dict[str, Case]:
        """Map calls of cases to what observes them, where the current code returns."""
        found = {}
        for case in extract_cases(samples, self.target):
            if case.expectation is not None:
                call = case.expectation.call
                expected = Expectation(call)
                found[call] = replace(case, source=call, expectation=expected, count=1)
        current = incumbent(self.target)
        assert current is not None, "every target here has code"
        (row,) = self.runner.executor.cross([current], list(found.values()))
        return {
            call: case
            for (call, case), execution in zip(found.items(), row, strict=True)
            if execution.outcome is Outcome.PASS
        }

    def behaviours(self, samples: Sequence[Sample], calls: Sequence[Case]) -> list[tuple[str, ...]]:
        """What each distinct candidate does on all calls, of those that return for one of them."""
        candidates = extract_candidates(samples, self.target)
        rows = self.runner.executor.cross(candidates, calls)
        return [
            tuple(e.digest or e.outcome.value for e in row)
            for row in rows
            if any(e.outcome is Outcome.PASS for e in row)
        ]


def variety(benches: Sequence[Bench]) -> Iterator[Line]:
    """Row 1: what each ladder changes."""
    settings = (PLAIN, *LADDERS)
    kinds: dict[tuple[float, ...], list[int]] = {s: [] for s in settings}
    calls: dict[tuple[float, ...], list[int]] = {s: [] for s in settings}
    for bench in benches:
        samples = {setting: bench.sample(setting) for setting in settings}
        valid = {setting: bench.valid_calls(some) for setting, some in samples.items()}
        shared = list({c: case for some in valid.values() for c, case in some.items()}.values())
        for setting in settings:
            found = bench.behaviours(samples[setting], shared[:MAX_CALLS])
            kinds[setting].append(len(set(found)))
            calls[setting].append(len(valid[setting]))
    for what, counts in (("distinct behaviours", kinds), ("distinct valid calls", calls)):
        for ladder in LADDERS:
            name = ", ".join(f"{t:g}" for t in ladder)
            yield against(f"{what}, temperatures {name} against 0.8", counts[ladder], counts[PLAIN])


def structured(benches: Sequence[Bench]) -> Iterator[Line]:
    """Row 2: valid cases a second of sampling, with a grammar and without, in turns."""
    rates: dict[bool, list[float]] = {False: [], True: []}
    for i, bench in enumerate(benches):
        for held in (False, True) if i % 2 else (True, False):
            started = time.perf_counter()
            samples = bench.more(Role.TESTER, first=0, n=SAMPLES, structured=held)
            seconds = time.perf_counter() - started
            rates[held].append(len(bench.valid_calls(samples)) / seconds)
    yield against("distinct valid cases a second, grammar against none", rates[True], rates[False])


def repaired(benches: Sequence[Bench]) -> Iterator[Line]:
    """Row 3: samples that give a candidate which returns something."""
    with_, without, asked = [], [], 0
    for bench in benches:
        runner, samples = bench.runner, bench.sample(PLAIN)
        found = [f for f in runner.repairs(bench.context, samples) if f.role is Role.CODER]
        asked += len(found)
        sampling = runner.sampling(bench.context)
        behind = runner.again(bench.context, sampling, samples, found)
        fixed = added(behind, samples)
        more = bench.more(Role.CODER, n=len(found)) if found else []
        calls = list(bench.valid_calls(samples).values())[:MAX_CALLS]
        with_.append(sum(bool(bench.behaviours([s], calls)) for s in fixed))
        without.append(sum(bool(bench.behaviours([s], calls)) for s in more))
    what = f"candidates that run of {asked} repairs, against as many more samples"
    yield against(what, with_, without)


def told_apart(benches: Sequence[Bench]) -> Iterator[Line]:
    """Row 4: new valid calls on which the two leading clusters differ."""
    with_, without, coders = [], [], 0
    for bench in benches:
        runner, samples = bench.runner, bench.sample(PLAIN)
        asked = runner.doubts(bench.context, samples)
        coders += any(f.role is Role.CODER for f in asked)
        testers = [f for f in asked if f.role is Role.TESTER]
        if not testers:
            continue
        work = runner.run(bench.context, samples)
        found = clusters(*runner.rank(work))
        pair = [work.candidates[c.members[0]] for c in found[:2]]
        old = bench.valid_calls(samples)
        sampling = runner.sampling(bench.context)
        behind = runner.again(bench.context, sampling, samples, testers)
        ways = added(behind, samples), bench.more(Role.TESTER, n=SAMPLES)
        for new, counts in zip(ways, (with_, without), strict=True):
            calls = [c for call, c in bench.valid_calls(new).items() if call not in old]
            one, other = runner.executor.cross(pair, calls)
            counts.append(sum(a.digest != b.digest for a, b in zip(one, other, strict=True)))
    print(
        f"second round: coders asked at {coders}, testers at {len(with_)}"
        f" of {len(benches)} targets;"
        f" new calls that tell the pair apart at {sum(map(bool, with_))} of these,"
        f" of as many ordinary samples at {sum(map(bool, without))}"
    )
    what = "new calls that tell the leading clusters apart, second round against more samples"
    yield against(what, with_, without)


def added(behind: Sequence[Sample], samples: Sequence[Sample]) -> list[Sample]:
    """Those that were not there before."""
    before = set(map(id, samples))
    return [sample for sample in behind if id(sample) not in before]


def against(what: str, one: Sequence[float], other: Sequence[float]) -> Line:
    """Compare two settings target by target."""
    goal = "interval of the difference above 0"
    if not one:
        return Line(what, "no target", goal, reached=False)
    values = [a - b for a, b in zip(one, other, strict=True)]
    found: Interval = metrics.interval(values, metrics.resample(len(values), 0))
    means = f"{sum(one) / len(one):.2f} against {sum(other) / len(other):.2f}"
    figure = f"{means}, {found.mean:+.2f} [{found.low:+.2f}, {found.high:+.2f}], n={len(values)}"
    return Line(what, figure, goal, found.low > 0.0)


def written(file: Path, folder: Path, most: int) -> Iterator[tuple[Path, str]]:
    """Yield a root and a target's name for each problem, with its solution as the current code."""
    if not file.exists():
        print(f"HumanEval skipped: no file {file.name}")
        return
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for i, line in enumerate(lines):
            if i == most:
                return
            problem = json.loads(line)
            root = folder / f"p{i}"
            root.mkdir()
            (root / "code.py").write_text(problem["solutions"][0], encoding="utf-8")
            yield root, f"code.py::{problem['entry_point']}"


ROWS: dict[int, Callable[[Sequence[Bench]], Iterator[Line]]] = {
    1: variety,
    2: structured,
    3: repaired,
    4: told_apart,
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose problems."""
    parser.add_argument("--humaneval", type=Path, default=PROBLEMS, help="a file of problems")
    parser.add_argument("--problems", type=int, default=N, help="how many of them")


def main() -> int:
    """Measure and print."""
    chosen = arguments(__doc__ or "", rows_option(ROWS), add_options)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        options = {"backend": "llama", "cache": "none", "samples": str(SAMPLES)}
        config = from_strings(options, rootdir=ROOT)
        sandbox = stack.enter_context(closing(process_sandbox(config)))
        backends, _ = open_backends(config, plugins.load(), stack)
        parts = Parts(config, tuple(backends), sandbox, dual_critic)
        limit = QUICK if chosen.quick else None
        places = [(ROOT, t) for t in find_targets(["examples"], ROOT)][:limit]
        for root, name in written(chosen.humaneval, folder, limit or chosen.problems):
            places += [(root, target) for target in find_targets([name], root)]
        benches = []
        for root, target in places:
            own = replace(parts, config=replace(config, rootdir=root))
            executor = Executor(target, own.config, sandbox, Memory(None))
            context = gather(target, rootdir=root, test_paths=())
            if not target.is_stub and not executor.probe():
                runner = Runner(target, own, executor, lambda _: None, target.qualname)
                benches.append(Bench(target, context, runner))
        print(f"{len(benches)} targets, {SAMPLES} samples of each role", flush=True)
        lines = []
        for line in (line for number in chosen.rows for line in ROWS[number](benches)):
            print(line, flush=True)
            lines.append(line)
    return close_table("diversity", lines)


if __name__ == "__main__":
    sys.exit(main())
