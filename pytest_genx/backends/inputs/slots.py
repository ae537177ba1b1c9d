"""Parameters with the values to try: from examples, ordinary ones and odd ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pytest_genx.backends.inputs.classes import expand
from pytest_genx.backends.inputs.examples import Example
from pytest_genx.backends.inputs.namespace import Function, Namespace
from pytest_genx.backends.inputs.parameters import Form, Parameter, parameters_of
from pytest_genx.backends.inputs.shape import Kind, Shape
from pytest_genx.backends.inputs.usage import clues_of_function
from pytest_genx.backends.inputs.values import edges, typical
from pytest_genx.backends.inputs.words import shapes_of_docstring
from pytest_genx.domain import Target, TargetKind

INSTANCE = "<instance>"  # of a method, treated as one more parameter


@dataclass(frozen=True, slots=True)
class Slot:
    """A parameter with the values to try, from the ordinary to the odd."""

    parameter: Parameter
    seen: tuple[str, ...]  # in examples
    usual: tuple[str, ...]
    odd: tuple[str, ...]

    @property
    def pool(self) -> tuple[str, ...]:
        """Every value that is no edge, the likeliest first."""
        return (*self.seen, *self.usual)


def slots_of(
    target: Target, function: Function, namespace: Namespace, examples: Sequence[Example]
) -> list[Slot]:
    """Say for each parameter of a target what to try.

    Args:
        target: the target; a method has its instance for a first parameter, named `INSTANCE`.
        function: its definition.
        namespace: of its module.
        examples: calls whose arguments are tried too.
    """
    bound = target.kind in {TargetKind.METHOD, TargetKind.CLASSMETHOD}
    documented = shapes_of_docstring(target.docstring, namespace)
    clues = clues_of_function(function, namespace)
    parameters = parameters_of(function, clues, documented, namespace, bound=bound)
    if target.kind is TargetKind.METHOD and target.name != "__init__":
        owner = Shape(Kind.INSTANCE, target.owner or "")
        parameters = (Parameter(INSTANCE, Form.POSITIONAL, owner), *parameters)
    seen: dict[str, dict[str, None]] = {parameter.name: {} for parameter in parameters}
    for example in examples:
        for name, text in (bound_arguments(example, parameters) or {}).items():
            seen[name][text] = None
    return [_slot(parameter, tuple(seen[parameter.name]), namespace) for parameter in parameters]


def _slot(parameter: Parameter, seen: tuple[str, ...], namespace: Namespace) -> Slot:
    shape = expand(parameter.shape, namespace)
    usual, odd = typical(shape), edges(shape)
    if parameter.form is Form.STAR:
        usual, odd = [", ".join(usual[:2]), usual[0], ", ".join((usual * 3)[:3])], [odd[0]]
    elif parameter.form is Form.STARSTAR:
        usual, odd = [f"a={usual[0]}", f"a={usual[0]}, b={usual[-1]}"], []
    if parameter.default is not None:
        usual = [text for text in usual if text != parameter.default]
    return Slot(replace(parameter, shape=shape), seen, tuple(usual), tuple(odd))


def bound_arguments(example: Example, parameters: Sequence[Parameter]) -> dict[str, str] | None:
    """Give an example's arguments their parameters' names; None when they do not fit."""
    given = {INSTANCE: example.receiver} if example.receiver is not None else {}
    open_ = [p for p in parameters if p.form is Form.POSITIONAL and p.name != INSTANCE]
    if any(text.startswith("*") for text in example.positional):
        return None
    given.update(zip((p.name for p in open_), example.positional, strict=False))
    rest = example.positional[len(open_) :]
    star = next((p.name for p in parameters if p.form is Form.STAR), None)
    if rest and star is None:
        return None
    if rest and star is not None:
        given[star] = ", ".join(rest)
    names = {p.name for p in parameters if p.form in {Form.POSITIONAL, Form.KEYWORD}}
    for name, text in example.keywords:
        if name not in names:
            return None
        given[name] = text
    return given
