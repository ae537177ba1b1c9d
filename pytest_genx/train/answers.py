"""A tester's answer -> its calls with what they are expected to give."""

from __future__ import annotations

import ast

from pytest_genx.train.families.calls import Call


def read_answer(text: str) -> list[Call]:
    r"""Read assertions that compare a call, and `pytest.raises` blocks; skip what is cut off.

    >>> read_answer("assert f(1) == 2\nassert f(")
    [Call(source='f(1)', value='2', raised=None, lines=frozenset())]
    """
    found = []
    for statement in _statements(text):
        if isinstance(statement, ast.Assert) and isinstance(statement.test, ast.Compare):
            test = statement.test
            if len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq | ast.Is):
                expected = ast.unparse(test.comparators[0])
                found.append(Call(ast.unparse(test.left), expected, None, frozenset()))
        elif isinstance(statement, ast.With) and isinstance(statement.body[0], ast.Expr):
            manager = statement.items[0].context_expr
            if isinstance(manager, ast.Call) and manager.args:
                source = ast.unparse(statement.body[0].value)
                found.append(Call(source, None, ast.unparse(manager.args[0]), frozenset()))
    return found


def agrees(written: Call, ran: Call | None) -> bool:
    """Tell whether what was written is what happened; None is a call that did not end."""
    if ran is None:
        return False
    if written.raised is not None or ran.raised is not None:
        return written.raised == ran.raised
    try:
        return bool(ast.literal_eval(str(written.value)) == ast.literal_eval(str(ran.value)))
    except (ValueError, SyntaxError, TypeError):
        return False


def _statements(text: str) -> list[ast.stmt]:
    """Parse what makes sense, statement by statement; each starts with `assert` or `with`."""
    blocks: list[list[str]] = []
    for line in text.splitlines():
        if line.startswith(("assert ", "with ")):
            blocks.append([line])
        elif blocks:
            blocks[-1].append(line)
    found: list[ast.stmt] = []
    for block in blocks:
        try:
            found += ast.parse("\n".join(block)).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return found
