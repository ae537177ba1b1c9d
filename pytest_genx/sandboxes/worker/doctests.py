"""Run an interactive session against a candidate, as `doctest` does.

Child side: standard library only, imports nothing of ours. The session sees the candidate's
names. It ends at the first example that prints something else, which is a FAIL, or raises what
it does not announce, which is judged like any exception.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import doctest

if TYPE_CHECKING or __package__:  # run by path, this is a module of its own
    from pytest_genx.sandboxes.worker.observe import one_line
else:
    from observe import one_line


def prepare(source: str, _batch: dict[str, Any]) -> Callable[..., str]:
    """Take a session apart, once for all candidates.

    Raises:
        ValueError: it is no session.
    """
    import doctest  # noqa: PLC0415 -- takes long, and few batches have sessions

    examples = doctest.DocTestParser().get_examples(source, "case")
    if not examples:
        raise ValueError("no example in the session")
    return functools.partial(_run, examples, _make_runner())


def _run(
    examples: list[doctest.Example],
    runner: Any,
    namespace: dict[str, Any],
    _limit: int,
    _restart: Callable[[], None],
) -> str:
    """Run the examples, and return the verdict.

    Raises:
        BaseException: whatever an example raises unexpectedly.
    """
    import doctest  # noqa: PLC0415 -- loaded by now

    test = doctest.DocTest(examples, namespace, "case", None, 0, None)
    runner.run(test, out=lambda _: None, clear_globs=False)
    if runner.error is not None:
        raise runner.error
    return "f" + json.dumps(["F" if runner.detail else "P", runner.detail, None, None])


def _make_runner() -> Any:
    import doctest  # noqa: PLC0415 -- as above

    class Runner(doctest.DocTestRunner):
        """Keeps the first thing that goes wrong."""

        detail = ""
        error: BaseException | None = None

        def report_failure(self, _out: Any, _test: Any, example: doctest.Example, got: str) -> None:
            want = example.want.strip() or "nothing"
            shown = got.strip() or "nothing"
            self.detail = one_line(f"{example.source.strip()} gave {shown}, expected {want}")

        def report_unexpected_exception(
            self, _out: Any, _test: Any, _example: doctest.Example, exc_info: Any
        ) -> None:
            self.error = exc_info[1]

    return Runner(verbose=False, optionflags=doctest.FAIL_FAST)
