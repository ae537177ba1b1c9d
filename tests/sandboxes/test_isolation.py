"""One hostile program for each property of a level: what it reaches for, and does not get.

Most go through the C library, which the guard in the interpreter does not see. Each runs before
an honest neighbour in the same worker, whose verdict must stand; `docs/sandbox.md` is the table
that these tests hold to.
"""

from __future__ import annotations

import os
import socket
import time
from contextlib import closing

import pytest

from pytest_genx.domain import Case, Expectation, Limits, Outcome
from pytest_genx.sandboxes.worker import seccomp

LEVELS = ["container", "namespaces", "landlock", "process"]
every = pytest.mark.parametrize("mechanism", LEVELS, indirect=True)
strong = pytest.mark.parametrize("mechanism", LEVELS[:3], indirect=True)
container = pytest.mark.parametrize("mechanism", LEVELS[:2], indirect=True)
LIBC = "import ctypes, errno, os\nlibc = ctypes.CDLL(None, use_errno=True)\n"
ROOMY = Limits(cpu=5.0, wall=30.0, memory=256)


@pytest.fixture
def returned(attack):
    """Return what runs the body of `f` beside an honest neighbour: what `f(1)` returned."""

    def returned(body: str, limits: Limits = ROOMY, begin: str = "") -> str | None:
        lines = "".join(f"    {line}\n" for line in body.splitlines())
        case = Case("", "test", Expectation("f(1) if f(1) != 2 else True"))
        (execution,) = attack(f"{LIBC}{begin}def f(x):\n{lines}", [case], limits)
        assert execution.outcome is Outcome.PASS, execution
        return execution.value

    return returned


def address(family: int, where: str | int) -> bytes:
    """Write an address as the C library takes it."""
    begin = family.to_bytes(2, "little")
    if isinstance(where, int):
        return begin + where.to_bytes(2, "big") + bytes([127, 0, 0, 1]) + bytes(8)
    return begin + where.encode() + b"\0" * (not where.startswith("\0"))


@pytest.fixture
def servers(tmp_path):
    """Sockets outside that wait: family, type and address of each; nothing must arrive."""
    kinds = {
        "tcp": (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
        "udp": (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
        "unix": (socket.AF_UNIX, socket.SOCK_STREAM, str(tmp_path / "s")),
        "unix datagram": (socket.AF_UNIX, socket.SOCK_DGRAM, str(tmp_path / "d")),
        "abstract": (socket.AF_UNIX, socket.SOCK_STREAM, f"\0genx-{os.getpid()}"),
    }
    opened = {}
    for name, (family, kind, where) in kinds.items():
        server = opened[name] = socket.socket(family, kind)
        server.bind(where)
        server.setblocking(False)
        if kind == socket.SOCK_STREAM:
            server.listen()
    yield {
        name: (
            int(server.family),
            int(server.type),
            address(server.family, where if isinstance(where, str) else server.getsockname()[1]),
        )
        for (name, server), (_, _, where) in zip(opened.items(), kinds.values(), strict=True)
    }
    for server in opened.values():
        with closing(server), pytest.raises(BlockingIOError):
            server.accept() if server.type == socket.SOCK_STREAM else server.recv(1)


@strong
def test_no_socket_outside_is_reached(returned, servers):
    """TCP, UDP, local sockets by path and by abstract name, and a pair that sends elsewhere."""
    body = (
        f"got = []\nfor name, (family, kind, to) in {servers!r}.items():\n"
        "    s = libc.socket(family, kind, 0)\n"
        "    if libc.connect(s, to, len(to)) == 0: got.append(name)\n"
        "    if libc.sendto(s, b'x', 1, 0, to, len(to)) == 1: got.append(name)\n"
        "    pair = (ctypes.c_int * 2)()\n"
        "    if libc.socketpair(1, 2, 0, pair) == 0: got.append('pair')\n"
        "return got"
    )
    assert returned(body) == "[]"


@every
def test_no_socket_outside_is_reached_from_python(attack, servers):
    """The interpreter's own calls are refused in every level."""
    _, _, to = servers["tcp"]
    port = int.from_bytes(to[2:4], "big")
    program = f"import socket\ndef f(x): socket.create_connection(('127.0.0.1', {port}), 1)\n"
    assert {e.outcome for e in attack(program)} == {Outcome.ERROR}


@strong
def test_connected_pairs_work(returned):
    """An event loop needs one, and it leads nowhere."""
    body = (
        "import socket, asyncio\na, b = socket.socketpair()\na.send(b'x')\n"
        "return asyncio.run(asyncio.sleep(0, b.recv(1)))"
    )
    assert returned(body) == "b'x'"


@strong
def test_files_of_the_user_cannot_be_read(returned, tmp_path_factory):
    """What is neither the interpreter's nor the project's is not there, or refused."""
    secret = tmp_path_factory.mktemp("elsewhere") / "secret"
    secret.write_text("hush", encoding="utf-8")
    body = (
        f"path = {str(secret)!r}\nos.symlink(path, f'link{{os.urandom(4).hex()}}')\n"
        "link = [n for n in os.listdir() if n.startswith('link')][0]\n"
        "opened = [libc.open(os.fsencode(p), 0) for p in (path, link, os.path.dirname(path),\n"
        "          '/etc/shadow', '/etc/hostname', os.path.expanduser('~root/.bashrc'))]\n"
        "return [fd for fd in opened if fd >= 0]"
    )
    assert returned(body) == "[]"


@every
def test_the_project_can_be_read_and_not_written(returned, tmp_path):
    """Data files beside the module are there, and stay as they are."""
    data = tmp_path / "data"
    data.write_text("7", encoding="utf-8")
    body = (
        f"try: open({str(data)!r}, 'a').write('x')\nexcept OSError: pass\n"
        f"return open({str(data)!r}).read()"
    )
    assert returned(body) == "'7'"
    assert data.read_text(encoding="utf-8") == "7"


@strong
def test_nothing_outside_the_home_is_written(returned, tmp_path):
    """Not the project, the system, the devices nor shared memory."""
    places = [tmp_path, "/", "/etc", "/dev", "/dev/shm", "/usr", "/var/tmp", "/tmp", "/proc"]
    body = (
        f"flags = os.O_CREAT | os.O_WRONLY\nplaces = {list(map(str, places))!r}\n"
        "return [p for p in places if libc.open(os.fsencode(p + '/genx-x'), flags, 0o644) >= 0\n"
        "        or libc.mkdir(os.fsencode(p + '/genx-y'), 0o755) == 0]"
    )
    assert returned(body) == "[]"


@strong
def test_the_kernel_is_not_set_up_anew(returned):
    """What root can write in /proc and /sys without a capability is read-only or not there."""
    places = ["/proc/sys/kernel/hostname", "/proc/sysrq-trigger", "/sys/kernel/mm/ksm/run"]
    body = f"return [p for p in {places!r} if libc.open(p.encode(), os.O_WRONLY) >= 0]"
    assert returned(body) == "[]"


@container
def test_modes_outside_the_home_are_not_changed(returned, tmp_path):
    """A read-only mount refuses what Landlock does not know."""
    file = tmp_path / "file"
    file.touch(0o644)
    assert returned(f"return libc.chmod({os.fsencode(file)!r}, 0o777)") == "-1"
    assert file.stat().st_mode & 0o777 == 0o644


@strong
def test_mounts_and_namespaces_are_refused(returned):
    """Neither remounting, unmounting, a new root, nor a namespace with powers of its own."""
    body = (
        "flags = 0x10000000 | 0x20000 | 17\n"
        "tries = {\n"
        "  'remount': libc.mount(None, b'/', None, 32 | 4096, None),\n"
        "  'mount': libc.mount(b'none', os.fsencode(os.getcwd()), b'tmpfs', 0, None),\n"
        "  'umount': libc.umount2(b'/proc', 2),\n"
        "  'chroot': libc.chroot(b'.'),\n"
        "  'users': libc.unshare(0x10000000),\n"
        "  'mounts': libc.unshare(0x20000),\n"
        "  'clone': libc.syscall(56 if os.uname().machine == 'x86_64' else 220,\n"
        "                        flags, None, None, None, None),\n"
        "  'setns': libc.setns(0, 0),\n"
        "}\n"
        "return [name for name, done in tries.items() if done != -1]"
    )
    assert returned(body) == "[]"


@strong
def test_other_users_cannot_be_become(returned):
    """Ids stay as they are, above all for a worker of root's."""
    body = (
        "return [libc.setuid(0), libc.setresuid(0, 0, 0), libc.setgid(0), libc.seteuid(1),\n"
        "        libc.setgroups(0, None)]"
    )
    assert returned(body) == "[-1, -1, -1, -1, -1]"


@strong
def test_calls_that_reach_into_the_system_are_refused(returned):
    """Every call that the worker's filter names fails with the filter's own error."""
    machine = seccomp._machine()
    if not machine:
        pytest.skip("no filter is known for this machine")
    allowed = {*seccomp._JUDGED, *seccomp._OF_TASKS, *seccomp._PROCESSES}
    numbers = {**seccomp._MACHINES[machine][1], **seccomp._SHARED}
    denied = {name: number for name, number in numbers.items() if name not in allowed}
    assert {"io_uring_setup", "ptrace", "bpf", "keyctl", "kexec_load", "shmget"} <= set(denied)
    body = (
        f"through = []\nfor name, number in {denied!r}.items():\n"
        "    ctypes.set_errno(0)\n"
        "    if libc.syscall(number, 0, 0, 0, 0, 0, 0) != -1 or ctypes.get_errno() != 13:\n"
        "        through.append(name)\n"
        "return through"
    )
    assert returned(body) == "[]"


@strong
def test_the_runner_gets_no_signal(returned):
    """Nor is its priority, its limits or its processors changed."""
    pid = os.getpid()
    body = (
        f"runner = {pid}\nbox = (ctypes.c_ulong * 2)(1, 1)\nmask = (ctypes.c_ulong * 16)(1)\n"
        "return [libc.kill(runner, 0), libc.tgkill(runner, runner, 0),\n"
        "        libc.sigqueue(runner, 0, None), libc.setpriority(0, runner, 1),\n"
        "        libc.setpriority(2, 0, 1), libc.sched_setaffinity(runner, 128, mask),\n"
        "        libc.prlimit(runner, 7, box, None)]"
    )
    assert returned(body) == "[-1, -1, -1, -1, -1, -1, -1]"


@strong
def test_the_worker_gets_no_signal(returned):
    """The program's process is all that a case can hit, besides itself."""
    begin = "worker = os.getppid()\n"
    assert returned("return libc.kill(worker, 0)", begin=begin) == "-1"


@strong
def test_other_processes_are_not_seen(returned):
    """Neither a listing of /proc nor a path into it tells of the runner."""
    pid = os.getpid()
    body = (
        "seen = []\n"
        "try: seen = [n for n in os.listdir('/proc') if n.isdigit() and int(n) > 1]\n"
        "except PermissionError: pass\n"
        "lines = []\n"
        "for n in seen:\n"
        "    try: lines.append(open(f'/proc/{n}/cmdline').read())\n"
        "    except OSError: pass\n"
        f"return [any('pytest' in l.split('\\0')[:3] for l in lines), {str(pid)!r} in seen,\n"
        f"        libc.open(b'/proc/{pid}/cmdline', 0), libc.open(b'/proc/{pid}/environ', 0)]"
    )
    assert returned(body) == "[False, False, -1, -1]"


@strong
def test_memory_of_the_parents_is_out_of_reach(returned):
    """Neither by tracing, by copying, nor through /proc."""
    body = (
        "box = ctypes.create_string_buffer(8)\n"
        "class Vector(ctypes.Structure):\n"
        "    _fields_ = [('at', ctypes.c_void_p), ('n', ctypes.c_size_t)]\n"
        "own, other = Vector(ctypes.addressof(box), 8), Vector(id(os), 8)\n"
        "pids = [os.getppid(), worker]\n"
        "return [done for pid in pids for done in (\n"
        "    libc.ptrace(16, pid, None, None),\n"
        "    libc.process_vm_readv(pid, ctypes.byref(own), 1, ctypes.byref(other), 1, 0),\n"
        "    libc.open(f'/proc/{pid}/mem'.encode(), 2),\n"
        "    libc.open(f'/proc/{pid}/maps'.encode(), 0),\n"
        "    libc.open(f'/proc/{pid}/environ'.encode(), 0)) if done != -1]"
    )
    assert returned(body, begin="worker = os.getppid()\n") == "[]"


@strong
def test_a_fork_bomb_in_a_case_starts_nothing(returned):
    """No process comes of it, in whatever way the C library is asked."""
    body = (
        "started = [n for n in range(100) if libc.fork() != -1 or libc.vfork() != -1]\n"
        "return started"
    )
    assert returned(body) == "[]"


BOMB = "n = 0\nwhile n < 2000:\n    pid = libc.fork()\n    if pid == 0: libc.pause()\n"


@strong
def test_a_fork_bomb_at_import_is_bounded(attack):
    """The kernel stops it at some hundred processes, gone before the neighbour runs."""
    program = (
        f"{LIBC}{BOMB}    if pid < 0: break\n    n += 1\n"
        "raise RuntimeError(f'started {n}')\ndef f(x): return x\n"
    )
    limits = Limits(cpu=5.0, wall=30.0, memory=256)
    hostile = attack(program, limits=limits)
    assert {e.raised for e in hostile} == {"RuntimeError"}
    count = int(hostile[0].detail.rpartition(" ")[2])
    assert count < 300


@strong
def test_a_fork_bomb_that_never_ends_is_felled(attack):
    """Processes that multiply at import cost their own program its verdicts, and nobody else."""
    begun = time.monotonic()
    hostile = attack(f"{LIBC}while True: libc.fork()\n", limits=Limits(cpu=0.3, wall=1.0))
    assert {e.outcome for e in hostile} <= {Outcome.TIMEOUT, Outcome.CRASH}
    assert time.monotonic() - begun < 40


@strong
def test_processes_that_leave_the_group_do_no_harm(attack):
    """A session of its own gives what was started at import no hold on later programs."""
    program = (
        f"{LIBC}if libc.fork() == 0:\n    libc.setsid()\n    libc.pause()\ndef f(x): return x + 1\n"
    )
    assert [e.outcome for e in attack(program)] == [Outcome.PASS] * 2


@strong
def test_memory_stays_bounded_when_the_limit_is_lifted(returned):
    """What a program may lift is the soft limit, and the hard one is near."""
    body = (
        "limit = (ctypes.c_ulong * 2)(2 ** 40, 2 ** 40)\n"
        "libc.setrlimit(9, limit)\nlibc.getrlimit(9, limit)\n"
        "limit[0] = limit[1]\nlibc.setrlimit(9, limit)\n"
        "libc.mmap.restype = ctypes.c_void_p\n"
        "taken = 0\n"
        "while taken < 4000 and libc.mmap(None, 1 << 24, 3, 34, -1, 0) != 2 ** 64 - 1:\n"
        "    taken += 16\n"
        "return taken < 700"
    )
    assert returned(body, Limits(cpu=5.0, memory=256)) == "True"


@container
def test_the_home_cannot_be_filled_beyond_its_size(returned):
    """Many files end at the limit on all of them, and the neighbour finds room again."""
    body = (
        "written = 0\n"
        "try:\n"
        "    for n in range(64):\n"
        "        file = os.open(f'{n}-{written}', os.O_CREAT | os.O_WRONLY)\n"
        "        written += os.write(file, b'x' * 2 ** 20)\n"
        "except OSError as error: assert error.errno == errno.ENOSPC\n"
        "return written <= 8 * 2 ** 20"
    )
    assert returned(body, Limits(cpu=5.0, memory=256, disk=8)) == "True"


@pytest.mark.parametrize("mechanism", ["namespaces"], indirect=True)
def test_the_home_holds_a_bounded_number_of_files(returned):
    """Empty files take memory of the kernel's, too."""
    body = (
        "made = 0\n"
        "try:\n"
        "    while made < 40000:\n"
        "        os.close(os.open(f'n{x}{made}', os.O_CREAT | os.O_WRONLY))\n"
        "        made += 1\n"
        "except OSError as error: assert error.errno == errno.ENOSPC\n"
        "return made < 20000"
    )
    assert returned(body, Limits(cpu=20.0, wall=60.0)) == "True"


@every
def test_no_core_is_dumped(attack):
    """A crash leaves no file, and none can be asked for."""
    program = (
        "import os, resource\n"
        "assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)\n"
        "def f(x):\n    if x == 1: os.abort()\n    return x + 1 + len(os.listdir())\n"
    )
    assert [e.outcome for e in attack(program)] == [Outcome.CRASH, Outcome.PASS]


@every
def test_the_environment_is_the_same_in_every_level(returned, monkeypatch):
    """Nothing of the user's variables, and a home, which is where the case is."""
    monkeypatch.setenv("GENX_SECRET_TOKEN", "hush")
    body = (
        "assert os.environ['HOME'] == os.environ['TMPDIR'] == os.getcwd()\n"
        "return sorted(set(os.environ) - {'PATH', 'LD_LIBRARY_PATH', 'PYTHONUSERBASE'})"
    )
    assert returned(body) == (
        "['HOME', 'LANG', 'LOGNAME', 'MKL_NUM_THREADS', 'OMP_NUM_THREADS', "
        "'OPENBLAS_NUM_THREADS', 'PWD', 'PYTHONHASHSEED', 'TMPDIR', 'TZ']"
    )
