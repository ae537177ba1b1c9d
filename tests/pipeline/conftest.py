"""A target that several stages are tested with."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_genx.domain import Target, TargetKind

HALF = "def half(n):\n    if n < 0:\n        raise ValueError(n)\n    return n // 2\n"


@pytest.fixture
def half() -> Target:
    """A function that halves, and refuses negative numbers."""
    return Target(
        path=Path("half.py"),
        import_root=Path(),
        module="half",
        qualname="half",
        kind=TargetKind.FUNCTION,
        is_async=False,
        is_stub=False,
        start=1,
        end=4,
        source=HALF,
        module_source=HALF,
    )
