"""Parameters with shapes: hints first, then defaults, docstrings, usage and names."""

from __future__ import annotations

import ast
import enum
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from pytest_genx.backends.inputs.clues import Clues
from pytest_genx.backends.inputs.facts import name_set
from pytest_genx.backends.inputs.hints import shape_of_hint
from pytest_genx.backends.inputs.namespace import Function, Namespace
from pytest_genx.backends.inputs.settle import shape_of_clues
from pytest_genx.backends.inputs.shape import (
    ANY,
    BOOL,
    BYTES,
    FLOAT,
    FUNCTION,
    INT,
    NONE,
    STR,
    Kind,
    Shape,
    collection,
    mapping,
    merge,
    union,
)
from pytest_genx.backends.inputs.words import shape_of_name

_CONSTANTS = MappingProxyType({bool: BOOL, int: INT, float: FLOAT, str: STR, bytes: BYTES})
_FUNCTIONS = name_set(
    "abs all any bool bytes chr dict float frozenset hash hex id int iter len list max min next "
    "ord repr reversed round set sorted str sum tuple type"
)


class Form(enum.Enum):
    """How an argument is given."""

    POSITIONAL = enum.auto()
    KEYWORD = enum.auto()
    STAR = enum.auto()
    STARSTAR = enum.auto()


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter; a starred one is never required, and its shape is that of one item."""

    name: str
    form: Form
    shape: Shape
    default: str | None = None

    @property
    def required(self) -> bool:
        """Whether a call must give it."""
        return self.default is None and self.form in {Form.POSITIONAL, Form.KEYWORD}


def parameters_of(
    function: Function,
    clues: Mapping[str, Clues],
    documented: Mapping[str, Shape],
    namespace: Namespace,
    *,
    bound: bool,
) -> tuple[Parameter, ...]:
    """Say what each parameter of a function looks like.

    Args:
        function: the definition.
        clues: from reading its body, by parameter.
        documented: shapes from its docstring, by parameter.
        namespace: of its module.
        bound: whether the first parameter is given by the attribute access (`self`, `cls`).
    """
    found: list[Parameter] = []
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
    pairs = [
        *((a, d, Form.POSITIONAL) for a, d in zip(positional, [*defaults, *arguments.defaults],
                                                  strict=True)),
        *((a, None, Form.STAR) for a in [arguments.vararg] if a is not None),
        *((a, d, Form.KEYWORD) for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults,
                                               strict=True)),
        *((a, None, Form.STARSTAR) for a in [arguments.kwarg] if a is not None),
    ]  # fmt: skip
    for argument, default, form in pairs[1:] if bound else pairs:
        shape = _shape(argument, default, clues.get(argument.arg), documented, namespace)
        if form in {Form.STAR, Form.STARSTAR}:
            shape = _of_one_item(argument, clues.get(argument.arg), documented, namespace)
        text = None if default is None else ast.unparse(default)
        found.append(Parameter(argument.arg, form, shape, text))
    return tuple(found)


def shape_of_literal(  # noqa: PLR0911 -- one a kind of literal
    node: ast.expr | None, namespace: Namespace
) -> Shape:
    """Say what a default value tells of other values; ANY when it tells nothing."""
    if isinstance(node, ast.Constant):
        shape = _CONSTANTS.get(type(node.value), ANY)
        return replace(STR, examples=(ast.unparse(node),)) if shape is STR and node.value else shape
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        element = shape_of_literal(node.elts[0], namespace) if node.elts else ANY
        return collection(element, type(node).__name__.lower())
    if isinstance(node, ast.Name):
        if node.id in _FUNCTIONS or node.id in namespace.functions:
            return replace(FUNCTION, examples=(node.id,))
        return shape_of_literal(namespace.constants.get(node.id), namespace)
    if isinstance(node, ast.Lambda):
        return replace(FUNCTION, sizes=(len(node.args.args),))
    if isinstance(node, ast.UnaryOp):
        return shape_of_literal(node.operand, namespace)
    return mapping(STR, ANY) if isinstance(node, ast.Dict) else ANY


def _shape(
    argument: ast.arg,
    default: ast.expr | None,
    clues: Clues | None,
    documented: Mapping[str, Shape],
    namespace: Namespace,
) -> Shape:
    hint = shape_of_hint(argument.annotation, namespace)
    words = documented.get(argument.arg, ANY)
    literal = shape_of_literal(default, namespace)
    told = merge(hint, merge(literal, words))
    if literal is INT and words.kind in {Kind.FLOAT, Kind.UNION} and hint is ANY:
        told = words
    prior = merge(told, shape_of_name(argument.arg))
    shape = merge(told, shape_of_clues(clues, prior))
    if isinstance(default, ast.Constant) and default.value is None and hint is ANY:
        shape = union(shape, NONE)
    return shape


def _of_one_item(
    argument: ast.arg, clues: Clues | None, documented: Mapping[str, Shape], namespace: Namespace
) -> Shape:
    """The shape of one of `*args`, or of one value of `**kwargs`."""
    hint = shape_of_hint(argument.annotation, namespace)
    words = documented.get(argument.arg, ANY)
    name = shape_of_name(argument.arg)
    if name.kind is Kind.LIST and argument.arg.endswith("s"):
        name = name.parts[0]
    part = None if clues is None else clues.element or clues.item
    return merge(hint, shape_of_clues(part, merge(words, name)))
