"""Programs that reach out of their process: files, other processes, network, environment."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
from pathlib import Path

import pytest

from pytest_genx.domain import Case, Execution, Expectation, Outcome

# The kernel's part, which the level `process` does without.
strong = pytest.mark.parametrize("mechanism", ["strong"], indirect=True)
linux = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's part is for Linux")
# Calls the C library directly, where the interpreter's guard sees nothing.
LIBC = "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n"


@pytest.fixture
def sentinel(tmp_path: Path):
    """A file that must stay as it is, alone in its directory."""
    home = tmp_path / "precious"
    home.mkdir()
    file = home / "file"
    file.write_text("precious", encoding="utf-8")
    yield file
    assert file.read_text(encoding="utf-8") == "precious"
    assert [p.name for p in home.iterdir()] == ["file"]
    assert file.stat().st_mode & 0o777 == 0o644


WRITES = {
    "open to write": "open(P, 'w')",
    "open to append": "open(P, 'a').write('x')",
    "open a new file": "open(P + '2', 'x')",
    "os.open": "os.open(P, os.O_RDWR)",
    "os.open to truncate": "os.open(P, os.O_TRUNC)",
    "remove": "os.remove(P)",
    "rename away": "os.rename(P, 'here')",
    "rename over": "open('here', 'w').close() or os.replace('here', P)",
    "rmtree": "shutil.rmtree(os.path.dirname(P))",
    "mkdir": "os.mkdir(P + 'd')",
    "link": "os.link(P, P + 'l')",
    "symlink": "os.symlink(P, P + 's')",
    "through a symlink": "os.symlink(P, 'link') or open('link', 'w')",
    "through dots": "open(os.path.relpath(P), 'w')",
    "truncate": "os.truncate(P, 0)",
    "chmod": "os.chmod(P, 0)",
    "pathlib": "pathlib.Path(P).write_text('x')",
    "sqlite": "sqlite3.connect(P + '.db').execute('create table t (a)')",
}


def outcomes(rows: dict[str, list[Execution]]) -> dict[str, str]:
    """Write the outcomes of each row in letters."""
    return {name: "".join(e.outcome.value for e in row) for name, row in rows.items()}


def test_files_outside_the_directory_are_safe(attacks, sentinel):
    """Whatever writes or removes outside the case's directory is refused."""
    begin = f"import os, pathlib, shutil, sqlite3\nP = {str(sentinel)!r}\n"
    programs = {
        name: f"{begin}def f(x):\n    {attempt}\n    return x + 1\n"
        for name, attempt in WRITES.items()
    }
    assert outcomes(attacks(programs)) == dict.fromkeys(WRITES, "EE")


def test_files_outside_are_safe_at_import(attacks, sentinel):
    """An import is under the same guard as a case."""
    begin = f"import os, pathlib, shutil, sqlite3\nP = {str(sentinel)!r}\n"
    programs = {name: f"{begin}{attempt}\n" for name, attempt in WRITES.items()}
    assert outcomes(attacks(programs)) == dict.fromkeys(WRITES, "EE")


@strong
def test_files_outside_are_safe_from_the_c_library(attack, sentinel):
    """The kernel refuses what the guard in the interpreter cannot see."""
    program = (
        f"{LIBC}P = {os.fsencode(sentinel)!r}\n"
        "def f(x):\n"
        "    done = [libc.unlink(P), libc.open(P, os.O_WRONLY), libc.truncate(P, 0),\n"
        "            libc.creat(P + b'2', 0o644), libc.mkdir(P + b'd', 0o755),\n"
        "            libc.rename(P, b'here')]\n"
        "    assert done == [-1] * 6, done\n"
        "    return x + 1\n"
    )
    assert [e.outcome for e in attack(program)] == [Outcome.PASS] * 2


def test_the_own_directory_is_writable_and_empty_for_each_case(run):
    """A case may use files in its working directory; the next one does not see them."""
    program = (
        "import os, tempfile\n"
        "def f(x):\n"
        "    before = os.listdir()\n"
        "    open(os.devnull, 'w').write('x')\n"
        "    os.mkdir('d'); open('d/a', 'w').write('x'); open('b', 'w').close(); os.chmod('d', 0)\n"
        "    with tempfile.TemporaryDirectory() as t: open(os.path.join(t, 'c'), 'w').close()\n"
        "    return before\n"
    )
    ((first, second),) = run([program], ["assert f(1) == []", "assert f(2) == []"])
    assert first.outcome is second.outcome is Outcome.PASS


def test_nothing_is_left_in_the_temporary_directory(attack, tmp_path, monkeypatch):
    """What cases wrote is removed with the directory, whatever its mode."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    program = "import os\nos.mkdir('d'); open('d/a', 'w').close(); os.chmod('d', 0); os._exit(0)\n"
    attack(program)
    assert list(tmp_path.iterdir()) == []


# Signal 0 where a hole in the sandbox would otherwise end more than a test.
KILLS = {
    "parent": "os.kill(os.getppid(), 9)",
    "group": "os.killpg(0, 9)",
    "everything": "os.kill(-1, 0)",
    "runner": f"os.kill({os.getpid()}, 0)",
}


def test_killing_others_is_refused(attacks):
    """Signals go to the own process alone."""
    programs = {
        name: f"import os\ndef f(x):\n    {attempt}\n    return x + 1\n"
        for name, attempt in KILLS.items()
    }
    for row in attacks(programs).values():
        assert [e.raised for e in row] == ["PermissionError"] * 2


@linux
@pytest.mark.parametrize("attempt", ["libc.kill(os.getppid(), 9)", "libc.kill(0, 9)"])
def test_killing_the_parent_through_the_c_library_harms_the_own_case_alone(attack, attempt):
    """The program's process is started again for the cases that are left."""
    program = f"{LIBC}def f(x):\n    if x == 1: {attempt}\n    return x + 1\n"
    assert [e.outcome for e in attack(program)] == [Outcome.CRASH, Outcome.PASS]


@linux
def test_killing_the_whole_session_through_the_c_library_spares_the_runner(attack):
    """Signals do not leave the sandbox, where Landlock knows of them."""
    program = (
        f"{LIBC}def f(x):\n"
        f"    if x == 1: return libc.kill({os.getpid()}, 0)\n"
        "    libc.kill(os.getsid(0), 9)\n"
        "    return x + 1\n"
    )
    cases = [Case("", "test", Expectation("f(1) and 2")), "assert f(2) == 3"]
    assert {e.outcome for e in attack(program, cases)} <= {Outcome.PASS, Outcome.CRASH}


def test_killing_itself_is_a_crash(attack):
    """A process that dies without a verdict has crashed, by which signal is told."""
    hostile = attack("import os\ndef f(x):\n    os.kill(os.getpid(), 9)\n")
    assert [e.outcome for e in hostile] == [Outcome.CRASH] * 2
    assert "signal 9" in hostile[0].detail


@pytest.mark.parametrize("ending", ["os._exit(0)", "os._exit(3)", "os.abort()"])
def test_leaving_before_the_assertion_is_no_pass(attack, ending):
    """An exit status is not a verdict."""
    hostile = attack(f"import os\ndef f(x):\n    {ending}\n", ["f(1)\nassert f(1) == 2"])
    assert hostile[0].outcome in {Outcome.CRASH, Outcome.TIMEOUT}


def test_leaving_at_import_is_a_crash_of_all_cases(attack):
    """A program that exits while it is imported has no verdict anywhere."""
    hostile = attack("import os\nos._exit(0)\n")
    assert [e.outcome for e in hostile] == [Outcome.CRASH] * 2
    assert hostile[0].detail.startswith("import: ")


def test_sys_exit_is_an_error(attacks):
    """SystemExit is an exception like any other, in a case and at import."""
    leaves = ("sys.exit(0)", "raise SystemExit", "exit()", "quit(0)")
    programs = {leave: f"import sys\ndef f(x):\n    {leave}\n" for leave in leaves}
    programs |= {f"import {leave}": f"import sys\n{leave}\n" for leave in leaves}
    for row in attacks(programs).values():
        assert {(e.outcome, e.raised) for e in row} == {(Outcome.ERROR, "SystemExit")}


def test_forged_frames_are_no_verdict(attack):
    """Without the pair's token, whatever is written to the pipe counts for nothing."""
    program = (
        "import os\n"
        "def f(x):\n"
        "    body = b'\\0'.join([b'+P', b'+', b'-', b'-', b'-', b'-'])\n"
        "    ended = b'+ended\\0+exit 0'\n"
        "    for fd in range(3, 256):\n"
        "        for text in (body, ended, b'+done\\0+exit 0'):\n"
        "            for token in (b'\\0' * 16, b'1' * 16, os.urandom(16)):\n"
        "                try: os.write(fd, token + len(text).to_bytes(4, 'big') + text)\n"
        "                except OSError: pass\n"
        "    return 'forged'\n"
    )
    hostile = attack(program)
    assert [e.outcome for e in hostile] == [Outcome.FAIL] * 2


def test_a_flood_of_bytes_on_the_pipe_is_no_verdict(attack):
    """Megabytes of rubbish are skipped, and the verdict behind them is found."""
    program = (
        "import os\n"
        "def f(x):\n"
        "    for fd in range(3, 20):\n"
        "        try:\n"
        "            for _ in range(200): os.write(fd, os.urandom(60000))\n"
        "        except OSError: pass\n"
        "    return x + 1\n"
    )
    assert [e.outcome for e in attack(program)] == [Outcome.PASS] * 2


def test_descriptors_of_the_runner_are_not_passed_on(attack, tmp_path):
    """A case has its standard streams, its verdict pipe, and nothing of the parent's."""
    secret = (tmp_path / "secret").open("w", encoding="utf-8")
    os.set_inheritable(secret.fileno(), True)
    program = (
        "import os\n"
        "def f(x):\n"
        "    try: os.listdir('/proc/self/fd')\n"
        "    except PermissionError: return x + 1\n"
        "    names = [os.readlink(f'/proc/self/fd/{fd}') for fd in os.listdir('/proc/self/fd')\n"
        "             if os.path.exists(f'/proc/self/fd/{fd}')]\n"
        "    kinds = {name.partition(':')[0] for name in names if '/fd' not in name}\n"
        "    assert kinds <= {'/dev/null', 'pipe'}, kinds\n"
        "    assert sum(name.startswith('pipe') for name in names) == 1, names\n"
        "    return x + 1\n"
    )
    if sys.platform == "linux":
        assert [e.outcome for e in attack(program)] == [Outcome.PASS] * 2
    secret.close()


def test_secrets_are_not_in_the_environment(attack, monkeypatch):
    """The environment holds what an interpreter needs, and none of the user's variables."""
    monkeypatch.setenv("GENX_SECRET_TOKEN", "hush")
    program = (
        "import os\n"
        "def f(x):\n"
        "    assert 'hush' not in os.environ.values()\n"
        "    if os.access('/proc/self/environ', os.R_OK):\n"
        "        try: assert b'hush' not in open('/proc/self/environ', 'rb').read()\n"
        "        except PermissionError: pass\n"
        "    assert os.environ['HOME'] == os.environ['TMPDIR'] == os.getcwd()\n"
        "    return x + 1\n"
    )
    assert [e.outcome for e in attack(program)] == [Outcome.PASS] * 2


NETWORK = {
    "connect": "socket.create_connection(('127.0.0.1', {port}), 1)",
    "connect a socket": "socket.socket().connect(('127.0.0.1', {port}))",
    "bind": "socket.socket().bind(('127.0.0.1', 0))",
    "datagram": "socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', {port}))",
    "name": "socket.getaddrinfo('localhost', 80)",
    "url": "urllib.request.urlopen('http://127.0.0.1:{port}/', timeout=1)",
}


def test_the_network_is_refused(attacks):
    """No connection is made, not even to this machine."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        server.setblocking(False)
        port = server.getsockname()[1]
        programs = {
            name: "import socket, urllib.request\n"
            f"def f(x):\n    {attempt.format(port=port)}\n    return x + 1\n"
            for name, attempt in NETWORK.items()
        }
        assert outcomes(attacks(programs)) == dict.fromkeys(NETWORK, "EE")
        with pytest.raises(BlockingIOError):
            server.accept()


@strong
def test_the_network_is_refused_to_the_c_library(attack):
    """The kernel refuses sockets that the guard in the interpreter cannot see."""
    program = (
        f"{LIBC}def f(x):\n"
        "    assert libc.socket(2, 1, 0) == -1 and libc.socket(2, 2, 0) == -1\n"
        "    return x + 1\n"
    )
    assert [e.outcome for e in attack(program)] == [Outcome.PASS] * 2
