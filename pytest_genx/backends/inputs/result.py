"""What a call gives, as far as the source tells: a value, an iterator, or nothing comparable."""

from __future__ import annotations

import ast
import enum
from collections.abc import Iterable, Iterator

from pytest_genx.backends.inputs.facts import ENDLESS, ITERATORS, name_set
from pytest_genx.backends.inputs.namespace import Function, Namespace, last_name

_HINTS = name_set("Iterator Iterable Generator")
_OPAQUE_HINTS = name_set("AsyncIterator AsyncGenerator AsyncIterable ContextManager")
_MANAGERS = name_set("contextmanager asynccontextmanager fixture")
_DEPTH = 3


class Result(enum.Enum):
    """How a call must be written so that it has a value that can be compared."""

    VALUE = enum.auto()
    ITERATOR = enum.auto()
    ENDLESS = enum.auto()  # an iterator that may not stop
    NESTED = enum.auto()  # a collection or an iterator of iterators
    OPAQUE = enum.auto()  # a function, a context manager, an asynchronous generator


def result_of(function: Function, namespace: Namespace, depth: int = 0) -> Result:
    """Say what calling a function gives.

    Args:
        function: the definition.
        namespace: of its module: what it returns may be the iterator of another function.
        depth: how many functions were entered on the way.
    """
    nodes = list(_own_nodes(function))
    body = _Body(nodes, namespace, depth)
    yields = any(isinstance(node, ast.Yield | ast.YieldFrom) for node in nodes)
    hint = _hinted(function.returns)
    decorators = (d.func if isinstance(d, ast.Call) else d for d in function.decorator_list)
    managed = _MANAGERS & set(map(last_name, decorators))
    if hint in _OPAQUE_HINTS or (
        yields and (managed or isinstance(function, ast.AsyncFunctionDef))
    ):
        return Result.OPAQUE
    if not yields and hint not in _HINTS:
        returned = [n.value for n in nodes if isinstance(n, ast.Return) and n.value is not None]
        return _together([body.judge(value) for value in returned if not _is_empty(value)])
    if _may_not_stop(nodes):
        return Result.ENDLESS
    yielded = [n.value for n in nodes if isinstance(n, ast.Yield) and n.value is not None]
    inner = [body.judge(value) for value in yielded]
    return Result.NESTED if inner and _all_iterators(inner) else Result.ITERATOR


def _together(results: list[Result]) -> Result:
    """Judge a function by all it returns: one plain value makes it a function of values."""
    if not results or Result.VALUE in results:
        return Result.VALUE
    order = (Result.OPAQUE, Result.NESTED, Result.ENDLESS, Result.ITERATOR)
    return next(result for result in order if result in results)


class _Body:
    """The assignments of one function, by which the expressions it returns are judged."""

    def __init__(self, nodes: Iterable[ast.AST], namespace: Namespace, depth: int) -> None:
        self.namespace = namespace
        self.depth = depth
        self.assigned: dict[str, ast.expr] = {}
        self.appended: dict[str, ast.expr] = {}
        self.functions: set[str] = set()
        for node in nodes:
            if isinstance(node, ast.Assign):
                for place in node.targets:
                    parts = place.elts if isinstance(place, ast.Tuple) else [place]
                    for part in parts:
                        self.assigned[last_name(part)] = node.value
            elif isinstance(node, Function):
                self.functions.add(node.name)
            elif isinstance(node, ast.Call) and last_name(node.func) == "append" and node.args:
                assert isinstance(node.func, ast.Attribute | ast.Name), "it has a last name"
                if isinstance(node.func, ast.Attribute):
                    self.appended[last_name(node.func.value)] = node.args[0]

    def judge(self, value: ast.expr, tries: int = 3) -> Result:
        """Say what an expression gives, looking up at most so many variables."""
        if isinstance(value, ast.GeneratorExp):
            return Result.ITERATOR
        if isinstance(value, ast.Lambda):
            return Result.OPAQUE
        if isinstance(value, ast.Call):
            return self._called(value)
        if isinstance(value, ast.ListComp | ast.Tuple | ast.List):
            parts = [value.elt] if isinstance(value, ast.ListComp) else value.elts
            inner = [self.judge(part, tries - 1) for part in parts]
            return Result.NESTED if inner and _all_iterators(inner) else Result.VALUE
        return self._variable(value.id, tries) if isinstance(value, ast.Name) else Result.VALUE

    def _variable(self, name: str, tries: int) -> Result:
        if name in self.functions:
            return Result.OPAQUE
        if name in self.appended and tries > 0:
            inner = self.judge(self.appended[name], tries - 1)
            return Result.NESTED if _all_iterators([inner]) else Result.VALUE
        if name in self.assigned and tries > 0:
            return self.judge(self.assigned[name], tries - 1)
        return Result.VALUE

    def _called(self, value: ast.Call) -> Result:
        name = last_name(value.func)
        plain = isinstance(value.func, ast.Name)
        if plain:
            name = last_name(self.namespace.constants.get(name)) or name
            origin = self.namespace.imports.get(name, "")
            name = origin.partition("itertools.")[2] or name
        if plain and name in self.namespace.functions and self.depth < _DEPTH:
            return result_of(self.namespace.functions[name], self.namespace, self.depth + 1)
        if plain and name in self.namespace.classes:
            own = (s for s in self.namespace.classes[name].body if isinstance(s, Function))
            return Result.ITERATOR if "__next__" in {s.name for s in own} else Result.VALUE
        if name == "partial":
            return Result.OPAQUE
        base = last_name(value.func.value) if isinstance(value.func, ast.Attribute) else ""
        if name in ITERATORS and (plain or base in {"itertools", "chain", "re"}):
            endless = _may_not_stop(list(ast.walk(value)))
            return Result.ENDLESS if endless else Result.ITERATOR
        return Result.VALUE


def _own_nodes(function: Function) -> Iterator[ast.AST]:
    """Walk a body without the functions defined in it."""
    pending: list[ast.AST] = list(function.body)
    while pending:
        node = pending.pop(0)
        yield node
        if not isinstance(node, Function | ast.Lambda | ast.ClassDef):
            pending.extend(ast.iter_child_nodes(node))


def _hinted(hint: ast.expr | None) -> str:
    """The name of the return annotation, without its parameters."""
    if isinstance(hint, ast.Constant) and isinstance(hint.value, str):
        return hint.value.partition("[")[0].rpartition(".")[2]
    return last_name(hint.value if isinstance(hint, ast.Subscript) else hint)


def _is_empty(value: ast.expr) -> bool:
    """Whether it says nothing of the other results: None, an empty tuple."""
    if isinstance(value, ast.Tuple | ast.List):
        return not value.elts
    return isinstance(value, ast.Constant) and value.value is None


def _all_iterators(results: Iterable[Result]) -> bool:
    return all(result in {Result.ITERATOR, Result.ENDLESS, Result.NESTED} for result in results)


def _may_not_stop(nodes: Iterable[ast.AST]) -> bool:
    """Whether there is an endless iterator, or a `while True` that nothing leaves."""
    for node in nodes:
        if isinstance(node, ast.Call) and last_name(node.func) in ENDLESS:
            # `repeat(x, 3)` stops; `text.count("a")` is no iterator
            name, plain = last_name(node.func), isinstance(node.func, ast.Name)
            module = "" if plain else last_name(getattr(node.func, "value", None))
            if (plain or module == "itertools") and not (name == "repeat" and node.args[1:]):
                return True
        if isinstance(node, ast.While) and isinstance(node.test, ast.Constant) and node.test.value:
            leaves = (ast.Break, ast.Return, ast.Raise)
            if not any(isinstance(inner, leaves) for inner in ast.walk(node)):
                return True
    return False
