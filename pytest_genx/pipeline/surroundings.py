"""What a reader of one definition needs to see of its module: imports, and other source.

Chosen by name, most important first: the class that holds a method, what annotations name,
constants, helpers, what the docstring mentions, then what all these use themselves.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass

from pytest_genx.domain import Target
from pytest_genx.pipeline.budget import PARTS, tokens
from pytest_genx.syntax.definition import (
    Definition,
    definition_head,
    first_line,
    only_definition,
    walk_definitions,
)
from pytest_genx.syntax.names import free_names, import_statements
from pytest_genx.syntax.source import indentation, parse_known, shift

MAX_LINES = 40  # of surroundings
_GAP = 2  # lines before a definition
_MAX_FUNCTION = 12  # lines, above which only a head is shown
_MAX_CLASS = 15
_MAX_CONSTANT = 6
_MAKERS = frozenset({"__init__", "__new__", "__post_init__"})

# Ranks: the lowest matters most.
_CLASS, _ANNOTATED, _CONSTANT, _HELPER, _MENTIONED, _FURTHER = range(6)


@dataclass(frozen=True, slots=True)
class _Piece:
    """One definition of the module, and how much it matters."""

    rank: int
    line: int
    text: str
    uses: frozenset[str]
    is_constant: bool


def surroundings(target: Target, tree: ast.Module) -> tuple[str, set[str]]:
    """Choose what to show besides the target, and say which names all of it uses.

    Args:
        target: what is shown itself elsewhere.
        tree: its module, parsed.

    Returns:
        Source of at most `MAX_LINES` lines, the target's class last; names used by it and by
        the target.
    """
    lines = target.module_source.split("\n")
    offered = _offered(tree)
    own = only_definition(target.source)
    used = free_names(own)
    annotated = free_names(signature(own))
    pieces: dict[str, _Piece] = {}
    holder = walk_definitions(tree.body).get(target.owner or "")
    if isinstance(holder, ast.ClassDef):
        text = _class_text(holder, lines, own, without=target.name)
        if holder.bases or holder.decorator_list or not text.endswith("    ..."):
            pieces[""] = _piece(_CLASS, holder, text)
            used |= pieces[""].uses
    words = set(re.findall(r"\w+", target.docstring or ""))
    root = target.qualname.partition(".")[0]
    for name, node in offered.items():
        if name != root and (name in used or name in words):
            rank = _rank(node) if name in used else _MENTIONED
            rank = _ANNOTATED if name in annotated else rank
            pieces[name] = _piece(rank, node, shown(name, node, lines))
    further = {name for piece in pieces.values() for name in piece.uses} - set(pieces) - {root}
    for name in sorted(further & set(offered)):
        pieces[name] = _piece(_FURTHER, offered[name], shown(name, offered[name], lines))
    kept = _most_important(pieces.values())
    return _joined(kept), used.union(*(piece.uses for piece in kept))


def imports_for(names: set[str], tree: ast.Module) -> str:
    """Write the import statements of a module that bind any of `names`, in its order."""
    lines: dict[tuple[str, int], list[ast.alias]] = {}
    plain: list[str] = []
    for bound, statement in import_statements(tree.body).items():
        if bound not in names:
            continue
        if isinstance(statement, ast.Import):
            plain.append(ast.unparse(statement))
        else:
            lines.setdefault((statement.module or "", statement.level), []).extend(statement.names)
    named = [ast.unparse(ast.ImportFrom(m or None, a, level)) for (m, level), a in lines.items()]
    return "\n".join([*plain, *named])


def _offered(tree: ast.Module) -> dict[str, ast.stmt]:
    """What the module defines on its own level."""
    found: dict[str, ast.stmt] = {}
    for node in tree.body:
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            goals = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {goal.id: node for goal in goals if isinstance(goal, ast.Name)}
    return found | {n: d for n, d in walk_definitions(tree.body).items() if "." not in n}


def _rank(node: ast.stmt) -> int:
    return _CONSTANT if isinstance(node, (ast.Assign, ast.AnnAssign)) else _HELPER


def _piece(rank: int, node: ast.stmt, text: str) -> _Piece:
    uses = frozenset(free_names(parse_known(text)))
    return _Piece(rank, node.lineno, text, uses, isinstance(node, (ast.Assign, ast.AnnAssign)))


def _most_important(pieces: Iterable[_Piece]) -> list[_Piece]:
    """Take pieces by rank as long as they fit; in the order of the source, the class last."""
    kept: list[_Piece] = []
    left = MAX_LINES
    room = next(part.tokens for part in PARTS if part.name == "surroundings")
    for piece in sorted(pieces, key=lambda p: (p.rank, p.line)):
        size = piece.text.count("\n") + 1 + (0 if piece.is_constant else _GAP)
        if size <= left and tokens(piece.text) <= room:
            kept.append(piece)
            left -= size
            room -= tokens(piece.text)
    return sorted(kept, key=lambda p: (p.rank == _CLASS, p.line))


def shown(name: str, node: ast.stmt, lines: list[str]) -> str:
    """The text of a definition, cut to what a reader needs."""
    if isinstance(node, ast.ClassDef):
        text = _text(node, lines)
        return text if text.count("\n") < _MAX_CLASS else _class_text(node, lines, None)
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return _function_text(node, lines)
    return _constant_text(name, node, lines)


def signature(node: Definition) -> ast.AST:
    """A function that does nothing, with the parameters of another."""
    fields = {name: getattr(node, name) for name in node._fields}
    nothing: list[ast.stmt] = [ast.Expr(ast.Constant(...))]
    made = type(node)(**{**fields, "body": nothing, "decorator_list": []})
    return ast.fix_missing_locations(made)


def _constant_text(name: str, node: ast.stmt, lines: list[str]) -> str:
    text = _text(node, lines)
    return text if text.count("\n") < _MAX_CONSTANT else f"{name} = ..."


def _function_text(node: Definition, lines: list[str]) -> str:
    """A short function whole, a long one without its body."""
    text = _text(node, lines)
    if text.count("\n") < _MAX_FUNCTION:
        return text
    head = definition_head(text)
    if head.count("\n") >= _MAX_FUNCTION:
        head = ast.unparse(signature(node)).rpartition("\n")[0]
    return f"{head}\n    ..."


def _class_text(
    node: ast.ClassDef, lines: list[str], user: Definition | None, *, without: str = ""
) -> str:
    """A class with its fields, how objects are made, and the heads of some methods.

    Args:
        node: the class.
        lines: of its module.
        user: a method of it, which decides what methods are shown; None shows the public ones.
        without: a member that is left out.
    """
    called = {n.attr for n in ast.walk(user) if isinstance(n, ast.Attribute)} if user else set()
    start = first_line(node)
    header = "\n".join(lines[start - 1 : _header_end(node, lines)])
    parts = [shift(header, indentation(lines[start - 1]), "")]
    for inner in node.body:
        if isinstance(inner, (ast.Assign, ast.AnnAssign)):
            parts.append(shift(_text(inner, lines), "", "    "))
        elif isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef)) and inner.name != without:
            if inner.name in _MAKERS:
                parts.append(_member(_function_text(inner, lines), first=len(parts) == 1))
            elif inner.name in called or (user is None and not inner.name.startswith("_")):
                parts.append(_member(ast.unparse(signature(inner)), first=len(parts) == 1))
    return "\n".join(parts) if len(parts) > 1 else f"{parts[0]}\n    ..."


def _member(text: str, *, first: bool) -> str:
    """A method, one line apart from what stands before it."""
    return ("" if first else "\n") + shift(text, "", "    ")


def _header_end(node: ast.ClassDef, lines: list[str]) -> int:
    """The last line of the decorators, name and bases of a class."""
    first = node.body[0]
    begin = first.lineno
    if isinstance(first, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        begin = first_line(first)
    last = max(node.lineno, begin - 1)
    while last > node.lineno and lines[last - 1].strip()[:1] in {"", "#"}:
        last -= 1
    return last


def _text(node: ast.stmt, lines: list[str]) -> str:
    """The source of a statement, dedented."""
    begin = node.lineno
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        begin = first_line(node)
    text = "\n".join(lines[begin - 1 : node.end_lineno])
    return shift(text, indentation(lines[begin - 1]), "")


def _joined(pieces: list[_Piece]) -> str:
    """Constants close together, definitions two lines apart."""
    text = pieces[0].text if pieces else ""
    for above, piece in itertools.pairwise(pieces):
        text += "\n" if above.is_constant and piece.is_constant else "\n" * (_GAP + 1)
        text += piece.text
    return text
