"""Many programs and all their cases in one process, where they can leave nothing behind.

Child side: standard library only, imports nothing of ours. Which programs and cases may share
is said by `vet`. What is out of the ordinary here (memory or stack used up, more CPU time than
allowed, a process that dies) is not judged here either: a row then ends early, and the rest of
it runs in a process of its own, so sharing never shows in a verdict.
"""

from __future__ import annotations

import sys
import types
from os import _exit
from time import process_time
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING or __package__:  # run by path, these are modules of their own
    from pytest_genx.sandboxes.worker import judge, vet
    from pytest_genx.sandboxes.worker.clock import Ticker
    from pytest_genx.sandboxes.worker.endless import Watch
    from pytest_genx.sandboxes.worker.job import Job
    from pytest_genx.sandboxes.worker.load import seed_random
    from pytest_genx.sandboxes.worker.plain import plain
    from pytest_genx.sandboxes.worker.wire import send
else:
    import judge
    import vet
    from clock import Ticker
    from endless import Watch
    from job import Job
    from load import seed_random
    from plain import plain
    from wire import send

_BEFORE_CASES = -1
_SILENCE = 0.2  # seconds of CPU time after which the trusted side is told how far it is
_FRAME = 1 << 19  # characters of answers that are sent at once
_ODD = (MemoryError, vet.MoreAsked)
_NO_ANSWER = ""  # of a case that must run in a process of its own


def run_group(job: Job, message: dict[str, Any]) -> NoReturn:
    """Run several programs; runs in a process of its own."""
    job.confine.enter_group()
    seed_random(job.seed)
    sys.setrecursionlimit(job.recursion_limit(above=3))
    job.views.packages = message["packages"]
    group = _Group(job, bytes.fromhex(message["token"]))
    group.ticker.start()
    job.confine.guard.armed = True
    for number, (program, cases) in enumerate(
        zip(message["programs"], message["cases"], strict=True)
    ):
        group.run(number, program, cases)
    _exit(0)


class _Group:
    """The program that is running, and what was seen of it so far."""

    def __init__(self, job: Job, token: bytes) -> None:
        self.job = job
        self.token = token
        self.number = 0
        self.said = process_time()  # when the trusted side last heard of it
        self.seen: list[str | None] = []
        self.ticker = Ticker(job.cpu, self._report_timeout, self._report_alive, self._look)
        self.watch = Watch(self._report_timeout)
        self.program = ""

    def run(self, number: int, program: str, cases: list[int]) -> None:
        """Run one program against cases."""
        now = self.ticker.now
        self.number, self.program = number, program
        now[0] = (number, _BEFORE_CASES)
        namespace = self._load(program)
        if namespace is None:
            return
        job, seen = self.job, self.seen
        room = 0
        for case in cases:
            now[0] = (number, case)
            answer = self._answer(job.cases[case], namespace)
            seen.append(answer)
            room += len(answer)
            if room > _FRAME:
                now[0] = None
                self._send("part")
                room = 0
        now[0] = None
        self._send("done")

    def _load(self, program: str) -> dict[str, Any] | None:
        """Execute a program; None when its row has ended by that."""
        job = self.job
        try:
            code = compile(program, job.path, "exec", dont_inherit=True)
            if not vet.harmless(code):
                self._end("alone")
                return None
            namespace = job.views.globals_for(job.module, job.path)
            exec(code, namespace)  # noqa: S102 -- that is the job
        except BaseException as error:  # noqa: BLE001 -- a failed import is a verdict
            views = job.views
            if views.slow:
                self._end("stuck")
            elif views.unknown:
                self._end("unknown", views.unknown)
            elif (
                isinstance(error, _ODD)
                or views.asked
                or (isinstance(error, TypeError) and views.gave_nothing)
            ):
                self._end("alone")
            else:
                self._end("failed", judge.blame(error, _nothing, free=True))
            return None
        if job.views.asked or not vet.stateless(namespace, code, job.mentioned, job.views):
            self._end("alone")
            return None
        return namespace

    def _answer(self, case: judge.Compiled, namespace: dict[str, Any]) -> str:
        """Run one case."""
        views, room = self.job.views, self.job.room
        if case.call is not None and case.setup is case.against is None:
            try:
                value = _evaluate(case.call, namespace)
                text = plain(value)
            except BaseException as error:  # noqa: BLE001 -- nothing a case raises may pass
                answer = judge.blame(error, _nothing, free=False)
            else:
                if text is not None and len(text) <= room:
                    answer = "=" + text
                else:
                    self._returned()
                    answer = judge.describe(value, namespace, room)
        else:
            answer = judge.run(case, dict(namespace), room, _nothing, self._returned)
        if views.asked or "MemoryError" in answer:
            views.asked = False
            return _NO_ANSWER
        return answer

    def _returned(self) -> None:
        """Note that the call is over: writing its value down is another stretch of time."""
        self.ticker.now[0] = (self.ticker.now[0],)

    def _end(self, how: str, *fields: str) -> None:
        self.ticker.now[0] = None
        self.seen.extend(fields)
        self._send(how)

    def _send(self, how: str) -> None:
        self.said = process_time()
        send(self.job.verdicts, self.token, ["row", str(self.number), how, *self.seen])
        self.seen.clear()

    def _report_timeout(self) -> None:
        now = self.ticker.now
        if now[0] is not None:  # a frame is written whole or not at all
            loading = now[0] == (self.number, _BEFORE_CASES)
            now[0] = None
            self._send("stuck" if loading else "slow")
            _exit(0)

    def _look(self, frame: types.FrameType | None) -> None:
        self.watch.begin(frame, self.program, self.job.path)

    def _report_alive(self) -> None:
        self.watch.end()
        now = self.ticker.now
        running = now[0]
        if running is not None and process_time() - self.said > _SILENCE:
            now[0] = None
            self._send("part")
            now[0] = running


def _evaluate(call: types.CodeType, namespace: dict[str, Any]) -> Any:
    """Stand where `judge.run` stands elsewhere, so that a case has its depth of calls."""
    return eval(*(call, namespace))  # noqa: S307 -- see `judge.run`


def _nothing() -> None:
    """Do nothing: what ran out of memory here runs again elsewhere."""
