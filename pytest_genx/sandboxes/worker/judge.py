"""Judge one case in the namespace of one candidate: what is executed, and what it means.

Child side: standard library only, imports nothing of ours. A verdict is the list that goes
over the wire: outcome letter, detail, value, raised, digest, type of the value.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING or __package__:  # run by path, these are modules of their own
    from pytest_genx.sandboxes.worker import observe
    from pytest_genx.sandboxes.worker.clock import Clock
else:
    import observe
    from clock import Clock

Verdict = list[str | None]


class Compiled(NamedTuple):
    """One case, compiled once for all candidates; `error` says why it could not be."""

    setup: types.CodeType | None = None
    body: types.CodeType | None = None
    call: types.CodeType | None = None
    value: types.CodeType | None = None
    raises: types.CodeType | None = None
    error: str = ""


def compile_case(case: dict[str, Any]) -> Compiled:
    """Compile a case as it came over the wire."""
    try:
        setup = _compile("\n".join(case["imports"]), "exec") if case["imports"] else None
        if case["call"] is None:
            return Compiled(setup, body=_compile(case["source"], "exec"))
        call, value, raises = (
            None if text is None else _compile(text.strip(), "eval")
            for text in (case["call"], case["value"], case["raises"])
        )
        return Compiled(setup, None, call, value, raises)
    except Exception as error:  # noqa: BLE001 -- whatever the compiler raises is the verdict
        return Compiled(error=explain(error))


def _compile(source: str, mode: str) -> types.CodeType:
    """Compile without the `__future__` of this file."""
    code: types.CodeType = compile(source, "<case>", mode, dont_inherit=True)
    return code


def judge(
    case: Compiled, namespace: dict[str, Any], limit: int, clock: Clock, relieve: Callable[[], None]
) -> Verdict:
    """Run a case.

    Args:
        case: what to run.
        namespace: a copy of the candidate's globals, changed here.
        limit: characters that a value's expression may have.
        clock: runs already, and is set back once the call has returned.
        relieve: called when memory ran out, to make room for the verdict.
    """
    if case.error:
        return ["E", case.error, None, None, None, None]
    try:
        if case.setup is not None:
            exec(case.setup, namespace)  # noqa: S102 -- that is the job
        if case.body is not None:
            exec(case.body, namespace)  # noqa: S102 -- that is the job
            return ["P", "", None, None, None, None]
        return _compare(case, namespace, limit, clock)
    except BaseException as error:  # noqa: BLE001 -- nothing a case raises may pass
        return blame(error, relieve)


def blame(error: BaseException, relieve: Callable[[], None]) -> Verdict:
    """Turn what was raised into a verdict: assertions FAIL, all else is an ERROR."""
    if isinstance(error, MemoryError):
        error.__traceback__ = error.__context__ = None  # its frames hold the memory
        relieve()
    name = observe.type_name(type(error))
    failed = isinstance(error, AssertionError) or name == "Failed"  # `pytest.fail` and `raises`
    return ["F" if failed else "E", explain(error), None, name, observe.raised_digest(name), None]


def explain(error: BaseException) -> str:
    """Write an exception in one line."""
    name = observe.type_name(type(error))
    try:
        text = str(error)
    except BaseException:  # noqa: BLE001 -- a message may be code, too
        text = ""
    if isinstance(error, MemoryError) and not text:
        text = "more memory than the limit"
    return observe.one_line(f"{name}: {text}" if text else name)


def _compare(case: Compiled, namespace: dict[str, Any], limit: int, clock: Clock) -> Verdict:
    """Evaluate the call once, and hold what it did against what is expected."""
    assert case.call is not None
    try:
        returned = eval(case.call, namespace)  # noqa: S307 -- that is the job
    except Exception as error:
        if case.raises is None:
            raise
        expected = eval(case.raises, namespace)  # noqa: S307 -- that is the job
        if not isinstance(error, expected):
            raise
        name = observe.type_name(type(error))
        return ["P", explain(error), None, name, observe.raised_digest(name), None]
    clock.start()  # writing down a large value is no fault of the candidate's
    if isinstance(returned, types.CoroutineType):
        returned.close()  # else a warning says that nobody awaited it
    seen = observe.observe(returned, namespace, limit)
    outcome, detail = "P", ""
    if case.raises is not None:
        outcome, detail = "F", f"returned {observe.short(returned)}, expected an exception"
    elif case.value is not None:
        expected = eval(case.value, namespace)  # noqa: S307 -- that is the job
        if not bool(returned == expected):
            outcome = "F"
            detail = f"returned {observe.short(returned)}, expected {observe.short(expected)}"
    return [outcome, detail, seen.value, None, seen.digest, seen.type_name]
