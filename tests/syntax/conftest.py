"""A target for code that looks for one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pytest_genx.domain import Target, TargetKind


@pytest.fixture
def function() -> Target:
    """A function `f` of the module `shop.cart`."""
    return Target(
        path=Path("shop/cart.py"),
        import_root=Path(),
        module="shop.cart",
        qualname="f",
        kind=TargetKind.FUNCTION,
        is_async=False,
        is_stub=False,
        start=1,
        end=2,
        source="def f(n):\n    return n",
        module_source="def f(n):\n    return n\n",
    )


@pytest.fixture
def method(function: Target) -> Target:
    """A method `m` of the class `A` of the same module."""
    return replace(function, qualname="A.m", kind=TargetKind.METHOD)
