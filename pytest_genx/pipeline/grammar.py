"""GBNF for a list of cases, as a plain tester continues its first assertion.

What it lets through is `CALL == VALUE`, one a line, where arguments and values are built of
literals, names, attributes and calls.
"""

from __future__ import annotations

from pytest_genx.syntax.gbnf import faults, literal

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
    form = [literal(f"{owner}("), "args", literal(f").{name}(")] if made else [literal(f"{call}(")]
    form = [*form, "args", literal(")")]
    if is_async:
        form = [literal("asyncio.run("), *form, literal(")")]
    body = [*form, literal(" == "), "expr", r'"\n"']
    first = body[1:] if prefix == f"assert {call}(" else body
    grammar = f'root ::= {" ".join(first)} case*\ncase ::= "assert " {" ".join(body)}\n{_RULES}\n'
    return "" if faults(grammar) else grammar
