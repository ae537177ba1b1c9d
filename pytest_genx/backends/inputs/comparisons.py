"""What comparisons say: values that a variable is compared with, its length, its members."""

from __future__ import annotations

import ast

from pytest_genx.backends.inputs.clues import Clues
from pytest_genx.backends.inputs.namespace import last_name
from pytest_genx.backends.inputs.reader import Reader, number_of

_LONGEST = 12  # lengths that are worth trying


class ComparisonReader(Reader):
    """Reads comparisons."""

    def equal(self, clues: Clues, node: ast.expr) -> None:
        """Note a value that something is compared with."""
        node = self.resolved(node)
        value = number_of(node)
        if value is not None:
            clues.vote("number" if isinstance(value, int) else "float")
            clues.limit(*(value - 1, value, value + 1))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            clues.vote("char" if len(node.value) == 1 else "str")
            clues.example(node.value)
        elif isinstance(node, ast.Constant) and isinstance(node.value, bytes):
            clues.vote("bytes")
            clues.example(node.value)

    def looked_up(self, index: Clues, table: ast.expr) -> None:
        """Note the keys of a known table as values of what it is indexed with."""
        known = self.resolved(table)
        if isinstance(known, ast.Dict):
            for key in [k for k in known.keys if k is not None][:4]:
                self.equal(index, key)

    def compare(self, node: ast.Compare) -> Clues:
        """Read a comparison, chained or not."""
        sides = [node.left, *node.comparators]
        values = [self.read(side) for side in sides]
        for position, operator in enumerate(node.ops):
            left, right = sides[position : position + 2]
            one, other = values[position : position + 2]
            if isinstance(operator, ast.In | ast.NotIn):
                self._member(one, other, left, right)
            elif isinstance(operator, ast.Is | ast.IsNot):
                for clues, side in ((one, right), (other, left)):
                    if isinstance(side, ast.Constant) and side.value is None:
                        clues.vote("none")
            else:
                self.equal(one, right)
                self.equal(other, left)
                self._sized(left, right)
                one.peers.append(other)
                other.peers.append(one)
        return Clues().vote("bool")

    def _sized(self, left: ast.expr, right: ast.expr) -> None:
        """Note the lengths that `len(x) > 3` asks about."""
        size = number_of(self.resolved(right))
        if not isinstance(size, int) or not 0 <= size <= _LONGEST:
            return
        if isinstance(left, ast.Call) and last_name(left.func) == "len" and left.args:
            sizes = (size, size + 1, max(size - 1, 0))
            self.read(left.args[0]).sizes.update(dict.fromkeys(sizes))

    def _member(self, one: Clues, other: Clues, left: ast.expr, right: ast.expr) -> None:
        """Read `left in right`."""
        right = self.resolved(right)
        if isinstance(right, ast.Call) and right.args:
            right = right.args[0]
        letters = self.text(right)
        text = self.text(left)
        if letters is not None:
            one.vote("char")
            one.example(*letters[:5])
        elif isinstance(right, ast.List | ast.Tuple | ast.Set | ast.Dict):
            parts = right.keys if isinstance(right, ast.Dict) else right.elts
            for part in [part for part in parts if part is not None][:5]:
                self.equal(one, part)
        elif text is not None:
            other.vote("container")
            other.example(f"a{text}b")
            other.elements().example(text)
        else:
            one.vote("member")
            other.vote("container")
            one.peers.append(other.elements())
