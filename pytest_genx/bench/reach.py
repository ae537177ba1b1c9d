"""How much of a function its cases reach: lines and branches, as coverage.py counts them.

Counted are the body of the function, and those of the functions and classes of its module that it
uses, and that these use. This is no sandbox: it is meant for code that is trusted, and for cases
that have run on it in one. Run as a module it is the child that measures: one JSON request on
stdin, the answer in the file that it names.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pytest_genx.domain import Case
from pytest_genx.errors import GenxError, MissingDependency

_SECONDS = 60.0  # wall time for all groups of one program
_FILE, _ANSWER = "reached_program.py", "answer.json"
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class Unmeasured(GenxError):
    """A program could not be measured."""

    def __init__(self, entry_point: str, reason: str) -> None:
        super().__init__(f"coverage of {entry_point}: {reason}")


@dataclass(frozen=True, slots=True)
class Reach:
    """Lines with a statement and ways out of branches: how many there are, and were reached."""

    lines: int
    lines_reached: int
    branches: int
    branches_reached: int

    @property
    def share(self) -> float:
        """Lines and branches together; 1.0 where there is nothing to reach.

        >>> Reach(3, 3, 2, 1).share
        0.8
        """
        whole = self.lines + self.branches
        return (self.lines_reached + self.branches_reached) / whole if whole else 1.0


def reach(program: str, entry_point: str, groups: Sequence[Sequence[Case]]) -> list[Reach]:
    """Run each group of cases by itself, every case in a fresh namespace of the program.

    Args:
        program: source of a module; its layout does not matter.
        entry_point: a function that it defines.
        groups: of cases that are snippets; one that raises has still reached what it reached.

    Returns:
        What each group reaches.

    Raises:
        MissingDependency: coverage is not installed.
        Unmeasured: the program defines no such function, does not load, or takes too long.
    """
    if importlib.util.find_spec("coverage") is None:
        raise MissingDependency(
            "coverage of a target", "coverage", 'pip install "pytest-genx[coverage]"'
        )
    # One statement a line: a body on the line of its `def` would be reached by the import.
    text = ast.unparse(ast.parse(program)) + "\n"
    regions = [(node.lineno, node.end_lineno) for node in bodies(ast.parse(text), entry_point)]
    if not regions:
        raise Unmeasured(entry_point, "no function of that name")
    snippets = [["\n".join((*case.imports, case.source)) for case in group] for group in groups]
    with tempfile.TemporaryDirectory(prefix="genx-reach-") as name:
        folder = Path(name).resolve()
        (folder / _FILE).write_text(text, "utf-8")
        request = {"folder": str(folder), "regions": regions, "groups": snippets}
        try:
            done = subprocess.run(
                [sys.executable, "-m", "pytest_genx.bench.reach"], input=json.dumps(request),
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False,
                timeout=_SECONDS,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise Unmeasured(entry_point, f"takes more than {_SECONDS:g} s") from None
        if not (folder / _ANSWER).exists():
            last = (done.stderr.strip().splitlines() or ["the process ended early"])[-1]
            raise Unmeasured(entry_point, last)
        return [Reach(**one) for one in json.loads((folder / _ANSWER).read_text("utf-8"))]


def bodies(tree: ast.Module, entry_point: str) -> Iterator[ast.stmt]:
    r"""Yield the statements of the entry point, and of what it uses of its module.

    >>> tree = ast.parse("def a(): return b()\ndef b(): return 1\ndef c(): return 2")
    >>> [node.lineno for node in bodies(tree, "a")]
    [1, 2]
    """
    defined = {node.name: node for node in tree.body if isinstance(node, _DEFINITIONS)}
    waiting, seen = [entry_point], {entry_point}
    while waiting:
        node = defined.get(waiting.pop(0))
        if node is None:
            continue
        for part in _functions(node):
            yield from part.body
        names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} & defined.keys() - seen
        seen |= names
        waiting += sorted(names)


def _functions(node: Any) -> Iterator[Any]:
    """The function itself, or the methods of a class; what they define inside is theirs."""
    if not isinstance(node, ast.ClassDef):
        yield node
        return
    for child in node.body:
        if isinstance(child, _DEFINITIONS):
            yield from _functions(child)


def _measure(folder: Path, groups: Sequence[Sequence[str]], regions: Any) -> list[Reach]:
    """Measure in this process."""
    import coverage  # noqa: PLC0415

    path = str(folder / _FILE)
    code = compile((folder / _FILE).read_text("utf-8"), path, "exec")
    inside = {line for first, last in regions for line in range(first, last + 1)}
    found = []
    for group in groups:
        cover = coverage.Coverage(branch=True, data_file=None, include=[path], config_file=False)
        cover.start()
        try:
            for snippet in group or ("",):
                namespace = {"__name__": "reached_program", "__file__": path}
                exec(code, namespace)  # noqa: S102 -- see the module's docstring
                try:
                    exec(snippet, namespace)  # noqa: S102
                except Exception:  # noqa: BLE001, S112 -- what it reached counts all the same
                    continue
        finally:
            cover.stop()
        _, statements, _, missing, _ = cover.analysis2(path)
        ways = {n: both for n, both in cover.branch_stats(path).items() if n in inside}
        lines = inside.intersection(statements)
        found.append(
            Reach(
                len(lines),
                len(lines.difference(missing)),
                sum(there for there, _ in ways.values()),
                sum(taken for _, taken in ways.values()),
            )
        )
    return found


def _serve() -> None:
    """Answer the one request."""
    request = json.load(sys.stdin)
    folder = Path(request["folder"])
    measured = _measure(folder, request["groups"], request["regions"])
    partial = folder / f"{_ANSWER}.new"
    partial.write_text(json.dumps([asdict(one) for one in measured]), "utf-8")
    partial.replace(folder / _ANSWER)


if __name__ == "__main__":
    _serve()
