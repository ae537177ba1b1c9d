"""One function definition: its head, its body, and whether there is anything in it."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterable, Iterator, Sequence

from pytest_genx.syntax.source import indentation, parse_known, shift

Definition = ast.FunctionDef | ast.AsyncFunctionDef


def only_definition(source: str) -> Definition:
    """Parse the source of one function."""
    node = parse_known(source).body[0]
    assert isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    return node


def first_line(node: Definition | ast.ClassDef) -> int:
    """The first line of a definition, decorators included, counted from 1."""
    return min([node.lineno, *(d.lineno for d in node.decorator_list)])


def is_string(node: ast.AST) -> bool:
    """Say whether a statement is a text and nothing else."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def without_docstring(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements of a body after its docstring."""
    return list(body[1:] if body and is_string(body[0]) else body)


def own_nodes(statements: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Yield the nodes of statements, those inside of nested functions and classes left out."""
    waiting = list(statements)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            waiting += ast.iter_child_nodes(node)


def is_stub(node: Definition) -> bool:
    """Say whether a body does nothing: a docstring, `...`, `pass`, NotImplementedError."""
    return all(_does_nothing(statement) for statement in without_docstring(node.body))


def definition_head(source: str) -> str:
    """Cut a definition after its docstring, or after its colon when it has none."""
    node = only_definition(source)
    lines = source.split("\n")
    row, column = _colon(node, lines)
    head = "\n".join([*lines[: row - 1], lines[row - 1][:column]])
    if not is_string(node.body[0]):
        return head
    first = node.body[0]
    assert first.end_lineno is not None
    assert first.end_col_offset is not None
    if first.lineno in {node.lineno, row}:
        return f"{head}\n    {ast.get_source_segment(source, first)}"
    last = lines[first.end_lineno - 1].encode()[: first.end_col_offset].decode()
    return "\n".join([*lines[: first.end_lineno - 1], last])


def hidden(source: str) -> str:
    """Replace the body of a definition by `pass`, keeping the docstring."""
    return f"{definition_head(source)}\n{body_indentation(source)}pass"


def body_indentation(source: str) -> str:
    """The white space that statements of the body begin with; four spaces for a one-liner."""
    node = only_definition(source)
    lines = source.split("\n")
    row, _ = _colon(node, lines)
    first = node.body[0]
    return indentation(lines[first.lineno - 1]) if first.lineno > row else "    "


def body_text(node: Definition, lines: Sequence[str]) -> str:
    """The source of a body after its docstring, comments kept, at the left margin.

    Args:
        node: a definition with statements besides its docstring.
        lines: what its positions count in.
    """
    rest = without_docstring(node.body)
    start = _colon(node, lines)[0]
    if len(rest) < len(node.body):
        start = max(start, node.body[0].end_lineno or 0)
    begin = min(_start(rest[0]), rest[0].lineno)
    assert node.end_lineno is not None
    if begin > start:
        text = "\n".join(lines[start : node.end_lineno]).strip("\n")
        moved = shift(text, indentation(lines[begin - 1]), "")
        try:
            if ast.dump(parse_known(moved)) == ast.dump(ast.Module(rest, [])):
                return moved
        except SyntaxError:
            pass  # comments or tabs in unusual places: written anew below
    return ast.unparse(ast.Module(rest, []))


def walk_definitions(
    statements: Iterable[ast.stmt], owner: str = ""
) -> dict[str, Definition | ast.ClassDef]:
    """Find functions and classes by qualified name, methods included, as a module defines them.

    The last definition of a name counts; of the branches of one `if` or `try` it is the first
    that has it. What stands in functions, under `if TYPE_CHECKING` or under
    `if __name__ == "__main__"` is not found.
    """
    found: dict[str, Definition | ast.ClassDef] = {}
    for node in statements:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            found[owner + node.name] = node
        elif isinstance(node, ast.ClassDef):
            name = owner + node.name
            for stale in [key for key in found if key.startswith(f"{name}.")]:
                del found[stale]
            found |= {name: node, **walk_definitions(node.body, f"{name}.")}
        else:
            for branch in reversed(_branches(node)):
                found |= walk_definitions(branch, owner)
    return found


def _branches(node: ast.stmt) -> list[list[ast.stmt]]:
    """The blocks of a compound statement that can define names of the module."""
    if isinstance(node, ast.If):
        test = ast.unparse(node.test)
        if test in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}:
            return [node.orelse]
        if test.replace('"', "'") in {"__name__ == '__main__'", "'__main__' == __name__"}:
            return [node.orelse]
        return [node.body, node.orelse]
    if isinstance(node, ast.Try):
        handlers = [handler.body for handler in node.handlers]
        return [node.body, node.orelse, *handlers, node.finalbody]
    if isinstance(node, (ast.With, ast.For, ast.While)):
        return [node.body]
    return []


def _start(node: ast.stmt) -> int:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return first_line(node)
    return node.lineno


def _does_nothing(node: ast.stmt) -> bool:
    if isinstance(node, ast.Pass):
        return True
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Raise) and node.exc is not None:
        raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"
    return False


def _colon(node: Definition, lines: Sequence[str]) -> tuple[int, int]:
    """Line (from 1) and column just after the colon that ends the signature."""
    depth = 0
    rest = iter(f"{line}\n" for line in lines[node.lineno - 1 :])
    skipped = len(indentation(lines[node.lineno - 1]))
    first = next(rest)[skipped:]
    for token in tokenize.generate_tokens(io.StringIO(first + "".join(rest)).readline):
        if token.type == tokenize.OP:
            depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(token.string, 0)
            if token.string == ":" and depth == 0:
                row, column = token.end
                return node.lineno + row - 1, column + (skipped if row == 1 else 0)
    raise AssertionError("a definition has a colon")
