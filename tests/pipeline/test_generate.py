from __future__ import annotations

from dataclasses import replace

from pytest_genx.domain import Context, Prompt, Request, Role, Sample
from pytest_genx.pipeline.generate import derived_seed, generate

PROMPTS = {role: Prompt(role, "text") for role in Role}


class Scripted:
    """A backend that has so many samples for each role."""

    name = "scripted"

    def __init__(self, coder: int, tester: int) -> None:
        self.count = {Role.CODER: coder, Role.TESTER: tester}
        self.requests: list[Request] = []

    def sample(self, request: Request):
        self.requests.append(request)
        role = request.prompt.role
        for i in range(self.count[role]):
            yield Sample(role, f"{role.value} {i}", self.name, request.seed + i)

    def close(self) -> None:
        """Nothing is open."""


def run(half, *backends: Scripted, samples: int = 4) -> tuple[list[Sample], list[tuple[int, int]]]:
    progress: list[tuple[int, int]] = []
    taken = generate(
        half,
        Context(),
        PROMPTS,
        backends,
        samples=samples,
        seed=7,
        on_progress=lambda done, total: progress.append((done, total)),
    )
    return list(taken), progress


def test_every_backend_is_asked_for_both_roles(half):
    """Samples of all backends and roles arrive, in a fixed order."""
    samples, _ = run(half, Scripted(1, 2), Scripted(0, 1))
    assert [s.text for s in samples] == ["coder 0", "tester 0", "tester 1", "tester 0"]


def test_progress_ends_at_the_total_even_when_backends_give_less(half):
    """A backend with nothing to say does not leave the bar hanging."""
    _, progress = run(half, Scripted(1, 0))
    assert progress[-1] == (8, 8)
    assert progress == sorted(progress)


def test_seed_depends_on_target_and_role_only(half):
    """Another target in the run does not change a target's samples; another role does."""
    assert derived_seed(0, half, Role.CODER) != derived_seed(0, half, Role.TESTER)
    other = replace(half, qualname="other")
    assert derived_seed(0, half, Role.CODER) != derived_seed(0, other, Role.CODER)
    moved = replace(half, start=10, end=13)
    assert derived_seed(0, half, Role.CODER) == derived_seed(0, moved, Role.CODER)
