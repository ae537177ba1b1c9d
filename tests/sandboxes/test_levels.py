"""Which level a machine gives, and what is said where it gives none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_genx.config import Config
from pytest_genx.domain import Batch, Case, Outcome
from pytest_genx.errors import SandboxError
from pytest_genx.sandboxes import levels
from pytest_genx.sandboxes.levels import Probe, notes, probe, strongest
from pytest_genx.sandboxes.mechanism import LANDLOCK, PROCESS, Level, Mechanism
from pytest_genx.sandboxes.process import ProcessSandbox, process_sandbox
from pytest_genx.sandboxes.worker import landlock, seccomp

CONTAINER = Mechanism(Level.CONTAINER, "container (bubblewrap)", "/usr/bin/bwrap")
linux = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's part is for Linux")


@pytest.fixture
def machine(monkeypatch):
    """Return what makes this a machine that gives certain levels."""

    def machine(*mechanisms: Mechanism) -> None:
        found = {mechanism.level: Probe(mechanism) for mechanism in (*mechanisms, PROCESS)}
        missing = {level: Probe(None, f"no {level.value} here") for level in Level}
        monkeypatch.setattr(levels, "probe", {**missing, **found}.__getitem__)

    return machine


@pytest.fixture
def anew():
    """Forget what was found out about this machine, before the test and after it."""
    probe.cache_clear()
    yield
    probe.cache_clear()


def test_the_strongest_level_is_taken(machine):
    """Whatever weaker level would be allowed."""
    machine(CONTAINER, LANDLOCK)
    assert {strongest(level) for level in Level} == {CONTAINER}
    machine(LANDLOCK)
    assert strongest(Level.PROCESS) == strongest(Level.LANDLOCK) == LANDLOCK
    machine()
    assert strongest(Level.PROCESS) == PROCESS


def test_a_level_that_cannot_be_had_is_an_error_that_names_one_that_can(machine):
    """One sentence: what is missing, and what would work."""
    machine(LANDLOCK)
    with pytest.raises(SandboxError) as caught:
        strongest(Level.CONTAINER)
    assert str(caught.value) == (
        "sandbox 'container': no container here; the level 'landlock' would work"
    )
    machine()
    with pytest.raises(SandboxError) as caught:
        strongest(Level.LANDLOCK)
    assert str(caught.value) == (
        "sandbox 'landlock': no container here; no landlock here; the level 'process' would work"
    )


def test_only_the_weakest_level_is_warned_of(machine):
    """The warning is one line, and says why there is nothing better."""
    machine()
    (note,) = notes(PROCESS)
    assert note.startswith("sandbox process")
    assert "no container here; no landlock here" in note
    assert "\n" not in note
    assert notes(LANDLOCK) == notes(CONTAINER) == ()


def test_the_factory_refuses_what_the_machine_lacks(machine, tmp_path):
    """The weakest level allowed is an argument of the factory, not a wish."""
    machine()
    with pytest.raises(SandboxError, match="would work"):
        process_sandbox(Config(tmp_path), Level.LANDLOCK)


@linux
def test_a_container_needs_no_bubblewrap(anew, monkeypatch):
    """Where it is not installed, the launcher of this package is tried."""
    if probe(Level.CONTAINER).mechanism is None:
        pytest.skip(probe(Level.CONTAINER).missing)
    probe.cache_clear()
    which = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "bwrap" else which(name))
    found = probe(Level.CONTAINER).mechanism
    assert found is not None
    assert (found.name, found.program) == ("container (namespaces)", None)


@linux
def test_a_machine_without_containers_says_why(anew, monkeypatch):
    """Bubblewrap that is not there, and the reason of each attempt."""
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(levels, "_attempt", lambda _: "unshare: Operation not permitted")
    assert probe(Level.CONTAINER) == Probe(
        None,
        "bubblewrap is not installed, no container starts "
        "(container (namespaces): unshare: Operation not permitted)",
    )


@linux
@pytest.mark.parametrize(("version", "said"), [(0, "has none"), (4, "has version 4")])
def test_a_kernel_without_the_whole_of_landlock_says_so(anew, monkeypatch, version, said):
    """An old version fences in some things only, which is not what the level promises."""
    monkeypatch.setattr(landlock, "version", lambda _: version)
    found = probe(Level.LANDLOCK)
    assert found.mechanism is None
    assert said in found.missing


@linux
def test_a_processor_without_filters_has_no_landlock_level(anew, monkeypatch):
    """Landlock alone leaves sockets and other processes within reach."""
    monkeypatch.setattr(seccomp, "network_filter", lambda: None)
    monkeypatch.setattr(landlock, "version", lambda _: landlock.COMPLETE)
    assert probe(Level.LANDLOCK).missing.startswith("no seccomp filter")


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_other_systems_have_the_weakest_level_alone(anew, monkeypatch, system):
    """And say so without trying anything."""
    monkeypatch.setattr(levels, "_attempt", None)
    monkeypatch.setattr(sys, "platform", system)
    assert strongest(Level.PROCESS) == PROCESS
    with pytest.raises(SandboxError, match=f"this system is {system}"):
        strongest(Level.LANDLOCK)


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_other_systems_import_all_of_it_under_an_honest_name(system):
    """Nothing of Linux is touched at import."""
    code = (
        f"import sys; sys.platform = {system!r}\n"
        "from pytest_genx.sandboxes import launch, levels, mechanism\n"
        "print(mechanism.PROCESS.name)"
    )
    # Only modules of the standard library that look at the platform were loaded before.
    early = "import ctypes, subprocess, tempfile, shutil, pathlib, json, site, resource, signal\n"
    done = subprocess.run(
        [sys.executable, "-c", early + code], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"process (no kernel isolation, untested on {system})\n"


def test_a_mechanism_that_does_not_start_is_an_error_that_names_it(tmp_path):
    """What the launched program said last is the reason."""
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'bwrap: no luck' >&2\nexit 1\n", encoding="utf-8")
    broken.chmod(0o755)
    mechanism = Mechanism(Level.CONTAINER, "container (bubblewrap)", str(broken))
    batch = Batch("m", "m.py", (str(tmp_path),), ("",), (Case("", "x"),))
    with pytest.raises(SandboxError, match=r"container \(bubblewrap\).*bwrap: no luck"):
        ProcessSandbox(1, mechanism).run(batch, lambda *_: None)


@linux
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root")
@pytest.mark.parametrize("level", [Level.CONTAINER, Level.LANDLOCK])
def test_an_ordinary_user_gets_the_strong_levels_too(tmp_path_factory, level):
    """What root tests, a user without any privilege can have."""
    if probe(level).mechanism is None:
        pytest.skip(probe(level).missing)
    code = (
        "import sys; sys.path[:0] = sys.argv[2:]\n"
        "from pytest_genx.domain import Batch, Case\n"
        "from pytest_genx.sandboxes.levels import strongest, probe\n"
        "from pytest_genx.sandboxes.mechanism import Level\n"
        "from pytest_genx.sandboxes.process import ProcessSandbox\n"
        "mechanism = probe(Level(sys.argv[1])).mechanism\n"
        "cases = (Case('assert f(1) == 2', 'x'),)\n"
        "batch = Batch('m', 'm.py', (), ('def f(x): return x + 1',), cases)\n"
        "ProcessSandbox(1, mechanism).run(batch, lambda *p: print(mechanism.name, p[2].outcome))\n"
    )
    python = next((p for p in ("/usr/bin/python3", sys.executable) if _open_to_all(p)), None)
    if python is None:
        pytest.skip("no interpreter here can be run by other users")
    paths = [path for path in sys.path if path.endswith("-packages") or path == str(Path.cwd())]
    done = subprocess.run(
        [python, "-B", "-c", code, level.value, *paths],
        capture_output=True,
        text=True,
        check=False,
        user=65534,
        group=65534,
        extra_groups=(),
        env={"PATH": os.environ["PATH"]},
        cwd="/",
    )
    if "ModuleNotFoundError" in done.stderr or "PermissionError" in done.stderr:
        pytest.skip("this package cannot be read by other users, or not by that interpreter")
    assert done.stdout.startswith(level.value), done.stderr
    assert "Outcome.PASS" in done.stdout


def _open_to_all(program: str) -> bool:
    done = subprocess.run(
        ["/bin/sh", "-c", f'test -x "{program}"'], check=False, user=65534, group=65534
    )
    return done.returncode == 0


def test_sandboxes_are_picked_by_the_weakest_level_allowed(tmp_path):
    """Each name is a factory of the package's own, and the strongest level is what one gets."""
    from pytest_genx import plugins

    with_name = plugins.sandbox(plugins.load(), "process")(Config(tmp_path))
    assert with_name.name == strongest(Level.PROCESS).name


def test_a_run_is_the_same_in_every_level(run):
    """The level decides what a program can reach, not what it returns."""
    programs = ["def f(x):\n    return x + 1\n", "def f(x):\n    return x\n"]
    rows = run(programs, ["assert f(1) == 2"])
    assert [execution.outcome for execution in rows[0]] == [Outcome.PASS]
    assert rows[1][0].outcome is Outcome.FAIL
