"""Published problems -> functions with executed calls.

Reads folders of gzipped JSON lines with `id`, `statement`, `entry_point`, `setup`,
`solutions` and `tests`. Statements of LeetCode are not shown to the model. Inputs are those
of the tests, changed ones, and what the solutions' helper functions were called with.
"""

from __future__ import annotations

import ast
import builtins
import gzip
import importlib
import json
import random
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pytest_genx.train.execute import Executor
from pytest_genx.train.families.calls import LONGEST_VALUE, Call
from pytest_genx.train.families.functions import Function
from pytest_genx.train.mutate import mutate_call, tidy_call

TRAINING = ("mbpp-train", "codeio-train", "leetcode-train")
MEASURED = ("mbpp-test", "codeio-test", "humaneval")
_STARRED = (
    "typing",
    "functools",
    "collections",
    "itertools",
    "heapq",
    "bisect",
    "math",
    "operator",
)
_MUTATIONS = 12
_GENERATED = 12  # calls of a problem's own generator of inputs
_LONGEST_CALL = 240
_LONGEST_RESULT = 120  # characters of an expected value of a published function
_SHORT_CALL = 110  # calls up to this length are preferred
_ENOUGH = 6  # short calls, for longer ones to be left out
_GENERATOR = """
import random, string, math
from random import Random
{source}
def _drawn(seed):
    values = generate_inputs(Random(seed))
    return "{name}(" + ", ".join(f"{{k}}={{v!r}}" for k, v in values.items()) + ")"
"""
_LONG_DECIMAL = re.compile(r"\d+\.\d{6,}(?:e[-+]?\d+)?")
_STOPWORDS = frozenset(
    {
        "a", "an", "the", "of", "to", "in", "on", "is", "are", "be", "for", "and", "or", "with",
        "from", "given", "what", "that", "this", "write", "function", "python", "by", "it", "its",
        "how", "many", "each", "all", "you", "your", "we", "as", "at", "their", "find", "whether",
        "if", "number",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Problem:
    """One record of a problem file."""

    id: str
    statement: str
    entry_point: str
    setup: str
    solution: str
    tests: tuple[str, ...]
    check: str = ""
    generator: str = ""  # source of `generate_inputs(rng)`, which returns arguments by name


def read_problems(folder: Path, name: str) -> list[Problem]:
    """Read one set of problems; an empty list when the file does not exist."""
    path = folder / f"{name}.jsonl.gz"
    if not path.exists():
        return []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    return [
        Problem(
            r["id"], r["statement"], r["entry_point"], r["setup"], r["solutions"][0],
            tuple(r.get("tests", ())), r.get("check", ""), r.get("input_generator", ""),
        )
        for r in records
    ]  # fmt: skip


def problem_functions(
    problem: Problem, executor: Executor, rng: random.Random
) -> Iterator[Function]:
    """Make functions of one problem: its entry point, and helpers that were seen at work."""
    found = entry_definition(problem)
    if found is None:
        return
    if not is_standard(problem.solution):
        return
    node, owner, above = found
    program = f"{problem.setup}\n{problem.solution}"
    calls = [c for c in map(called, problem.tests) if c and c.startswith(f"{problem.entry_point}(")]
    calls = list(map(tidy_call, [*calls, *_generated(problem, executor, rng)]))
    varied = [mutate_call(rng.choice(calls), rng) for _ in range(_MUTATIONS)] if calls else []
    sources = list(dict.fromkeys([*calls, *filter(None, varied)]))
    sources = [s for s in sources if len(s) <= _LONGEST_CALL and "_node(" not in s]
    ran = executor.run(program, sources, entry=problem.entry_point)
    kept = fitting_calls([c for c in ran.calls if c is not None])
    if len(kept) >= 2:
        yield Function(problem.id, node.name, ast.unparse(node), owner, above, kept)
    yield from _helpers(problem, ran.helpers)


def _generated(problem: Problem, executor: Executor, rng: random.Random) -> list[str]:
    """Draw calls from the generator of inputs that the problem brings, if it does."""
    if not problem.generator:
        return []
    program = _GENERATOR.format(source=problem.generator, name=problem.entry_point)
    seeds = [f"_drawn({rng.randrange(1 << 20)})" for _ in range(_GENERATED)]
    found = [ast.literal_eval(c.value) for c in executor.run(program, seeds).calls if c and c.value]
    return [call for call in found if called(f"assert {call} == 0")]


def fitting_calls(calls: Sequence[Call]) -> tuple[Call, ...]:
    """Keep calls that returned a literal and are short enough for a test.

    The short ones alone when there are enough of them. Long decimals of values are cut to four
    places: no small model works out sixteen, and running the code corrects what it writes.
    """
    kept = [
        replace(c, value=_LONG_DECIMAL.sub(lambda m: repr(round(float(m[0]), 4)), c.value))
        for c in calls
        if c.value is not None and len(c.source) <= _LONGEST_CALL
    ]
    kept = [c for c in kept if len(str(c.value)) <= _LONGEST_RESULT]
    short = [c for c in kept if len(c.source) <= _SHORT_CALL and len(str(c.value)) <= LONGEST_VALUE]
    return tuple(short if len(short) >= _ENOUGH else kept)


def spelled(function: Function, problem: Problem, rng: random.Random) -> Function:
    """Give a problem's function another name and form, so that no set has its own dialect."""
    name, owner, source, calls = function.name, function.owner, function.source, function.calls
    new = name
    if name == "main_solution" and problem.statement and rng.random() < 0.6:
        new = _name_from(problem.statement)
    elif problem.id.startswith("leetcode/") and owner and "self." not in source:
        if rng.random() < 0.7:
            tree = ast.parse(source).body[0]
            assert isinstance(tree, ast.FunctionDef)
            tree.args.args = tree.args.args[1:]
            owner, source = None, ast.unparse(tree)
            calls = tuple(_replaced(c, "Solution().", "") for c in calls)
        if rng.random() < 0.7:
            new = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    source = re.sub(rf"\b{name}\b", new, source)
    calls = tuple(_replaced(c, f"{name}(", f"{new}(") for c in calls)
    if rng.random() < 0.7:
        calls = tuple(_positional(c, source) for c in calls)
    return Function(function.key, new, source, owner, function.above, calls)


def documented(function: Function, problem: Problem, rng: random.Random) -> Function:
    """Put the problem's statement into the function as its docstring, perhaps with an example."""
    if problem.id.startswith("leetcode/"):  # its statements may not be passed on
        return function
    text = " ".join(problem.statement.partition("\n\n")[0].split()).replace('"""', "'''")
    text = text.replace("\\", "/")
    node = ast.parse(function.source).body[0]
    assert isinstance(node, ast.FunctionDef)
    if not text or len(text) > 500 or ast.get_docstring(node):
        return function
    shown = [c for c in function.calls if len(c.source) < 80]
    example = rng.choice(shown) if shown and rng.random() < 0.5 else None
    docstring = f'    """{text}"""\n'
    if example is not None:
        form = rng.choice(
            (f">>> {example.source}\n    {example.value}", f"{example.source} == {example.value}")
        )
        if "\\" not in form:
            docstring = f'    """{text}\n\n    {form}\n    """\n'
    lines = function.source.splitlines(keepends=True)
    body = node.body[0].lineno - 1
    source = "".join(lines[:body]) + docstring + "".join(lines[body:])
    return Function(
        function.key, function.name, source, function.owner, function.above, function.calls
    )


def entry_definition(problem: Problem) -> tuple[ast.FunctionDef, str | None, str] | None:
    """Find the entry point: its definition, its class, and what above it the code uses."""
    tree = ast.parse(problem.solution)
    name = problem.entry_point.rpartition(".")[2]
    owner = "Solution" if "." in problem.entry_point else None
    for node in tree.body:
        if owner is None and isinstance(node, ast.FunctionDef) and node.name == name:
            return node, None, above_of(tree, node)
        if owner is not None and isinstance(node, ast.ClassDef) and node.name == owner:
            methods = [m for m in node.body if isinstance(m, ast.FunctionDef)]
            if len(methods) == 1 and methods[0].name == name:
                return methods[0], owner, _imports(methods[0])
    return None


def called(test: str) -> str | None:
    """Return the call that an assertion compares; None for any other form of test."""
    try:
        statement = ast.parse(test.strip()).body[0]
    except SyntaxError:
        return None
    if isinstance(statement, ast.Assert) and isinstance(statement.test, ast.Compare):
        return ast.unparse(statement.test.left)
    return None


def above_of(tree: ast.Module, node: ast.FunctionDef) -> str:
    """Source of the imports and definitions that the function needs, in their order."""
    needed = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    parts = []
    for other in reversed(tree.body):
        if other is node:
            continue
        names = _defined(other)
        if names & needed:
            needed |= {n.id for n in ast.walk(other) if isinstance(n, ast.Name)}
            parts.append(ast.unparse(other))
    return "\n\n".join(reversed(parts))


def is_standard(source: str) -> bool:
    """Tell whether a program imports nothing outside the standard library and numpy."""
    imported = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").partition(".")[0])
    return imported <= sys.stdlib_module_names | {"numpy"}


def _imports(node: ast.FunctionDef) -> str:
    """Import by name what a solution takes from the star imports of its setup."""
    needed = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    needed |= {
        n.value.id
        for n in ast.walk(node)
        if isinstance(n, ast.Subscript) and isinstance(n.value, ast.Name)
    }
    lines = []
    for module in _STARRED:
        known = dir(importlib.import_module(module))
        names = sorted(n for n in needed if n in known and not hasattr(builtins, n))
        if names:
            lines.append(f"from {module} import {', '.join(names)}")
            needed -= set(names)
    return "\n".join(lines)


def _defined(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {(a.asname or a.name).partition(".")[0] for a in node.names}
    if isinstance(node, ast.Assign):
        return {t.id for t in node.targets if isinstance(t, ast.Name)}
    return set()


def _helpers(problem: Problem, seen: Sequence[tuple[str, Call]]) -> Iterator[Function]:
    tree = ast.parse(problem.solution)
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef):
            continue
        calls = {c.source: c for name, c in seen if name == node.name}
        short = [
            c for c in calls.values()
            if len(c.source) <= _LONGEST_CALL and len(str(c.value)) <= LONGEST_VALUE
        ]  # fmt: skip
        if len(short) >= 3:
            key = f"{problem.id}/{node.name}"
            yield Function(
                key, node.name, ast.unparse(node), None, above_of(tree, node), tuple(short)
            )


def _name_from(statement: str) -> str:
    words = [w for w in re.findall(r"[a-z]+", statement.lower()) if w not in _STOPWORDS]
    return "_".join(words[:3]) or "solve"


def _replaced(call: Call, old: str, new: str) -> Call:
    return Call(call.source.replace(old, new, 1), call.value, call.raised, call.lines)


def _positional(call: Call, source: str) -> Call:
    """Drop the keywords of a call when they stand in the order of the signature."""
    definition = ast.parse(source).body[0]
    tree: Any = ast.parse(call.source, mode="eval").body
    assert isinstance(definition, ast.FunctionDef)
    names = [a.arg for a in definition.args.args if a.arg != "self"]
    if not isinstance(tree, ast.Call) or tree.args or [k.arg for k in tree.keywords] != names:
        return call
    tree.args = [k.value for k in tree.keywords]
    tree.keywords = []
    return Call(ast.unparse(tree), call.value, call.raised, call.lines)
