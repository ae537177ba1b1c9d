# ruff: noqa: PTH119, PTH120 -- pathlib takes long to import
"""Import a candidate as the module it stands in, and beforehand what candidates share.

Child side: standard library only, imports nothing of ours. The candidate is found by the
import system itself, so packages around it, relative imports and whatever imports the module
by name all get it. A file on disk with the module's name is never read.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import os
import sys
import types
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or __package__:  # run by path, these are modules of their own
    from pytest_genx.sandboxes.worker.clock import Clock
else:
    from clock import Clock


class Finder:
    """Finds the candidate under the module's name, and loads it."""

    def __init__(self, module: str, path: str, program: str, clock: Clock) -> None:
        self.module = module
        self.path = path
        self.program = program
        self.clock = clock

    def find_spec(self, name: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        """Answer for the candidate's module alone."""
        if name != self.module:
            return None
        package = os.path.basename(self.path) == "__init__.py"
        loader: Any = self
        spec = importlib.machinery.ModuleSpec(name, loader, origin=self.path, is_package=package)
        spec.has_location = True
        if package:
            spec.submodule_search_locations = [os.path.dirname(self.path)]
        return spec

    def create_module(self, _spec: importlib.machinery.ModuleSpec) -> None:
        """Take the module that the import system makes."""

    def exec_module(self, module: types.ModuleType) -> None:
        """Execute the candidate, and nothing around it, under the CPU limit."""
        self.clock.start()
        try:
            code = compile(self.program, self.path, "exec", dont_inherit=True)
            exec(code, module.__dict__)  # noqa: S102 -- that is the job
        finally:
            self.clock.stop()

    def get_source(self, _name: str) -> str:
        """Return the program, for tracebacks and `inspect`."""
        return self.program


def import_candidate(module: str, path: str, program: str, clock: Clock) -> types.ModuleType:
    """Import a program under the module's name; raises whatever it raises."""
    sys.meta_path.insert(0, Finder(module, path, program, clock))
    sys.modules.pop(module, None)  # a worker's own import of the same name
    return importlib.import_module(module)


class NotYet(BaseException):
    """The module under test is imported before there is a candidate; not for `except` clauses."""


class _Blocker:
    """Keeps the module under test, and with it all that imports it, from being loaded."""

    def __init__(self, module: str) -> None:
        self.module = module

    def find_spec(self, name: str, *_: object) -> None:
        """Leave all other modules to the usual finders."""
        if name == self.module:
            raise NotYet


def preload(names: list[str], module: str) -> None:
    """Import what programs will import, except what itself imports the module under test.

    Args:
        names: modules, imported as far as they can be.
        module: the one that candidates stand in.
    """
    before = set(sys.modules)
    blocker: Any = _Blocker(module)
    sys.meta_path.insert(0, blocker)
    for name in names:
        with suppress(BaseException):
            importlib.import_module(name)
    sys.meta_path.remove(blocker)
    for name in set(sys.modules) - before:
        if name.rpartition(".")[0] not in (sys.modules.keys() | {""}):
            _forget(name)  # its package has failed, and must be imported first


def _forget(package: str) -> None:
    for name in [n for n in sys.modules if n == package or n.startswith(package + ".")]:
        del sys.modules[name]


def seed_random(seed: int) -> None:
    """Give global generators, as far as they are loaded, the same numbers in every process."""
    for module, name in (("random", "_inst"), ("numpy.random", "mtrand")):
        generator = getattr(sys.modules.get(module), name, None)
        if generator is not None:
            generator.seed(seed)
