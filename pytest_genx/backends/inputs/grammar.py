"""Parameters with shapes -> GBNF that holds a tester to calls the target can take.

A model of a few million parameters loses count of arguments and mixes up their types; what the
source tells of both is enough to keep it from that. Values are its own. The grammar lets through
what the embedded model is trained to write: assertions of a call and a literal, then blocks of
`pytest.raises`. Texts and collections have a greatest length, since such a model may never end one.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from pytest_genx.backends.inputs.namespace import Function, namespace_of
from pytest_genx.backends.inputs.parameters import Form, Parameter
from pytest_genx.backends.inputs.shape import Kind, Shape
from pytest_genx.backends.inputs.slots import slots_of
from pytest_genx.backends.inputs.values import edges, typical
from pytest_genx.domain import Context, Target
from pytest_genx.syntax.gbnf import faults, literal

_DEPTH = 4  # of parts that have a shape of their own
_ITEMS = 9  # after the first one
_FOREIGN = "«"  # marks a name that needs an import
_COMMA = ' ", " '
_NOTHING = '""'

_RULES = r"""
case ::= "\nassert " call " == " value
fault ::= "\nwith pytest.raises(" [A-Za-z] [A-Za-z0-9]{0,40} "):\n    " call
digits ::= "0" | [1-9] [0-9]{0,8}
int ::= "-"? digits
float ::= "-"? digits ( "." [0-9]{1,4} )?
bool ::= "True" | "False"
text ::= "'" char{0,24} "'" | "\"" [^"\\\x00-\x1f\x7f]{0,24} "\""
char ::= [^'\\\x00-\x1f\x7f] | "\\" [\\'"ntr]
bytes ::= "b'" [a-zA-Z0-9 ]{0,20} "'"
number ::= "-"? digits ( "." [0-9]{1,8} )? ( "e" "-"? [0-9]{1,3} )?
scalar ::= number | bool | "None" | bytes | "'" char{0,60} "'" | "\"" [^"\\\x00-\x1f\x7f]{0,60} "\""
flat ::= scalar | "[" ( scalar ( ", " scalar ){0,7} )? "]" | "(" scalar ( "," | ( ", " scalar ){1,7} ) ")"
value ::= flat | "[" ( scalar ( ", " scalar ){0,15} )? "]" | "[" flat ( ", " flat ){0,5} "]" | "()" | "(" flat ( "," | ( ", " flat ){1,5} ) ")" | dict | set
dict ::= "{" ( scalar ": " flat ( ", " scalar ": " flat ){0,5} )? "}"
set ::= "{" scalar ( ", " scalar ){0,11} "}" | "set()"
""".strip()  # noqa: E501 -- a rule is a line

_PLAIN = {
    Kind.NONE: '"None"',
    Kind.BOOL: "bool",
    Kind.INT: "int",
    Kind.COUNT: "digits",
    Kind.FLOAT: "float",
    Kind.STR: "text",
    Kind.BYTES: "bytes",
    Kind.ANY: "value",
}


def call_grammar(target: Target, context: Context, prefix: str) -> str:
    """Write the grammar of what follows a tester's text.

    Args:
        target: a function; what its parameters look like is read from its source.
        context: where calls by other people may be found.
        prefix: how the text ends, `assert f(`.

    Returns:
        GBNF with the root `root`; "" for targets that are called in another way.
    """
    if target.owner is not None or target.is_async or not prefix.endswith(f"{target.name}("):
        return ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # bad escapes in the user's strings
        namespace = namespace_of(target, context)
        function = ast.parse(target.source).body[0]
        assert isinstance(function, Function), "a target's source is one definition"
        parameters = [s.parameter for s in slots_of(target, function, namespace, ())]
    rules = _Rules()
    arguments = rules.arguments(parameters)
    grammar = "\n".join(
        [
            'root ::= arguments ")" " == " value case{0,15} fault{0,3} "\\n"?',
            f'call ::= {literal(target.name + "(")} arguments ")"',
            f"arguments ::= {arguments.strip()}",
            *rules.lines,
            _RULES,
        ]
    )
    return "" if faults(grammar) else grammar + "\n"


class _Rules:
    """The rules of one target's arguments, numbered as they come."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, body: str) -> str:
        """Add a rule and return its name."""
        self.lines.append(f"r{len(self.lines)} ::= {body.strip()}")
        return f"r{len(self.lines) - 1}"

    def arguments(self, parameters: Sequence[Parameter]) -> str:
        """Write what stands between the parentheses of a call: from any place on by keyword."""
        places = [p for p in parameters if p.form is Form.POSITIONAL]
        names = [p for p in parameters if p.form is Form.KEYWORD]
        star = next((p for p in parameters if p.form is Form.STAR), None)
        shapes = {p.name: self.add(self.value(p.shape)) for p in parameters}

        def named(rest: Sequence[Parameter], *, first: bool) -> str:
            """Each by its keyword, in order; `first`: no comma before the first that is given."""
            if not first:
                return " ".join(_maybe(f'", " {word(p)}', p) for p in rest)
            texts = []
            for i, p in enumerate(rest):
                texts.append(f"{word(p)} {named(rest[i + 1 :], first=False)}")
                if p.required:
                    return " | ".join(texts)
            return f"( {' | '.join(texts)} )?"

        def word(p: Parameter) -> str:
            return f"{literal(p.name + '=')} {shapes[p.name]}"

        # From the last place to the first: `after` continues a call whose first i are given.
        after = named(names, first=False)
        if star is not None and not (names and not places):
            after = f'( ", " {shapes[star.name]} ){{0,4}} {after}'
        for i in reversed(range(len(places))):
            comma = '", " ' if i else ""
            given = f"{comma}{shapes[places[i].name]} {self.add(after or _NOTHING)}"
            rest = [*places[i:], *names]
            after = _maybe(f"{given} | {named(rest, first=not i)}", places[i])
        if places:
            return after
        if names:
            return named(names, first=True)
        return f"( {shapes[star.name]} {self.add(after)} )?" if star is not None else _NOTHING

    def value(self, shape: Shape, depth: int = 0) -> str:
        """Write a value of a shape; what has no literal is one of the values tried otherwise."""
        if depth > _DEPTH:
            return "value"
        if shape.kind is Kind.INT and shape.name == "real":
            return "float"
        if shape.kind in _PLAIN:
            return _number_text(shape) or _PLAIN[shape.kind]
        if shape.kind is Kind.UNION:
            choices = dict.fromkeys(self.value(part, depth) for part in shape.parts)
            return f"( {' | '.join(choices)} )"
        if shape.parts and shape.kind in _COMPOSED:
            parts = [self.add(self.value(part, depth + 1)) for part in shape.parts]
            return _COMPOSED[shape.kind](shape, parts)
        known = [t for t in dict.fromkeys([*typical(shape), *edges(shape)]) if _FOREIGN not in t]
        return f"( {' | '.join(map(literal, known))} )" if known else "value"


def _maybe(text: str, parameter: Parameter) -> str:
    """What a call may leave out, if the parameter is optional."""
    return f"( {text} )" if parameter.required else f"( {text} )?"


def _number_text(shape: Shape) -> str:
    """Texts that are read as numbers have no letters; "" for other shapes."""
    if shape.kind is not Kind.STR:
        return ""
    texts = [ast.literal_eval(e) for e in shape.examples if e[:1] in {"'", '"'}]
    if not texts or not all(map(_is_numeric, texts)):
        return ""
    marks = sorted({c for text in texts for c in text if not c.isdigit()})
    signs = "".join("\\" + c if c in "\\]^-'" else c for c in marks if c.isprintable())
    return f'"\'" [0-9{signs}]{{1,24}} "\'"'


def _is_numeric(text: str) -> bool:
    return any(c.isdigit() for c in text) and not any(c.isalpha() for c in text)


def _list(shape: Shape, parts: Sequence[str]) -> str:
    item = parts[0]
    more = f'( ", " {item} )'
    if shape.name == "tuple":
        return f'( "()" | "(" {item} ( "," | {more}{{1,{_ITEMS}}} ) ")" )'
    items = f"{item} {more}{{0,{_ITEMS}}}"
    if shape.name == "set":
        return f'( "set()" | "{{" {items} "}}" )'
    if shape.name == "frozenset":
        return f'"frozenset({{" {items} "}})"'
    return f'"[" ( {items} )? "]"'


def _tuple(shape: Shape, parts: Sequence[str]) -> str:
    opening, closing = ("[", "]") if shape.name == "list" else ("(", ")")
    if len(parts) == 1 and shape.name != "list":
        closing = ",)"
    return f"{literal(opening)} {_COMMA.join(parts)} {literal(closing)}"


def _dict(_: Shape, parts: Sequence[str]) -> str:
    key, held = parts
    pair = f'{key} ": " {held}'
    return f'"{{" ( {pair} ( ", " {pair} ){{0,{_ITEMS}}} )? "}}"'


def _record(shape: Shape, parts: Sequence[str]) -> str:
    pairs = (f"{literal(f'{n!r}: ')} {p}" for n, p in zip(shape.names, parts, strict=True))
    return f'"{{" {_COMMA.join(pairs)} "}}"'


_COMPOSED: Mapping[Kind, Callable[[Shape, Sequence[str]], str]] = MappingProxyType(
    {Kind.LIST: _list, Kind.TUPLE: _tuple, Kind.DICT: _dict, Kind.RECORD: _record}
)
