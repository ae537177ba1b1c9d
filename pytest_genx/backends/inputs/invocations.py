"""What a call says of its arguments, of what is called, and of what it is called on."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone

from pytest_genx.backends.inputs.clues import Clues
from pytest_genx.backends.inputs.expressions import ExpressionReader
from pytest_genx.backends.inputs.facts import (
    CALLS,
    MATCHERS,
    MEMBERS,
    SAME_TEXT,
    TYPICAL,
    name_set,
    table,
)
from pytest_genx.backends.inputs.hints import shape_of_hint
from pytest_genx.backends.inputs.namespace import Function, last_name
from pytest_genx.backends.inputs.pattern import matching_texts
from pytest_genx.backends.inputs.reader import every_argument
from pytest_genx.backends.inputs.shape import Kind

_ENTERED = 3  # functions of the module inside one another
_ENTRIES = 50  # into functions of the module, all together
_HIGHER = name_set("map filter reduce starmap takewhile dropwhile filterfalse groupby")
_TESTING = name_set("filter takewhile dropwhile filterfalse")
_BUILTIN_TYPES = name_set("str list dict set bytes int float")
_SPLITTERS = name_set("split rsplit partition rpartition")
_FINDERS = name_set("find index count replace removeprefix removesuffix")
_TAKERS = name_set("append add remove insert index")
_JOINERS = name_set("extend update union intersection")
_LOOKUPS = name_set("get pop setdefault")
_COMMON = name_set("count index pop copy update clear")  # methods of more than one kind
_TUPLES = name_set("zip product zip_longest")
_LISTS = name_set("sorted list tuple reversed iter set deque islice")
_RESULTS = table(number="len ord abs sum round", str="str repr chr")
_MOMENT = datetime(2024, 1, 31, 12, 30, 15, tzinfo=timezone.utc)


class InvocationReader(ExpressionReader):
    """Reads calls: of functions of the module by entering them, of others by what is known."""

    def call(self, node: ast.Call) -> Clues:
        """Read a call; give the clues of its result."""
        values = [
            Clues().vote("callable") if isinstance(a, ast.Lambda) else self.read(a)
            for a in node.args
        ]
        named = {k.arg: self.read(k.value) for k in node.keywords if k.arg and k.arg != "key"}
        for keyword in node.keywords:
            if keyword.arg is None:
                self.read(keyword.value).vote("dict")
        name = last_name(node.func)
        if isinstance(node.func, ast.Name) and node.func.id in self.variables:
            return self.variables[node.func.id].called(len(node.args))
        if isinstance(node.func, ast.Attribute):
            found = self._method(node, node.func, values)
            if found is not None:
                return found
        for keyword in node.keywords:
            if keyword.arg == "key" and values:
                self._applied(keyword.value, [values[-1].elements()])
        if name == "isinstance" and len(node.args) == 2:
            self._instance(values[0], node.args[1])
            return Clues().vote("bool")
        if name in self.functions and isinstance(node.func, ast.Name):
            return self._inside(self.functions[name], values, named, node)
        return self._known_call(name, node.args, values)

    def function(self, node: ast.Lambda) -> Clues:
        """Read the body of a lambda, whose arguments are not known."""
        self._applied(node, [Clues() for _ in node.args.args])
        return Clues().vote("callable")

    def _applied(self, node: ast.expr, values: Sequence[Clues]) -> Clues:
        """Read a function that is handed over as if called with these values."""
        if isinstance(node, ast.Lambda):
            kept = dict(self.variables)
            names = (argument.arg for argument in node.args.args)
            self.variables.update(zip(names, values, strict=False))
            result = self.read(node.body)
            self.variables = kept
            return result
        if isinstance(node, ast.Name) and node.id in self.variables:
            return self.variables[node.id].called(len(values))
        if isinstance(node, ast.Name):
            return self._known_call(node.id, [], values)
        if last_name(getattr(node, "value", None)) in _BUILTIN_TYPES:
            # the method of a type: str.isdigit, list.__add__
            for value in values:
                value.vote(last_name(node.value))  # type: ignore[attr-defined]
        return Clues()

    def _instance(self, value: Clues, kinds: ast.expr) -> None:
        """Read the second argument of isinstance."""
        if isinstance(kinds, ast.Name) and kinds.id in self.variables:
            self.variables[kinds.id].vote("kind")
        kinds = self.resolved(kinds)
        for kind in kinds.elts if isinstance(kinds, ast.Tuple) else [kinds]:
            shape = shape_of_hint(kind, self.namespace)
            if shape.kind is not Kind.ANY:
                value.hints.append(shape)

    def _inside(
        self,
        function: Function,
        values: Sequence[Clues],
        named: Mapping[str, Clues],
        node: ast.Call,
    ) -> Clues:
        """Read a function of the module, its parameters standing for the arguments."""
        deep = len(self.inside) > _ENTERED or self.entries >= _ENTRIES
        starred = any(isinstance(argument, ast.Starred) for argument in node.args)
        if deep or starred or function.name in self.inside:
            return Clues()
        positional = [*function.args.posonlyargs, *function.args.args]
        given = {**dict(zip((a.arg for a in positional), values, strict=False)), **named}
        kept = self.variables, self.parameters, self.literals
        self.variables = {a.arg: given.get(a.arg, Clues()) for a in every_argument(function)}
        self.parameters, self.literals = dict(self.variables), {}
        for argument in every_argument(function):
            shape = shape_of_hint(argument.annotation, self.namespace)
            if argument.arg in given and shape.kind is not Kind.ANY:
                given[argument.arg].hints.append(shape)
        self.inside.append(function.name)
        self.entries += 1
        self.block(function.body)
        self.inside.pop()
        self.variables, self.parameters, self.literals = kept
        return Clues()

    def _known_call(self, name: str, nodes: Sequence[ast.expr], values: Sequence[Clues]) -> Clues:
        """Read a call of something well known."""
        if name in {"min", "max"} and values:
            if len(values) == 1:
                return values[0].vote("iterable").elements()
            for value in values:
                value.vote("number")
            return Clues().vote("number")
        if name in {"int", "float"} and values:
            number = values[0].vote("digits").number or Clues()
            values[0].number = number
            return number.vote("number" if name == "int" else "float")
        if name in _HIGHER and len(nodes) > 1:
            return self._higher(name, nodes, values)
        if name == "strptime" and len(values) > 1:
            text = _MOMENT.strftime(self.text(nodes[1]) or "%Y-%m-%d")
            values[0].vote("str").example(text)
            return Clues().vote("datetime")
        if name in MATCHERS and len(nodes) > 1:
            at = 2 if name in {"sub", "subn"} and values[2:] else 1
            self._matched(name, nodes[0], values[at])
        uses = CALLS.get(name, ())
        for position, value in enumerate(values if uses else ()):
            _use(value, uses[min(position, len(uses) - 1)])
        return _outcome(name, values)

    def _higher(self, name: str, nodes: Sequence[ast.expr], values: Sequence[Clues]) -> Clues:
        """Read a call that applies its first argument to the elements of the others."""
        function, given = nodes[0], values[1:]
        if name == "groupby":
            function, given = nodes[1], values[:1]
        for value in given:
            value.vote("iterable")
        arguments = [value.elements() for value in given]
        if name == "reduce":
            arguments = [arguments[0]] * 2
        result = self._applied(function, arguments)
        if name in _TESTING:
            result.vote("bool")
        return Clues(element=result if name == "map" else arguments[0]).vote("list")

    def _matched(self, name: str, pattern: ast.expr, value: Clues) -> None:
        """Give a string on which a regular expression is tried texts that match it."""
        known = self.resolved(pattern)
        if isinstance(known, ast.Call) and known.args:
            known = known.args[0]
        text = self.text(known)
        if text is not None:
            value.vote("str")
            found = matching_texts(text)
            whole = name in {"match", "fullmatch"} or text.startswith("^")
            value.example(*(found if whole else [f"a{match}b" for match in found]))

    def _method(
        self, node: ast.Call, function: ast.Attribute, values: Sequence[Clues]
    ) -> Clues | None:
        """Read a call of a method; None when the base is a module or a class."""
        name, base = function.attr, function.value
        known = self.resolved(base)
        compiled = isinstance(known, ast.Call) and last_name(known.func) == "compile"
        if name in MATCHERS and compiled and values:
            self._matched(name, known, values[-1])
            return Clues()
        if isinstance(base, ast.Name) and base.id not in self.variables:
            if base.id not in self.namespace.constants:
                if base.id in _BUILTIN_TYPES and values:
                    values[0].vote(base.id)
                return None
            if name == "get" and values:
                self.looked_up(values[0], base)
            return Clues()
        if name == "join" and values:
            self.read(base).vote("str")
            values[0].vote("iterable").elements().vote("str")
            return Clues().vote("str")
        text = self.text(node.args[0]) if node.args else None
        if name == "sort" and node.keywords:
            self._applied(node.keywords[0].value, [self.read(base).elements()])
        return _known_method(self.read(base), name, text, values)


def _use(value: Clues, use: str) -> None:
    """Count one entry of the table of calls."""
    main, _, inner = use.partition(" ")
    if main in TYPICAL:
        value.vote({"code": "int", "digits": "digits"}.get(main, "str"))
        value.example(*TYPICAL[main])
    elif main:
        value.vote(main)
    if inner == "numbers":
        value.elements().vote("number")
    elif inner == "nested":
        value.elements().vote("iterable")


def _outcome(name: str, values: Sequence[Clues]) -> Clues:
    """The clues of what a well-known call gives."""
    first = values[0] if values else Clues()
    if name in _TUPLES:
        return Clues(element=Clues(places=[v.elements() for v in values])).vote("list")
    if name in _LISTS:
        return Clues(element=first.elements()).vote("list")
    if name == "enumerate":
        return Clues(element=Clues(places=[Clues().vote("count"), first.elements()]))
    if name == "range":
        return Clues(element=Clues().vote("count")).vote("list")
    if name == "next":
        return first.elements()
    return Clues().vote(*([_RESULTS[name]] if name in _RESULTS else []))


def _known_method(  # noqa: C901, PLR0911 -- one a kind of method
    base: Clues, name: str, text: str | None, values: Sequence[Clues]
) -> Clues:
    """Read a call of a method by its name; `text` is the first argument if it is a string."""
    if name in _SPLITTERS:
        pieces = base.vote("str").pieces.setdefault(text or "", Clues())
        pieces.item = pieces.elements().vote("str")
        return pieces
    if name in _LOOKUPS and values:
        values[0].vote("subscript")
    if name == "get" and values:
        return base.vote("dict").fields.setdefault(text, Clues()) if text else base.items()
    if name in {"items", "keys", "values"} and not values:
        base.vote("dict")
        pair = Clues(places=[base.elements(), base.items()])
        return Clues(element={"items": pair, "keys": pair.places[0]}.get(name, pair.places[1]))
    if text:
        _hold(base, name, text)
    elif name in _TAKERS and values:
        values[-1].peers.append(base.elements())
    elif name in _JOINERS and values:
        values[0].vote("iterable")
    use = MEMBERS.get(name)
    if use in {"str", "char"}:
        same = base.vote(use) if name in SAME_TEXT else Clues()
        return Clues(element=Clues().vote("str")) if name == "splitlines" else same
    if use is not None:
        base.vote(use)
        return Clues()
    if name in _COMMON:
        base.vote("dict" if name == "update" else "indexed")
        return base.items() if name == "pop" else Clues()
    return base.attributes.setdefault(name, Clues()).called(len(values))


def _hold(base: Clues, name: str, text: str) -> None:
    """Note a text that holds what a method looks for."""
    if name == "startswith":
        base.example(f"{text}abc")
    elif name == "endswith":
        base.example(f"abc{text}")
    elif name in _FINDERS:
        base.vote("str").example(f"a{text}b")
