# ruff: noqa: PTH120 -- pathlib takes long to import
"""The process that runs programs for a sandbox: started by path, fed through its pipes.

Standard library only, imports nothing of ours. Generations, so that state is fresh at little
cost: the worker lives as long as its sandbox and starts, by forking, a *foreman* for each
batch, which imports what all programs import, once. The foreman forks for each program, whose
process forks for each case (`alone`), or for a group of programs that can leave nothing behind
(`shared`). Where a system cannot fork, the worker is foreman and program in one: it takes one
order, carries out what would have been its first fork, and ends; the trusted side starts the next.

Tokens are random and known to the trusted side: one for the worker, one for each order, one
for each pair. Bytes without the right one are no answer. Neither the worker nor the foreman
ever executes a candidate.
"""

from __future__ import annotations

import gc
import math
import mmap
import os
import select
import signal
import sys
import types
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or __package__:  # run by path, these are modules of their own
    from pytest_genx.sandboxes.worker import alone, clock, confine, functions, shared, vet
    from pytest_genx.sandboxes.worker.fork import cheapest_fork
    from pytest_genx.sandboxes.worker.job import Job
    from pytest_genx.sandboxes.worker.judge import Compiled, Seal, compile_case
    from pytest_genx.sandboxes.worker.load import preload
    from pytest_genx.sandboxes.worker.views import Views
    from pytest_genx.sandboxes.worker.wire import Voice, receive
else:
    import alone
    import clock
    import confine
    import functions
    import shared
    import vet
    from fork import cheapest_fork
    from job import Job
    from judge import Compiled, Seal, compile_case
    from load import preload
    from views import Views
    from wire import Voice, receive

_BROKEN = 5  # exit status of a process that raised what it should not
_RUN = {"shared": shared.run_group, "alone": alone.run_program, "import": alone.run_import}
_LOST = 4  # exit status of a foreman whose orders have ended: the trusted side is gone


def main() -> None:
    """Serve batches until the trusted side closes the pipe."""
    control, verdicts = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    header = receive(control)
    if header is None:
        return
    voice = Voice(verdicts, bytes.fromhex(header.pop("token")))
    own = sys.path[0]
    for name in [n for n, m in sys.modules.items() if _is_own(m, own)]:
        del sys.modules[name]  # their names are free for the user's modules
    sys.modules["__main__"] = types.ModuleType("__main__")
    sys.path[:] = sys.path[1:]
    sys.argv = [""]
    if not header["fork"]:  # then none of this is to be relied on
        clock.setitimer = confine.resource = None
    confinement = confine.confine_worker(
        os.environ["HOME"], header["limits"], header["level"], header["readable"]
    )
    seal, views, fork = Seal(), Views(), cheapest_fork() if header["fork"] else None
    gc.collect()
    gc.freeze()
    os.dup2(null, 2)
    os.close(null)
    voice.say("ready")
    while (batch := receive(control)) is not None:
        if batch["do"] != "open":
            continue  # for a foreman that had died before it read this
        pid = 0 if fork is None else _started(fork, voice)
        if pid == 0:
            _Foreman(control, voice, header, confinement, seal, views, fork).serve(batch)
        status = os.waitpid(pid, 0)[1]
        if os.waitstatus_to_exitcode(status) == _LOST:
            return
        confinement.sweep(pid)
        confinement.clean()
        voice.say("closed", alone.fate_of(status, 0.0, 1.0))


class _Foreman:
    """Takes the orders of one batch."""

    def __init__(
        self,
        control: int,
        voice: Voice,
        header: dict[str, Any],
        confinement: confine.Confinement,
        seal: Seal,
        views: Views,
        fork: Callable[[], int] | None,
    ) -> None:
        self.control, self.voice = control, voice
        self.header, self.confine = header, confinement
        self.seal, self.views, self.fork = seal, views, fork
        self.orders: deque[dict[str, Any]] = deque()
        self.ended = False

    def serve(self, batch: dict[str, Any]) -> None:
        """Carry out orders until the batch ends; never returns."""
        self.confine.enter_foreman()
        job = self._open(batch)
        while (order := self._next()) is not None:
            pid = 0 if job.fork is None else _started(job.fork, self.voice)
            if pid == 0:
                try:
                    self.voice.forget()
                    os.close(self.control)
                    _RUN[order["kind"]](job, order)
                finally:
                    os._exit(_BROKEN)
            shares = order["kind"] == "shared"  # and then no limit holds for all of it
            fate = self._await(pid, math.inf if shares else job.cpu)
            self.confine.sweep(pid)
            self.confine.clean()
            place = [str(number) for number in job.place[:2]] if shares else []
            self.voice.say("done", fate, *place)
        os._exit(0)

    def _open(self, batch: dict[str, Any]) -> Job:
        limits = self.header["limits"]
        sys.path[:0] = self.views.project = batch["sys_path"]
        self.confine.guard.armed = True
        forms = {case["form"] for case in batch["cases"]}
        preload(batch["preload"], batch["module"])
        if "function" in forms:
            preload(functions.modules(batch["pytest"]["conftests"]), batch["module"])
        self.confine.guard.armed = False
        cases = [compile_case(case, batch) for case in batch["cases"]]
        codes = [code for case in cases for code in case.codes()]
        job = Job(
            batch["module"],
            batch["path"],
            cases,
            cpu=float(limits["cpu"]),
            room=limits["output"] * 1024,
            seed=self.header["seed"],
            hopeless=batch["hopeless"],
            verdicts=self.voice.pipe,
            confine=self.confine,
            fork=self.fork,
            seal=self.seal,
            views=self.views,
            place=memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast("I"),
            mentioned=frozenset().union(*map(vet.mentioned, codes)),
            exchange="exchange" in forms,
        )
        gc.freeze()
        shareable = "".join("1" if _may_share(case, self.views) else "0" for case in cases)
        self.voice.say("open", shareable)
        return job

    def _next(self) -> dict[str, Any] | None:
        """Return the next order; None at the end of the batch."""
        while not self.orders and not self.ended:
            self._listen()
        return self.orders.popleft() if self.orders else None

    def _listen(self, child: int | None = None) -> None:
        """Take one message."""
        message = receive(self.control)
        if message is None:
            os._exit(_LOST)
        match message["do"]:
            case "run":
                self.orders.append(message)
            case "end":
                self.ended = True
            case "kill" if child is not None:
                for kill in (os.killpg, os.kill):
                    with suppress(OSError):
                        kill(child, signal.SIGKILL)

    def _await(self, pid: int, cpu: float) -> str:
        """Wait for a child, and hear meanwhile what the trusted side says."""
        with suppress(AttributeError, OSError):  # not everywhere
            watch = os.pidfd_open(pid)
            try:
                while watch not in (ready := select.select([self.control, watch], [], [])[0]):
                    if self.control in ready:
                        self._listen(pid)
            finally:
                os.close(watch)
        return alone.await_process(pid, cpu)


def _started(fork: Callable[[], int], voice: Voice) -> int:
    """Fork, or end with the reason why the system refuses that."""
    try:
        return fork()
    except OSError as error:
        voice.say("broken", f"no process can be started: {error}")
        os._exit(_LOST)


def _may_share(case: Compiled, views: Views) -> bool:
    """Say whether a case can run where it must leave nothing behind."""
    if case.form is not None or not all(map(vet.harmless, case.codes())):
        return False
    if case.call is not None and vet.binds(case.call):
        return False  # it would bind it for the cases after it
    if case.setup is None:
        return True
    try:
        exec(case.setup, views.globals_for("case", ""))  # noqa: S102 -- imports of the case
    except BaseException:  # noqa: BLE001 -- then that is what each of its pairs will show
        return False
    return not views.asked


def _is_own(module: types.ModuleType, directory: str) -> bool:
    return os.path.dirname(getattr(module, "__file__", None) or "") == directory


if __name__ == "__main__":
    main()
