"""The state of reading a function: what its variables stand for, and how constants resolve."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Sequence

from pytest_genx.backends.inputs.clues import Clues
from pytest_genx.backends.inputs.namespace import Function, Namespace


class Reader(ABC):
    """The variables of the function being read; what reads which part stands in its heirs.

    `literals` are the expressions that variables were last given, as far as they are constant.
    """

    def __init__(self, namespace: Namespace) -> None:
        self.namespace = namespace
        self.variables: dict[str, Clues] = {}
        self.parameters: dict[str, Clues] = {}
        self.literals: dict[str, ast.expr] = {}
        self.functions = dict(namespace.functions)
        self.inside: list[str] = []  # functions of the module that are being read
        self.entries = 0

    @abstractmethod
    def read(self, node: ast.expr | None) -> Clues:
        """Read an expression for what it says of variables; give the clues of its value."""

    @abstractmethod
    def block(self, body: Sequence[ast.stmt]) -> None:
        """Read statements in order."""

    @abstractmethod
    def bind(self, place: ast.expr, value: Clues, source: ast.expr | None) -> None:
        """Let a place stand for a value.

        Args:
            place: what is assigned to.
            value: the clues of the value.
            source: the expression that gave it, None when there is none.
        """

    @abstractmethod
    def loop(self, place: ast.expr, source: ast.expr) -> None:
        """Bind what a loop runs over."""

    @abstractmethod
    def call(self, node: ast.Call) -> Clues:
        """Read a call; give the clues of its result."""

    @abstractmethod
    def function(self, node: ast.Lambda) -> Clues:
        """Read the body of a lambda, whose arguments are not known."""

    def resolved(self, node: ast.expr) -> ast.expr:
        """The constant expression that a name stands for; the node itself otherwise."""
        for _ in range(3):
            if not isinstance(node, ast.Name):
                break
            known = self.literals.get(node.id)
            if known is None and node.id not in self.variables:
                known = self.namespace.constants.get(node.id)
            if known is None:
                break
            node = known
        return node

    def text(self, node: ast.expr | None) -> str | None:
        """The string that an expression is, None when it is none or not known."""
        found = None if node is None else self.resolved(node)
        if isinstance(found, ast.Constant) and isinstance(found.value, str):
            return found.value
        return None


def every_argument(function: Function) -> list[ast.arg]:
    """All parameters of a function, starred ones last."""
    arguments = function.args
    star = [a for a in (arguments.vararg, arguments.kwarg) if a is not None]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *star]


def number_of(node: ast.expr | None) -> int | float | None:
    """The number a constant is, its sign included; None when it is none."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = number_of(node.operand)
        return None if inner is None else -inner
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return None if isinstance(node.value, bool) else node.value
    return None
