"""Hold what a program printed against what it shall print; the trusted side of exchanges.

Outputs are the same when their tokens are, as contests judge them: white space and the breaking
of lines do not count, and numbers of which one is no integer may differ by a millionth.
"""

from __future__ import annotations

import math
import re
from hashlib import blake2b

from pytest_genx.domain import Execution, Outcome
from pytest_genx.sandboxes.worker.observe import hash_text, one_line

TOLERANCE = 1e-6  # relative, and absolute near zero
_NUMBER = re.compile(r"[+-]?(?:\d{1,300}\.?\d{0,300}|\.\d{1,300})(?:[eE][+-]?\d{1,5})?", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_SHORT = 60  # characters of a token in a detail


def same_output(expected: str, printed: str) -> bool:
    """Say whether two outputs have the same tokens.

    >>> same_output("1 0.5 YES", "  1 0.5000001  YES")
    True
    >>> same_output("YES", "Yes")
    False
    """
    return _first_difference(expected, printed) is None


def judged(expected: str | None, answer: str) -> Execution:
    """Turn what a worker says was printed into an execution.

    Args:
        expected: what shall be printed; None to observe.
        answer: "o", how many characters are left out, a space, a digest of all tokens if any
            are, a space and the text. Of a text that was cut all tokens must be the same.

    Raises:
        ValueError: the answer is none.
    """
    missing, tokens, printed = answer[1:].split(" ", 2)
    left_out = int(missing)
    detail = ""
    if expected is not None and not left_out:
        detail = _first_difference(expected, printed) or ""
    elif expected is not None and tokens != _digest_of_tokens(expected):
        detail = f"printed {len(printed) + left_out} characters, not those that are expected"
    digest = hash_text(f"printed:{tokens or ' '.join(printed.split())}")
    outcome = Outcome.FAIL if detail else Outcome.PASS
    return Execution(outcome, detail, None if left_out else printed, None, digest)


def _digest_of_tokens(text: str) -> str:
    tokens = text.encode("utf-8", "replace").split()
    return blake2b(b" ".join(tokens), digest_size=16).hexdigest()


def _first_difference(expected: str, printed: str) -> str | None:
    wanted, got = expected.split(), printed.split()
    for i, (one, other) in enumerate(zip(wanted, got, strict=False)):
        if one != other and not _close(one, other):
            return f"token {i + 1} is {_cut(other)}, expected {_cut(one)}"
    if len(got) < len(wanted):
        return f"ends after {len(got)} tokens, expected {_cut(wanted[len(got)])} next"
    if len(got) > len(wanted):
        return f"goes on after {len(wanted)} tokens with {_cut(got[len(wanted)])}"
    return None


def _close(one: str, other: str) -> bool:
    """Say whether two tokens are numbers, not both integers, and nearly equal."""
    if _INTEGER.fullmatch(one) and _INTEGER.fullmatch(other):
        return False
    if not (_NUMBER.fullmatch(one) and _NUMBER.fullmatch(other)):
        return False
    return math.isclose(float(one), float(other), rel_tol=TOLERANCE, abs_tol=TOLERANCE)


def _cut(token: str) -> str:
    return one_line(repr(token), _SHORT)
