"""A batch -> what its workers may read, and what they are told before the first program."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pytest_genx.domain import HOPELESS, Batch, CaseForm
from pytest_genx.sandboxes.plan import Plan
from pytest_genx.sandboxes.shared_imports import shared_imports
from pytest_genx.syntax.conftests import ini_file


def places_of(batch: Batch, readable: Sequence[str] = ()) -> tuple[str, ...]:
    """List the directories of the project that the workers of a batch may read.

    Test functions need pytest's root and the directories of the conftest files, too.

    Args:
        batch: what is to be run.
        readable: what is allowed in any case; comes first.

    Returns:
        Paths, none below one before it: batches that may read the same share workers.
    """
    wanted = [*readable, *_import_path(batch)]
    if any(case.form is CaseForm.FUNCTION for case in batch.cases):
        wanted += [str(Path(batch.rootdir).absolute())] if batch.rootdir else []
        wanted += [str(Path(path).absolute().parent) for path in batch.conftests]
    kept: list[str] = []
    for place in wanted:
        if not any(_is_below(Path(place), Path(other)) for other in kept):
            kept.append(place)
    return tuple(kept)


def opening(batch: Batch, plans: Sequence[Plan]) -> dict[str, object]:
    """Say what holds for all programs of a batch."""
    cases = [
        {
            "source": plan.source,
            "observe": plan.observe,
            "against": plan.against,
            "imports": plan.imports,
            "form": plan.form.value,
        }
        for plan in plans
    ]
    return {
        "do": "open",
        "module": batch.module,
        "path": str(Path(batch.path).absolute()),
        "sys_path": _import_path(batch),
        "cases": cases,
        "hopeless": HOPELESS,
        "preload": shared_imports(batch),
        "pytest": {
            "rootdir": batch.rootdir,
            "inifile": ini_file(Path(batch.rootdir)) if batch.rootdir else "",
            "conftests": batch.conftests,
        },
    }


def _import_path(batch: Batch) -> list[str]:
    return list(dict.fromkeys(str(Path(path).absolute()) for path in batch.sys_path))


def _is_below(place: Path, other: Path) -> bool:
    """Say whether a path is inside another, or the same, by name and with links resolved."""
    return place.is_relative_to(other) and place.resolve().is_relative_to(other.resolve())
