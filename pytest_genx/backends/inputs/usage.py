"""What a body says of its parameters: code is read from top to bottom, never run.

One pass, no fixed point: a variable stands for the clues of what was last assigned to it, loops
and branches are read once. Functions of the same module are entered, a few levels deep.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from pytest_genx.backends.inputs.clues import Clues
from pytest_genx.backends.inputs.hints import shape_of_hint
from pytest_genx.backends.inputs.invocations import InvocationReader
from pytest_genx.backends.inputs.namespace import Function, Namespace, last_name
from pytest_genx.backends.inputs.reader import every_argument


def clues_of_function(function: Function, namespace: Namespace) -> dict[str, Clues]:
    """Read a function.

    Args:
        function: the definition.
        namespace: of its module, whose functions and constants it may use.

    Returns:
        The parameters by name, `*args` and `**kwargs` too.
    """
    reader = _Reader(namespace)
    reader.enter(function)
    return {a.arg: reader.parameters[a.arg] for a in every_argument(function)}


def clues_of_class(
    init: Function, methods: Sequence[Function], namespace: Namespace
) -> dict[str, Clues]:
    """Read a constructor, and then the other methods for what they do with what it stored.

    Args:
        init: the constructor.
        methods: the others, in any order.
        namespace: of the module.

    Returns:
        The parameters of the constructor by name.
    """
    reader = _Reader(namespace)
    reader.enter(init)
    found = {a.arg: reader.parameters[a.arg] for a in every_argument(init)}
    for method in methods:
        stored = {name: c for name, c in reader.variables.items() if name.startswith("self.")}
        reader.variables = stored
        reader.enter(method)
    return found


class _Reader(InvocationReader):
    """Reads statements."""

    def enter(self, function: Function) -> None:
        """Read a whole function with fresh parameters."""
        self.parameters = {a.arg: Clues() for a in every_argument(function)}
        self.variables.update(self.parameters)
        arguments = function.args
        if arguments.vararg is not None:
            self.parameters[arguments.vararg.arg].vote("list")
        if arguments.kwarg is not None:
            self.parameters[arguments.kwarg.arg].vote("dict")
        positional = [*arguments.posonlyargs, *arguments.args]
        self.literals = {
            a.arg: default
            for a, default in zip(positional[::-1], arguments.defaults[::-1], strict=False)
            if isinstance(default, ast.Constant) and isinstance(default.value, str)
        }
        self.inside = [function.name]
        self.block(function.body)

    def block(self, body: Sequence[ast.stmt]) -> None:
        """Read statements in order."""
        for statement in body:
            self._statement(statement)

    def _statement(self, node: ast.stmt) -> None:  # noqa: C901 -- one branch a kind
        """Read one statement, and the blocks in it."""
        if isinstance(node, ast.Assign):
            value = self.read(node.value)
            for place in node.targets:
                self.bind(place, value, node.value)
        elif isinstance(node, ast.AnnAssign):
            self.bind(node.target, self.read(node.value), node.value)
        elif isinstance(node, ast.AugAssign):
            self.read(ast.BinOp(node.target, node.op, node.value))
        elif isinstance(node, ast.For | ast.AsyncFor):
            self.loop(node.target, node.iter)
            self.block([*node.body, *node.orelse])
        elif isinstance(node, ast.If | ast.While):
            self.truth(node.test)
            self.block([*node.body, *node.orelse])
        elif isinstance(node, ast.With | ast.AsyncWith):
            self._managed(node)
        elif isinstance(node, Function):
            self.functions[node.name] = node
            kept = dict(self.variables)
            self.variables.update({a.arg: Clues() for a in every_argument(node)})
            self.block(node.body)
            self.variables = kept
        elif isinstance(node, ast.Raise):
            self._raised(node.exc)
        elif isinstance(node, ast.Match):
            self._match(node)
        else:
            for _, value in ast.iter_fields(node):
                self._field(value)

    def _field(self, value: object) -> None:
        """Read whatever a field of a statement holds."""
        if isinstance(value, ast.expr):
            self.read(value)
        elif isinstance(value, ast.stmt):
            self._statement(value)
        elif isinstance(value, ast.ExceptHandler):
            self._raised(value.type)
            self.block(value.body)
        elif isinstance(value, list):
            for item in value:
                self._field(item)

    def bind(self, place: ast.expr, value: Clues, source: ast.expr | None) -> None:
        """Let a place stand for a value.

        Args:
            place: what is assigned to.
            value: the clues of the value.
            source: the expression that gave it, None when there is none.
        """
        if isinstance(place, ast.Name):
            self._bind_name(place.id, value, source)
        elif isinstance(place, ast.Starred):
            self.bind(place.value, Clues(element=value.element), None)
        elif isinstance(place, ast.Tuple | ast.List):
            self._unpack(place.elts, value, source)
        elif isinstance(place, ast.Attribute):
            if isinstance(place.value, ast.Name) and place.value.id == "self":
                self.variables.setdefault(f"self.{place.attr}", value)
            else:
                self.read(place)
        elif isinstance(place, ast.Subscript):
            self.read(place.value).vote("container")
            self.read(place)

    def _bind_name(self, name: str, value: Clues, source: ast.expr | None) -> None:
        known = self.parameters.get(name)
        unchanged = known is not None and self.variables.get(name) is known
        if known is not None and unchanged and isinstance(source, ast.Constant):
            # `if key is None: key = 3` says what the parameter is otherwise
            self.equal(known, source)
            return
        self.variables[name] = value
        self.literals.pop(name, None)
        if isinstance(source, ast.Constant | ast.Dict | ast.Call | ast.Tuple | ast.List | ast.Set):
            self.literals[name] = source

    def _unpack(self, places: Sequence[ast.expr], value: Clues, source: ast.expr | None) -> None:
        if isinstance(source, ast.Tuple | ast.List) and len(source.elts) == len(places):
            for inner, part in zip(places, source.elts, strict=True):
                self.bind(inner, self.read(part), part)
        elif any(isinstance(inner, ast.Starred) for inner in places):
            for inner in places:
                self.bind(inner, value.vote("iterable").elements(), None)
        else:
            for inner, clues in zip(places, value.unpacked(len(places)), strict=False):
                self.bind(inner, clues, None)

    def loop(self, place: ast.expr, source: ast.expr) -> None:
        """Bind what a loop runs over."""
        values = self.read(source).vote("iterable")
        self.bind(place, values.elements(), None)

    def _managed(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            value = self.read(item.context_expr)
            if isinstance(item.context_expr, ast.Name):
                value.vote("TextIO")
            if item.optional_vars is not None:
                self.bind(item.optional_vars, value, None)
        self.block(node.body)

    def _raised(self, node: ast.expr | None) -> None:
        """Read what is raised or caught: a variable there holds a class of exceptions."""
        made = node.func if isinstance(node, ast.Call) else node
        if isinstance(made, ast.Name) and made.id in self.variables:
            self.variables[made.id].vote("exception")
        else:
            self.read(node)

    def _match(self, node: ast.Match) -> None:
        subject = self.read(node.subject)
        for case in node.cases:
            for pattern in ast.walk(case.pattern):
                if isinstance(pattern, ast.MatchValue):
                    self.equal(subject, pattern.value)
                elif isinstance(pattern, ast.MatchMapping):
                    for key in pattern.keys:
                        if isinstance(key, ast.Constant) and isinstance(key.value, str):
                            subject.fields.setdefault(key.value, Clues())
                elif isinstance(pattern, ast.MatchSequence):
                    subject.vote("sequence")
                elif isinstance(pattern, ast.MatchClass) and last_name(pattern.cls):
                    subject.hints.append(shape_of_hint(pattern.cls, self.namespace))
            if case.guard is not None:
                self.truth(case.guard)
            self.block(case.body)
