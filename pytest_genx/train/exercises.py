"""What a model is measured on: held-out compositions and published problems."""

from __future__ import annotations

import ast
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_genx.domain import Target, TargetKind
from pytest_genx.train.families.catalogue import load_families
from pytest_genx.train.families.functions import Function, draw_function
from pytest_genx.train.problems import Problem, called, entry_definition


@dataclass(frozen=True, slots=True)
class Exercise:
    """One problem as both roles see it."""

    function: Function
    program: str  # a whole module with the right solution
    described: str  # the definition with a docstring, for the coder
    tests: tuple[str, ...]  # which the coder's body must pass

    def target(self) -> Target:
        """What backends are told of the function besides its prompt."""
        function = self.function
        owned = function.owner is not None
        return Target(
            path=Path("program.py"), import_root=Path(), module="program",
            qualname=f"{function.owner}.{function.name}" if owned else function.name,
            kind=TargetKind.METHOD if owned else TargetKind.FUNCTION,
            is_async=False, is_stub=False, start=1, end=1,
            source=function.source, module_source=self.program,
        )  # fmt: skip

    def body_lines(self) -> frozenset[int]:
        """Lines of `program` that hold a statement of the function's body."""
        for node in ast.walk(ast.parse(self.program)):
            if isinstance(node, ast.FunctionDef) and node.name == self.function.name:
                text = node.body[0] if ast.get_docstring(node) is not None else None
                inside = (n for n in ast.walk(node) if isinstance(n, ast.stmt))
                return frozenset(n.lineno for n in inside if n is not node and n is not text)
        return frozenset()


def held_out_exercises(n: int, rng: random.Random) -> list[Exercise]:
    """Draw documented functions of compositions that training never shows."""
    families = load_families()
    exercises: list[Exercise] = []
    while len(exercises) < n:
        function = draw_function(rng, families, evaluation=True)
        if '"""' not in function.source:
            continue
        tests = tuple(
            f"assert {c.source} == {c.value}" for c in function.calls if c.value is not None
        )
        exercises.append(Exercise(function, function.program, function.source, tests))
    return exercises


def published_exercises(problems: Sequence[Problem], n: int, rng: random.Random) -> list[Exercise]:
    """Choose problems whose entry point is a function; the statement becomes its docstring.

    The first test is shown to the coder as an example, as MBPP is usually prompted: its
    statements do not say what the arguments are.
    """
    exercises: list[Exercise] = []
    for problem in rng.sample(problems, len(problems)):
        found = entry_definition(problem)
        if found is None or len(exercises) == n:
            continue
        node, owner, above = found
        source = ast.unparse(node)
        tests = problem.tests or (f"{problem.check}\ncheck({problem.entry_point})",)
        function = Function(problem.id, node.name, source, owner, above, ())
        program = f"{problem.setup}\n{problem.solution}"
        described = source if ast.get_docstring(node) else _described(node, problem)
        exercises.append(Exercise(function, program, described, tests))
    return exercises


def _described(node: ast.FunctionDef, problem: Problem) -> str:
    text = " ".join(problem.statement.split()).replace('"""', "'''")
    example = next((t for t in problem.tests if called(t)), "")
    if example:
        text += f"\n\n    {' '.join(example.strip().removeprefix('assert ').split())}\n    "
    statement = ast.Expr(ast.Constant(text))
    changed = ast.FunctionDef(**{**vars(node), "body": [statement, *node.body]})
    return ast.unparse(ast.fix_missing_locations(changed))
