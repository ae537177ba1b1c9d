from __future__ import annotations

import time
from dataclasses import replace

import pytest

from pytest_genx.domain import Context, Prompt, Request, Role, Sample, Stage
from pytest_genx.errors import ServerError
from pytest_genx.pipeline.generate import Health, Sampling, derived_seed, in_order

PROMPTS = {role: Prompt(role, "text") for role in Role}


class Scripted:
    """A backend that has so many samples for each role, and may fail after some of them."""

    def __init__(self, coder=99, tester=99, *, name="scripted", free=False, fails=None, slow=0.0):
        self.name = name
        self.free = free
        self.fails = fails
        self.slow = slow
        self.count = {Role.CODER: coder, Role.TESTER: tester}
        self.requests: list[Request] = []

    def sample(self, request: Request):
        self.requests.append(request)
        role = request.prompt.role
        for i in range(request.first, min(request.first + request.n, self.count[role])):
            if i == self.fails:
                raise ServerError("http://host", "is down")
            time.sleep(self.slow)
            yield Sample(role, f"{role.value} {i}", self.name, request.seed + i)

    def close(self) -> None:
        """Nothing is open."""


def sampling(half, *backends, samples=4, **options) -> Sampling:
    options = {"seed": 7, "temperatures": (0.8,), **options}
    return Sampling(half, Context(), backends, samples=samples, **options)


def texts(samples) -> list[str]:
    return [sample.text for sample in samples]


def test_every_backend_is_asked_for_both_roles(half):
    """Samples of all backends and roles arrive, role by role."""
    asked = sampling(half, Scripted(1, 2), Scripted(0, 1))
    found = texts(asked.ask(PROMPTS, first=0, n=4))
    assert found == ["coder 0", "tester 0", "tester 1", "tester 0"]


def test_batches_are_the_parts_of_one_request(half):
    """Two batches give what one gives, with the same seeds."""
    asked = sampling(half, Scripted())
    parts = [*asked.ask(PROMPTS, first=0, n=2), *asked.ask(PROMPTS, first=2, n=2)]
    whole = list(sampling(half, Scripted()).ask(PROMPTS, first=0, n=4))
    assert in_order(parts) == whole


def test_free_backend_is_asked_once_for_all(half):
    """It gives everything with the first batch, and has no part in other stages."""
    free = Scripted(free=True)
    asked = sampling(half, free)
    list(asked.ask(PROMPTS, first=0, n=2))
    list(asked.ask(PROMPTS, first=2, n=2))
    list(asked.ask(PROMPTS, first=0, n=2, stage=Stage.SECOND))
    assert [(r.first, r.n) for r in free.requests] == [(0, 4), (0, 4)]


def test_one_backend_alone_can_be_asked(half):
    """What it gave may be sent back to it."""
    one, other = Scripted(), Scripted()
    one.name, other.name = "one", "other"
    asked = sampling(half, one, other)
    found = list(asked.ask(PROMPTS, first=1, n=1, stage=Stage.REPAIR, only="other"))
    assert [sample.backend for sample in found] == ["other", "other"]
    assert one.requests == []


def test_later_stages_get_nothing_of_a_budget_that_is_spent(half):
    """One sample for each role at least is for the first stage alone."""
    backend = Scripted(slow=0.02)
    asked = sampling(half, backend, budget=0.001)
    assert len(texts(asked.ask(PROMPTS, first=0, n=4))) == 2
    assert texts(asked.ask(PROMPTS, first=0, n=4, stage=Stage.SECOND)) == []


def test_requests_say_the_stage_and_the_temperatures(half):
    """Another round is asked for with other prompts, and says so."""
    backend = Scripted()
    list(sampling(half, backend, temperatures=(0.4, 1.0)).ask(PROMPTS, first=0, n=1))
    list(sampling(half, backend).ask(PROMPTS, first=0, n=1, stage=Stage.REPAIR))
    assert [r.stage for r in backend.requests[1:3]] == [Stage.FIRST, Stage.REPAIR]
    assert backend.requests[0].temperatures == (0.4, 1.0)


def test_progress_ends_at_the_total_even_when_backends_give_less(half):
    """A backend with nothing to say does not leave the bar hanging."""
    progress: list[tuple[int, int]] = []
    asked = sampling(half, Scripted(1, 0), on_progress=lambda *one: progress.append(one))
    list(asked.ask(PROMPTS, first=0, n=4))
    assert progress[-1] == (8, 8)
    assert progress == sorted(progress)


def test_what_came_before_an_error_is_kept_and_the_others_go_on(half):
    """The backend is not asked again for this target, and a note has its sentence."""
    broken, sound = Scripted(fails=1, name="broken"), Scripted(1, 1, name="sound")
    asked = sampling(half, broken, sound)
    assert texts(asked.ask(PROMPTS, first=0, n=4)) == ["coder 0", "coder 0", "tester 0"]
    assert len(broken.requests) == 1
    assert asked.notes == ["broken failed: server http://host: is down"]


def test_backend_that_fails_at_two_targets_in_a_row_is_given_up(half):
    """It is asked again once; the next targets say that it was not asked."""
    broken, health = Scripted(fails=0), Health()
    notes = []
    for _ in range(3):
        asked = sampling(half, broken, Scripted(name="sound"), health=health)
        list(asked.ask(PROMPTS, first=0, n=2))
        notes += asked.notes
    assert len(broken.requests) == 2
    assert notes[1].endswith("is down; it is not asked any more")
    assert notes[2] == "scripted was not asked: it failed at 2 targets in a row"


def test_backend_that_works_again_is_forgiven(half):
    """Only failures in a row count."""
    backend, health = Scripted(fails=0), Health()
    for fails in (0, None, 0):
        backend.fails = fails
        list(sampling(half, backend, health=health).ask(PROMPTS, first=0, n=1))
    assert not health.given_up(backend)


def test_run_without_a_backend_that_may_work_is_refused(half):
    """Its error is the last one's; with another backend the run goes on."""
    broken, health = Scripted(fails=0, name="broken"), Health()
    for _ in range(2):
        list(sampling(half, broken, health=health).ask(PROMPTS, first=0, n=1))
    health.refuse([broken, Scripted()])
    with pytest.raises(ServerError, match="is down"):
        health.refuse([broken])


def test_budget_is_shared_by_the_roles(half):
    """A coder that takes its time leaves half of it to the tester."""
    asked = sampling(half, Scripted(slow=0.02), samples=64, budget=0.2)
    found = list(asked.ask(PROMPTS, first=0, n=64))
    assert asked.out_of_time
    assert {sample.role for sample in found} == set(Role)
    assert len(found) < 20


def test_budget_spares_what_is_free(half):
    """A slow backend that is free neither uses nor is cut by the budget."""
    asked = sampling(half, Scripted(2, 2, slow=0.02, free=True), budget=0.01)
    assert len(list(asked.ask(PROMPTS, first=0, n=4))) == 4
    assert not asked.out_of_time


def test_seed_depends_on_target_and_role_only(half):
    """Another target in the run does not change a target's samples; another role does."""
    assert derived_seed(0, half, Role.CODER) != derived_seed(0, half, Role.TESTER)
    other = replace(half, qualname="other")
    assert derived_seed(0, half, Role.CODER) != derived_seed(0, other, Role.CODER)
    moved = replace(half, start=10, end=13)
    assert derived_seed(0, half, Role.CODER) == derived_seed(0, moved, Role.CODER)
