"""The cases that the product keeps for one function: a module file -> a whole run -> cases."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from pytest_genx.bench.runner import MODULE
from pytest_genx.domain import Case, Context, Target
from pytest_genx.pipeline.context import gather
from pytest_genx.pipeline.parts import Parts
from pytest_genx.pipeline.run import run_target
from pytest_genx.pipeline.target import find_targets


@contextmanager
def placed(program: str, entry_point: str) -> Iterator[Target]:
    """Write a program to a folder of its own, and find a function or method in it.

    Raises:
        TargetNotFound: the program does not define it.
    """
    with tempfile.TemporaryDirectory(prefix="genx-kept-") as folder:
        root = Path(folder).resolve()
        (root / f"{MODULE}.py").write_text(program, encoding="utf-8")
        (target,) = find_targets([f"{MODULE}.py::{entry_point}"], root)
        yield target


def context_of(target: Target) -> Context:
    """Gather what prompts show besides a target that stands alone in its folder."""
    return gather(target, rootdir=target.import_root, test_paths=())


def kept_cases(target: Target, parts: Parts) -> list[Case]:
    """Run the whole way, and return what is kept, in the order of the report.

    Args:
        target: from `placed`.
        parts: of a run; the root is set here.

    Raises:
        GenxError: the sandbox or all backends failed.
    """
    config = replace(parts.config, rootdir=target.import_root)
    return run_target(target, replace(parts, config=config), lambda _: None)
