"""Write down what a call returned: an expression that rebuilds it, and a digest.

Child side: standard library only, imports nothing of ours. Nearly all values are plain (see
`plain`), and their text is both. Others have a digest of their canonical text (`canonical`:
how objects, cyclic, huge, NumPy and pandas values are told apart) and, where one is found that
evaluates to an equal value, an expression (`expression`). NaN equals nothing and has a digest
alone. Iterators and coroutines are not consumed and have neither, as looking at them may never
end and would change what the case sees; a case that wants their items says `list(...)`.
Dictionaries keep their order in the expression and are sorted in the digest, as `==` does not
see it either.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING or __package__:  # run by path, these are modules of their own
    from pytest_genx.sandboxes.worker.canonical import canonical
    from pytest_genx.sandboxes.worker.expression import EXTRA_NAMES, expression, shown
    from pytest_genx.sandboxes.worker.plain import has_nan, plain
    from pytest_genx.sandboxes.worker.typename import type_name
else:
    from canonical import canonical
    from expression import EXTRA_NAMES, expression, shown
    from plain import has_nan, plain
    from typename import type_name

__all__ = [
    "EXTRA_NAMES",
    "Observation",
    "hash_text",
    "observe",
    "one_line",
    "raised_digest",
    "short",
    "type_name",
]


class Observation(NamedTuple):
    """What is known of a value; `value` and `digest` are None when there is no faithful text."""

    value: str | None
    digest: str | None
    type_name: str


def observe(value: Any, namespace: dict[str, Any], limit: int) -> Observation:
    """Describe a value; never raises, whatever the value's own code does.

    Args:
        value: what the call returned.
        namespace: names an expression may use; a few of the library fill the gaps.
        limit: characters an expression may have.
    """
    name = type_name(type(value))
    text = plain(value)
    if text is not None:
        ordered = plain(value, ordered=False) if "{" in text else text
        writable = len(text) <= limit and not ("nan" in text and has_nan(value))
        return Observation(text if writable else None, hash_text(f"{name}:{ordered}"), name)
    try:
        digest = hash_text(f"{name}:{canonical(value)}")
    except BaseException:  # noqa: BLE001 -- the value's own code may raise anything
        digest = None
    try:
        written = None if digest is None else expression(value, namespace, limit)
    except BaseException:  # noqa: BLE001 -- as above
        written = None
    return Observation(written, digest, name)


def raised_digest(name: str) -> str:
    """Identify an exception by the qualified name of its class."""
    return hash_text(f"raise:{name}")


def short(value: Any, limit: int = 80) -> str:
    """Write a value for people, in one line of at most `limit` characters."""
    try:
        text = plain(value)
        if text is None:
            text = _readable(value, 8 * limit)
    except BaseException:  # noqa: BLE001 -- the value's own code may raise anything
        text = f"<{type_name(type(value))}>"
    return one_line(text, limit)


def one_line(text: str, limit: int = 200) -> str:
    """Fold white space, escape what cannot be printed, and cut."""
    text = " ".join(text[: 8 * limit].split())
    if not text.isprintable():
        text = "".join(
            [c if c.isprintable() else c.encode("unicode_escape").decode() for c in text]
        )
    return text if len(text) <= limit else text[: limit - 3] + "..."


def hash_text(text: str) -> str:
    """Identify a text."""
    return blake2b(text.encode("utf-8", "backslashreplace"), digest_size=8).hexdigest()


def _readable(value: Any, limit: int) -> str:
    try:
        text = shown(value, limit)
    except Exception:  # noqa: BLE001 -- the value's own code may raise anything
        text = " at 0x"
    return canonical(value, limit) if " at 0x" in text else text
