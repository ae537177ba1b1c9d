"""A real Ray of two nodes on this machine: the same matrix, whatever is killed meanwhile."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from pytest_genx import plugins
from pytest_genx.config import Config
from pytest_genx.domain import Batch, Case, Execution, Expectation, Limits
from pytest_genx.errors import MissingDependency, SandboxError
from pytest_genx.sandboxes import ray as ray_file
from pytest_genx.sandboxes import spread

needs_ray = pytest.mark.skipif(
    find_spec("ray") is None, reason='ray is not installed: pip install "pytest-genx[ray]"'
)
needs_proc = pytest.mark.skipif(
    not Path("/proc/self/environ").exists(), reason="processes are found through /proc"
)
Matrix = dict[tuple[int, int], Execution]
MARK = "GENX_TEST_OF_RAY"  # in the environment of what a test starts

PROGRAMS = (
    *(f"def f(x):\n    return x + {i % 4}\n" for i in range(12)),
    "def f(x):\n    if x > 1: raise KeyError(x)\n    return {x: {x}}\n",
    "def f(x):\n    while x: pass\n    return 1\n",
    "import os\ndef f(x):\n    os._exit(x)\n",
    "import no_such_module\n",
    "def f(x:\n",
)
CASES = (
    *(Case("", "x", Expectation(f"f({i})", str(i + 1))) for i in range(4)),
    Case("assert f(0) == 1\nassert f(2) == 3", "x"),
)
SLOW = tuple(f"import time\ndef f(x):\n    time.sleep(0.1)\n    return x + {i}\n" for i in range(6))


def batch(tmp_path: Path, programs: tuple[str, ...] = PROGRAMS) -> Batch:
    """A batch with every outcome in it."""
    limits = Limits(cpu=0.2, wall=5.0, memory=256)
    return Batch("mod", str(tmp_path / "mod.py"), (str(tmp_path),), programs, CASES, limits)


def execute(config: Config, batch: Batch, then: Callable[[], object] = lambda: None) -> Matrix:
    """Run a batch as a front end would."""
    found: Matrix = {}

    def on_pair(i: int, j: int, execution: Execution) -> None:
        assert (i, j) not in found, "a pair is reported once"
        found[i, j] = execution
        then()

    factory = plugins.sandbox(plugins.load(), config.sandbox)
    with closing(factory(config)) as sandbox:
        sandbox.run(batch, on_pair)
    return found


def processes(found: Callable[[Path], bool]) -> list[int]:
    """List processes by what /proc says of them."""
    pids = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and int(entry.name) != os.getpid() and found(entry):
                pids.append(int(entry.name))
    return pids


def busy(temporary: Path) -> list[int]:
    """List processes of Ray that run a shard for this test session."""
    mark = os.fsencode(f"TMPDIR={temporary}")
    return processes(
        lambda entry: (
            (entry / "cmdline").read_bytes().startswith(b"ray::run_shard")
            and mark in (entry / "environ").read_bytes()
        )
    )


def gone(found: Callable[[], object], seconds: float = 5.0) -> bool:
    """Wait until there is nothing."""
    end = time.monotonic() + seconds
    while found() and time.monotonic() < end:
        time.sleep(0.05)
    return not found()


NODES = """
import sys
from ray.cluster_utils import Cluster
nodes = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
nodes.add_node(num_cpus=1)
print("address", nodes.address, flush=True)
sys.stdin.read()
nodes.shutdown()
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory) -> Iterator[tuple[str, Path]]:
    """Start two nodes with a core each; yield their address, and where they keep what is theirs."""
    temporary = tmp_path_factory.mktemp("nodes")
    nodes = subprocess.Popen(
        [sys.executable, "-c", NODES],
        env={**os.environ, "RAY_USAGE_STATS_ENABLED": "0", "TMPDIR": str(temporary)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert nodes.stdout is not None
    try:
        address = next(line for line in nodes.stdout if line.startswith("address "))
        yield address.split()[1], temporary
    finally:
        nodes.communicate("end", timeout=30)


@pytest.fixture
def on_ray(cluster, tmp_path) -> Config:
    """Return a configuration that runs on the two nodes."""
    return Config(tmp_path, ray=cluster[0])


@needs_ray
def test_the_matrix_is_that_of_this_machine(on_ray, tmp_path):
    """Outcomes, details, values and digests are equal, whoever ran them."""
    here = execute(replace(on_ray, ray=None, workers=1), batch(tmp_path))
    there = execute(on_ray, batch(tmp_path))
    assert there == here
    assert {execution.outcome.value for execution in there.values()} == set("PFETC")


@needs_ray
@needs_proc
def test_a_shard_whose_process_is_killed_is_run_again(on_ray, cluster, tmp_path, monkeypatch):
    """The matrix is that of an undisturbed run."""
    whole, again = batch(tmp_path, SLOW), []
    retry = spread._retry
    monkeypatch.setattr(
        spread, "_retry", lambda flight, lost: (again.append(str(lost)), retry(flight, lost))[1]
    )

    def kill() -> None:
        end = time.monotonic() + 20.0
        while len(again) < 2 and time.monotonic() < end:
            for pid in busy(cluster[1])[:1]:
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.5)

    killer = threading.Thread(target=kill)
    killer.start()
    there = execute(on_ray, whole)
    killer.join()
    assert len(again) >= 2
    assert all("WorkerCrashedError" in lost for lost in again)
    assert there == execute(replace(on_ray, ray=None, workers=4), whole)


@needs_ray
@needs_proc
def test_an_exception_of_the_caller_leaves_nothing(on_ray, cluster, tmp_path):
    """Shards are interrupted, and their processes and directories are gone."""

    def interrupt() -> None:
        assert busy(cluster[1])
        raise KeyboardInterrupt

    before = set(cluster[1].glob("genx-*"))  # what was killed could not remove its own
    with pytest.raises(KeyboardInterrupt):
        execute(on_ray, batch(tmp_path, SLOW), interrupt)
    home = os.fsencode(f"HOME={cluster[1]}/genx-")
    assert gone(lambda: busy(cluster[1]))
    assert gone(lambda: processes(lambda entry: home in (entry / "environ").read_bytes()))
    assert gone(lambda: set(cluster[1].glob("genx-*")) - before)


@needs_ray
def test_no_more_is_in_flight_than_the_nodes_can_take(on_ray, tmp_path, monkeypatch):
    """Two nodes of one core have four shards at most."""
    flying = []
    wait = ray_file._Nodes.wait
    monkeypatch.setattr(
        ray_file._Nodes,
        "wait",
        lambda self, tickets: (flying.append(len(tickets)), wait(self, tickets))[1],
    )
    execute(on_ray, batch(tmp_path, PROGRAMS[:12]))
    assert max(flying) == 4


@needs_ray
def test_a_node_with_another_version_is_named(on_ray, tmp_path, monkeypatch):
    """The sentence says which node, both versions, and what to do."""
    monkeypatch.setattr(ray_file, "edition", lambda: "9.9")
    pattern = r"node \S+ has pytest-genx \S+ \(code \w+\); install pytest-genx 9.9 in the env"
    with pytest.raises(SandboxError, match=pattern):
        execute(on_ray, batch(tmp_path))


def test_a_node_without_the_package_says_so(monkeypatch):
    """What a node answers needs nothing of ours to be there."""
    monkeypatch.setitem(sys.modules, "pytest_genx", None)
    answer = ray_file._question()(b"", "1.0")
    assert str(answer).startswith("cannot import pytest_genx (")
    assert str(answer).endswith("; install pytest-genx 1.0 in the environment of its Ray")


def test_an_error_of_a_node_is_one_line():
    """What a node raised is told, not what Ray wraps around it."""
    wrapped = RuntimeError("ray::run_shard() (pid=1)\n  Traceback ...")
    wrapped.cause = KeyError("first\nsecond")
    assert ray_file._sentence(wrapped) == "KeyError: 'first\\nsecond'"
    assert ray_file._sentence(OSError("\n one\ntwo")) == "OSError: one"


@needs_ray
def test_an_address_where_nobody_listens_is_told_at_once(tmp_path):
    """Ray itself would try for minutes."""
    started = time.monotonic()
    with pytest.raises(SandboxError, match=r"cannot join the cluster at '127.0.0.1:1': Connection"):
        execute(Config(tmp_path, ray="127.0.0.1:1"), batch(tmp_path))
    assert time.monotonic() - started < 20.0


def test_a_missing_package_is_one_sentence(tmp_path, monkeypatch):
    """The command that installs it is part of it."""
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingDependency) as caught:
        execute(Config(tmp_path, ray=""), batch(tmp_path))
    assert str(caught.value) == (
        "--genx-workers=ray needs the package 'ray', which is missing; "
        'run: pip install "pytest-genx[ray]"'
    )


RUN = """
import sys
from pathlib import Path
from pytest_genx import plugins
from pytest_genx.config import Config
from pytest_genx.domain import Batch, Case, Limits
programs = ("def f():\\n    pass\\n", "import time\\ndef f():\\n    time.sleep(50)\\n")
sandbox = plugins.sandbox(plugins.load(), "process")(Config(Path.cwd(), ray=""))
try:
    batch = Batch("mod", "mod.py", (), programs, (Case("f()", "x"),), Limits(wall=60.0))
    sandbox.run(batch, lambda *_: print("pair", flush=True))
finally:
    sandbox.close()
"""


@pytest.fixture
def short() -> Iterator[Path]:
    """Yield a directory whose path leaves room for the names of Ray's sockets."""
    with tempfile.TemporaryDirectory(dir="/tmp", ignore_cleanup_errors=True) as directory:
        yield Path(directory)


@needs_ray
@needs_proc
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
def test_a_ray_that_we_start_ends_with_us(short, sent):
    """An interrupt leaves nothing; a kill leaves no shard and no candidate."""
    environment = {k: v for k, v in os.environ.items() if k != "RAY_ADDRESS"}
    environment |= {MARK: str(short), "TMPDIR": str(short), "RAY_TMPDIR": str(short)}
    mark, home = os.fsencode(f"{MARK}={short}"), os.fsencode(f"HOME={short}/genx-")

    def ours() -> list[int]:
        return processes(lambda entry: mark in (entry / "environ").read_bytes())

    def candidates() -> list[int]:
        return processes(lambda entry: home in (entry / "environ").read_bytes())

    with subprocess.Popen(
        [sys.executable, "-c", RUN],
        cwd=short,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as runner:
        assert runner.stdout is not None
        first = runner.stdout.readline()
        running = gone(lambda: len(candidates()) < 2 or len(ours()) < 5, 10.0)
        runner.send_signal(sent)
        _, errors = runner.communicate(timeout=30)
    try:
        assert first == "pair\n", errors
        assert running
        assert gone(candidates)
        assert gone(lambda: busy(short))
        if sent is signal.SIGINT:
            assert errors.strip().endswith("KeyboardInterrupt")
            assert gone(ours)
            assert not list(short.glob("genx-*"))
    finally:
        for pid in ours():  # agents of Ray's that do not notice the end of a killed process
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
