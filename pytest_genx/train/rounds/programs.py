"""Programs that read standard input -> a function of a text, which everything else works on.

`program(stdin)` runs the program's own statements in a function inside of it, with `sys.stdin` and
`sys.stdout` replaced, so that `input`, `print`, `sys.stdin` and `exit` do as they do in a script.
It returns what is printed without white space at the ends of lines and of the text, which is how
judges of contests compare. Names of the module become names of that function. A program that asks
for file descriptors, or that goes on in threads, does not do the same; its tests tell.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import replace

from pytest_genx.domain import Role, Sample
from pytest_genx.syntax.definition import is_string
from pytest_genx.syntax.names import bound_names
from pytest_genx.syntax.source import clean, fenced, parse, spoken, unparse
from pytest_genx.train.rounds.schemas import Exchange, Task

NAME = "program"
_HEAD = f"def {NAME}(stdin: str) -> str:"
_INNER = "run"
_CONTRACT = "Return what is printed on reading `stdin`, without white space at the ends of lines."
_IMPORTS = "import io\nimport sys\nfrom contextlib import redirect_stdout, suppress\n"
_FRAME = (
    _HEAD
    + """
    def {inner}():
        pass
    sys.stdin = {given}
    with redirect_stdout({taken}) as stdout, suppress(SystemExit):
        {inner}()
    return '\\n'.join(map(str.rstrip, {printed}.rstrip().split('\\n')))
"""
)
_TEXT = {"given": "io.StringIO(stdin)", "taken": "io.StringIO()", "printed": "stdout.getvalue()"}
# What has the buffer of bytes that fast programs read and write.
_GIVEN_BYTES = {"given": "io.TextIOWrapper(io.BytesIO(stdin.encode()))"}
_TAKEN_BYTES = {
    "taken": "io.TextIOWrapper(io.BytesIO(), write_through=True)",
    "printed": "stdout.buffer.getvalue().decode()",
}


def as_function(task: Task) -> Task:
    """Make the task of a function out of that of a program; solutions that cannot be one go."""
    functions = tuple(f for f in map(wrapped, task.solutions) if f is not None)
    return replace(
        task,
        statement=f"{task.statement.rstrip()}\n\n{_CONTRACT}",
        entry_point=NAME,
        solutions=functions,
        tests=tuple(map(_assertion, task.exchanges)),
        exchanges=(),
        starter="" if task.solutions else _HEAD,
    )


def wrapped(program: str) -> str | None:
    """Write a program as a module with the function; None when it is no program of Python 3.

    >>> print(wrapped("print(2 * int(input()))").partition("SystemExit")[0])
    import io
    import sys
    from contextlib import redirect_stdout, suppress
    <BLANKLINE>
    def program(stdin: str) -> str:
    <BLANKLINE>
        def run():
            print(2 * int(input()))
        sys.stdin = io.StringIO(stdin)
        with redirect_stdout(io.StringIO()) as stdout, suppress(
    """
    tree = parse(program)
    if tree is None:
        return None
    bytes_in = _GIVEN_BYTES if "stdin.buffer" in program else {}
    bytes_out = _TAKEN_BYTES if "stdout.buffer" in program else {}
    frame = ast.parse(_FRAME.format(inner=_INNER, **_TEXT | bytes_in | bytes_out))
    outer = frame.body[0]
    assert isinstance(outer, ast.FunctionDef)
    inner = outer.body[0]
    assert isinstance(inner, ast.FunctionDef)
    starred = [s for s in tree.body if _of_the_module(s)]
    rest = [s for s in tree.body if s not in starred]
    if rest and is_string(rest[0]):
        rest = rest[1:]
    names = _Names(bound_names(rest))
    body = names.statements(rest)
    unbound = [ast.parse(f"{name} = None").body[0] for name in sorted(names.unbound)]
    inner.body = [*unbound, *body] or [ast.Pass()]
    text = unparse(ast.Module([*starred, *ast.parse(_IMPORTS).body, outer], []))
    if text is None:
        return None
    try:
        compile(text, "<program>", "exec")
    except (SyntaxError, ValueError, RecursionError):
        return None
    return text


def without_frame(program: str) -> range:
    """Lines, from 1, of what is the program's own in a module that `wrapped` wrote."""
    for node in ast.walk(ast.parse(program)):
        if isinstance(node, ast.FunctionDef) and node.name == NAME:
            inner = node.body[0] if not is_string(node.body[0]) else node.body[1]
            if isinstance(inner, ast.FunctionDef) and inner.end_lineno is not None:
                return range(inner.lineno, inner.end_lineno + 1)
    return range(0)


def answered(sample: Sample) -> Sample:
    """Make the function of a coder's answer that is a whole program, as chat models may give."""
    if sample.role is not Role.CODER or f"def {NAME}(" in sample.text:
        return sample
    blocks, outside = fenced(clean(spoken(sample.text)))
    for text in (*blocks, *outside):
        if "input(" in text or "stdin" in text:
            found = wrapped(text)
            if found is not None:
                return replace(sample, text=found)
    return sample


def tidy(text: str) -> str:
    """Drop white space at the ends of lines and of the text."""
    return "\n".join(map(str.rstrip, text.rstrip().split("\n")))


def _assertion(exchange: Exchange) -> str:
    return f"assert {NAME}({exchange.given!r}) == {tidy(exchange.printed)!r}"


def _of_the_module(statement: ast.stmt) -> bool:
    """Star imports and those from the future stand in no function."""
    return isinstance(statement, ast.ImportFrom) and (
        statement.module == "__future__" or any(a.name == "*" for a in statement.names)
    )


class _Names(ast.NodeTransformer):
    """Move a module's statements into a function: globals become names of that function."""

    def __init__(self, bound: Iterable[str]) -> None:
        self._bound = frozenset(bound)
        self._depth = 0
        self.unbound: set[str] = set()  # names that `global` alone makes

    def statements(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """Change statements of the module's own level."""
        changed: list[ast.stmt] = []
        for statement in body:
            new = self.visit(statement)
            if (
                isinstance(new, ast.If)
                and isinstance(new.test, ast.Constant)
                and new.test.value is True
            ):
                changed += new.body
            elif new is not None:
                changed.append(new)
        return changed

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self._depth += 1
        self.generic_visit(node)
        self._depth -= 1
        return node

    def visit_Global(self, node: ast.Global) -> ast.AST:
        if not self._depth:
            return ast.Pass()
        self.unbound |= set(node.names) - self._bound
        return ast.Nonlocal(node.names)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """The question whether this is the main program has one answer."""
        self.generic_visit(node)
        return ast.Constant(True) if ast.unparse(node) in _MAIN else node


_MAIN = frozenset({"__name__ == '__main__'", "'__main__' == __name__"})
