"""Many programs and all their cases in one process, where they can leave nothing behind.

Child side: standard library only, imports nothing of ours. Which programs and cases may share
is said by `vet`. What is out of the ordinary here (memory used up, a process that dies) is not
judged here: that case runs again in a process of its own, so sharing never shows in a verdict.

What runs is said in memory that outlives the process (`Job.place`): the number of the program,
then 0 for nothing, 1 while it is loaded and 2 more than the case while one runs, then the same
again once its call has returned.
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
    from pytest_genx.sandboxes.worker.views import MoreAsked
    from pytest_genx.sandboxes.worker.wire import frame, put
else:
    import judge
    import vet
    from clock import Ticker
    from endless import Watch
    from job import Job
    from load import seed_random
    from plain import plain
    from views import MoreAsked
    from wire import frame, put

_ROW, _RUNS, _RETURNED = range(3)  # of `Job.place`
_NOTHING, LOADING, FIRST_CASE = range(3)
_SILENCE = 0.2  # seconds of CPU time after which the trusted side is told how far it is
_FRAME = 1 << 19  # characters of answers that one frame holds
_FRAMES = 1 << 14  # bytes of frames that are kept before they are written
_ODD = (MemoryError, MoreAsked)
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
    for number, row in enumerate(
        zip(message["programs"], message["cases"], message["timeouts"], strict=True)
    ):
        group.run(number, *row)
    group.flush()
    _exit(0)


class _Group:
    """The program that is running, and what was seen of it so far."""

    def __init__(self, job: Job, token: bytes) -> None:
        self.job = job
        self.token = token
        self.number = 0
        self.said = process_time()  # when the trusted side last heard of it
        self.seen: list[str | None] = []
        self.frames = b""  # not yet written
        self.place = job.place
        self.ticker = Ticker(
            job.cpu, self._now, self._report_timeout, self._report_alive, self._look
        )
        self.watch = Watch(self._note_proof)
        self.proved = 0  # what ran when a loop in it was proved to be endless
        self.program = ""

    def run(self, number: int, program: str, cases: list[int], timeouts: int) -> None:
        """Run one program against cases; `timeouts` is how many it has had."""
        place = self.place
        self.number = place[_ROW] = number
        self.program = program
        place[_RUNS] = LOADING
        namespace = self._load(program)
        if namespace is None:
            return
        job, seen = self.job, self.seen
        room = 0
        for case in cases:
            place[_RUNS] = case + FIRST_CASE
            answer = self._answer(job.cases[case], namespace)
            if self.proved:
                self.proved, answer = 0, judge.ENDLESS
                timeouts += 1
            seen.append(answer)
            if timeouts >= job.hopeless:
                break
            room += len(answer)
            if room > _FRAME:
                self._send("part")
                room = 0
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
        self.place[_RETURNED] = self.place[_RUNS]

    def _end(self, how: str, *fields: str) -> None:
        self.seen.extend(fields)
        self._send(how)

    def _send(self, how: str) -> None:
        """Keep a frame until there are some more; each written alone would cost a wake-up."""
        runs, self.place[_RUNS] = self.place[_RUNS], _NOTHING  # no tick may come between
        self.frames += frame(self.token, ["row", str(self.number), how, *self.seen])
        self.seen.clear()
        if len(self.frames) > _FRAMES:
            self.flush()
        self.place[_RUNS] = runs

    def flush(self) -> None:
        """Write what was kept."""
        self.said = process_time()
        put(self.job.verdicts, self.frames)
        self.frames = b""

    def _now(self) -> object:
        runs = self.place[_RUNS]
        return None if runs == _NOTHING else (self.number, runs, self.place[_RETURNED] == runs)

    def _report_timeout(self) -> None:
        if self.place[_RUNS] != _NOTHING:
            self._send("stuck" if self.place[_RUNS] == LOADING else "slow")
            self.flush()
            _exit(0)

    def _note_proof(self) -> None:
        runs = self.place[_RUNS]
        if runs in (LOADING, self.proved):  # or the program has caught what shall end the loop
            self._report_timeout()
        self.proved = runs

    def _look(self, frame: types.FrameType | None) -> None:
        self.watch.begin(frame, self.program, self.job.path)

    def _report_alive(self) -> None:
        self.watch.end()
        runs = self.place[_RUNS]
        if runs != _NOTHING and (self.frames or process_time() - self.said > _SILENCE):
            self._send("part")
            self.place[_RUNS] = _NOTHING
            self.flush()
            self.place[_RUNS] = runs


def _evaluate(call: types.CodeType, namespace: dict[str, Any]) -> Any:
    """Stand where `judge.run` stands elsewhere, so that a case has its depth of calls."""
    return eval(*(call, namespace))  # noqa: S307 -- see `judge.run`


def _nothing() -> None:
    """Do nothing: what ran out of memory here runs again elsewhere."""
