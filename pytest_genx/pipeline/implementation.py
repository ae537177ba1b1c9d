"""One answer of a coder -> the target's definition, and what else of the answer it needs.

The target's own signature, decorators and docstring stay, unless the answer's signature is
really another one. It does not look for more than the definition itself: methods that an
answer adds to the class are lost.
"""

from __future__ import annotations

import ast
import builtins
import copy
import itertools
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from pytest_genx.domain import Target
from pytest_genx.syntax.definition import (
    Definition,
    body_indentation,
    body_text,
    definition_head,
    is_stub,
    only_definition,
    own_nodes,
    without_docstring,
)
from pytest_genx.syntax.names import bound_names, free_names, import_statements
from pytest_genx.syntax.source import (
    Chunk,
    clean,
    compiles,
    fenced,
    indentation,
    longest,
    parse_known,
    recover,
    shift,
    spoken,
)

_BEGINS_CODE = ("def ", "async ", "class ", "@", "import ", "from ")


@dataclass(frozen=True, slots=True)
class Implementation:
    """A definition at the left margin, and the other statements of the answer."""

    source: str
    others: tuple[ast.stmt, ...]

    def needed(self, known: AbstractSet[str]) -> str:
        """Write imports and helpers that the definition needs and the module has not.

        Args:
            known: names that the module binds; its own definitions of them stay.
        """
        offers = {name: s for s in self.others for name in bound_names([s])}
        waiting = free_names(only_definition(self.source)) - known
        chosen: list[ast.stmt] = []
        done: set[str] = set()
        while waiting:
            name = waiting.pop()
            done.add(name)
            statement = offers.get(name)
            if statement is None:
                continue
            if isinstance(statement, (ast.Import, ast.ImportFrom)):
                statement = import_statements([statement]).get(name, statement)
            chosen.append(statement)
            waiting |= free_names(statement) - known - done
        if done - set(offers) - set(dir(builtins)) and "*" not in known:
            chosen += [s for s in self.others if isinstance(s, ast.ImportFrom) and _is_star(s)]
        return "\n".join(dict.fromkeys(map(ast.unparse, self._in_order(chosen))))

    def _in_order(self, chosen: Sequence[ast.stmt]) -> list[ast.stmt]:
        """Imports by text, since equal sets of them are equal; all else as it was written."""
        imports = [s for s in chosen if isinstance(s, (ast.Import, ast.ImportFrom))]
        others = [s for s in self.others if any(s is c for c in chosen) and s not in imports]
        return [*sorted(imports, key=ast.unparse), *others]


def implementations(text: str, target: Target) -> Iterator[Implementation]:
    """Yield what an answer offers as the target's definition, the likeliest first.

    Raises:
        RecursionError: the answer is nested too deeply.
    """
    blocks, outside = fenced(clean(spoken(text)))
    for part in [*blocks, *outside]:
        lines = list(itertools.dropwhile(lambda line: not line.strip(), part.split("\n")))
        if not lines:
            continue
        ways = [_whole(part, target), _continued(lines, target)]
        if lines[0][0] in " \t" and not lines[0].lstrip().startswith(_BEGINS_CODE):
            ways.reverse()
        for way in ways:
            yield from way


def _whole(part: str, target: Target) -> Iterator[Implementation]:
    """Definitions with the target's name, those in its class first."""
    chunks = recover(part)
    others = tuple(s for chunk in chunks for s in chunk.body)
    found = [
        (holder, node, chunk)
        for chunk in chunks
        for holder, node in _named(chunk.body, target.name)
    ]
    wanted = (target.owner or "").rpartition(".")[2]
    for holder, node, chunk in sorted(found, key=lambda item: item[0] != wanted):
        body = _body(node, chunk)
        if body is None:
            continue
        source = _dressed(node, body, target, in_class=bool(holder))
        if source is not None:
            yield Implementation(source, tuple(s for s in others if s is not node))


def _continued(lines: Sequence[str], target: Target) -> Iterator[Implementation]:
    """The body alone, as it continues the head of a prompt; its first indentation may be lost."""
    if lines[0][0] in " \t":
        attempts = [list(lines)]
    else:
        attempts = [["    " + line for line in lines], ["    " + lines[0], *lines[1:]]]
    tried = [longest(["def _():", *attempt]) for attempt in attempts]
    chunk = max(tried, key=lambda result: result[1])[0]
    if chunk is None or not chunk.body:
        return
    node, *others = chunk.body
    if not isinstance(node, ast.FunctionDef):
        return
    ends = (ast.Return, ast.Raise, ast.Yield, ast.YieldFrom)
    if lines[0][0] not in " \t" and not any(isinstance(n, ends) for n in own_nodes(node.body)):
        return  # prose can be Python by chance
    body = _body(node, chunk)
    if body is not None:
        source = _checked(definition_head(target.source), body, target)
        if source is not None:
            yield Implementation(source, tuple(others))


def _named(statements: Sequence[ast.stmt], name: str) -> Iterator[tuple[str, Definition]]:
    """Yield functions of that name with the name of the class that holds them."""
    for node in statements:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if node.name == name:
                yield "", node
        elif isinstance(node, ast.ClassDef):
            yield from ((node.name, inner) for _, inner in _named(node.body, name))
        elif isinstance(node, (ast.If, ast.Try)):
            yield from _named(node.body, name)


def _body(node: Definition, chunk: Chunk) -> str | None:
    """The body at the left margin; None when it does nothing."""
    return None if is_stub(node) else body_text(node, chunk.lines)


def _dressed(node: Definition, body: str, target: Target, *, in_class: bool) -> str | None:
    """Put a body under the target's head, or under its own when that is really another."""
    own = only_definition(target.source)
    first = _first_parameter(node, in_class=in_class)
    expected = _first_parameter(own, in_class=target.owner is not None)
    used = first is not None and first in free_names(*without_docstring(node.body))
    if used and expected is None:
        return None  # a method that needs its object is no function
    renamed = used and first != expected
    ours = _parameters(own, skip=expected is not None)
    theirs = _parameters(node, skip=first is not None)
    bare = [(kind, name) for kind, name, _ in ours] == [(kind, name) for kind, name, _ in theirs]
    defaults = any(default for _, _, default in theirs)
    same = bare and (not defaults or ours == theirs) and not renamed
    decorators = _added_decorators(node, own)
    if same and not decorators:
        return _checked(definition_head(target.source), body, target)
    header = copy.copy(own if same else node)
    header.decorator_list = [*own.decorator_list, *decorators]
    header.body = [own.body[0]] if len(without_docstring(own.body)) < len(own.body) else []
    header.body.append(ast.Pass())
    kind = ast.AsyncFunctionDef if target.is_async else ast.FunctionDef
    made = kind(**{name: getattr(header, name) for name in header._fields})
    text = ast.unparse(ast.fix_missing_locations(made))
    return _checked(text[: text.rindex("pass")].rstrip(), body, target)


def _checked(head: str, body: str, target: Target) -> str | None:
    """Join head and body; None when that is not one function of the right sort."""
    margin = body_indentation(target.source) if head.endswith(('"""', "'''")) else ""
    margin = margin or indentation(head.rsplit("\n", 1)[-1]) or "    "
    source = f"{head}\n{shift(body, '', margin)}"
    return source if compiles(source) and len(parse_known(source).body) == 1 else None


def _first_parameter(node: Definition, *, in_class: bool) -> str | None:
    """The parameter that stands for the object or the class, if there is one."""
    if any(ast.unparse(d) == "staticmethod" for d in node.decorator_list):
        return None
    parameters = [*node.args.posonlyargs, *node.args.args]
    if parameters and (in_class or parameters[0].arg in {"self", "cls"}):
        return parameters[0].arg
    return None


def _parameters(node: Definition, *, skip: bool) -> list[tuple[str, str, str]]:
    """Kind, name and default of each parameter, annotations left out."""
    a = node.args
    placed = [("positional", p.arg) for p in a.posonlyargs] + [("either", p.arg) for p in a.args]
    defaults = [""] * (len(placed) - len(a.defaults)) + [ast.unparse(d) for d in a.defaults]
    found = [(kind, name, default) for (kind, name), default in zip(placed, defaults, strict=True)]
    found = found[1:] if skip else found
    for p, value in zip(a.kwonlyargs, a.kw_defaults, strict=True):
        found.append(("keyword", p.arg, ast.unparse(value) if value is not None else ""))
    found += [("rest", p.arg, "") for p in (a.vararg, a.kwarg) if p is not None]
    return found


def _added_decorators(node: Definition, own: Definition) -> list[ast.expr]:
    known = {ast.unparse(d) for d in own.decorator_list} | {"staticmethod", "classmethod"}
    return [d for d in node.decorator_list if ast.unparse(d) not in known]


def _is_star(node: ast.ImportFrom) -> bool:
    return any(alias.name == "*" for alias in node.names)
