"""What the product keeps of a program that stands alone."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from pytest_genx.backends.heuristic import heuristic_backend
from pytest_genx.bench.kept import context_of, kept_cases, placed
from pytest_genx.config import from_strings
from pytest_genx.errors import TargetNotFound
from pytest_genx.pipeline.parts import Parts
from pytest_genx.rankers.dual_critic import dual_critic
from pytest_genx.sandboxes.process import process_sandbox

PROGRAM = "LIMIT = 3\n\ndef f(n: int):\n    return n > LIMIT\n"


def test_values_of_kept_cases_come_from_the_code():
    """A backend that states no value still gives whole cases, no more than are wanted."""
    options = {"oracle": "code", "cache": "none", "max-tests": "2", "workers": "1"}
    config = from_strings(options, rootdir=Path.cwd())
    with closing(process_sandbox(config)) as sandbox, placed(PROGRAM, "f") as target:
        parts = Parts(config, (heuristic_backend(config),), sandbox, dual_critic)
        kept = kept_cases(target, parts)
    assert len(kept) == 2
    assert all(case.corrected and case.source.startswith("assert f(") for case in kept)
    assert {case.expectation.value for case in kept} == {"True", "False"}


def test_context_has_what_the_target_uses():
    """Prompts show the constant above the function."""
    with placed(PROGRAM, "f") as target:
        assert "LIMIT = 3" in context_of(target).surroundings


def test_a_function_that_is_missing_is_an_error():
    """The folder is removed all the same."""
    with pytest.raises(TargetNotFound), placed(PROGRAM, "g"):
        pass
