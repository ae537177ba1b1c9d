"""One row of a published data set -> a task: an adapter for each schema, by its name."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pytest_genx.train.rounds.files import Row, decoded

LONGEST = 100_000  # characters of a statement or a solution


class Unusable(Exception):
    """Why a row makes no problem; counted by its sentence."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a program reads, and what it shall print."""

    given: str
    printed: str

    @property
    def length(self) -> int:
        """Characters of both."""
        return len(self.given) + len(self.printed)


@dataclass(frozen=True, slots=True)
class Task:
    """One problem as its source has it; the first solution is the reference.

    Without a solution, `starter` is the head of the function that is asked for.
    """

    id: str
    statement: str
    entry_point: str  # "" for programs that read standard input
    solutions: tuple[str, ...]
    tests: tuple[str, ...] = ()
    setup: str = ""
    exchanges: tuple[Exchange, ...] = ()
    starter: str = ""


def _problems(row: Row, _number: int) -> Task:
    """The plain format: id, statement, entry_point, setup, solutions, tests or check."""
    tests = _texts(row.get("tests"))
    if not tests and row.get("check"):
        tests = (f"{row['check']}\ncheck({row['entry_point']})",)
    return Task(
        str(row["id"]), row["statement"], row["entry_point"], _texts(row.get("solutions")),
        tests, row.get("setup") or "", starter=row.get("starter") or "",
    )  # fmt: skip


def _mbpp(row: Row, _number: int) -> Task:
    """MBPP.

    Full: text, code, test_list, test_setup_code, challenge_test_list. Sanitized: prompt, code,
    test_imports, test_list.
    """
    tests = _texts(row["test_list"]) + _texts(row.get("challenge_test_list"))
    setup = row.get("test_setup_code") or "\n".join(_texts(row.get("test_imports")))
    statement = row.get("text") or row["prompt"]
    name = _called(tests, row["code"])
    return Task(f"mbpp/{row['task_id']}", statement, name, (row["code"],), tests, setup)


def _humaneval(row: Row, _number: int) -> Task:
    """HumanEval: prompt, canonical_solution, test, entry_point."""
    name = row["entry_point"]
    program = row["prompt"] + row["canonical_solution"]
    test = f"{row['test']}\ncheck({name})"
    return Task(str(row["task_id"]), row["prompt"], name, (program,), (test,))


def _apps(row: Row, number: int) -> Task:
    """APPS: `solutions` and `input_output` are JSON inside of strings, perhaps empty ones.

    With `fn_name` the inputs are lists of arguments; without it they are what a program reads.
    TACO has the same schema, but no ids.
    """
    held = _json(row.get("input_output") or "{}")
    solutions = _texts(_json(row.get("solutions") or "[]"))
    parsing = tuple(s for s in solutions if len(s) <= LONGEST and _tree(s) is not None)
    if solutions and not parsing:
        raise Unusable("no solution is Python 3")
    name = held.get("fn_name") or ""
    identity = str(row.get("problem_id", row.get("id", number)))
    pairs = list(zip(held.get("inputs", ()), held.get("outputs", ()), strict=True))
    starter = str(row.get("starter_code") or "")
    if not name:
        exchanges = tuple(Exchange(_text(i), _text(o)) for i, o in pairs)
        return Task(identity, row["question"], "", parsing, exchanges=exchanges)
    tests = []
    for arguments, output in pairs:
        # Outputs are wrapped in a list of one where the answer itself is none.
        value = output[0] if isinstance(output, list) and len(output) == 1 else output
        values = ", ".join(repr(_keyed(argument)) for argument in arguments)
        tests.append(f"assert {name}({values}) in ({_keyed(value)!r}, {_keyed(output)!r})")
    functions = tuple(s for s in map(_unclassed, parsing) if s and f"def {name}" in s)
    if solutions and not functions:
        raise Unusable("no solution is a function of that name")
    head = _unclassed(f"{starter.rstrip()} pass") if starter else ""
    return Task(
        identity, row["question"], name, functions, tuple(tests),
        starter=head.rstrip().removesuffix("pass"),
    )  # fmt: skip


def _taco(row: Row, number: int) -> Task:
    return _apps({"id": f"taco/{number}", **row}, number)


def _kodcode(row: Row, number: int) -> Task:
    """KodCode: question, solution, test (a file of pytest's), test_info with the function's name.

    A test keeps what its file has besides tests, but not the import of the solution: the case is
    run beside it. Tests with arguments are left out, since fixtures and parameters are pytest's.
    """
    solution = row["solution"]
    nodes = ast.parse(row["test"]).body
    tested = [n for n in nodes if isinstance(n, ast.FunctionDef) and n.name.startswith("test")]
    shared = "".join(
        f"{ast.unparse(n)}\n"
        for n in nodes
        if n not in tested and not (isinstance(n, ast.ImportFrom) and n.module == "solution")
    )
    tests = tuple(
        f"{shared}{ast.unparse(n)}\n{n.name}()"
        for n in tested
        if not n.args.args and not n.decorator_list
    )
    info = _json(row.get("test_info") or "[]")
    name = str(info[0]["function_name"]) if info else _called(tests, solution)
    identity = str(row.get("question_id", row.get("id", number)))
    return Task(identity, row["question"], name, (solution,), tests)


def _json(value: Any) -> Any:
    """Decode JSON that stands in a string, or take what is decoded already."""
    if not isinstance(value, str):
        return value
    try:
        return decoded(value)
    except ValueError:
        raise Unusable("no JSON in a field") from None


def _texts(value: Any) -> tuple[str, ...]:
    """A list of texts; a lone text is none, though Python would walk through its letters."""
    if value is None:
        return ()
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise Unusable("a field is no list of texts")
    return tuple(value)


def _text(value: Any) -> str:
    return "\n".join(map(str, value)) if isinstance(value, list) else str(value)


def _keyed(value: Any) -> Any:
    """Give a mapping its integers back: JSON has texts for keys alone."""
    if isinstance(value, list):
        return [_keyed(item) for item in value]
    if not isinstance(value, dict):
        return value
    numbers = all(key.lstrip("-").isdecimal() for key in value)
    return {int(key) if numbers else key: _keyed(item) for key, item in value.items()}


def _called(tests: tuple[str, ...], program: str) -> str:
    """The function of a program that its tests call."""
    defined = [n.name for n in ast.parse(program).body if isinstance(n, ast.FunctionDef)]
    for name in reversed(defined):
        if any(f"{name}(" in test for test in tests):
            return name
    raise Unusable("no function that the tests call")


def _tree(program: str) -> ast.Module | None:
    try:
        return ast.parse(program)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _unclassed(program: str) -> str:
    """Take the methods of `class Solution` out of it; "" where they use `self` otherwise."""
    tree = _tree(program)
    if tree is None:
        return ""
    body: list[ast.stmt] = []
    for node in tree.body:
        if not (isinstance(node, ast.ClassDef) and node.name == "Solution"):
            body.append(node)
            continue
        for method in node.body:
            if not isinstance(method, ast.FunctionDef) or not method.args.args:
                return ""
            if any(isinstance(n, ast.Name) and n.id == "self" for n in ast.walk(method)):
                return ""
            method.args.args = method.args.args[1:]
            body.append(method)
    return ast.unparse(ast.Module(body, []))


ADAPTERS: dict[str, Callable[[Row, int], Task]] = {
    "problems": _problems,
    "mbpp": _mbpp,
    "humaneval": _humaneval,
    "apps": _apps,
    "taco": _taco,
    "kodcode": _kodcode,
}
