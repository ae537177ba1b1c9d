"""A program in a process of its own, and a fork of that for each case.

Child side: standard library only, imports nothing of ours. Whatever a program or a case
leaves behind is gone with its process. The program's process gets the tokens of its own row
alone, so a candidate that goes looking for them can lie about itself and nothing else.

Without `fork` the process of a program is that of its first case, too, and gets no more of them.
"""

from __future__ import annotations

import gc
import importlib
import signal
import sys
from os import _exit, waitstatus_to_exitcode
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING or __package__:  # run by path, these are modules of their own
    from pytest_genx.sandboxes.worker import exchange, judge
    from pytest_genx.sandboxes.worker.clock import Clock
    from pytest_genx.sandboxes.worker.job import Job
    from pytest_genx.sandboxes.worker.load import import_candidate, seed_random
    from pytest_genx.sandboxes.worker.wire import send
else:
    import exchange
    import judge
    from clock import Clock
    from job import Job
    from load import import_candidate, seed_random
    from wire import send

try:  # bound here, so that a candidate that patches `os` still ends
    from os import wait4
except ImportError:  # not on Windows, which has nothing to wait for
    wait4 = None  # type: ignore[assignment]

# Signals of the timers; what the kernel counts as spent may be a little less by then.
_CLOCKS = frozenset(
    int(getattr(signal, name)) for name in ("SIGVTALRM", "SIGXCPU") if hasattr(signal, name)
)
_TIMED_OUT = 3  # exit status of a case that reported its own timeout


def run_program(job: Job, message: dict[str, Any]) -> NoReturn:
    """Import one candidate, then fork for each case; runs in a process of its own."""
    token = bytes.fromhex(message["token"])
    confine, verdicts, cpu = job.confine, job.verdicts, job.cpu

    def report_import() -> NoReturn:
        send(verdicts, token, ["slow"])
        _exit(0)

    clock = Clock(cpu, report_import)
    clock.listen()
    confine.enter_program()
    seed_random(job.seed)
    sys.setrecursionlimit(job.recursion_limit(above=2))
    confine.guard.armed = True
    (program,) = message["programs"]
    try:
        if job.exchange:
            names = exchange.load(job.path, program, clock)
        else:
            names = import_candidate(job.module, job.path, program, clock).__dict__
    except BaseException as error:  # noqa: BLE001 -- a failed import is a verdict
        send(verdicts, token, ["failed", judge.blame(error, confine.relieve, free=True)])
        _exit(0)
    confine.guard.armed = False
    confine.enter_cases()
    clock.listen()
    gc.collect()
    gc.freeze()
    send(verdicts, token, ["imported"])
    timeouts = message["timeouts"]
    for index, case_token in zip(message["cases"], message["tokens"], strict=True):
        if timeouts >= job.hopeless:
            break
        if job.fork is None:
            run_case(job, job.cases[index], names, bytes.fromhex(case_token), clock, token)
        pid = job.fork()
        if pid == 0:
            run_case(job, job.cases[index], names, bytes.fromhex(case_token), clock)
        fate = await_process(pid, cpu)
        timeouts += fate == "timeout"
        confine.sweep(None)
        confine.clean()
        send(verdicts, token, ["ended", fate])
    _exit(0)


def run_import(job: Job, message: dict[str, Any]) -> NoReturn:
    """Say whether a package can be imported in the time that a candidate has."""
    token = bytes.fromhex(message["token"])

    def report(how: str) -> NoReturn:
        send(job.verdicts, token, ["import", how])
        _exit(0)

    clock = Clock(job.cpu, lambda: report("slow"))
    clock.listen()
    job.confine.enter_program()
    job.confine.guard.armed = True
    clock.start()
    try:
        importlib.import_module(message["name"])
    except BaseException:  # noqa: BLE001 -- candidates that import it will see what it raises
        report("failed")
    report("ok")


def run_case(
    job: Job,
    case: judge.Compiled,
    module_globals: dict[str, Any],
    token: bytes,
    clock: Clock,
    program_token: bytes | None = None,
) -> NoReturn:
    """Run one case and write what was seen; runs in a process of its own.

    Args:
        job: what holds for all.
        case: what to run.
        module_globals: of the candidate.
        token: of the pair.
        clock: ends it.
        program_token: given where no other process will say that this one has ended.
    """

    def report_case() -> NoReturn:
        _exit(_TIMED_OUT)

    try:
        job.confine.enter_case()
        clock.report = report_case
        clock.start()
        job.confine.guard.armed = True
        seed_random(job.seed)
        seen = judge.run(case, dict(module_globals), job.room, job.confine.relieve, clock.start)
        clock.report = _ignore  # a frame is written whole or not at all
        if seen == judge.PASSED and (broken := job.seal.broken()):
            seen = judge.tampered(broken)
        send(job.verdicts, token, [seen])
        if program_token is not None:
            send(job.verdicts, program_token, ["ended", "exit 0"])
    finally:
        _exit(0)


def await_process(pid: int, cpu: float) -> str:
    """Wait for a child and say how it ended: "exit N", "timeout" or "signal N"."""
    _, status, usage = wait4(pid, 0)
    return fate_of(status, usage.ru_utime + usage.ru_stime, cpu)


def fate_of(status: int, spent: float, cpu: float) -> str:
    """Say how a process ended: "exit N", "timeout" or "signal N".

    Args:
        status: as `wait` gives it.
        spent: seconds of CPU time that it took.
        cpu: seconds that it was allowed.
    """
    code = waitstatus_to_exitcode(status)
    if code == _TIMED_OUT or -code in _CLOCKS or (code < 0 and spent >= cpu):
        return "timeout"
    return f"exit {code}" if code >= 0 else f"signal {-code}"


def _ignore() -> None:
    """Do nothing."""
