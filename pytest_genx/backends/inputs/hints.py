"""Type hints -> shapes; a class of the module is an INSTANCE that `classes.expand` completes."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from types import MappingProxyType

from pytest_genx.backends.inputs.facts import name_set, table
from pytest_genx.backends.inputs.namespace import Namespace, last_name
from pytest_genx.backends.inputs.shape import (
    ANY,
    BOOL,
    BYTES,
    COUNT,
    FLOAT,
    FUNCTION,
    INT,
    NONE,
    STR,
    Kind,
    Shape,
    collection,
    fixed,
    mapping,
    union,
)

_DEPTH = 4  # aliases of aliases, and strings in annotations

PLAIN: Mapping[str, Shape] = MappingProxyType(
    {
        "int": INT,
        "float": FLOAT,
        "complex": fixed("1 + 2j", "0j", "-1j"),
        "bool": BOOL,
        "str": STR,
        "LiteralString": STR,
        "AnyStr": STR,
        "Text": STR,
        "bytes": BYTES,
        "bytearray": fixed("bytearray(b'abc')", "bytearray(b'')"),
        "None": NONE,
        "Number": union(INT, FLOAT),
        "Real": union(FLOAT, INT),
        "Integral": INT,
        "Rational": fixed("«fractions.Fraction»(1, 2)", "1", "0"),
        "SupportsInt": INT,
        "SupportsIndex": INT,
        "SupportsFloat": FLOAT,
        "range": fixed("range(3)", "range(0)", "range(1, 10, 2)"),
        "date": fixed(
            "«datetime.date»(2024, 1, 31)",
            "«datetime.date»(2024, 2, 29)",
            "«datetime.date»(2023, 12, 31)",
            "«datetime.date»(2000, 1, 1)",
        ),
        "datetime": fixed(
            "«datetime.datetime»(2024, 1, 31, 12, 30)",
            "«datetime.datetime»(2024, 2, 29)",
            "«datetime.datetime»(2023, 12, 31, 23, 59, 59)",
        ),
        "time": fixed("«datetime.time»(12, 30)", "«datetime.time»(0, 0)"),
        "timedelta": fixed(
            "«datetime.timedelta»(days=1)",
            "«datetime.timedelta»(seconds=90)",
            "«datetime.timedelta»(0)",
            "«datetime.timedelta»(hours=-1)",
        ),
        "tzinfo": fixed("«datetime.timezone».utc"),
        "Decimal": fixed(
            "«decimal.Decimal»('1.50')",
            "«decimal.Decimal»('0')",
            "«decimal.Decimal»('-2.345')",
            "«decimal.Decimal»('100')",
        ),
        "Fraction": fixed(
            "«fractions.Fraction»(1, 2)", "«fractions.Fraction»(0)", "«fractions.Fraction»(-3, 4)"
        ),
        "UUID": fixed("«uuid.UUID»(int=1)", "«uuid.UUID»(int=0)"),
        "Path": fixed("«pathlib.Path»('a/b.txt')", "«pathlib.Path»('.')"),
        "PurePath": fixed("«pathlib.PurePath»('a/b.txt')", "«pathlib.PurePath»('.')"),
        "PurePosixPath": fixed("«pathlib.PurePosixPath»('a/b.txt')"),
        "PathLike": fixed("«pathlib.Path»('a/b.txt')"),
        "Pattern": fixed("«re.compile»('a+')", "«re.compile»('\\\\d')", "«re.compile»('')"),
        "TextIO": fixed("«io.StringIO»('a\\nb\\n')", "«io.StringIO»('')"),
        "BinaryIO": fixed("«io.BytesIO»(b'a\\nb\\n')", "«io.BytesIO»(b'')"),
        "IO": fixed("«io.StringIO»('a\\nb\\n')", "«io.StringIO»('')"),
        "StringIO": fixed("«io.StringIO»('a\\nb\\n')"),
        "BytesIO": fixed("«io.BytesIO»(b'a\\nb\\n')"),
        "Random": fixed("«random.Random»(0)", "«random.Random»(1)"),
        "Exception": fixed("ValueError('a')", "KeyError('a')"),
        "BaseException": fixed("ValueError('a')", "KeyboardInterrupt()"),
        "Callable": FUNCTION,
        "Hashable": union(INT, STR, NONE),
    }
)
_COLLECTIONS = table(
    **{
        "list": "list List Sequence MutableSequence Iterable Collection Container Reversible Sized "
        "KeysView ValuesView",
        "set": "set Set AbstractSet MutableSet",
        "frozenset": "frozenset FrozenSet",
        "iter": "Iterator Generator",
        "«collections.deque»": "deque Deque",
    }
)
_MAPPINGS = table(
    **{
        "dict": "dict Dict Mapping MutableMapping",
        "«collections.OrderedDict»": "OrderedDict",
        "«collections.Counter»": "Counter",
    }
)
_WRAPPERS = name_set("Annotated Final ClassVar InitVar Required NotRequired ReadOnly")


def shape_of_hint(node: ast.expr | None, namespace: Namespace, depth: int = 0) -> Shape:
    """Read an annotation; what it does not say is `ANY`.

    Args:
        node: the annotation, None when there is none.
        namespace: of the module it stands in.
        depth: how many classes and aliases were entered on the way.
    """
    if node is None or depth > _DEPTH:
        return ANY
    if isinstance(node, ast.Constant):
        return _of_constant(node, namespace, depth)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        sides = (shape_of_hint(side, namespace, depth) for side in (node.left, node.right))
        return union(*sides)
    if isinstance(node, ast.Subscript):
        return _of_subscript(node, namespace, depth)
    return _of_name(node, namespace, depth)


def shape_of_bare_name(name: str) -> Shape:
    """Read the name of a type of the standard library; ANY when it is not known."""
    if name in PLAIN:
        return PLAIN[name]
    if name in _COLLECTIONS:
        return collection(ANY, _COLLECTIONS[name])
    if name in _MAPPINGS:
        return mapping(ANY, COUNT if name == "Counter" else ANY, _MAPPINGS[name])
    if name in {"tuple", "Tuple"}:
        return collection(ANY, "tuple")
    return fixed("int", "str", "list") if name in {"type", "Type"} else ANY


def _of_constant(node: ast.Constant, namespace: Namespace, depth: int) -> Shape:
    if node.value is None:
        return NONE
    if isinstance(node.value, str):
        try:
            return shape_of_hint(ast.parse(node.value, mode="eval").body, namespace, depth + 1)
        except (SyntaxError, ValueError):
            return ANY
    return ANY


def _of_name(node: ast.expr, namespace: Namespace, depth: int) -> Shape:
    name = last_name(node)
    if isinstance(node, ast.Attribute) and ast.unparse(node) in namespace.classes:
        name = ast.unparse(node)
    if name in namespace.classes:
        return Shape(Kind.INSTANCE, name)
    if name in namespace.constants:
        return _of_alias(namespace.constants[name], namespace, depth)
    return shape_of_bare_name(namespace.imports.get(name, name).rpartition(".")[2])


def _of_alias(value: ast.expr, namespace: Namespace, depth: int) -> Shape:
    """Read `Alias = list[int]`, `UserId = NewType("UserId", int)` and `T = TypeVar("T", ...)`."""
    if not isinstance(value, ast.Call):
        return shape_of_hint(value, namespace, depth + 1)
    maker, arguments = last_name(value.func), value.args[1:]
    if maker == "NewType" and arguments:
        return shape_of_hint(arguments[0], namespace, depth + 1)
    if maker == "TypeVar":
        arguments += [k.value for k in value.keywords if k.arg == "bound"]
        shapes = [shape_of_hint(argument, namespace, depth + 1) for argument in arguments]
        return union(*shapes) if shapes else ANY
    return ANY


def _of_subscript(node: ast.Subscript, namespace: Namespace, depth: int) -> Shape:
    inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    name = last_name(node.value)
    name = namespace.imports.get(name, name).rpartition(".")[2]
    if name == "Literal":
        return fixed(*map(ast.unparse, inner))
    if name in {"type", "Type"}:
        kind = last_name(inner[0])
        known = kind in namespace.classes or kind in PLAIN
        return fixed(kind) if known else fixed("int", "str")
    if name == "Callable":
        sizes = (len(inner[0].elts),) if isinstance(inner[0], ast.List) else ()
        result = shape_of_hint(inner[-1], namespace, depth)
        return Shape(Kind.CALLABLE, parts=(result,), sizes=sizes)
    if name in {"tuple", "Tuple"} and ast.unparse(inner[-1]) == "...":
        return collection(shape_of_hint(inner[0], namespace, depth), "tuple")
    parts = tuple(shape_of_hint(item, namespace, depth) for item in inner)
    return _of_parts(name, parts) or _of_name(node.value, namespace, depth)


def _of_parts(name: str, parts: tuple[Shape, ...]) -> Shape | None:
    """Make the shape of a generic type of the standard library; None for any other."""
    if name == "Optional":
        return union(*parts, NONE)
    if name == "Union":
        return union(*parts)
    if name in {"tuple", "Tuple"}:
        return Shape(Kind.TUPLE, parts=parts)
    if name in _COLLECTIONS:
        return collection(parts[0], _COLLECTIONS[name])
    if name in _MAPPINGS:
        return mapping(parts[0], COUNT if name == "Counter" else parts[-1], _MAPPINGS[name])
    return parts[0] if name in _WRAPPERS else None
