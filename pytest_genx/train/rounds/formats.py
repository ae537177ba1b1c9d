"""Rows of published data sets -> problems: one adapter a schema, by name.

Files are JSON lines or one JSON list, gzipped or not. A row that no problem can be made of is
dropped, and the reason is what it is counted by. Nothing is run here.
"""

from __future__ import annotations

import ast
import gzip
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pytest_genx.errors import GenxError, UnknownName

Row = Mapping[str, Any]


class DataError(GenxError):
    """A file of problems is missing or is not what its format says."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"problems {path}: {reason}")


class _Unusable(Exception):
    """Why a row makes no problem."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a program reads, and what it shall print."""

    given: str
    printed: str


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


def read_set(
    spec: str, folder: Path, *, longest_input: int = 2000
) -> tuple[list[Task], Counter[str]]:
    """Read one set of problems.

    Args:
        spec: `NAME` or `FORMAT:NAME`; the format is `problems` when none is given.
        folder: where a name is looked for, as itself or with `.jsonl.gz`, `.jsonl`, `.json`.
        longest_input: characters of one test; longer tests are left out.

    Returns:
        The problems in the order of the file, and how many rows were dropped by cause.

    Raises:
        DataError: there is no such file, or it is damaged.
        UnknownName: there is no such format.
    """
    form, colon, name = spec.rpartition(":")
    adapter = ADAPTERS.get(form if colon else "problems")
    if adapter is None:
        raise UnknownName("format of problems", form, ADAPTERS)
    path = _find(folder, name)
    tasks: list[Task] = []
    dropped: Counter[str] = Counter()
    seen: set[str] = set()
    for number, row in enumerate(_rows(path)):
        try:
            task = adapter(row, number)
        except _Unusable as unusable:
            dropped[str(unusable)] += 1
            continue
        except (KeyError, TypeError, ValueError, IndexError, RecursionError) as error:
            dropped[f"row not in this format ({type(error).__name__})"] += 1
            continue
        short = replace(
            task,
            tests=tuple(t for t in task.tests if len(t) <= longest_input),
            exchanges=tuple(e for e in task.exchanges if len(e.given) <= longest_input),
        )
        dropped["tests too long"] += _count(task) - _count(short)
        cause = _missing(short) or ("id stands twice" if task.id in seen else "")
        if cause:
            dropped[cause] += 1
        else:
            seen.add(task.id)
            tasks.append(short)
    return tasks, +dropped


def _count(task: Task) -> int:
    return len(task.tests) + len(task.exchanges)


def _missing(task: Task) -> str:
    """What a task cannot do without; "" when it has all."""
    if not task.solutions:
        return "" if task.starter else "no solution"
    return "" if _count(task) else "no tests"


def _find(folder: Path, name: str) -> Path:
    for suffix in ("", ".jsonl.gz", ".jsonl", ".json"):
        path = folder / (name + suffix)
        if path.is_file():
            return path
    raise DataError(folder / name, "no such file, nor with .jsonl.gz, .jsonl or .json after it")


def _rows(path: Path) -> Iterator[Row]:
    try:
        opening = gzip.open if path.suffix == ".gz" else open
        with opening(path, "rt", encoding="utf-8") as lines:
            if path.name.removesuffix(".gz").endswith(".json"):
                yield from json.load(lines)
                return
            for line in lines:
                if line.strip():
                    yield json.loads(line)
    except (OSError, EOFError, ValueError) as error:
        raise DataError(path, " ".join(str(error).split())) from None


def _problems(row: Row, _number: int) -> Task:
    """The plain format: id, statement, entry_point, setup, solutions, tests or check."""
    tests = list(row.get("tests") or ())
    if not tests and row.get("check"):
        tests = [f"{row['check']}\ncheck({row['entry_point']})"]
    return Task(
        str(row["id"]), row["statement"], row["entry_point"], tuple(row.get("solutions") or ()),
        tuple(tests), row.get("setup") or "", starter=row.get("starter") or "",
    )  # fmt: skip


def _mbpp(row: Row, _number: int) -> Task:
    """MBPP: text or prompt, code, test_list, test_setup_code or test_imports."""
    tests = tuple(row["test_list"]) + tuple(row.get("challenge_test_list") or ())
    setup = row.get("test_setup_code") or "\n".join(row.get("test_imports") or ())
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
    """APPS: `solutions` and `input_output` are JSON inside of strings.

    With `fn_name` the inputs are lists of arguments; without it they are what a program reads.
    TACO has the same schema.
    """
    solutions = tuple(_json(row.get("solutions") or "[]"))
    held = _json(row.get("input_output") or "{}")
    name = held.get("fn_name") or ""
    identity = str(row.get("problem_id", row.get("id", number)))
    pairs = list(zip(held.get("inputs", ()), held.get("outputs", ()), strict=True))
    if not name:
        exchanges = tuple(Exchange(_text(i), _text(o)) for i, o in pairs)
        return Task(identity, row["question"], "", solutions, exchanges=exchanges)
    tests = []
    for arguments, output in pairs:
        # Outputs are wrapped in a list of one where the answer itself is none.
        value = output[0] if isinstance(output, list) and len(output) == 1 else output
        values = ", ".join(map(repr, arguments))
        tests.append(f"assert {name}({values}) in ({value!r}, {output!r})")
    functions = tuple(s for s in map(_unclassed, solutions) if s and f"def {name}" in s)
    if solutions and not functions:
        raise _Unusable("no solution is a function of that name")
    return Task(identity, row["question"], name, functions, tuple(tests))


def _kodcode(row: Row, number: int) -> Task:
    """KodCode: question, solution, test (pytest functions), test_info with the function's name."""
    info = _json(row.get("test_info") or "[]")
    name = str(info[0]["function_name"])
    solution = row["solution"]
    tests = []
    for node in ast.parse(row["test"]).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
            if node.args.args:
                continue  # fixtures and parameters are pytest's
            tests.append(f"{ast.unparse(node)}\n{node.name}()")
    identity = str(row.get("question_id", row.get("id", number)))
    return Task(identity, row["question"], name, (solution,), tuple(tests))


def _json(value: Any) -> Any:
    """Decode JSON that stands in a string, or take what is decoded already."""
    return json.loads(value) if isinstance(value, str) else value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "\n".join(map(str, value))


def _called(tests: tuple[str, ...], program: str) -> str:
    """The function of a program that its tests call."""
    defined = [n.name for n in ast.parse(program).body if isinstance(n, ast.FunctionDef)]
    for name in reversed(defined):
        if any(f"{name}(" in test for test in tests):
            return name
    raise _Unusable("no function that the tests call")


def _unclassed(program: str) -> str:
    """Take the methods of `class Solution` out of it; "" where they use `self` otherwise."""
    try:
        tree = ast.parse(program)
    except (SyntaxError, ValueError):
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
    "taco": _apps,
    "kodcode": _kodcode,
}
