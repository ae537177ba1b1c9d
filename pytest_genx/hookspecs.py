"""The four hooks a third party can implement; all have one shape: names to factories.

A factory takes the `Config` and imports what it needs when it is called, never before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from pytest_genx.config import Config
    from pytest_genx.interfaces import Backend, Ranker, Reporter, Sandbox

hookspec = pluggy.HookspecMarker("genx")
hookimpl = pluggy.HookimplMarker("genx")


@hookspec
def genx_backends() -> Mapping[str, Callable[[Config], Backend]]:  # type: ignore[empty-body]
    """Backends by name: what writes samples for a prompt."""


@hookspec
def genx_sandboxes() -> Mapping[str, Callable[[Config], Sandbox]]:  # type: ignore[empty-body]
    """Sandboxes by name: what runs candidates against cases."""


@hookspec
def genx_rankers() -> Mapping[str, Callable[[Config], Ranker]]:  # type: ignore[empty-body]
    """Rankers by name: what scores both sides of a pass matrix."""


@hookspec
def genx_reporters() -> Mapping[str, Callable[[Config], Reporter]]:  # type: ignore[empty-body]
    """Reporters by name: what shows results to a person or a program."""
