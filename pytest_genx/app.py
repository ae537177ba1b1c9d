"""Config + plugins -> parts -> pipeline: one run from opening to closing, for every front end."""

from __future__ import annotations

import importlib.util
import time
import warnings
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import pluggy

from pytest_genx import __version__, plugins
from pytest_genx.backends.remembered import remembered
from pytest_genx.config import Config
from pytest_genx.domain import Case, Edit, Target
from pytest_genx.errors import GenxError, MissingDependency
from pytest_genx.interfaces import Backend, Reporter
from pytest_genx.options import DEFAULT_BACKENDS
from pytest_genx.outcomes.cache import OutcomeCache, open_cache
from pytest_genx.pipeline.judge import Ask
from pytest_genx.pipeline.parts import Parts
from pytest_genx.pipeline.run import run_target
from pytest_genx.pipeline.target import find_targets
from pytest_genx.pipeline.verify import failing, take_back
from pytest_genx.pipeline.wording import read_wording
from pytest_genx.pipeline.write import apply, plan, refuse_outside
from pytest_genx.records import FileWritten, Record, RunEnded, RunStarted, TargetFailed


class Run:
    """Targets and the parts to work on them; `execute` once, `close` always."""

    def __init__(
        self,
        targets: Sequence[Target],
        parts: Parts,
        reporters: Sequence[Reporter],
        notes: Sequence[str],
        cache: OutcomeCache,
        stack: ExitStack,
    ) -> None:
        self.targets = tuple(targets)
        self.parts = parts
        self._reporters = tuple(reporters)
        self._notes = tuple(notes)
        self._cache = cache
        self._stack = stack

    def execute(self) -> None:
        """Work through the targets, then write files if that was asked for.

        Raises:
            KeyboardInterrupt, GenxError: passed through after what is done has been reported;
                the latter says what the machine lacks. Nothing is written then.
        """
        with warnings.catch_warnings():
            # Parsing warns of odd escapes in the user's code and in samples; that is no concern
            # of a run that may have been started with `-W error`.
            warnings.simplefilter("ignore", SyntaxWarning)
            warnings.simplefilter("ignore", DeprecationWarning)
            self._execute()

    def _execute(self) -> None:
        started = time.monotonic()
        config = self.parts.config
        names = [target.label(config.rootdir) for target in self.targets]
        self._emit(
            RunStarted(
                __version__,
                config.seed,
                config.oracle.value,
                tuple(backend.name for backend in self.parts.backends),
                self.parts.sandbox.name,
                config.ranker,
                tuple(names),
                self._notes,
                tuple(getattr(self.parts.sandbox, "environment", ())),
                tuple(model for backend in self.parts.backends for model in _models(backend)),
            )
        )
        kept: list[tuple[Target, Sequence[Case]]] = []
        try:
            for target in self.targets:
                # not a comprehension: an interrupt must leave what is done
                kept.append((target, run_target(target, self.parts, self._emit)))  # noqa: PERF401
            if config.write == "accept":
                self._write(kept)
        except (KeyboardInterrupt, GenxError) as error:
            if len(kept) < len(self.targets):
                reason = "interrupted" if isinstance(error, KeyboardInterrupt) else str(error)
                self._emit(TargetFailed(names[len(kept)], reason))
            self._emit(self._ended(started, interrupted=True))
            raise
        self._emit(self._ended(started, interrupted=False))

    def close(self) -> None:
        """Free backends, sandbox and reporters, in the reverse order of opening."""
        self._stack.close()

    def _write(self, kept: Sequence[tuple[Target, Sequence[Case]]]) -> None:
        config = self.parts.config
        edits = plan(
            kept,
            rootdir=config.rootdir,
            test_dir=config.test_dir,
            test_paths=[Path(path) for path in config.test_paths],
            sys_path=config.sys_path,
        )
        for edit, record in zip(edits, apply(edits, config.rootdir), strict=True):
            self._emit(_verified(edit, record, config.rootdir))

    def _ended(self, started: float, *, interrupted: bool) -> RunEnded:
        seconds = time.monotonic() - started
        cache, backends = self._cache, self.parts.backends
        notes = [*cache.notes, *(n for b in backends for n in getattr(b, "late_notes", ()))]
        return RunEnded(
            interrupted,
            seconds,
            cache.executed,
            cache.found,
            tuple(dict.fromkeys(notes)),
            sum(getattr(backend, "drawn", 0) for backend in backends),
            sum(getattr(backend, "remembered", 0) for backend in backends),
            self.parts.clock.timings(seconds),
        )

    def _emit(self, record: Record) -> None:
        for reporter in self._reporters:
            reporter.record(record)


def open_run(
    config: Config,
    manager: pluggy.PluginManager,
    *,
    reporters: Iterable[Reporter] = (),
    ask: Ask | None = None,
) -> Run:
    """Find the targets and open everything they need.

    Args:
        config: checked options.
        manager: knows the parts by name.
        reporters: more of them, beyond those that the configuration names.
        ask: puts a question to the user, if the configuration wants that.

    Raises:
        GenxError: a target, a name, a model or a file is not there or not usable.
    """
    targets = find_targets(config.targets, config.rootdir)
    if config.test_dir is not None:
        refuse_outside(config.test_dir, config.rootdir)
    wording = read_wording(config.prompts)
    with ExitStack() as stack:
        ranker = plugins.ranker(manager, config.ranker)(config)
        sandbox = stack.enter_context(closing(plugins.sandbox(manager, config.sandbox)(config)))
        chosen = [plugins.reporter(manager, name) for name, _ in config.reports]
        backends, notes = open_backends(config, manager, stack)
        notes = list(dict.fromkeys([*notes, *getattr(sandbox, "notes", ())]))
        opened = [stack.enter_context(closing(make(config))) for make in chosen]
        opened += [stack.enter_context(closing(reporter)) for reporter in reporters]
        cache = stack.enter_context(closing(open_cache(config)))
        asked = ask if config.ask else None
        parts = Parts(config, tuple(backends), sandbox, ranker, cache, asked, wording)
        return Run(targets, parts, opened, notes, cache, stack.pop_all())
    raise AssertionError("unreachable: an ExitStack swallows nothing")


def _verified(edit: Edit, record: FileWritten, rootdir: Path) -> FileWritten:
    """Keep what was just written only if it passes where it stands."""
    if record.status != "written":
        return record
    try:
        reason = failing(edit.path, rootdir)
    except KeyboardInterrupt:
        take_back(edit)
        raise
    if reason:
        take_back(edit)
        return replace(record, status=f"taken back: {reason}")
    return record


def open_backends(
    config: Config, manager: pluggy.PluginManager, stack: ExitStack
) -> tuple[list[Backend], list[str]]:
    """Open each backend; one that is only there by default may lack its package, with a note.

    Args:
        config: names them.
        manager: knows them.
        stack: closes them.

    Returns:
        The backends, and notes for people.

    Raises:
        GenxError: a name, a model or a package is not there or not usable.
    """
    factories = [plugins.backend(manager, name) for name in config.backends]
    by_default = config.backends == DEFAULT_BACKENDS and config.model is None
    backends: list[Backend] = []
    notes: list[str] = []
    for factory in factories:
        try:
            backend = stack.enter_context(closing(remembered(factory(config), config)))
        except MissingDependency as error:
            if not by_default:
                raise
            notes.append(str(error))
            if importlib.util.find_spec("xllamacpp") is None:
                continue
            # The same files without a compiler; only llama can be missing by default.
            instead = plugins.backend(manager, "xllamacpp")
            backend = stack.enter_context(closing(remembered(instead(config), config)))
        notes += getattr(backend, "notes", ())
        backends += getattr(backend, "parts", ()) or (backend,)
    return backends, notes


def _models(backend: Backend) -> Sequence[str]:
    """Describe the models behind a backend, as far as it says which they are."""
    digest = getattr(backend, "digest", "")
    own = (f"{backend.name} {getattr(backend, 'model', '')} sha256:{digest}",) if digest else ()
    described: Sequence[str] = getattr(backend, "models", own)
    return described
