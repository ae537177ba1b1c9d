"""What every verb of `genx bench` opens and writes: a sandbox and a cache, and a file of JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pluggy

from pytest_genx import __version__, builtin, plugins
from pytest_genx.bench.pool import Pool
from pytest_genx.bench.table import say_cached
from pytest_genx.config import Config
from pytest_genx.errors import GenxError, WriteRefused
from pytest_genx.interfaces import Cache, Ranker, Sandbox
from pytest_genx.outcomes.cache import open_cache


class Unlabelled(GenxError):
    """A pool has no labels, so that nothing can be judged by them."""

    def __init__(self, pool: str, task_id: str, missing: str) -> None:
        super().__init__(f"{pool}: task {task_id!r} has no label_test, so there is no {missing}")


@dataclass(frozen=True, slots=True)
class Session:
    """What is open while pools are executed."""

    sandbox: Sandbox
    cache: Cache


@contextmanager
def open_session(config: Config, manager: pluggy.PluginManager) -> Iterator[Session]:
    """Open the sandbox and the cache, and say at the end what the cache spared.

    Raises:
        GenxError: the sandbox is not known, or cannot be had.
    """
    with ExitStack() as stack:
        sandbox = stack.enter_context(closing(plugins.sandbox(manager, config.sandbox)(config)))
        cache = stack.enter_context(closing(open_cache(config)))
        for note in getattr(sandbox, "notes", ()):
            sys.stderr.write(f"note: {note}\n")
        yield Session(sandbox, cache)
    say_cached(cache.executed, cache.found, cache.notes)


def known_rankers(manager: pluggy.PluginManager) -> list[str]:
    """Return the names of all rankers: the package's own in its order, then others by name."""
    found = {name for offer in manager.hook.genx_rankers() for name in offer}
    own = [name for name in builtin.genx_rankers() if name in found]
    return own + sorted(found.difference(own))


def open_rankers(
    names: Sequence[str],
    config: Config,
    manager: pluggy.PluginManager,
    *,
    passes_only: bool = False,
) -> dict[str, Ranker]:
    """Make rankers by name, each once, in the order given.

    Args:
        names: which.
        config: what they are made with.
        manager: knows them.
        passes_only: whether they see nothing but passes and counts.

    Raises:
        UnknownName: no plugin offers one of them.
    """
    made = {name: plugins.ranker(manager, name)(config) for name in dict.fromkeys(names)}
    return {name: passes_alone(one) for name, one in made.items()} if passes_only else made


def passes_alone(ranker: Ranker) -> Ranker:
    """Show a ranker nothing but passes and counts."""
    return lambda matrix: ranker(matrix.passes_only())


def refuse_unlabelled(pool: Pool, missing: str) -> None:
    """Refuse a pool where some task has no labels.

    Raises:
        Unlabelled: says that there is no `missing`, and for want of which task's label.
    """
    for task in pool.tasks:
        if task.label_test is None:
            raise Unlabelled(pool.name, task.task_id, missing)


def settings(config: Config, sandbox: Sandbox) -> dict[str, object]:
    """Return under which settings numbers came about, as JSON types."""
    return {
        "version": __version__,
        "timeout": config.timeout,
        "seed": config.seed,
        "sandbox": sandbox.name,
        "environment": list(getattr(sandbox, "environment", ())),
    }


def write_json(path: Path, body: Mapping[str, object]) -> None:
    """Write numbers to a file.

    Raises:
        WriteRefused: it cannot be written.
    """
    try:
        path.write_text(json.dumps(body, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise WriteRefused(path, error.strerror or str(error)) from None
