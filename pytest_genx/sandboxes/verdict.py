"""What a worker saw of a pair -> its execution: the judge, far from the defendant.

The expected value was never where the candidate ran, so all it could do was return it. What
cannot be decided on plain values is left open, for `reference` to decide.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from pytest_genx.domain import CaseForm, Execution, Outcome
from pytest_genx.sandboxes import exchange
from pytest_genx.sandboxes.literal import canonical, equal, read
from pytest_genx.sandboxes.plan import Plan
from pytest_genx.sandboxes.worker.judge import FAILURES
from pytest_genx.sandboxes.worker.observe import hash_text, one_line, raised_digest

_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "==": equal,
    "!=": lambda a, b: not equal(a, b),
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda a, b: a in b,
    "not in": lambda a, b: a not in b,
}
_LETTERS = {outcome.value: outcome for outcome in Outcome}
# What may stand for a value that has other texts too, or equals others; in strings, to no harm.
_LOOSE = re.compile(r"[.{j]|True|False|nan|inf|e[-+]|0x|set\(")
_NAN = re.compile(r"\bnan\b")  # no expression rebuilds it
_KINDS = {"[": "list", "(": "tuple", "b": "bytes", "'": "str", '"': "str", "N": "NoneType"}
_SHORT = 80  # characters of a value in a detail
_NEVER = Execution(Outcome.CRASH, "the answer of its process cannot be read")


class Judge:
    """Decides what was seen of each case; equal answers are decided once."""

    def __init__(self, plans: Sequence[Plan]) -> None:
        self.plans = tuple(plans)
        self._expected = [None if p.literal is None else read(p.literal) for p in plans]
        self._decided: list[dict[str, Execution | None]] = [{} for _ in plans]

    def decide(self, case: int, answer: str) -> Execution | None:
        """Turn an answer into an execution; None while that is left open."""
        decided = self._decided[case]
        try:
            return decided[answer]
        except KeyError:
            execution = _decide(self.plans[case], self._expected[case], answer)
            decided[answer] = execution
            return execution

    def settle(self, case: int, answer: str, execution: Execution) -> None:
        """Take what was decided elsewhere about an open answer."""
        self._decided[case][answer] = execution


def _decide(plan: Plan, expected: Any, answer: str) -> Execution | None:
    try:
        match answer[:1]:
            case "=" | "v":
                return _returned(plan, expected, answer)
            case "c" if plan.against is not None:
                holds, inner = json.loads(answer[1:])
                seen = returned(inner)
                return seen if holds is True else failed(seen, shown(inner), plan)
            case "o" if plan.form is CaseForm.EXCHANGE:
                return exchange.judged(plan.expected if plan.sign else None, answer)
            case "r":
                return _raised(plan, *_strings(answer, 2))
    except (ValueError, TypeError, KeyError, RecursionError, MemoryError):
        return _NEVER  # what a candidate's process writes need not be what was asked for
    execution = read_free(answer)
    decided_here = plan.observe or plan.form is CaseForm.EXCHANGE
    return _NEVER if decided_here and execution.outcome is Outcome.PASS else execution


def read_free(answer: str) -> Execution:
    """Read what was judged where the candidate is."""
    try:
        letter, detail, raised, digest = json.loads(answer[1:])
        for text in (raised, digest):
            if text is not None and not isinstance(text, str):
                return _NEVER
        return Execution(_LETTERS[letter], one_line(detail), None, raised, digest)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, MemoryError):
        return _NEVER


def returned(answer: str) -> Execution:
    """Read what an answer says was returned, whatever is expected of it."""
    if answer[:1] == "=":
        text = answer[1:]
        loose = _LOOSE.search(text)
        kind = type(read(text)).__name__ if loose else _kind(text)
        digest = hash_text(f"{kind}:{canonical(text) if loose else text}")
        return Execution(Outcome.PASS, "", None if _NAN.search(text) else text, None, digest, kind)
    value, _, digest, kind, _ = json.loads(answer[1:])
    for field in (value, digest, kind):
        if field is not None and not isinstance(field, str):
            raise TypeError(answer)
    return Execution(Outcome.PASS, "", value, None, digest, kind)


def rebuilt(answer: str) -> str | None:
    """Return the expression that an answer gives for what was returned, if there is one."""
    if answer[:1] == "=":
        return answer[1:]
    value: str | None = json.loads(answer[1:])[0]
    return value


def _kind(text: str) -> str:
    """Name the type of a value whose text is not loose."""
    return _KINDS.get(text[0], "int")


def failed(seen: Execution, shown: str, plan: Plan) -> Execution:
    """Say that something else was returned than what is expected."""
    expected = one_line(plan.literal or plan.expected, _SHORT)
    rather = expected if plan.sign == "==" else f"a value that is {plan.sign} {expected}"
    detail = f"returned {one_line(shown, _SHORT)}, expected {rather}"
    return replace(seen, outcome=Outcome.FAIL, detail=detail)


def shown(answer: str) -> str:
    """Write what an answer says was returned, for people."""
    return answer[1:] if answer[:1] == "=" else str(json.loads(answer[1:])[4])


def _returned(plan: Plan, expected: Any, answer: str) -> Execution | None:
    """Hold what was returned against what is expected, as far as plain values tell."""
    seen = returned(answer)
    if plan.sign == "":
        return seen
    if plan.sign == "raises":
        detail = f"returned {one_line(shown(answer), _SHORT)}, expected an exception"
        return replace(seen, outcome=Outcome.FAIL, detail=detail)
    plainly = answer[1:] if answer[:1] == "=" else json.loads(answer[1:])[1]
    if plan.sign in {"is", "is not"}:
        same = answer == f"={plan.literal}"
        return seen if same == (plan.sign == "is") else failed(seen, shown(answer), plan)
    if plan.literal is None or not isinstance(plainly, str):
        return None
    if plan.sign == "==" and not (_LOOSE.search(plainly) or _LOOSE.search(plan.literal)):
        same = plainly == plan.literal  # each value has but one text here
        return seen if same else failed(seen, shown(answer), plan)
    return _compared(plan, expected, plainly, seen, shown(answer))


def _compared(plan: Plan, expected: Any, text: str, seen: Execution, shown_as: str) -> Execution:
    """Hold a plain value against another."""
    try:
        holds = bool(_COMPARISONS[plan.sign](read(text), expected))
    except TypeError as error:
        name = "TypeError"
        detail = one_line(f"{name}: {error}")
        return Execution(Outcome.ERROR, detail, None, name, raised_digest(name))
    return seen if holds else failed(seen, shown_as, plan)


def _raised(plan: Plan, detail: str, name: str, names: Sequence[str]) -> Execution:
    digest = raised_digest(name)
    detail = one_line(detail)
    if plan.sign == "raises" and _is_one_of(names, plan.expected):
        return Execution(Outcome.PASS, detail, None, name, digest)
    failure = any(one in FAILURES for one in names)
    return Execution(Outcome.FAIL if failure else Outcome.ERROR, detail, None, name, digest)


def _is_one_of(names: Sequence[str], expected: str) -> bool:
    """Say whether a class, or one it inherits from, is named where classes are expected."""
    wanted = [part.strip().rpartition(".")[2] for part in expected.strip("() ,").split(",")]
    return any(name.rpartition(".")[2] in wanted for name in names)


def _strings(answer: str, n: int) -> list[Any]:
    """Read the fields of an answer about an exception."""
    fields = json.loads(answer[1:])
    *texts, names = fields
    if len(texts) != n or not all(isinstance(item, str) for item in (*texts, *names)):
        raise ValueError(answer)
    return list(fields)
