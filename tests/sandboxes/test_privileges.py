"""How many tasks a worker may have, as each kind of user; and filters for each machine."""

from __future__ import annotations

import sys
import threading
from types import SimpleNamespace

import pytest

from pytest_genx.sandboxes.worker import privileges, seccomp

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's part is for Linux")


@pytest.fixture
def bound(monkeypatch):
    """Return what bounds the tasks of a made-up process: whether, and to how many."""

    def bound(*, root=False, ids=True, namespaces=True, kernel=(6, 1), hard=-1, contained=False):
        def setresuid(*_):
            if not ids:
                raise PermissionError

        limits = []
        resource = SimpleNamespace(
            RLIMIT_NPROC=6,
            RLIM_INFINITY=-1,
            getrlimit=lambda _: (hard, hard),
            setrlimit=lambda _, pair: limits.append(pair),
        )
        monkeypatch.setattr(privileges.os, "geteuid", lambda: 0 if root else 1000)
        monkeypatch.setattr(privileges.os, "setresuid", setresuid)
        monkeypatch.setattr(privileges, "_enter_user_namespace", lambda _: namespaces)
        monkeypatch.setattr(privileges, "_kernel", lambda: kernel)
        monkeypatch.setattr(privileges, "_tasks_of_user", lambda: 50)
        works = privileges.bound_tasks(None, resource, contained=contained)
        ((soft, hard),) = limits
        assert soft == hard
        return works, soft

    return bound


def test_a_worker_that_is_counted_apart_has_a_small_number_of_tasks(bound):
    """As an ordinary user in a namespace, and as root with an id of its own."""
    assert bound() == bound(contained=True, namespaces=False) == bound(root=True) == (True, 256)


def test_other_tasks_of_the_user_are_allowed_for_where_they_count(bound):
    """Without a namespace, or on a kernel that does not count in each."""
    assert bound(namespaces=False) == bound(kernel=(5, 10)) == (True, 256 + 1024 + 50)


def test_root_without_another_id_is_not_bounded(bound):
    """And that is told."""
    assert bound(root=True, ids=False) == (False, 256)


def test_a_limit_that_stands_is_not_lifted(bound):
    """The hard limit is the most one gets."""
    assert bound(hard=100) == (True, 100)


def test_threads_count_as_tasks_of_the_user():
    """What the kernel counts is counted."""
    before = privileges._tasks_of_user()
    assert before >= 1
    done = threading.Event()
    threads = [threading.Thread(target=done.wait) for _ in range(40)]
    for thread in threads:
        thread.start()
    during = privileges._tasks_of_user()
    done.set()
    for thread in threads:
        thread.join()
    assert during >= 40


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_filters_can_be_written_for_both_machines(monkeypatch, machine):
    """They fit the kernel's limit on length and on the reach of a jump."""
    monkeypatch.setattr(seccomp, "_machine", lambda: machine)
    for made in (seccomp.network_filter(), seccomp.process_filter()):
        assert 10 < made._obj.length < 4096


def test_both_machines_know_the_same_calls():
    """But for those that one of them never had."""
    x86, arm = (numbers for _, numbers in seccomp._MACHINES.values())
    assert set(x86) - set(arm) == {"fork", "vfork", "iopl", "ioperm"}
    assert set(arm) <= set(x86)
    for numbers in (x86, arm):
        assert len({*numbers.values(), *seccomp._SHARED.values()}) == len(numbers) + len(
            seccomp._SHARED
        )


def test_other_machines_have_no_filter(monkeypatch):
    """A filter with the numbers of another machine would refuse anything."""
    monkeypatch.setattr(seccomp, "_machine", lambda: "")
    assert seccomp.network_filter() is seccomp.process_filter() is None
    assert seccomp.install(None, None) is False
