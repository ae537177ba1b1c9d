"""The message that opens a batch: what a worker must know of all its programs and cases."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pytest_genx.domain import HOPELESS, Batch
from pytest_genx.sandboxes.conftests import ini_file
from pytest_genx.sandboxes.plan import Plan
from pytest_genx.sandboxes.shared_imports import shared_imports


def places(batch: Batch) -> tuple[str, ...]:
    """List the directories of the project."""
    return tuple(dict.fromkeys(str(Path(path).absolute()) for path in batch.sys_path))


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
