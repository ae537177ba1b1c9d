"""The command `genx bench bugs`, from arguments to tables, a file and a picture."""

# ruff: noqa: PLC0415 -- a verb imports what it needs when it is run

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_genx.errors import BadOption, WriteRefused
from pytest_genx.options import DEFAULT_BACKENDS, OPTIONS

if TYPE_CHECKING:
    import pluggy

    from pytest_genx.bench.bug_score import Result
    from pytest_genx.bench.bug_sets import BugSet
    from pytest_genx.bench.pool import Pool
    from pytest_genx.config import Config
    from pytest_genx.pipeline.run import Parts

NOBODY = "none"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be measured: files, how many mutants of a task, how many problems."""

    pools: tuple[Path, ...]
    bugs: tuple[Path, ...]
    mutants: int
    limit: int | None
    json_path: Path | None = None
    plot_path: Path | None = None


def add_parser(subjects: Any) -> None:
    """Add the verb to the subjects of `genx bench`."""
    bugs = subjects.add_parser(
        "bugs",
        help="suspected bugs, on faulty and on correct code",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=(
            "Take faulty code for the current code, then the correct code, and print how often\n"
            "a bug is suspected: rightly in the one (detection), falsely in the other (false\n"
            "alarm). Faulty codes are mutants of a POOL's references that fail its labels, and\n"
            "those of sets of known BUGS. Samples are those of the pool, and what the backends\n"
            "write; the policy of others, to accept what passes, is shown next to it."
        ),
        epilog=(
            "A pool is what `genx bench rank` reads, with a reference and a label_test for each\n"
            "task. A set of bugs is a file of JSON lines, gzipped or not, with the fields\n"
            "  id, entry_point\n"
            "  buggy, correct  whole modules\n"
            "  statement       what the function shall do (or a text alone in the faulty module)\n"
            "  tests           statements that tell them apart, or\n"
            "  cases           [[arguments, expected value], ...]\n"
            "Tests and cases judge; no model sees them.\n\n"
            "Programs in these files are run, confined as the sandbox confines them.\n"
            "Example: genx bench bugs --pool pool.jsonl.gz --bugs quixbugs.jsonl.gz --limit 10"
        ),
    )
    bugs.add_argument("--pool", nargs="+", type=Path, default=[], metavar="FILE", help="of samples")
    bugs.add_argument("--bugs", nargs="+", type=Path, default=[], metavar="FILE", help="of bugs")
    bugs.add_argument(
        "--backend",
        default=",".join(DEFAULT_BACKENDS),
        metavar="NAME",
        help="who writes samples, a comma-separated list; none: recorded ones alone "
        "(default: %(default)s)",
    )
    bugs.add_argument(
        "--mutants", type=_positive, default=6, metavar="K", help="of a task (default: %(default)s)"
    )
    bugs.add_argument(
        "--limit",
        type=_positive,
        metavar="N",
        help="problems of each file that backends write for, evenly spread (default: all)",
    )
    bugs.add_argument(
        "--ranker", default="dual_critic", metavar="NAME", help="(default: %(default)s)"
    )
    bugs.add_argument("--json", type=Path, metavar="FILE", help="write every number to FILE")
    bugs.add_argument("--plot", type=Path, metavar="FILE", help="draw bars to FILE.png or FILE.svg")
    bugs.add_argument(
        "--timeout",
        type=_seconds,
        default=0.25,
        metavar="S",
        help="CPU seconds for one case (default: %(default)s)",
    )
    bugs.add_argument(
        "--seed", type=_count, default=0, metavar="N", help="of mutants, samples and the bootstrap"
    )
    bugs.add_argument(
        "--cache",
        default="",
        metavar="DIR",
        help=next(option.help for option in OPTIONS if option.name == "cache"),
    )
    bugs.set_defaults(run=_run)


def bench_bugs(asked: Asked, config: Config, manager: pluggy.PluginManager) -> list[Result]:
    """Measure what is asked, printing as each set is done.

    Args:
        asked: the files; without backends in the configuration recorded samples alone are used.
        config: its backends, timeout, seed, ranker, sandbox and cache are used.
        manager: knows the parts by name.

    Raises:
        GenxError: a file, a name, a model or the sandbox is not usable.
    """
    from pytest_genx import plugins
    from pytest_genx.app import open_backends
    from pytest_genx.bench import bug_sets
    from pytest_genx.bench import pool as pools
    from pytest_genx.bench.bug_table import show
    from pytest_genx.outcomes.cache import open_cache
    from pytest_genx.pipeline.run import Parts

    if not asked.pools and not asked.bugs:
        raise BadOption("--pool", "", "a pool, or a set of bugs after --bugs")
    loaded = [pools.read(path) for path in asked.pools]
    sets = [bug_sets.read(path) for path in asked.bugs]
    ranker = plugins.ranker(manager, config.ranker)(config)
    results: list[Result] = []
    with ExitStack() as stack:
        sandbox = stack.enter_context(closing(plugins.sandbox(manager, config.sandbox)(config)))
        cache = stack.enter_context(closing(open_cache(config)))
        backends, notes = open_backends(config, manager, stack)
        for note in (*notes, *getattr(sandbox, "notes", ())):
            print(f"note: {note}", file=sys.stderr)  # noqa: T201 -- this is a command
        parts = Parts(config, tuple(backends), sandbox, ranker, cache)
        for result in _measured(asked, loaded, sets, parts):
            show(result, config.seed)
            results.append(result)
    if asked.json_path is not None:
        _write(asked.json_path, results, config)
    if asked.plot_path is not None:
        from pytest_genx.bench.bugs_plot import plot

        plot(asked.plot_path, results, config.seed)
    return results


def _measured(
    asked: Asked, loaded: Sequence[Pool], sets: Sequence[BugSet], parts: Parts
) -> Iterator[Result]:
    """Yield each result as soon as it is there: recorded samples first, for they are quick."""
    from pytest_genx.bench import bugs
    from pytest_genx.bench.bug_pool import Runner
    from pytest_genx.bench.bug_table import Told

    config, tell = parts.config, Told()
    runner = Runner(parts.sandbox, config.timeout, parts.cache)
    ranker = config.ranker, parts.ranker
    n, seed, limit = asked.mutants, config.seed, asked.limit
    for pool in loaded:
        yield bugs.recorded_mutants(pool, runner, ranker, tell, n=n, seed=seed)
    for one in sets:
        shared = bugs.recorded_bugs(one, loaded, runner, ranker, tell)
        if shared is not None:
            yield shared
    if not parts.backends:
        return
    for one in sets:
        yield bugs.generated_bugs(one, runner, parts, tell, limit=limit)
    for pool in loaded:
        yield bugs.generated_mutants(pool, runner, parts, tell, n=n, seed=seed, limit=limit)


def _run(arguments: argparse.Namespace) -> None:
    from pytest_genx import plugins
    from pytest_genx.config import Config

    names = [name.strip() for name in arguments.backend.split(",") if name.strip()]
    if not names:
        raise BadOption("--backend", arguments.backend, "at least one name, or none")
    config = Config(
        rootdir=Path.cwd(),
        backends=() if names == [NOBODY] else tuple(names),
        ranker=arguments.ranker,
        timeout=arguments.timeout,
        seed=arguments.seed,
        cache=arguments.cache,
    )
    asked = Asked(
        tuple(arguments.pool),
        tuple(arguments.bugs),
        arguments.mutants,
        arguments.limit,
        arguments.json,
        arguments.plot,
    )
    bench_bugs(asked, config, plugins.load())


def _write(path: Path, results: Sequence[Result], config: Config) -> None:
    from pytest_genx import __version__
    from pytest_genx.bench.bug_score import to_json

    body = {
        "version": __version__,
        "timeout": config.timeout,
        "seed": config.seed,
        "sets": [to_json(result, config.seed) for result in results],
    }
    try:
        path.write_text(json.dumps(body, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise WriteRefused(path, error.strerror or str(error)) from None


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, got {text!r}")
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 0, got {text!r}")
    return value


def _seconds(text: str) -> float:
    value = float(text)
    if not 0.0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"expected seconds above 0, got {text!r}")
    return value
