# ruff: noqa: PTH120 -- pathlib takes long to import
"""The process that runs programs for `process`: started by path, fed through its pipes.

Standard library only, imports nothing of ours. Three generations, so that state is fresh at
little cost. The worker imports what all programs import, once. It forks a process for each
program, which imports the candidate as the module it stands in. That process forks once for
each case; the case's process judges, writes one verdict and is gone.

Tokens are random and known to the trusted side: one for the worker, one for each program, one
for each pair. Bytes without the right one are no verdict. The worker itself never executes a
candidate, and a program's process gets the tokens of its own row alone, so a candidate that
goes looking for them can lie about itself and nothing else.
"""

from __future__ import annotations

import gc
import os
import sys
import types
from collections.abc import Callable
from os import _exit, wait4, waitstatus_to_exitcode
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

if TYPE_CHECKING or __package__:  # run by path, these are modules of their own
    from pytest_genx.sandboxes.worker.clock import Clock
    from pytest_genx.sandboxes.worker.confine import Confinement, confine_worker
    from pytest_genx.sandboxes.worker.fork import cheapest_fork
    from pytest_genx.sandboxes.worker.judge import Compiled, blame, compile_case, judge
    from pytest_genx.sandboxes.worker.load import import_candidate, preload, seed_random
    from pytest_genx.sandboxes.worker.wire import receive, send
else:
    from clock import Clock
    from confine import Confinement, confine_worker
    from fork import cheapest_fork
    from judge import Compiled, blame, compile_case, judge
    from load import import_candidate, preload, seed_random
    from wire import receive, send

_TIMED_OUT = 3  # exit status of a case that reported its own timeout


class Job(NamedTuple):
    """What holds for every program of a batch."""

    header: dict[str, Any]
    cases: list[Compiled]
    verdicts: int  # file descriptor
    confine: Confinement
    fork: Callable[[], int]

    @property
    def cpu(self) -> float:
        """Seconds of CPU time for an import or a case."""
        return float(self.header["limits"]["cpu"])


def main() -> None:
    """Serve programs until the trusted side closes the pipe."""
    control, verdicts = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    header = receive(control)
    if header is None:
        return
    own = sys.path[0]
    for name in [n for n, m in sys.modules.items() if _is_own(m, own)]:
        del sys.modules[name]  # their names are free for the user's modules
    sys.modules["__main__"] = types.ModuleType("__main__")
    sys.path[:] = [*header["sys_path"], *sys.path[1:]]
    sys.argv = [""]
    confine = confine_worker(
        os.environ["HOME"], header["limits"], header["level"], header["readable"]
    )
    confine.guard.armed = True
    preload(header["preload"], header["module"])
    confine.guard.armed = False
    cases = [compile_case(case) for case in header["cases"]]
    job = Job(header, cases, verdicts, confine, cheapest_fork())
    os.dup2(null, 2)
    os.close(null)
    gc.collect()
    gc.freeze()
    worker = bytes.fromhex(header["token"])
    send(verdicts, worker, ["ready"])
    while (message := receive(control)) is not None:
        pid = job.fork()
        if pid == 0:
            os.close(control)
            run_program(job, message)
        send(verdicts, worker, ["started", str(pid)])
        fate = await_process(pid, job.cpu)
        confine.sweep(pid)
        confine.clean()
        send(verdicts, worker, ["done", fate])


def run_program(job: Job, message: dict[str, Any]) -> NoReturn:
    """Import one candidate, then fork for each case; runs in a process of its own."""
    token = bytes.fromhex(message["token"])
    header, confine, verdicts, cpu = job.header, job.confine, job.verdicts, job.cpu

    def report_import() -> NoReturn:
        detail = f"import: more than {cpu:g} s of CPU time"
        send(verdicts, token, ["failed", "T", detail, None, None, None, None])
        _exit(0)

    clock = Clock(cpu, report_import)
    clock.listen()
    confine.enter_program()
    seed_random(header["seed"])
    confine.guard.armed = True
    try:
        module = import_candidate(header["module"], header["path"], message["program"], clock)
    except BaseException as error:  # noqa: BLE001 -- a failed import is a verdict
        verdict = blame(error, confine.relieve)
        verdict[:2] = ["E", f"import: {verdict[1]}"]
        send(verdicts, token, ["failed", *verdict])
        _exit(0)
    confine.guard.armed = False
    confine.enter_cases()
    clock.listen()
    gc.collect()
    gc.freeze()
    send(verdicts, token, ["imported"])
    timeouts = message["timeouts"]
    for index, case_token in zip(message["cases"], message["tokens"], strict=True):
        if timeouts >= header["hopeless"]:
            break
        pid = job.fork()
        if pid == 0:
            run_case(job, job.cases[index], module.__dict__, bytes.fromhex(case_token), clock)
        fate = await_process(pid, cpu)
        timeouts += fate == "timeout"
        confine.sweep(None)
        confine.clean()
        send(verdicts, token, ["ended", fate])
    _exit(0)


def run_case(
    job: Job, case: Compiled, module_globals: dict[str, Any], token: bytes, clock: Clock
) -> NoReturn:
    """Judge one case and write its verdict; runs in a process of its own."""

    def report_case() -> NoReturn:
        detail = f"more than {job.cpu:g} s of CPU time"
        send(job.verdicts, token, ["T", detail, None, None, None, None])
        _exit(_TIMED_OUT)

    try:
        job.confine.enter_case()
        clock.report = report_case
        clock.start()
        job.confine.guard.armed = True
        seed_random(job.header["seed"])
        room = job.header["limits"]["output"] * 1024
        verdict = judge(case, dict(module_globals), room, clock, job.confine.relieve)
        clock.report = _ignore  # a frame is written whole or not at all
        send(job.verdicts, token, verdict)
    finally:
        _exit(0)


def await_process(pid: int, cpu: float) -> str:
    """Wait for a child and say how it ended: "exit N", "timeout" or "signal N"."""
    _, status, usage = wait4(pid, 0)
    code = waitstatus_to_exitcode(status)
    if code == _TIMED_OUT or (code < 0 and usage.ru_utime + usage.ru_stime >= cpu):
        return "timeout"
    return f"exit {code}" if code >= 0 else f"signal {-code}"


def _ignore() -> None:
    """Do nothing."""


def _is_own(module: types.ModuleType, directory: str) -> bool:
    return os.path.dirname(getattr(module, "__file__", None) or "") == directory


if __name__ == "__main__":
    main()
