"""The module as it stands, run where no candidate ever was: for what plain values cannot tell.

It says what an expected expression is worth, once for all candidates, and compares values that
are not plain (decimals, dates, objects of the user's classes) by their own `==`, in an
interpreter that holds the user's code and none of a model's.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from pytest_genx.domain import Batch, Execution, Outcome
from pytest_genx.sandboxes.literal import read
from pytest_genx.sandboxes.plan import Plan
from pytest_genx.sandboxes.verdict import Judge, failed, rebuilt, returned, shown
from pytest_genx.sandboxes.worker.observe import EXTRA_NAMES

RunPlans = Callable[[Batch, Sequence[Plan]], list[Execution]]

_PARTS = (
    ast.Expression, ast.Constant, ast.List, ast.Tuple, ast.Dict, ast.Set, ast.Call, ast.keyword,
    ast.Name, ast.Attribute, ast.Load, ast.UnaryOp, ast.USub, ast.UAdd, ast.BinOp, ast.Add,
    ast.Sub,
)  # fmt: skip

# What an answer may name: classes to call, and values; no functions, and nothing that equals
# whatever it is held against.
_HONEST = (
    "lambda *named: all("
    "not issubclass(one, type) if isinstance(one, type) else"
    " getattr(one, '__module__', '') + '.' + getattr(one, '__name__', '')"
    " in ('numpy.array', 're.compile') if callable(one) else"
    " (one == object()) is not True for one in named)"
)


class Reference:
    """What the module under test, or an empty one, makes of expressions."""

    def __init__(self, batch: Batch, run: RunPlans) -> None:
        """Prepare; nothing is run before it is needed.

        Args:
            batch: what the expressions belong to.
            run: runs plans against the one program of a batch.
        """
        self._batch = replace(batch, programs=(_source(batch.path),), known=())
        self._run = run
        self._digests: dict[int, str | None] = {}

    def resolve(self, plans: Sequence[Plan]) -> list[Plan]:
        """Evaluate what is expected where that is no literal.

        Returns:
            The plans, with a literal where the value is plain. What only a candidate's own
            module can evaluate is compared there.
        """
        asked = [
            j
            for j, p in enumerate(plans)
            if p.sign not in {"", "raises", "prints"} and p.literal is None
        ]
        resolved = list(plans)
        wanted = [Plan(plans[j].expected, True, imports=plans[j].imports) for j in asked]
        for j, seen in zip(asked, self._execute(wanted), strict=True):
            if seen.outcome is not Outcome.PASS:
                resolved[j] = replace(plans[j], against=plans[j].expected)
            elif _is_plain(seen.value):
                resolved[j] = replace(plans[j], literal=seen.value)
            else:
                self._digests[j] = seen.digest
        return resolved

    def decide(self, judge: Judge, open_: Sequence[tuple[int, str]]) -> None:
        """Decide what the judge left open."""
        asked = []
        for case, answer in open_:
            plan, seen = judge.plans[case], returned(answer)
            digest = self._digests.get(case)
            if plan.sign == "==" and digest is not None and digest == seen.digest:
                judge.settle(case, answer, seen)
            elif (text := rebuilt(answer)) is None or not _is_value(text):
                judge.settle(case, answer, failed(seen, shown(answer), plan))
            else:
                honest = f"({_HONEST})({', '.join(_named(text))})"
                test = f"{honest} and not not (({text}) {plan.sign} ({plan.expected}))"
                imports = (*_gaps(text), *plan.imports)
                asked.append((case, answer, Plan(test, True, "", imports=imports)))
        executions = self._execute([plan for _, _, plan in asked])
        for (case, answer, _), execution in zip(asked, executions, strict=True):
            seen = returned(answer)
            holds = execution.value == "True"
            judge.settle(
                case, answer, seen if holds else failed(seen, shown(answer), judge.plans[case])
            )

    def _execute(self, plans: Sequence[Plan]) -> list[Execution]:
        return self._run(self._batch, plans) if plans else []


def _gaps(text: str) -> list[str]:
    """Import what the writer of an expression takes for known, where the module does not."""
    return [
        f"if {name!r} not in globals(): {statement}"
        for name, statement in EXTRA_NAMES.items()
        if name in text
    ]


def _source(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _is_plain(text: str | None) -> bool:
    try:
        read(text or "")
    except ValueError:
        return False
    return True


def _is_value(text: str) -> bool:
    """Say whether a candidate's text only names and builds values: it is executed elsewhere."""
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return all(_is_part(node) for node in ast.walk(tree))


def _is_part(node: ast.AST) -> bool:
    if isinstance(node, ast.Call) and not isinstance(node.func, (ast.Name, ast.Attribute)):
        return False
    if isinstance(node, ast.Attribute):
        return isinstance(node.value, (ast.Name, ast.Attribute)) and node.attr[0] != "_"
    return isinstance(node, _PARTS) and "__" not in getattr(node, "id", "")


def _named(text: str) -> list[str]:
    """List what an expression names, each once."""
    found: dict[str, None] = {}
    todo: list[ast.AST] = [ast.parse(text, mode="eval")]
    while todo:
        node = todo.pop()
        if isinstance(node, (ast.Name, ast.Attribute)):
            found[ast.unparse(node)] = None
        else:
            todo.extend(ast.iter_child_nodes(node))
    return list(found)
