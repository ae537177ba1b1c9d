"""GBNF, the grammars of llama.cpp: text as a literal, and a check of what is written.

A malformed grammar kills the process of llama.cpp, so whatever is written goes through `faults`.
Source of the format: https://github.com/ggml-org/llama.cpp/blob/master/grammars/README.md
"""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>"(?:[^"\\\n]|\\.)*")
      | (?P<set>\[\^?(?:[^\]\\\n]|\\.)+\])
      | (?P<name>[a-zA-Z][a-zA-Z0-9-]*)
      | (?P<times>\{[0-9]+(?:,[0-9]*)?\})
      | (?P<sign>[()|?*+])
    )""",
    re.VERBOSE,
)


def literal(text: str) -> str:
    """Write a text as a literal of GBNF."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08X}" for c in escaped) + '"'


def faults(grammar: str) -> str:
    """Say what is wrong with a grammar, as far as this module's own style goes; "" if nothing.

    Args:
        grammar: rules, one a line; no comments.
    """
    bodies: dict[str, str] = {}
    for line in grammar.strip().split("\n"):
        name, sign, body = line.partition(" ::= ")
        if not sign or not re.fullmatch(r"[a-zA-Z][a-zA-Z0-9-]*", name):
            return f"no rule: {line}"
        if name in bodies:
            return f"two rules named {name}"
        bodies[name] = body
    if "root" not in bodies:
        return "no rule named root"
    for name, body in bodies.items():
        reason = _fault(body, bodies)
        if reason:
            return f"{reason} in rule {name}"
    return ""


def _fault(body: str, known: dict[str, str]) -> str:
    depth = end = 0
    last = "("  # after which nothing can be repeated
    while end < len(body):
        match = _TOKEN.match(body, end)
        if match is None:
            return f"nothing that is known at {body[end : end + 20]!r}"
        end = match.end()
        if match["name"] and match["name"] not in known:
            return f"no rule named {match['name']}"
        sign = "*" if match["times"] else match["sign"] or ""
        if sign in {"?", "*", "+"} and last in {"(", "|", "?", "*", "+"}:
            return f"{sign} with nothing before it"
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if depth < 0:
            return "a parenthesis too many"
        last = sign
    return "an open parenthesis" if depth else ""
