"""Calls of the target that somebody wrote down, in docstrings, tests and callers.

Local variables are replaced by what they were assigned, so that a call stands alone; a call
that still needs something else is dropped.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

from pytest_genx.backends.inputs.facts import name_set
from pytest_genx.backends.inputs.inlining import (
    HOLE,
    inlined,
    parse_expression,
    parse_statements,
    text_of,
)
from pytest_genx.backends.inputs.namespace import Function, Namespace, free_names, last_name
from pytest_genx.domain import Context, Target, TargetKind

_LONGEST = 240  # characters of a call
_ROWS = 8  # of one parametrize
_CONSUMERS = name_set("list tuple set dict sorted")


@dataclass(frozen=True, slots=True)
class Example:
    """One call that was found, as expressions.

    `receiver` is what a method was called on; `around` is the call that consumed the result,
    with `{}` in place of the target's own call.
    """

    positional: tuple[str, ...]
    keywords: tuple[tuple[str, str], ...] = ()
    receiver: str | None = None
    around: str = "{}"


def examples_of(target: Target, context: Context, namespace: Namespace) -> list[Example]:
    """Collect calls of the target, the most trusted first, without repeats.

    Args:
        target: what is called.
        context: its anchors, calls and tests.
        namespace: of the target's module: what a call may use.
    """
    found: dict[Example, None] = {}
    for source in _sources(context):
        found.update(dict.fromkeys(_Search(target, namespace).block(parse_statements(source))))
    for docstring in _docstrings(target, namespace):
        session = _Search(target, namespace)  # the prompts of a docstring share their variables
        for source in _prompts(docstring):
            found.update(dict.fromkeys(session.block(parse_statements(source))))
        for source in _inline_calls(docstring, target.name):
            found.update(dict.fromkeys(_Search(target, namespace).block(parse_statements(source))))
    return list(found)


def _sources(context: Context) -> Iterator[str]:
    for anchor in context.anchors:
        yield "\n".join([*anchor.imports, anchor.source])
    yield from context.calls
    yield from context.test_style


def _docstrings(target: Target, namespace: Namespace) -> Iterator[str]:
    """The docstrings of the target, of the class that holds it and of its module."""
    yield target.docstring or ""
    node = namespace.classes.get(target.owner or "")
    if node is not None:
        yield ast.get_docstring(node) or ""
    yield ast.get_docstring(ast.parse(target.module_source)) or ""


def _prompts(docstring: str) -> Iterator[str]:
    """Yield the source of each prompt, continuation lines included."""
    lines: list[str] = []
    for line in [*docstring.splitlines(), ""]:
        text = line.strip()
        if lines and (text.startswith("... ") or text == "..."):
            lines.append(text[4:])
            continue
        if lines:
            yield "\n".join(lines)
        lines = [text[4:]] if text.startswith(">>> ") else []


def _inline_calls(docstring: str, name: str) -> Iterator[str]:
    """Yield calls in running text: `f(1, 2) -> 3`, "f(1) returns 2"."""
    for match in re.finditer(rf"(?<![\w.]){re.escape(name)}\(", docstring):
        for end in re.finditer(r"\)", docstring[match.end() : match.end() + _LONGEST]):
            text = docstring[match.start() : match.end() + end.end()].replace("\n", " ")
            if parse_expression(text) is not None:
                yield text
                break


@dataclass(frozen=True, slots=True)
class _Search:
    """Looks for calls of one target; `variables` are what statements so far have assigned."""

    target: Target
    namespace: Namespace
    variables: dict[str, ast.expr] = field(default_factory=dict)

    def block(self, body: list[ast.stmt]) -> Iterator[Example]:
        """Find calls in statements, in order."""
        for statement in body:
            yield from self._statement(statement)

    def _statement(self, statement: ast.stmt) -> Iterator[Example]:
        if isinstance(statement, Function | ast.ClassDef):
            for row in _rows(statement):
                inner = _Search(self.target, self.namespace, {**self.variables, **row})
                yield from inner.block(statement.body)
        elif isinstance(statement, ast.Import | ast.ImportFrom):
            self.variables.update(self._imported(statement))
        elif isinstance(statement, ast.With | ast.Try | ast.If):
            yield from self.block(statement.body)
        elif isinstance(statement, ast.For):
            yield from self._expression(statement.iter)
        else:
            for root in ast.iter_child_nodes(statement):
                if isinstance(root, ast.expr):
                    yield from self._expression(root)
            if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                name = statement.targets[0].id
                self.variables[name] = inlined(statement.value, self.variables)

    def _expression(self, root: ast.expr) -> Iterator[Example]:
        for node in ast.walk(root):
            if isinstance(node, ast.Call) and self._is_target(node.func):
                example = self._example(node, root)
                if example is not None and _stands_alone(example, self.namespace):
                    yield example

    def _is_target(self, function: ast.expr) -> bool:
        owner = (self.target.owner or "").rpartition(".")[2]
        if self.target.name == "__init__":
            return last_name(function) == owner
        if last_name(function) != self.target.name or not owner:
            return last_name(function) == self.target.name
        if not isinstance(function, ast.Attribute):
            return False
        return owner in re.findall(r"\w+", text_of(function.value, self.variables))

    def _example(self, node: ast.Call, root: ast.expr) -> Example | None:
        """Describe one call, None when it is too long or spreads a mapping."""
        if any(keyword.arg is None for keyword in node.keywords):
            return None
        receiver = None
        method = self.target.kind is TargetKind.METHOD and self.target.name != "__init__"
        if method and isinstance(node.func, ast.Attribute):
            receiver = text_of(node.func.value, self.variables)
        around = text_of(_consumer(node, root), self.variables, node).replace(HOLE, "{}")
        example = Example(
            tuple(text_of(argument, self.variables) for argument in node.args),
            tuple((str(k.arg), text_of(k.value, self.variables)) for k in node.keywords),
            receiver,
            around if around.count("{}") == 1 else "{}",
        )
        return example if len(str(example)) < _LONGEST else None

    def _imported(self, statement: ast.Import | ast.ImportFrom) -> dict[str, ast.expr]:
        """Let imported names stand for their origin, when anybody can import it."""
        allowed = {*sys.stdlib_module_names, self.target.module.partition(".")[0]}
        module = statement.module or "" if isinstance(statement, ast.ImportFrom) else ""
        found: dict[str, ast.expr] = {}
        for alias in statement.names:
            dotted = f"{module}.{alias.name}".lstrip(".")
            local = alias.asname or alias.name
            if dotted.partition(".")[0] in allowed and local not in self.namespace.bound():
                found[local] = ast.Name(f"«{dotted}»", ast.Load())
        return found


def _consumer(node: ast.Call, root: ast.expr) -> ast.expr:
    """Find the outermost call that consumes the target's, as in `list(islice(f(3), 2))`."""
    parents = {child: parent for parent in ast.walk(root) for child in ast.iter_child_nodes(parent)}
    outer: ast.expr = node
    parent = parents.get(node)
    inner: ast.AST = node
    while isinstance(parent, ast.Call) and parent.func is not inner:
        if last_name(parent.func) in _CONSUMERS:
            outer = parent
        inner, parent = parent, parents.get(parent)
    return outer


def _stands_alone(example: Example, namespace: Namespace) -> bool:
    """Whether every name in the call is one the module has, or one that can be imported."""
    texts = [*example.positional, *(text for _, text in example.keywords), example.around]
    for text in [*texts, example.receiver or ""]:
        plain = re.sub(r"«[\w.]+»", "None", text).replace("{}", "None")
        node = parse_expression(plain)
        if node is not None and free_names(node) - namespace.bound():
            return False
    return True


def _rows(statement: Function | ast.ClassDef) -> Iterator[dict[str, ast.expr]]:
    """Yield the arguments that `parametrize` gives a test; one empty row without it."""
    for decorator in statement.decorator_list:
        if isinstance(decorator, ast.Call) and last_name(decorator.func) == "parametrize":
            match decorator.args:
                case [names, ast.List(values) | ast.Tuple(values), *_]:
                    split = re.findall(r"\w+", ast.unparse(names))
                    yield from (_row(split, value) for value in values[:_ROWS])
                    return
    yield {}


def _row(names: list[str], value: ast.expr) -> dict[str, ast.expr]:
    """Name the values of one row; `pytest.param` is looked through."""
    parts = [value]
    if isinstance(value, ast.Call) and last_name(value.func) == "param":
        parts = value.args
    elif isinstance(value, ast.Tuple) and len(names) > 1:
        parts = value.elts
    return dict(zip(names, parts, strict=False))
