"""Requests in threads: few at a time, and their results in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

from pytest_genx.backends.server_line import Line
from pytest_genx.errors import GenxError

IN_FLIGHT = 4  # requests

Result = TypeVar("Result")


def in_order(tasks: Sequence[Callable[[], Result]], line: Line) -> Iterator[Result]:
    """Run tasks in threads, `IN_FLIGHT` ahead of what is consumed, and yield results in order.

    After a failure no task is started, and those under way still yield what they get. Closing
    the iterator, or an interrupt, breaks all of them off.

    Args:
        tasks: each uses the line.
        line: hung up at the end, unless all tasks came through.

    Raises:
        GenxError: the first failure, after the results.
    """
    if not tasks:
        return
    rest = iter(tasks)
    failure: GenxError | None = None
    whole = False
    pool = ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="genx-server")
    try:
        waiting: deque[Future[Result]] = deque(
            pool.submit(task) for task in islice(rest, IN_FLIGHT)
        )
        while waiting:
            try:
                result = waiting.popleft().result()
            except GenxError as error:
                failure = failure or error
                line.give_up()
                continue
            if failure is None:
                waiting.extend(pool.submit(task) for task in islice(rest, 1))
            yield result
        if failure is not None:
            raise failure
        whole = True
    finally:
        if not whole:
            line.hang_up()
        # One that still looks for the server ends by itself, within the time-out for that.
        pool.shutdown(wait=whole, cancel_futures=True)
