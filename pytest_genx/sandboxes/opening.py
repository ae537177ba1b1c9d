"""The message that opens a batch: what a worker must know of all its programs and cases."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pytest_genx.domain import HOPELESS, Batch, CaseForm
from pytest_genx.sandboxes.plan import Plan
from pytest_genx.sandboxes.shared_imports import shared_imports
from pytest_genx.syntax.conftests import ini_file


def places(batch: Batch) -> tuple[str, ...]:
    """List the directories of the project."""
    return tuple(dict.fromkeys(str(Path(path).absolute()) for path in batch.sys_path))


def readable_by(batch: Batch, readable: Sequence[str]) -> tuple[str, ...]:
    """List what the workers of a batch must be able to read.

    What lies below a place that comes before it is left out, so that more batches share a worker.
    """
    kept: list[str] = []
    for place in (*readable, *places(batch), *_test_places(batch)):
        if not any(Path(place).is_relative_to(other) for other in kept):
            kept.append(place)
    return tuple(kept)


def _test_places(batch: Batch) -> list[str]:
    """List the directories that test functions need, if there are any."""
    if not any(case.form is CaseForm.FUNCTION for case in batch.cases):
        return []
    directories = [str(Path(path).absolute().parent) for path in batch.conftests]
    return [*([str(Path(batch.rootdir).absolute())] if batch.rootdir else []), *directories]


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
        "sys_path": list(places(batch)),
        "cases": cases,
        "hopeless": HOPELESS,
        "preload": shared_imports(batch),
        "pytest": {
            "rootdir": batch.rootdir,
            "inifile": ini_file(Path(batch.rootdir)) if batch.rootdir else "",
            "conftests": batch.conftests,
        },
    }
