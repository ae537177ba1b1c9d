"""GBNF for a list of cases, as a plain tester continues its first assertion.

What it lets through is `CALL == VALUE`, one a line, where arguments and values are built of
literals, names, attributes and calls. A malformed grammar kills the process of llama.cpp, so what
is written here is checked by `faults` first.
"""

from __future__ import annotations

import re

# Rules below the first two, with Python's spelling of numbers, texts and displays.
_RULES = r"""
args ::= ( arg ( "," " "? arg )* )?
arg ::= ( name "=" )? expr
expr ::= term ( " " op " " term )*
op ::= "+" | "-" | "*" | "/" | "//" | "%" | "**"
term ::= number | text | list | tuple | dict | set | reach
items ::= expr ( "," " "? expr )*
list ::= "[" items? "]"
tuple ::= "()" | "(" expr "," ( " "? items )? ")"
dict ::= "{" ( pair ( "," " "? pair )* )? "}"
pair ::= expr ":" " "? expr
set ::= "{" items "}"
reach ::= name ( "(" args ")" )? ( "." name ( "(" args ")" )? )*
name ::= [A-Za-z_] [A-Za-z0-9_]*
number ::= "-"? ( "0" | [1-9] [0-9]* ) ( "." [0-9]+ )? ( "e" "-"? [0-9]+ )?
text ::= "b"? ( "\"" ( [^"\\\x00-\x1f\x7f] | escape )* "\"" | "'" ( [^'\\\x00-\x1f\x7f] | escape )* "'" )
escape ::= "\\" [\\'"ntr0]
""".strip()  # noqa: E501 -- a rule is a line

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>"(?:[^"\\\n]|\\.)*")
      | (?P<set>\[\^?(?:[^\]\\\n]|\\.)+\])
      | (?P<name>[a-zA-Z][a-zA-Z0-9-]*)
      | (?P<sign>[()|?*+])
    )""",
    re.VERBOSE,
)


def case_grammar(call: str, prefix: str, *, is_async: bool) -> str:
    """Write the grammar of what follows a tester's text.

    Args:
        call: how the target is reached, such as `f`, `C.f` or `C().f`.
        prefix: how the text ends: `assert f(` or `assert `.
        is_async: whether calls are run by `asyncio.run`.

    Returns:
        GBNF with the root `root`; "" if `call` is nothing that this can write.
    """
    owner, made, name = call.partition("().")
    form = [_quoted(f"{owner}("), "args", _quoted(f").{name}(")] if made else [_quoted(f"{call}(")]
    form = [*form, "args", _quoted(")")]
    if is_async:
        form = [_quoted("asyncio.run("), *form, _quoted(")")]
    body = [*form, _quoted(" == "), "expr", r'"\n"']
    first = body[1:] if prefix == f"assert {call}(" else body
    grammar = f'root ::= {" ".join(first)} case*\ncase ::= "assert " {" ".join(body)}\n{_RULES}\n'
    return "" if faults(grammar) else grammar


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
        sign = match["sign"] or ""
        if sign in {"?", "*", "+"} and last in {"(", "|", "?", "*", "+"}:
            return f"{sign} with nothing before it"
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if depth < 0:
            return "a parenthesis too many"
        last = sign
    return "an open parenthesis" if depth else ""


def _quoted(text: str) -> str:
    """Write a text as a literal of GBNF."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08X}" for c in escaped) + '"'
