"""What an expression says of the variables in it; calls are read in `invocations`."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from pytest_genx.backends.inputs.clues import Clues
from pytest_genx.backends.inputs.comparisons import ComparisonReader
from pytest_genx.backends.inputs.facts import MEMBERS
from pytest_genx.backends.inputs.namespace import Namespace, last_name
from pytest_genx.backends.inputs.reader import number_of

_INTEGRAL = ast.Mod | ast.FloorDiv | ast.BitAnd | ast.BitOr | ast.BitXor | ast.LShift | ast.RShift
_LONGEST = 12  # positions that are worth trying


class ExpressionReader(ComparisonReader):
    """Reads everything but calls."""

    def __init__(self, namespace: Namespace) -> None:
        super().__init__(namespace)
        self._readers: dict[type, Callable[[Any], Clues]] = {
            ast.Name: lambda node: self.variables.get(node.id) or Clues(),
            ast.Constant: _constant,
            ast.Starred: lambda node: self.read(node.value).vote("iterable").elements(),
            ast.Await: lambda node: self.read(node.value),
            ast.NamedExpr: self._named,
            ast.BoolOp: self._either,
            ast.IfExp: self._chosen,
            ast.List: self._collection,
            ast.Set: self._collection,
            ast.Tuple: lambda node: Clues(places=[self.read(part) for part in node.elts]),
            ast.Dict: self._mapping,
            ast.ListComp: self._comprehension,
            ast.SetComp: self._comprehension,
            ast.GeneratorExp: self._comprehension,
            ast.DictComp: self._dict_comprehension,
            ast.FormattedValue: self._formatted,
            ast.Attribute: self._attribute,
            ast.Subscript: self._subscript,
            ast.BinOp: self._operation,
            ast.UnaryOp: self._unary,
            ast.Compare: self.compare,
            ast.Call: self.call,
            ast.Lambda: self.function,
        }

    def read(self, node: ast.expr | None) -> Clues:
        """Read an expression for what it says of variables; give the clues of its value."""
        reader = self._readers.get(type(node))
        if reader is not None:
            return reader(node)
        for child in ast.iter_child_nodes(node) if node is not None else ():
            if isinstance(child, ast.expr):
                self.read(child)
        return Clues()

    def truth(self, test: ast.expr) -> None:
        """Read a condition; what a called variable gives is true or false here."""
        inner = test.operand if isinstance(test, ast.UnaryOp) else test
        value = self.read(test)
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name):
            value.vote("bool")

    def _named(self, node: ast.NamedExpr) -> Clues:
        value = self.read(node.value)
        self.bind(node.target, value, node.value)
        return value

    def _either(self, node: ast.BoolOp) -> Clues:
        first, *rest = [self.read(value) for value in node.values]
        if isinstance(node.op, ast.Or):
            for value, clues in zip(node.values[1:], rest, strict=True):
                if isinstance(value, ast.List | ast.Tuple | ast.Dict | ast.Constant):
                    first.vote(*clues.votes)
        return first

    def _chosen(self, node: ast.IfExp) -> Clues:
        self.truth(node.test)
        chosen, other = self.read(node.body), self.read(node.orelse)
        return other if isinstance(node.body, ast.Constant) else chosen

    def _collection(self, node: ast.List | ast.Set) -> Clues:
        parts = [self.read(part) for part in node.elts]
        return Clues(element=parts[0] if parts else None).vote("list")

    def _mapping(self, node: ast.Dict) -> Clues:
        for part in (*node.keys, *node.values):
            self.read(part)
        return Clues().vote("dict")

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> Clues:
        self._generators(node.generators)
        return Clues(element=self.read(node.elt)).vote("list")

    def _dict_comprehension(self, node: ast.DictComp) -> Clues:
        self._generators(node.generators)
        return Clues(element=self.read(node.key), item=self.read(node.value)).vote("dict")

    def _generators(self, generators: Sequence[ast.comprehension]) -> None:
        for generator in generators:
            self.loop(generator.target, generator.iter)
            for test in generator.ifs:
                self.truth(test)

    def _formatted(self, node: ast.FormattedValue) -> Clues:
        value = self.read(node.value)
        spec = ast.unparse(node.format_spec)[2:-1] if node.format_spec else ""
        if spec.endswith(("f", "%", "e", "g")):
            value.vote("float")
        elif spec.endswith(("d", "x", "b", "o", ",")):
            value.vote("int")
        return value

    def _attribute(self, node: ast.Attribute) -> Clues:
        if isinstance(node.value, ast.Name) and node.value.id == "self":
            return self.variables.setdefault(f"self.{node.attr}", Clues())
        base = self.read(node.value)
        use = MEMBERS.get(node.attr)
        if use is not None and not base.attributes:
            base.vote(use)
            return Clues().vote(*(["number"] if use in {"date", "datetime"} else []))
        return base.attributes.setdefault(node.attr, Clues())

    def _subscript(self, node: ast.Subscript) -> Clues:
        base = self.read(node.value)
        if isinstance(node.slice, ast.Slice):
            for bound in (node.slice.lower, node.slice.upper, node.slice.step):
                self.read(bound).vote("count")
            return base.vote("sequence")
        index = self.read(node.slice)
        self.looked_up(index, node.value)
        if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
            return base.fields.setdefault(node.slice.value, Clues())
        position = number_of(node.slice)
        if isinstance(position, int):
            base.vote("indexed", "sequence")
            if 0 < position <= _LONGEST:
                base.sizes.setdefault(position + 2)
            if 0 <= position < len(base.places):
                return base.places[position]
        elif isinstance(node.slice, ast.BinOp | ast.UnaryOp) or "count" in index.votes:
            base.vote("indexed", "sequence")
            index.vote("count")
        else:
            base.vote("indexed")
            index.vote("subscript")
        return base.items()

    def _operation(self, node: ast.BinOp) -> Clues:
        left, right = self.read(node.left), self.read(node.right)
        collections = {"str", "list"} & {*left.votes, *right.votes}
        if isinstance(node.op, ast.Mod) and self.text(node.left) is not None:
            return Clues().vote("str")
        if isinstance(node.op, ast.Mult) and collections:
            for one, other in ((left, right), (right, left)):
                if collections & set(other.votes):
                    one.vote("count")
            return Clues().vote(*collections)
        if isinstance(node.op, ast.BitOr | ast.BitAnd | ast.Sub) and (
            "set" in {*left.votes, *right.votes}
        ):
            right.vote("set")
            return left.vote("set")
        if isinstance(node.op, ast.Add | ast.Sub):
            return self._sum(node, left, right)
        if isinstance(node.op, ast.Div | ast.Mod | ast.FloorDiv):
            right.limit(0)
            by = number_of(self.resolved(node.right))
            if isinstance(by, int):
                left.limit(*((0, 1) if by == 2 else (by - 1, by, by + 1)))
        use = "int" if isinstance(node.op, _INTEGRAL) else "number"
        left.vote(use)
        right.vote(use)
        return Clues(peers=[left, right]).vote(use)

    def _sum(self, node: ast.BinOp, left: Clues, right: Clues) -> Clues:
        """Read a sum or a difference of numbers, or a sum of texts or lists."""
        collections = {"str", "list"} & {*left.votes, *right.votes}
        if isinstance(node.op, ast.Add) and collections:
            left.vote(*collections)
            right.vote(*collections)
            return Clues(element=left.element).vote(*collections)
        left.peers.append(right)
        right.peers.append(left)
        constants = [number_of(side) is not None for side in (node.left, node.right)]
        if isinstance(node.op, ast.Add) and not any(constants):
            # numbers, texts or lists: whatever is done with the sum tells which
            right.vote("added")
            return left.vote("added")
        self._letters(node)
        left.vote("number")
        right.vote("number")
        return right if constants[0] else left

    def _letters(self, node: ast.BinOp) -> None:
        """Read `ord(letter) - ord("A")` as the wish for capital letters."""
        sides = [side for side in (node.left, node.right) if isinstance(side, ast.Call)]
        if [last_name(side.func) for side in sides] == ["ord", "ord"]:
            first = self.text(sides[1].args[0]) if sides[1].args else None
            if first and sides[0].args:
                letters = (chr(ord(first[0]) + i) for i in (0, 1, 0, 2))
                self.read(sides[0].args[0]).example(*letters)

    def _unary(self, node: ast.UnaryOp) -> Clues:
        value = self.read(node.operand)
        return value if isinstance(node.op, ast.Not) else value.vote("number")


def _constant(node: ast.Constant) -> Clues:
    kinds = {int: "number", float: "float", str: "str", bytes: "bytes"}
    kind = kinds.get(type(node.value))
    return Clues().vote(kind) if kind else Clues()
