"""Prove of a loop that it never ends, so that its time limit need not be waited for.

Child side: standard library only, imports nothing of ours. For stateless programs alone (see
`vet`), whose code computes the same from the same values. A `while` loop whose variables have
the same values at two of its turns goes on for ever. Variables that only grow (`result += x`,
`digits.append(x)`) and are read nowhere else in the loop decide nothing and may differ.

No proof says nothing: the loop may end, or grow what it depends on. A proof stands for the
timeout, which is what waiting would have given; a loop that fills the memory with large things
is left to the limit on memory.
"""

from __future__ import annotations

import ast
import sys
import types
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING or __package__:  # run by path, these are modules of their own
    from pytest_genx.sandboxes.worker.plain import plain
else:
    from plain import plain

_TURNS = 12  # of a loop that are watched
_LINES = 3000  # that are watched, in all
_GROWS = frozenset({"append", "insert", "extend", "appendleft"})
_SMALL = frozenset({int, float, bool, str, type(None)})
_WIDE, _LONG = 64, 1 << 20  # characters of an item, items of what grows
_CONSTANT = (types.BuiltinFunctionType, types.ModuleType, type)
_UNSUITED = (ast.Yield, ast.YieldFrom, ast.Await, ast.Nonlocal, ast.Global)
_MISSING = "missing"


class Loop(NamedTuple):
    """A loop, by the line of its condition, and its variables."""

    line: int
    deciding: frozenset[str]
    growing: frozenset[str]


class Endless(BaseException):
    """A loop was proved to be endless: raised in it, to leave it."""


class Watch:
    """Watches the loops that a program is in for a few turns, and ends an endless one."""

    def __init__(self, proved: Callable[[], None]) -> None:
        """Watch nothing yet.

        Args:
            proved: called with a proof, before `Endless` is raised.
        """
        self._proved = proved
        self._loops: dict[types.FrameType, list[Loop]] = {}
        self._seen: dict[tuple[types.FrameType, int], list[tuple[object, ...]]] = {}
        self._lines = 0

    def begin(self, frame: types.FrameType | None, program: str, path: str) -> None:
        """Watch from now on.

        Args:
            frame: what is being executed.
            program: its source.
            path: the name it was compiled under.
        """
        self.end()
        if frame is None:
            return
        functions = _functions(program)
        while frame is not None:
            function = functions.get(frame.f_code.co_firstlineno)
            code = frame.f_code
            if code.co_filename == path and function and code.co_name == function.name:
                loops = list(_loops(function, frame.f_lineno))
                if loops:
                    self._loops[frame] = loops
                    frame.f_trace = self._on_line
            frame = frame.f_back
        if self._loops:
            sys.settrace(_ignore)

    def end(self) -> None:
        """Watch no more."""
        if self._loops:
            sys.settrace(None)
        for frame in self._loops:
            frame.f_trace = None
        self._loops, self._seen, self._lines = {}, {}, 0

    def _on_line(self, frame: types.FrameType, event: str, _: object) -> Any:
        self._lines += 1
        if event == "line":
            for loop in self._loops.get(frame, ()):
                if loop.line == frame.f_lineno and self._turn(frame, loop):
                    self.end()
                    self._proved()
                    raise Endless
        if self._lines > _LINES or not self._loops:
            self.end()
            return None
        return self._on_line

    def _turn(self, frame: types.FrameType, loop: Loop) -> bool:
        """Look at one turn; True when an earlier one had the same state."""
        state = _state(frame.f_locals, loop)
        if state is None:
            self._loops[frame] = [other for other in self._loops[frame] if other != loop]
            return False
        turns = self._seen.setdefault((frame, loop.line), [])
        if state in turns:
            return True
        turns.append(state)
        if len(turns) > _TURNS:
            self._loops[frame] = [other for other in self._loops[frame] if other != loop]
        return False


def _ignore(*_: object) -> None:
    """Trace no new frame."""


def _functions(program: str) -> dict[int, ast.FunctionDef]:
    """Find the functions of a program by their first lines; those that can be looked into."""
    found: dict[int, ast.FunctionDef] = {}
    for node in ast.walk(ast.parse(program)):
        if isinstance(node, ast.FunctionDef) and not any(
            isinstance(inner, _UNSUITED) for inner in ast.walk(node)
        ):
            found[min([node.lineno, *(d.lineno for d in node.decorator_list)])] = node
    return found


def _loops(function: ast.FunctionDef, line: int) -> Iterator[Loop]:
    """Find the `while` loops of a function around a line, whose condition has lines of its own."""
    for node in ast.walk(function):
        if isinstance(node, ast.While) and node.lineno <= line <= (node.end_lineno or 0):
            growing = {name for name in _stored(node) if _only_grows(name, node)}
            names = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
            # a constant condition is compiled to nothing, and no line is seen of it
            first = node.body[0] if isinstance(node.test, ast.Constant) else node.test
            yield Loop(first.lineno, frozenset(names - growing), frozenset(growing))


def _stored(loop: ast.While) -> set[str]:
    """Name what a loop assigns, or calls a method of."""
    names = set()
    for node in ast.walk(loop):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            names.add(node.value.id)
    return names


def _only_grows(name: str, loop: ast.While) -> bool:
    """Say whether each mention of a variable makes it grow, and nothing else reads it."""
    mentions = sum(isinstance(n, ast.Name) and n.id == name for n in ast.walk(loop))
    return mentions == sum(_grows(name, n) for n in ast.walk(loop) if isinstance(n, ast.stmt))


def _grows(name: str, statement: ast.stmt) -> int:
    """Count the mentions of a variable in a statement that makes it grow."""
    match statement:
        case ast.AugAssign(ast.Name(id=target), ast.Add(), value) if target == name:
            return int(not _mentions(name, value))
        case ast.Assign([ast.Name(id=target)], ast.BinOp(left, ast.Add(), right)) if target == name:
            for one, other in ((left, right), (right, left)):
                if isinstance(one, ast.Name) and one.id == name and not _mentions(name, other):
                    return 2
        case ast.Expr(ast.Call(ast.Attribute(ast.Name(id=target), method), arguments, [])):
            if target == name and method in _GROWS:
                return int(not any(_mentions(name, argument) for argument in arguments))
    return 0


def _mentions(name: str, node: ast.expr) -> bool:
    return any(isinstance(inner, ast.Name) and inner.id == name for inner in ast.walk(node))


def _state(values: Any, loop: Loop) -> tuple[object, ...] | None:
    """Write down what decides how a loop goes on; None when that cannot be written."""
    if not all(_grows_slowly(values.get(name, 0)) for name in loop.growing):
        return None
    state: list[object] = []
    objects: list[int] = []  # which mutable values are one and the same
    for name in sorted(loop.deciding):
        value = values.get(name, _MISSING) if name in values else None
        if name not in values or _is_constant(value):
            state.append(id(value))
            continue
        text = plain(value)
        # Of nested values it does not show which are one, nor of sets in which order they come.
        if text is None or sum(map(text.count, "[({")) > 1 or type(value) in (set, frozenset):
            return None
        state.append((type(value), text))
        objects.append(id(value) if type(value) in (list, dict) else 0)
    return (*state, *(objects.index(one) for one in objects))


def _grows_slowly(value: Any) -> bool:
    """Say whether a variable will not use up the memory before the time is over."""
    kind = type(value)
    if kind in (int, float):
        return True
    if kind is list:
        return not value or (type(value[-1]) in _SMALL and len(repr(value[-1])) < _WIDE)
    return kind in (str, bytes, tuple) and len(value) < _LONG


def _is_constant(value: object) -> bool:
    if isinstance(value, types.FunctionType):
        return value.__closure__ is None
    return isinstance(value, _CONSTANT)
