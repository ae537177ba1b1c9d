"""Command lines, what can be read, and what dies with what was started."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pytest_genx.sandboxes.launch import WORKER, command, readable_paths
from pytest_genx.sandboxes.mechanism import LANDLOCK, PROCESS, Level

CONTAINERS = ["container", "namespaces"]
LEVELS = [*CONTAINERS, "landlock", "process"]
# Two processes that hold the pipe, one of them in a session of its own.
FOREVER = (
    "import os, time\nif os.fork() == 0: os.setsid()\nos.write(1, b'up\\n')\ntime.sleep(600)\n"
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty directory."""
    home = tmp_path / "home"
    home.mkdir()
    return home


@pytest.mark.parametrize("mechanism", CONTAINERS, indirect=True)
def test_what_was_started_takes_everything_along(mechanism, home):
    """When it is killed, the pipe ends, so that nobody is left who holds it."""
    line = command(mechanism, [sys.executable, "-c", FOREVER], home, readable_paths(()), 1)
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=home) as started:
        assert started.stdout is not None
        said = [started.stdout.readline() for _ in range(2)]
        started.kill()
        rest = started.stdout.read()
    assert (said, rest) == ([b"up\n"] * 2, b"")


@pytest.mark.parametrize("mechanism", LEVELS, indirect=True)
def test_pipes_arguments_and_status_pass_through(mechanism, home):
    """The command sees its input, its arguments and its directory, and its status comes back."""
    code = "import os, sys; print(sys.argv[1:], input(), os.getcwd()); sys.exit(7)"
    line = command(mechanism, [sys.executable, "-c", code, "a b"], home, readable_paths(()), 1)
    done = subprocess.run(line, input="in\n", capture_output=True, text=True, cwd=home, check=False)
    assert (done.stdout, done.returncode) == (f"['a b'] in {home}\n", 7), done.stderr


@pytest.mark.parametrize("mechanism", CONTAINERS, indirect=True)
def test_a_container_holds_the_readable_paths_and_little_else(mechanism, home, tmp_path):
    """A sibling of the project is not there, and the home is empty and writable."""
    (home / "before").touch()
    project, sibling = tmp_path / "project", tmp_path / "sibling"
    for folder in (project, sibling):
        folder.mkdir()
        (folder / "file").touch()
    code = (
        "import os, sys; open('x', 'w').close()\n"
        "print(os.listdir(), [os.path.exists(p) for p in sys.argv[1:]], sorted(os.listdir('/')))"
    )
    line = command(
        mechanism,
        [sys.executable, "-c", code, str(project / "file"), str(sibling / "file")],
        home,
        readable_paths([project]),
        1,
    )
    done = subprocess.run(line, capture_output=True, text=True, cwd=home, check=True)
    assert done.stdout.startswith("['x'] [True, False]")
    assert [file.name for file in home.iterdir()] == ["before"]


@pytest.mark.parametrize("mechanism", CONTAINERS, indirect=True)
def test_a_home_inside_the_project_is_a_home(mechanism, tmp_path):
    """The directory for temporary files may be part of what is read."""
    home = tmp_path / "tmp" / "home"
    home.mkdir(parents=True)
    code = "open('x', 'w').close(); import os; print(os.listdir())"
    line = command(mechanism, [sys.executable, "-c", code], home, readable_paths([tmp_path]), 1)
    done = subprocess.run(line, capture_output=True, text=True, cwd=home, check=True)
    assert done.stdout == "['x']\n"


def test_other_levels_start_the_worker_as_it_is(home):
    """It shuts itself in."""
    for mechanism in (LANDLOCK, PROCESS):
        assert mechanism.level is not Level.CONTAINER
        assert command(mechanism, ["python", "x"], home, (), 1) == ["python", "x"]


def test_interpreter_worker_and_project_can_be_read(tmp_path):
    """No listed path lies below another, and what is not there is left out."""
    found = readable_paths([tmp_path, tmp_path / "not there"])
    for path in (sys.prefix, sys.base_prefix, Path(sys.executable).resolve(), WORKER, tmp_path):
        assert any(Path(path).is_relative_to(top) for top in found), path
    assert all(Path(path).exists() for path in found)
    assert not [(a, b) for a in found for b in found if a != b and Path(a).is_relative_to(b)]


def test_what_only_this_process_imports_from_is_not_readable(monkeypatch, tmp_path):
    """The directory of a script may be anywhere."""
    monkeypatch.syspath_prepend(str(tmp_path))
    assert str(tmp_path) not in readable_paths(())


def test_links_on_the_way_to_the_interpreter_are_listed(monkeypatch, tmp_path):
    """A chain of links breaks when one is missing."""
    first, second = tmp_path / "first", tmp_path / "second"
    second.symlink_to(sys.executable)
    first.symlink_to("second")
    monkeypatch.setattr(sys, "executable", str(first))
    assert {str(first), str(second)} <= set(readable_paths(()))
