"""Instances of the module's classes: how they are built, from hints or from what methods do."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace

from pytest_genx.backends.inputs.facts import name_set
from pytest_genx.backends.inputs.hints import shape_of_bare_name, shape_of_hint
from pytest_genx.backends.inputs.namespace import Function, Namespace, last_name
from pytest_genx.backends.inputs.parameters import Form, Parameter, parameters_of
from pytest_genx.backends.inputs.shape import ANY, STR, Kind, Shape, fixed, union
from pytest_genx.backends.inputs.usage import clues_of_class
from pytest_genx.backends.inputs.words import shapes_of_docstring

_DEPTH = 3  # a class whose constructor needs a class, whose constructor needs a class
_ENUMS = name_set("Enum IntEnum StrEnum Flag IntFlag")
_FIELD_MAKERS = name_set("dataclass define frozen attrs attr")
_EMPTY = frozenset({"None", "()", "field(default_factory=list)", "field(default_factory=dict)"})
_FIELD_BASES = name_set("NamedTuple BaseModel TypedDict")


def expand(shape: Shape, namespace: Namespace, inside: tuple[str, ...] = ()) -> Shape:
    """Put constructors in place of the names of classes, through all parts of a shape.

    Args:
        shape: what hints and usage gave.
        namespace: where the classes are.
        inside: the classes whose constructors are being written.
    """
    if shape.kind is Kind.INSTANCE and not shape.names:
        return _of_class(shape.name, namespace, inside)
    if shape.kind is Kind.OBJECT:
        name = _class_with(set(shape.names), namespace, inside)
        if name:
            return _of_class(name, namespace, inside)
    return replace(shape, parts=tuple(expand(part, namespace, inside) for part in shape.parts))


def method_of(name: str, method: str, namespace: Namespace) -> Function | None:
    """Find a method in a class or in its bases within the module."""
    holder = _lookup(name, namespace, lambda node: _own(node, method))
    return _own(holder, method) if holder else None


def _of_class(name: str, namespace: Namespace, inside: tuple[str, ...]) -> Shape:
    """Say how an instance is built; ANY when it cannot be said or the nesting is too deep."""
    node = namespace.classes.get(name)
    if node is None or len(inside) > _DEPTH:
        return ANY
    inside = (*inside, name)
    bases = [last_name(b.value if isinstance(b, ast.Subscript) else b) for b in node.bases]
    if _ENUMS & set(bases):
        return fixed(*(f"{name}.{member}" for member in _members(node)))
    if _is_abstract(node):
        heirs = (n for n, c in namespace.classes.items() if name in map(last_name, c.bases))
        return next((_of_class(heir, namespace, inside) for heir in heirs), ANY)
    parameters = _parameters(name, namespace)
    if "TypedDict" in bases:
        parts = tuple(expand(p.shape, namespace, inside) for p in parameters)
        return Shape(Kind.RECORD, parts=parts, names=tuple(p.name for p in parameters))
    if any(p.form in {Form.POSITIONAL, Form.KEYWORD} for p in parameters):
        return _called(name, parameters, namespace, inside)
    content = next((shape for shape in map(_content, bases) if shape.kind is not Kind.ANY), None)
    return Shape(Kind.INSTANCE, name, (content,), ("",)) if content else Shape(Kind.INSTANCE, name)


def _parameters(name: str, namespace: Namespace) -> list[Parameter]:
    """The parameters of a class: of its constructor, or the fields that make one."""
    init = method_of(name, "__init__", namespace) or method_of(name, "__new__", namespace)
    if init is not None:
        return _constructor(name, init, namespace)
    if not _has_fields(name, namespace):
        return []
    return [
        Parameter(field, Form.POSITIONAL, shape_of_hint(hint, namespace), default)
        for field, (hint, default) in _fields(name, namespace).items()
    ]


def _content(base: str) -> Shape:
    """What the constructor of a well-known base class takes."""
    if base.endswith(("Error", "Exception", "Warning")):
        return STR
    return shape_of_bare_name(base)


def _called(
    name: str, parameters: list[Parameter], namespace: Namespace, inside: tuple[str, ...]
) -> Shape:
    """Make a call with the required parameters, and one with the first optional one besides."""
    given = [p for p in parameters if p.required]
    least = _call(name, given, namespace, inside)
    first = next((p for p in parameters if p.form is Form.POSITIONAL and not p.required), None)
    if first is None:
        return least
    more = _call(name, [*given, first], namespace, inside)
    # A default that stands for "nothing yet" makes the shorter call the dull one.
    return union(more, least) if first.default in _EMPTY else union(least, more)


def _call(
    name: str, given: list[Parameter], namespace: Namespace, inside: tuple[str, ...]
) -> Shape:
    parts = tuple(expand(p.shape, namespace, inside) for p in given)
    names = tuple(f"{p.name}=" if p.form is Form.KEYWORD else p.name for p in given)
    return Shape(Kind.INSTANCE, name, parts, names)


def _constructor(name: str, init: Function, namespace: Namespace) -> list[Parameter]:
    """Read a constructor together with the methods that use what it stores."""
    node = namespace.classes[name]
    methods = [s for s in node.body if isinstance(s, Function) and s.name != init.name]
    clues = clues_of_class(init, methods, namespace)
    documented = shapes_of_docstring(ast.get_docstring(node), namespace)
    documented |= shapes_of_docstring(ast.get_docstring(init), namespace)
    return list(parameters_of(init, clues, documented, namespace, bound=True))


def _own(node: ast.ClassDef, method: str) -> Function | None:
    functions = (s for s in node.body if isinstance(s, Function))
    return next((s for s in functions if s.name == method), None)


def _lookup(
    name: str, namespace: Namespace, test: Callable[[ast.ClassDef], object], depth: int = 0
) -> ast.ClassDef | None:
    """Find the first class along the bases, within the module, that passes the test."""
    node = namespace.classes.get(name)
    if node is None or depth > _DEPTH:
        return None
    if test(node):
        return node
    found = (_lookup(last_name(base), namespace, test, depth + 1) for base in node.bases)
    return next((kind for kind in found if kind), None)


def _has_fields(name: str, namespace: Namespace) -> bool:
    """Whether the annotations in the class body make its constructor."""

    def test(node: ast.ClassDef) -> bool:
        made = (d.func if isinstance(d, ast.Call) else d for d in node.decorator_list)
        bases = set(map(last_name, node.bases))
        return bool((_FIELD_MAKERS & set(map(last_name, made))) or (_FIELD_BASES & bases))

    return _lookup(name, namespace, test) is not None


def _fields(
    name: str, namespace: Namespace, depth: int = 0
) -> dict[str, tuple[ast.expr, str | None]]:
    """List annotated fields with their defaults as text, those of bases first."""
    node = namespace.classes.get(name)
    if node is None or depth > _DEPTH:
        return {}
    found: dict[str, tuple[ast.expr, str | None]] = {}
    for base in node.bases:
        found.update(_fields(last_name(base), namespace, depth + 1))
    for statement in node.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            hint = statement.annotation
            outer = hint.value if isinstance(hint, ast.Subscript) else hint
            if last_name(outer) not in {"ClassVar", "KW_ONLY"}:
                default = ast.unparse(statement.value) if statement.value else None
                found[statement.target.id] = (hint, default)
    return found


def _members(node: ast.ClassDef) -> list[str]:
    places = (p for s in node.body if isinstance(s, ast.Assign) for p in s.targets)
    return [p.id for p in places if isinstance(p, ast.Name) and not p.id.startswith("_")]


def _is_abstract(node: ast.ClassDef) -> bool:
    if "Protocol" in map(last_name, node.bases):
        return True
    functions = (s for s in node.body if isinstance(s, Function))
    return any(last_name(d) == "abstractmethod" for f in functions for d in f.decorator_list)


def _class_with(attributes: set[str], namespace: Namespace, inside: tuple[str, ...]) -> str | None:
    """Name the first class of the module that has all these attributes."""
    for name, node in namespace.classes.items():
        if name in inside:
            continue
        own = set(_fields(name, namespace)) | {s.name for s in node.body if isinstance(s, Function)}
        own |= {
            n.attr
            for n in ast.walk(node)
            if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)
        }
        if attributes and attributes <= own:
            return name
    return None
