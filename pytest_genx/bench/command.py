"""The command `genx bench rank`, from paths and names to tables and a file."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

import pluggy

from pytest_genx import __version__, builtin, plugins
from pytest_genx.bench import pool as pools
from pytest_genx.bench.pool import Pool
from pytest_genx.bench.rank import PoolResult, measure, to_json
from pytest_genx.bench.table import progress, say_cached, show
from pytest_genx.config import Config
from pytest_genx.errors import GenxError, WriteRefused
from pytest_genx.interfaces import Ranker
from pytest_genx.outcomes.cache import open_cache


class Unlabelled(GenxError):
    """A pool has no labels, so that rankings cannot be judged."""

    def __init__(self, pool: str, task_id: str) -> None:
        super().__init__(f"{pool}: task {task_id!r} has no label_test, so there is no pass@k")


def bench_rank(
    paths: Sequence[Path],
    config: Config,
    manager: pluggy.PluginManager,
    *,
    names: Sequence[str] = (),
    json_path: Path | None = None,
) -> None:
    """Measure rankers on pools, printing as each pool is done.

    Args:
        paths: the pools.
        config: its timeout, seed, sandbox and cache are used.
        manager: knows rankers and sandboxes by name.
        names: rankers to show; none means all there are.
        json_path: where every number goes, None for nowhere.

    Raises:
        GenxError: a pool, a name or the sandbox is not usable; `Unlabelled`, after ranking,
            when a pool has no labels.
    """
    loaded = [pools.read(path) for path in paths]
    rankers = _rankers(names, config, manager)
    results: list[PoolResult] = []
    with ExitStack() as stack:
        sandbox = stack.enter_context(closing(plugins.sandbox(manager, config.sandbox)(config)))
        cache = stack.enter_context(closing(open_cache(config)))
        opened = {
            "sandbox": sandbox.name,
            "environment": list(getattr(sandbox, "environment", ())),
        }
        for note in getattr(sandbox, "notes", ()):
            print(f"note: {note}", file=sys.stderr)  # noqa: T201 -- this is a command
        for pool in loaded:
            result = measure(
                pool,
                rankers,
                sandbox,
                cpu=config.timeout,
                seed=config.seed,
                watch=progress,
                cache=cache,
            )
            show(result)
            results.append(result)
    say_cached(cache.executed, cache.found, cache.notes)
    if json_path is not None:
        _write(json_path, results, config, opened)
    for pool in loaded:
        _refuse_unlabelled(pool)


def known_rankers(manager: pluggy.PluginManager) -> list[str]:
    """Return the names of all rankers: the package's own in its order, then others by name."""
    found = {name for offer in manager.hook.genx_rankers() for name in offer}
    own = [name for name in builtin.genx_rankers() if name in found]
    return own + sorted(found.difference(own))


def _rankers(
    names: Sequence[str], config: Config, manager: pluggy.PluginManager
) -> dict[str, Ranker]:
    chosen = dict.fromkeys(names or known_rankers(manager))
    return {name: plugins.ranker(manager, name)(config) for name in chosen}


def _write(
    path: Path, results: Sequence[PoolResult], config: Config, opened: Mapping[str, object]
) -> None:
    body = {
        "version": __version__,
        "timeout": config.timeout,
        "seed": config.seed,
        **opened,
        "pools": [to_json(result) for result in results],
    }
    try:
        path.write_text(json.dumps(body, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise WriteRefused(path, error.strerror or str(error)) from None


def _refuse_unlabelled(pool: Pool) -> None:
    for task in pool.tasks:
        if task.label_test is None:
            raise Unlabelled(pool.name, task.task_id)
