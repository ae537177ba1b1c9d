"""The sandbox of a Ray cluster: its nodes run shards of a batch, each in the node's own sandbox.

Ray places the shards, tells when one is lost, and ends what is left when we leave; a task asks
for one core. What the nodes must have is said in `docs/workers.md`. Not covered: the end of the
cluster's head node, at which Ray ends this process too.
"""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import signal
import socket
import threading
import warnings
from collections.abc import Callable, Collection, Hashable, Iterator
from typing import Any

from pytest_genx.config import Config
from pytest_genx.domain import Batch
from pytest_genx.errors import MissingDependency, SandboxError
from pytest_genx.interfaces import OnPair
from pytest_genx.sandboxes.environment import recorded
from pytest_genx.sandboxes.process import usable_cores
from pytest_genx.sandboxes.shard import (
    Make,
    Ran,
    Shard,
    Shared,
    edition,
    for_node,
    run_shard,
    share,
)
from pytest_genx.sandboxes.spread import Lost, spread

_REACH = 5.0  # seconds until a machine must take a connection; Ray itself tries for minutes
_ANSWER = 120.0  # seconds until each node must have said what it is
_TICK = 1.0  # seconds between looks at the size of the cluster
_GRACE = 5.0  # seconds an interrupted shard has to end its processes


def ray_sandbox(config: Config, make: Make) -> RaySandbox:
    """Start or join the Ray that `config.ray` names, and see that its nodes can do the work.

    Args:
        config: checked options.
        make: factory of the sandbox of one machine; must be importable on the nodes.

    Raises:
        MissingDependency: the package `ray` is not installed.
        SandboxError: there is no such cluster, or a node lacks something.
    """
    # Read by Ray as it is imported and as it starts a cluster: it reports home unless told.
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    try:
        import ray  # noqa: PLC0415 -- heavy, and an extra
    except ImportError:
        install = 'pip install "pytest-genx[ray]"'
        raise MissingDependency("--genx-workers=ray", "ray", install) from None
    ours = not ray.is_initialized()
    if ours:
        with _untidy():
            _connect(ray, config.ray or "")
    try:
        names, notes = _survey(ray, make, config)
    except BaseException:
        if ours:
            with _untidy():
                ray.shutdown()
        raise
    return RaySandbox(ray, config, make, names=names, notes=notes, ours=ours)


class RaySandbox:
    """Runs batches on the nodes of a cluster; close it to leave, or to end what it started."""

    def __init__(
        self,
        ray: Any,
        config: Config,
        make: Make,
        *,
        names: Collection[str],
        notes: tuple[str, ...],
        ours: bool,
    ) -> None:
        """Take a connection.

        Args:
            ray: the module, connected.
            config: what the nodes open their sandboxes with.
            make: what opens them.
            names: what they call their sandboxes.
            notes: what a run has to say about them, once.
            ours: whether closing ends the connection.
        """
        self.notes = notes
        self._ray = ray
        self._config = config
        self._make = make
        self._names = set(names)
        self._ours = ours

    @property
    def name(self) -> str:
        """The mechanisms of the nodes, as reports name them."""
        return "ray: " + ", ".join(sorted(self._names))

    @property
    def environment(self) -> tuple[str, ...]:
        """Fixed environment variables, as `NAME=value`."""
        return recorded()

    def run(self, batch: Batch, on_pair: OnPair) -> None:
        """Run every program against every case; see `Sandbox.run`.

        Raises:
            SandboxError: a node cannot run its share, or work was lost several times.
        """
        shared = share(batch, self._make, self._config)
        self._names |= spread(batch, shared, _Nodes(self._ray), on_pair)

    def close(self) -> None:
        """Leave the cluster, on which Ray ends whatever still runs for us; end our own."""
        if self._ours:
            with _untidy():
                self._ray.shutdown()
            self._ours = False


class _Nodes:
    """Ray as `spread` sees it; a ticket is the reference of a task's result."""

    def __init__(self, ray: Any) -> None:
        self._ray = ray
        # Retries are counted in `spread`, where what was lost is known.
        self._task = ray.remote(num_cpus=1, max_retries=0)(run_shard)

    def slots(self) -> int:
        return max(1, int(self._ray.cluster_resources().get("CPU", 0)))

    def put(self, shared: Shared) -> object:
        return self._ray.put(shared)

    def submit(self, shared: object, shard: Shard) -> Hashable:
        ticket: Hashable = self._task.remote(shared, shard)
        return ticket

    def wait(self, tickets: Collection[Hashable]) -> Collection[Hashable]:
        # Fetching waits for `result`, so that no more than one shard's is in this process.
        ready: list[Hashable] = self._ray.wait(
            list(tickets), num_returns=1, timeout=_TICK, fetch_local=False
        )[0]
        return ready

    def result(self, ticket: Hashable) -> Ran | str:
        errors = self._ray.exceptions
        try:
            ran: Ran | str = self._ray.get(ticket)
        except (errors.RayTaskError, errors.RuntimeEnvSetupError) as error:
            return _sentence(error)
        except errors.RayError as error:
            raise Lost(_sentence(error)) from None
        return ran

    def abandon(self, tickets: Collection[Hashable]) -> None:
        with _uninterrupted():
            left = list(tickets)
            for force in (False, True):
                for ticket in left:
                    self._ray.cancel(ticket, force=force)
                if left:
                    left = self._ray.wait(left, num_returns=len(left), timeout=_GRACE)[1]


def _connect(ray: Any, address: str) -> None:
    """Join a cluster; without an address that of this machine's Ray, which is started if need be.

    Raises:
        SandboxError: there is no such cluster, it has other versions, or none can be started.
    """
    quiet = {"log_to_driver": False, "logging_level": "ERROR"}
    address = address or os.environ.get("RAY_ADDRESS", "")
    if address:
        _reach(address)
    try:
        if not address:
            # Without the web server, and for this machine only.
            with contextlib.suppress(ValueError):  # one is running, and has its own number
                ray.init(num_cpus=usable_cores(), include_dashboard=False, **quiet)
                return
        ray.init(address=address or None, **quiet)
    except (OSError, RuntimeError, ValueError) as error:  # other versions of Ray or Python, too
        raise _no_cluster(address or "this machine", error) from None


def _no_cluster(address: str, error: Exception) -> SandboxError:
    return SandboxError("ray", f"cannot join the cluster at {address!r}: {_sentence(error)}")


def _reach(address: str) -> None:
    host, _, port = address.rpartition(":")
    if "/" in host or not port.isdecimal():
        return  # what RAY_ADDRESS may also be; Ray knows how
    try:
        socket.create_connection((host.strip("[]"), int(port)), _REACH).close()
    except (OSError, OverflowError, UnicodeError) as error:
        raise _no_cluster(address, error) from None


def _survey(ray: Any, make: Make, config: Config) -> tuple[set[str], tuple[str, ...]]:
    """Ask every node that has cores for its version and its sandbox.

    Returns:
        The names of the sandboxes, and what a run has to say about them.

    Raises:
        SandboxError: a node does not answer, has no or another pytest-genx, or no sandbox.
    """
    from ray.util.scheduling_strategies import (  # noqa: PLC0415 -- as `ray`
        NodeAffinitySchedulingStrategy,
    )

    task = ray.remote(num_cpus=0, max_retries=2)(_question())
    nodes = [node for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU")]
    if not nodes:
        raise SandboxError("ray", "the cluster has no node with a core")
    payload = pickle.dumps((make, for_node(config)))
    asked = [
        task.options(
            scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
        ).remote(payload, edition())
        for node in nodes
    ]
    try:
        answers = ray.get(asked, timeout=_ANSWER)
    except ray.exceptions.GetTimeoutError:
        raise SandboxError("ray", f"a node did not answer within {_ANSWER:g} s") from None
    except ray.exceptions.RayError as error:
        raise SandboxError("ray", f"a node did not answer: {_sentence(error)}") from None
    for node, answer in zip(nodes, answers, strict=True):
        if isinstance(answer, str):
            raise SandboxError("ray", f"node {node['NodeManagerAddress']} {answer}")
    names = {name for name, _ in answers}
    return names, tuple(dict.fromkeys(note for _, notes in answers for note in notes))


def _question() -> Callable[[bytes, str], object]:
    """Make the function that a node answers.

    It is defined in here so that it travels as code: a node without this package can answer.
    """

    def question(payload: bytes, wanted: str) -> object:
        import pickle  # noqa: PLC0415

        advice = f"install pytest-genx {wanted} in the environment of its Ray"
        try:
            from pytest_genx import __version__ as has  # noqa: PLC0415
        except ImportError as error:
            return f"cannot import pytest_genx ({error}); {advice}"
        try:
            from pytest_genx.sandboxes.shard import describe, edition  # noqa: PLC0415

            has = edition()
        except ImportError:  # older than what asks
            return f"has pytest-genx {has}; {advice}"
        if has != wanted:
            return f"has pytest-genx {has}; {advice}"
        make, config = pickle.loads(payload)  # noqa: S301 -- our own, through the cluster
        described = describe(make, config)
        return f"has no sandbox: {described}" if isinstance(described, str) else described

    return question


def _sentence(error: BaseException) -> str:
    """Fold an error of Ray's, or what it carries from a node, into one line."""
    cause = getattr(error, "cause", None) or error
    lines = [line.strip() for line in str(cause).splitlines() if line.strip()]
    return f"{type(cause).__name__}: {(lines or ['no message'])[0]}"[:300]


@contextlib.contextmanager
def _untidy() -> Iterator[None]:
    """Keep to ourselves that Ray leaves files and processes to the garbage collector."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            yield
        finally:
            gc.collect()


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Put off interrupts from the keyboard; a mask would not do, Ray has threads of its own."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
