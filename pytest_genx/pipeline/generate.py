"""Prompts x backends -> samples: how many, with which seeds, and how far along."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence

from pytest_genx.domain import Context, Prompt, Request, Role, Sample, Target
from pytest_genx.interfaces import Backend


def generate(
    target: Target,
    context: Context,
    prompts: Mapping[Role, Prompt],
    backends: Sequence[Backend],
    *,
    samples: int,
    seed: int,
    on_progress: Callable[[int, int], None],
) -> Iterator[Sample]:
    """Yield what each backend writes for each role, backend by backend.

    Args:
        target: what is under test.
        context: what the prompts show besides it.
        prompts: one for each role.
        backends: asked in order; each may yield nothing for a role.
        samples: asked of each backend for each role.
        seed: of the run; each target and role gets its own from it.
        on_progress: called with (samples taken or skipped, samples asked for).
    """
    total = samples * len(prompts) * len(backends)
    asked = 0
    for backend in backends:
        for role, prompt in prompts.items():
            request = Request(
                target, context, prompt, n=samples, seed=derived_seed(seed, target, role)
            )
            for taken, sample in enumerate(backend.sample(request), 1):
                on_progress(asked + min(taken, samples), total)
                yield sample
            asked += samples
            on_progress(asked, total)


def derived_seed(seed: int, target: Target, role: Role) -> int:
    """Make a seed that depends on the target's name, not on which other targets there are."""
    return zlib.crc32(f"{seed}:{target.module}:{target.qualname}:{role.value}".encode())
