"""Tasks -> what both roles are asked: a target in a module, its prompts, its references.

The statement becomes the docstring of the reference's definition, with the first test as an
example, since statements such as MBPP's do not say what the arguments are. The tester is shown
the definition with its body, and a long statement is left out there.
"""

from __future__ import annotations

import ast
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_genx.domain import Case, Context, Prompt, Role, Target, TargetKind
from pytest_genx.pipeline.prompt import make_prompts
from pytest_genx.syntax.definition import first_line
from pytest_genx.train.decontaminate import (
    Statements,
    contaminated,
    fingerprints,
    index_statements,
)
from pytest_genx.train.problems import above_of, called, is_standard
from pytest_genx.train.rounds.formats import Task, read_set
from pytest_genx.train.rounds.programs import as_function
from pytest_genx.train.rounds.recipe import DataPart, RoundsRecipe

MODULE = "solution"
_SHORT = 500  # characters of a statement that a tester is shown
_OTHERS = 4  # references besides the first; sets such as APPS have hundreds


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem, ready for both roles.

    `references` are whole programs, the first of them the target's own module; `tests` are the
    original cases. Where there is no reference that can be trusted, the target is a stub.
    """

    id: str
    target: Target
    coder: Prompt
    tester: Prompt
    references: tuple[str, ...]
    tests: tuple[Case, ...]
    reads: bool = False  # a program that reads standard input, made a function


@dataclass(frozen=True, slots=True)
class Measured:
    """What models are measured on: fingerprints of code, and statements."""

    code: frozenset[str]
    statements: Statements


def load_sets(
    sets: Sequence[str],
    data: DataPart,
    *,
    limit: int | None,
    seed: int,
    measured: Measured | None = None,
    chosen: Callable[[str], bool] = lambda _: True,
) -> tuple[dict[str, list[Problem]], dict[str, dict[str, int]]]:
    """Read sets of problems, and draw some of each.

    Args:
        sets: as `read_set` takes them.
        data: folder and limits.
        limit: problems of each set; None for all.
        seed: of the draw.
        measured: what models are measured on, which is left out.
        chosen: whether a problem, by its id, is of this part of a set that is split.

    Returns:
        Problems by set, and for each set the counts of what was dropped, by cause.

    Raises:
        DataError, UnknownName: as `read_set`.
    """
    found: dict[str, list[Problem]] = {}
    counts: dict[str, dict[str, int]] = {}
    seen: set[str] = set()
    for spec in sets:
        tasks, dropped = _read(spec, data)
        tasks = [task for task in tasks if chosen(task.id)]
        order = random.Random(f"{seed} {spec}").sample(range(len(tasks)), len(tasks))
        drawn: list[tuple[int, Problem]] = []
        for i in order:
            if limit is not None and len(drawn) >= limit:
                break
            made = make_problem(tasks[i])
            if tasks[i].id in seen:
                dropped["id stands in another set"] += 1
            elif isinstance(made, str):
                dropped[made] += 1
            elif measured and any(contaminated(p, measured.code) for p in made.references):
                dropped["equal to measured code"] += 1
            elif measured and measured.statements.share(tasks[i].statement) > data.overlap:
                dropped["statement like a measured one"] += 1
            else:
                drawn.append((i, made))
        found[spec] = [problem for _, problem in sorted(drawn, key=lambda pair: pair[0])]
        seen |= {problem.id for problem in found[spec]}
        counts[spec] = {"problems": len(drawn), **dict(sorted(dropped.items()))}
    return found, counts


def measured_of(recipe: RoundsRecipe) -> Measured:
    """Collect what models are measured on: the test sets, and what is held out of training sets."""
    tasks = [task for spec in recipe.data.test for task in _read(spec, recipe.data)[0]]
    if recipe.data.holdout:
        held = recipe.held_out
        tasks += [
            task
            for spec in recipe.data.train
            for task in _read(spec, recipe.data)[0]
            if held(task.id)
        ]
    whole = [task if task.entry_point else as_function(task) for task in tasks]
    programs = [p for task in whole for p in task.solutions if _parses(p)]
    return Measured(fingerprints(programs), index_statements(t.statement for t in tasks))


def _read(spec: str, data: DataPart) -> tuple[list[Task], Counter[str]]:
    return read_set(spec, data.folder, longest_input=data.longest_input, download=data.download)


def make_problem(task: Task) -> Problem | str:
    """Make a problem of a task, or say why it cannot be one."""
    reads = not task.entry_point
    if reads:
        had, task = bool(task.solutions), as_function(task)
        if had and not task.solutions:
            return "program cannot be made a function"
    if "." in task.entry_point:
        return "method of a class"
    solution = task.solutions[0] if task.solutions else f"{task.starter.rstrip()}\n    pass"
    if not _parses(f"{task.setup}\n{solution}"):
        return "reference does not parse"
    program = f"{task.setup}\n{solution}".strip("\n") + "\n"
    tree = ast.parse(program)
    nodes = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == task.entry_point]
    if not nodes:
        return "no function of that name"
    if not is_standard(program):
        return "imports more than the standard library"
    node = nodes[-1]
    above = above_of(tree, node)
    described = _described(node, task, whole=True)
    stub = not task.solutions
    target = _target(program, node, described, stub=stub)
    shown = _target(program, node, _described(node, task, whole=stub), stub=stub)
    context = Context(surroundings=above)
    others = [f"{task.setup}\n{s}" for s in task.solutions[1:] if _parses(s)][:_OTHERS]
    return Problem(
        task.id,
        target,
        make_prompts(target, context, show_body=True)[Role.CODER],
        make_prompts(shown, context, show_body=True)[Role.TESTER],
        (program, *others),
        tuple(Case(t.strip(), "original") for t in task.tests),
        reads,
    )


def _target(program: str, node: ast.FunctionDef, source: str, *, stub: bool) -> Target:
    """The definition in its module, replaced by `source`, which has a docstring or not."""
    lines = program.split("\n")
    start = first_line(node)
    assert node.end_lineno is not None
    before, after = lines[: start - 1], lines[node.end_lineno :]
    own = source.split("\n")
    return Target(
        path=Path(f"{MODULE}.py"),
        import_root=Path(),
        module=MODULE,
        qualname=node.name,
        kind=TargetKind.FUNCTION,
        is_async=False,
        is_stub=stub,
        start=start,
        end=start + len(own) - 1,
        source=source,
        module_source="\n".join([*before, *own, *after]),
        docstring=None,
    )


def _described(node: ast.FunctionDef, task: Task, *, whole: bool) -> str:
    """The definition with the statement as its docstring, unless it has one of its own."""
    if ast.get_docstring(node) is not None:
        return ast.unparse(node)
    text = " ".join(task.statement.split()).replace("\\", "/").replace('"""', "'''")
    if not whole and len(text) > _SHORT:
        return ast.unparse(node)
    example = next((t for t in task.tests if called(t) and len(t) < _SHORT), "")
    if example and whole:
        text += f"\n\n    {' '.join(example.strip().removeprefix('assert ').split())}\n    "
    statement = ast.Expr(ast.Constant(text))
    changed = ast.FunctionDef(**{**vars(node), "body": [statement, *node.body]})
    return ast.unparse(ast.fix_missing_locations(changed))


def _parses(program: str) -> bool:
    try:
        ast.parse(program)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
