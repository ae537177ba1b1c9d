"""Keep what models are measured on out of what they are trained on: by code, and by statement.

Two definitions count as equal when their code is, after docstrings, annotations and
formatting are removed and every name that the definition binds is numbered by appearance.

Statements are compared by runs of eight words, as is usual: GPT-3 (arXiv 2005.14165, appendix C)
takes any common run of 8 to 13 words for contamination, Tulu 3 (arXiv 2411.15124) runs of 8 that
make up more than half of a test instance. Statements here are short and alike, so the share
counts, of the shorter statement: "find the cubes of ..." next to "find the squares of ..." has
half of its runs in common and is another problem.

A solution or a statement in other words is not found; the card says so.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_SHORTEST = 40  # characters of a normalised definition; below, equality says nothing
_RUN = 8  # words
_OPENING = re.compile(
    r"(?:please )?(?:write|create|implement|define|develop) (?:a|an|the)?(?: \w+)? ?"
    r"(?:function|program|method|code)(?: in python)?(?: \w+)? (?:to|that|which)\b"
)


@dataclass(frozen=True, slots=True)
class Statements:
    """Runs of words of statements: which have one, by number, and how many each has."""

    having: Mapping[str, tuple[int, ...]]
    sizes: tuple[int, ...]

    def share(self, statement: str) -> float:
        """The largest share of runs in common with one of them, of the shorter of the two."""
        own = runs(statement)
        common = Counter(number for run in own for number in self.having.get(run, ()))
        return max((n / min(len(own), self.sizes[i]) for i, n in common.items()), default=0.0)


def index_statements(statements: Iterable[str]) -> Statements:
    """Index the runs of the statements that are measured on."""
    having: dict[str, list[int]] = defaultdict(list)
    sizes = []
    for number, found in enumerate(map(runs, statements)):
        sizes.append(len(found))
        for run in found:
            having[run].append(number)
    return Statements({run: tuple(numbers) for run, numbers in having.items()}, tuple(sizes))


def runs(statement: str) -> frozenset[str]:
    """Runs of eight words of a statement; a shorter one is one run, an empty one none.

    Letters and digits count, in lower case. Of code, such as HumanEval's prompts, the docstrings
    count, up to their first example; how a statement opens does not count.

    >>> sorted(runs("Write a python function to find the sum of all even numbers in it."))
    ['find the sum of all even numbers in', 'the sum of all even numbers in it']
    """
    words = " ".join(re.findall(r"[^\W_]+", _prose(statement).lower()))
    words = _OPENING.sub("", words, count=1) if _OPENING.match(words) else words
    found = words.split()
    if not found:
        return frozenset()
    count = max(1, len(found) - _RUN + 1)
    return frozenset(" ".join(found[i : i + _RUN]) for i in range(count))


def _prose(statement: str) -> str:
    """The docstrings of a statement that is code, or the statement."""
    if "def " not in statement:
        return statement
    try:
        tree = ast.parse(statement)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return statement
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    texts = [(ast.get_docstring(node) or "").partition(">>>")[0] for node in functions]
    return "\n".join(texts) if any(texts) else statement


class _Names(ast.NodeTransformer):
    """Number every bound name by its first appearance and drop what does not run."""

    def __init__(self, bound: set[str]) -> None:
        self._bound = bound
        self._numbers: dict[str, str] = {}

    def _numbered(self, name: str) -> str:
        if name not in self._bound:
            return name
        return self._numbers.setdefault(name, f"v{len(self._numbers)}")

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name = self._numbered(node.name)
        node.returns = None
        node.decorator_list = []
        node.body = [s for s in node.body if not _is_text(s)] or [ast.Pass()]
        self.generic_visit(node)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        node.arg = self._numbered(node.arg)
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self._numbered(node.id)
        return node


def fingerprint(definition: ast.FunctionDef) -> str | None:
    """Hash the normalised code of a function; None when it is too short to tell anything."""
    copy = ast.parse(ast.unparse(definition)).body[0]
    bound = {copy.name} if isinstance(copy, ast.FunctionDef) else set()
    for node in ast.walk(copy):
        if isinstance(node, ast.FunctionDef):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.add(node.id)
    text = ast.unparse(ast.fix_missing_locations(_Names(bound - {"self"}).visit(copy)))
    return hashlib.sha256(text.encode()).hexdigest() if len(text) >= _SHORTEST else None


def fingerprints(programs: Iterable[str]) -> frozenset[str]:
    """Hash every function and method of the given programs."""
    found = set()
    for program in programs:
        for node in ast.walk(ast.parse(program)):
            if isinstance(node, ast.FunctionDef):
                found.add(fingerprint(node))
    return frozenset(f for f in found if f is not None)


def contaminated(source: str, measured: frozenset[str]) -> bool:
    """Tell whether any function in `source` equals one of the measured ones."""
    return any(
        isinstance(node, ast.FunctionDef) and fingerprint(node) in measured
        for node in ast.walk(ast.parse(source))
    )


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )
