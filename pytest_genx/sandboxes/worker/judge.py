"""Run one case in the namespace of one candidate, and say what was seen.

Child side: standard library only, imports nothing of ours. Two kinds of case. One that calls
and compares is only *observed* here: what it expects never enters this process, so nothing
that a candidate does to its interpreter can help it. One that is free-form is judged here.

What is said is a text whose first letter tells what follows:

    =  the canonical text of a plain value that was returned
    v  JSON [expression or null, text of a plain value that it equals or null, digest or null,
       type, short text] of another value
    r  JSON [detail, class, [classes it inherits from]] of what was raised
    c  JSON [whether it equals what is expected, what was returned], compared here
    f  JSON [letter of the outcome, detail, class or null, digest or null] of a free-form case
    t  nothing: the case does not end
    o  what a program printed, see `exchange`
"""

from __future__ import annotations

import builtins
import json
import sys
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING or __package__:  # run by path, these are modules of their own
    from pytest_genx.sandboxes.worker import doctests, exchange, functions, observe
    from pytest_genx.sandboxes.worker.plain import plain
    from pytest_genx.sandboxes.worker.plainly import plainly
else:
    import doctests
    import exchange
    import functions
    import observe
    from plain import plain
    from plainly import plainly

PASSED = 'f["P","",null,null]'
ENDLESS = "t"
_write = json.JSONEncoder(ensure_ascii=True).encode
# What makes of the source of a case a function that runs it; the rest are snippets.
_FORMS: dict[str, Callable[[str, dict[str, Any]], Callable[..., str]]] = {
    "doctest": doctests.prepare,
    "exchange": exchange.prepare,
    "function": functions.prepare,
}
FAILURES = ("AssertionError", "Failed")  # the other is what `pytest.raises` raises


class Compiled(NamedTuple):
    """One case, compiled once for all candidates; `error` says why it could not be."""

    setup: types.CodeType | None = None
    body: types.CodeType | None = None  # statements
    call: types.CodeType | None = None  # an expression to observe
    against: types.CodeType | None = None  # what only the candidate's module can evaluate
    form: Callable[..., str] | None = None  # runs a case that is no snippet
    error: str = ""

    def codes(self) -> list[types.CodeType]:
        """List what was compiled."""
        return [code for code in self if isinstance(code, types.CodeType)]


def compile_case(case: dict[str, Any], batch: dict[str, Any]) -> Compiled:
    """Compile a case as it came over the wire, with its batch."""
    try:
        setup = _compile("\n".join(case["imports"]), "exec") if case["imports"] else None
        if case["observe"]:
            call, against = (
                text and _compile(text.strip(), "eval")
                for text in (case["source"], case["against"])
            )
            return Compiled(setup, None, call, against or None)
        if case["form"] in _FORMS:
            return Compiled(setup, form=_FORMS[case["form"]](case["source"], batch))
        return Compiled(setup, body=_compile(case["source"], "exec"))
    except Exception as error:  # noqa: BLE001 -- whatever the compiler raises is the verdict
        return Compiled(error=_write_raised(error))


def _compile(source: str, mode: str) -> types.CodeType:
    """Compile without the `__future__` of this file."""
    code: types.CodeType = compile(source, "<case>", mode, dont_inherit=True)
    return code


def run(
    case: Compiled,
    namespace: dict[str, Any],
    limit: int,
    relieve: Callable[[], None],
    returned: Callable[[], None],
) -> str:
    """Run a case, and say what was seen.

    Args:
        case: what to run.
        namespace: a copy of the candidate's globals, changed here.
        limit: characters that the text of a value may have.
        relieve: called when memory ran out, to make room for the answer.
        returned: called when the call is over; writing down a value is not its fault.
    """
    if case.error:
        return case.error
    try:
        if case.setup is not None:
            exec(case.setup, namespace)  # noqa: S102 -- that is the job
        if case.form is not None:
            return case.form(namespace, limit, returned)
        if case.call is None:
            assert case.body is not None
            exec(*(case.body, namespace))  # noqa: S102 -- that is the job
            return PASSED
        # Starred, as the interpreter would learn another way to call, which is one call less deep.
        value = eval(*(case.call, namespace))  # noqa: S307 -- that is the job
        returned()
        answer = describe(value, namespace, limit)
        if case.against is None:
            return answer
        expected = eval(case.against, namespace)  # noqa: S307 -- that is the job
        return "c" + _write([bool(value == expected), answer])
    except BaseException as error:  # noqa: BLE001 -- nothing a case raises may pass
        return blame(error, relieve, free=case.call is None)


def describe(value: Any, namespace: dict[str, Any], limit: int) -> str:
    """Say what was returned."""
    text = plain(value)
    if text is not None and len(text) <= limit:
        return "=" + text
    if isinstance(value, types.CoroutineType):
        value.close()  # else a warning says that nobody awaited it
    seen = observe.observe(value, namespace, limit)
    return "v" + _write(
        [seen.value, plainly(value), seen.digest, seen.type_name, observe.short(value)]
    )


def blame(error: BaseException, relieve: Callable[[], None], *, free: bool) -> str:
    """Say what was raised; in a free-form case that is a verdict."""
    if isinstance(error, MemoryError):
        error.__traceback__ = error.__context__ = None  # its frames hold the memory
        relieve()
    if not free:
        return _write_raised(error)
    names = _names(error)
    letter = "F" if any(name in FAILURES for name in names) else "E"
    return "f" + _write([letter, explain(error), names[0], observe.raised_digest(names[0])])


def tampered(how: str) -> str:
    """Say that a free-form case cannot be believed."""
    return "f" + _write(["E", f"not judged: {how}", None, None])


def _write_raised(error: BaseException) -> str:
    return "r" + _write([explain(error), (names := _names(error))[0], names])


def _names(error: BaseException) -> list[str]:
    """Name the class of an exception and what it inherits from, up to `BaseException`."""
    return [observe.type_name(kind) for kind in type.mro(type(error))[:-1]]


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


class Seal:
    """What a free-form case is judged with, as it was before any candidate was imported."""

    def __init__(self) -> None:
        self._names = dict(vars(builtins))

    def broken(self) -> str:
        """Say in one line what is no longer as it was; nothing if all is."""
        now = vars(builtins)
        for name, value in self._names.items():
            if now.get(name, self) is not value and name != "_":
                return f"the candidate replaced the built-in {name}"
        if sys.gettrace() is not None or sys.getprofile() is not None:
            return "the candidate traces what is executed"
        monitoring = getattr(sys, "monitoring", None)  # since 3.12; six are for tools
        if monitoring is not None and any(map(monitoring.get_tool, range(6))):
            return "the candidate monitors what is executed"
        return ""
