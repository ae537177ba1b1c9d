"""The command `genx bench bugs`, from arguments to tables, a file and a picture."""

# ruff: noqa: PLC0415 -- a verb imports what it needs when it is run

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_genx.bench.arguments import add_execution, add_output, positive, to_config
from pytest_genx.errors import BadOption
from pytest_genx.options import DEFAULT_BACKENDS

if TYPE_CHECKING:
    import pluggy

    from pytest_genx.bench.bug_score import Result
    from pytest_genx.bench.bug_sets import BugSet
    from pytest_genx.bench.pool import Pool
    from pytest_genx.config import Config
    from pytest_genx.pipeline.parts import Parts

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
        "--mutants", type=positive, default=6, metavar="K", help="of a task (default: %(default)s)"
    )
    bugs.add_argument(
        "--limit",
        type=positive,
        metavar="N",
        help="problems of each file that backends write for, evenly spread (default: all)",
    )
    bugs.add_argument(
        "--ranker", default="dual_critic", metavar="NAME", help="(default: %(default)s)"
    )
    add_output(bugs)
    add_execution(bugs)
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
    from pytest_genx.bench import bug_sets, plot
    from pytest_genx.bench import pool as pools
    from pytest_genx.bench.bug_score import to_json
    from pytest_genx.bench.bug_table import show
    from pytest_genx.bench.session import open_session, settings, write_json
    from pytest_genx.pipeline.parts import Parts

    plot.check(asked.plot_path)
    if not asked.pools and not asked.bugs:
        raise BadOption("--pool", "", "a pool, or a set of bugs after --bugs")
    loaded = [pools.read(path) for path in asked.pools]
    sets = [bug_sets.read(path) for path in asked.bugs]
    ranker = plugins.ranker(manager, config.ranker)(config)
    results: list[Result] = []
    with open_session(config, manager) as session, ExitStack() as stack:
        described = settings(config, session.sandbox)
        backends, notes = open_backends(config, manager, stack)
        for note in notes:
            sys.stderr.write(f"note: {note}\n")
        parts = Parts(config, tuple(backends), session.sandbox, ranker, session.cache)
        for result in _measured(asked, loaded, sets, parts):
            show(result, config.seed)
            results.append(result)
    if asked.json_path is not None:
        measured = [to_json(result, config.seed) for result in results]
        write_json(asked.json_path, {**described, "sets": measured})
    if asked.plot_path is not None:
        from pytest_genx.bench.bugs_plot import plot as draw

        draw(asked.plot_path, results, config.seed)
    return results


def _measured(
    asked: Asked, loaded: Sequence[Pool], sets: Sequence[BugSet], parts: Parts
) -> Iterator[Result]:
    """Yield each result as soon as it is there: recorded samples first, for they are quick."""
    from pytest_genx.bench import bugs
    from pytest_genx.bench.bug_table import Told
    from pytest_genx.bench.runner import Runner

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

    names = [name.strip() for name in arguments.backend.split(",") if name.strip()]
    if not names:
        raise BadOption("--backend", arguments.backend, "at least one name, or none")
    config = replace(
        to_config(arguments),
        backends=() if names == [NOBODY] else tuple(names),
        ranker=arguments.ranker,
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
