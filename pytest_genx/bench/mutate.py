"""A correct program -> programs with one small fault each, by operators on its syntax tree.

What an operator replaces stands in `mutation_sites.py`. Whether a mutant still does the same
is not known here; only running it against reference tests tells.
"""

from __future__ import annotations

import ast
import copy
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

from pytest_genx.bench.mutation_sites import OPERATORS
from pytest_genx.syntax.definition import is_string
from pytest_genx.syntax.names import bound_names

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True)
class Mutant:
    """A program with one fault: which operator made it, and in which line of the original."""

    source: str
    operator: str
    line: int


def mutants(
    source: str, entry_point: str, *, limit: int | None = None, seed: int = 0
) -> list[Mutant]:
    """Make faulty programs, operators taking turns so that none crowds out the others.

    Bodies of all functions on the module's own level are changed, what they define included:
    helpers serve the entry point. Docstrings, annotations and default values are left alone.

    Args:
        source: a whole program that parses.
        entry_point: a name that it must bind, of a function or of what stands for one.
        limit: how many at most; None for all there are.
        seed: of the order among the places of one operator.

    Returns:
        Distinct programs, none of them equal to the original but for layout.

    Raises:
        ValueError: the program does not parse, or does not bind the entry point.

    >>> for mutant in mutants("def f(a, b): return a < b", "f"):
    ...     print(mutant.operator, mutant.source.split("    ")[1])
    return return None
    comparison return a <= b
    comparison return a > b
    """
    tree = ast.parse(source)
    if entry_point not in bound_names(tree.body):
        raise ValueError(f"the program does not bind {entry_point!r}")
    seen = {ast.unparse(tree)}
    by_operator: dict[str, list[Mutant]] = {name: [] for name in OPERATORS}
    for mutant in _all(tree):
        if mutant.source not in seen:
            seen.add(mutant.source)
            by_operator[mutant.operator].append(mutant)
    rng = random.Random(f"{seed} {entry_point}")
    for group in by_operator.values():
        rng.shuffle(group)
    groups = [group for group in by_operator.values() if group]
    rng.shuffle(groups)
    turns = [mutant for turn in zip_longest(*groups) for mutant in turn if mutant is not None]
    return turns[:limit]


def _all(tree: ast.Module) -> Iterator[Mutant]:
    """Yield every change of every operator, in the order of the source."""
    for path in _paths(tree):
        node = _at(tree, path)
        for name, operator in OPERATORS.items():
            for replacement in operator(node):
                text = _replaced(tree, path, replacement)
                if text is not None:
                    yield Mutant(text, name, getattr(node, "lineno", 0))


# Where a node stands: the fields that lead to it, with a place where the field is a list.
_Path = tuple[tuple[str, int | None], ...]


def _paths(tree: ast.Module) -> list[_Path]:
    """List the nodes inside the bodies of functions, outermost first."""
    found: list[_Path] = []

    def walk(node: ast.AST, path: _Path) -> None:
        for field, value in ast.iter_fields(node):
            if isinstance(node, _DEFINITIONS) and field != "body":
                continue
            if field in ("annotation", "returns", "type_comment"):
                continue
            items = enumerate(value) if isinstance(value, list) else [(None, value)]
            for at, item in items:
                if isinstance(item, ast.AST) and not (
                    field == "body" and at == 0 and is_string(item)
                ):
                    found.append((*path, (field, at)))
                    walk(item, found[-1])

    for at, node in enumerate(tree.body):
        if isinstance(node, _DEFINITIONS):
            walk(node, (("body", at),))
    return found


def _at(tree: ast.AST, path: _Path) -> ast.AST:
    node: ast.AST = tree
    for field, at in path:
        value = getattr(node, field)
        node = value if at is None else value[at]
    return node


def _replaced(tree: ast.Module, path: _Path, replacement: ast.AST | list[ast.stmt]) -> str | None:
    """Write the program with another node in a place; None when that is no program."""
    changed = copy.deepcopy(tree)
    parent = _at(changed, path[:-1])
    field, at = path[-1]
    if at is None:
        setattr(parent, field, replacement)
    else:
        new = replacement if isinstance(replacement, list) else [replacement]
        siblings = getattr(parent, field)
        siblings[at : at + 1] = new
        if not siblings and field == "body":
            siblings.append(ast.Pass())
    text = ast.unparse(ast.fix_missing_locations(changed))
    try:
        compile(text, "<mutant>", "exec")
    except (SyntaxError, ValueError):
        return None
    return text
