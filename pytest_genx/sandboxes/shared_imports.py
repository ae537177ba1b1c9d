"""What a worker imports once, before it forks: the imports that programs have in common."""

from __future__ import annotations

import importlib.util
import re

from pytest_genx.domain import Batch

_IMPORT = re.compile(
    r"^(?:from[ \t]+([.\w]+)[ \t]+import\b|import[ \t]+([\w., \t]+))", re.MULTILINE
)


def shared_imports(batch: Batch) -> tuple[str, ...]:
    """List modules to import beforehand, in order: an optimisation that may miss some.

    These are the packages around the module under test, what every program imports at its
    top, and what the cases import. What one program alone imports is left to it, so that no
    program can rely on the imports of another.
    """
    package = batch.module.rpartition(".")[0]
    if batch.path.endswith("__init__.py"):
        package = batch.module
    parent = [batch.module.rpartition(".")[0]]
    common = [set(_modules(program, package)) for program in batch.programs]
    in_all = sorted(set.intersection(*common)) if common else []
    of_cases = sorted(
        {m for c in batch.cases for text in (*c.imports, c.source) for m in _modules(text, "")}
    )
    names = dict.fromkeys([*parent, *in_all, *of_cases])
    return tuple(name for name in names if name and name != batch.module)


def _modules(source: str, package: str) -> list[str]:
    """Name the modules that lines at the left margin import."""
    names = []
    for origin, plain in _IMPORT.findall(source):
        if origin.startswith("."):
            names += _absolute(origin, package)
        else:
            names += (
                [origin]
                if origin
                else [part.split()[0] for part in plain.split(",") if part.strip()]
            )
    return [name for name in names if all(part.isidentifier() for part in name.split("."))]


def _absolute(relative: str, package: str) -> list[str]:
    try:
        return [importlib.util.resolve_name(relative, package)]
    except ImportError:
        return []
