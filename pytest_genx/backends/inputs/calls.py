"""Parameters, examples and a seed -> calls of the target, simple ones first."""

from __future__ import annotations

import ast
import itertools
import random
import warnings
from collections.abc import Iterator, Mapping, Sequence

from pytest_genx.backends.inputs.examples import Example, examples_of
from pytest_genx.backends.inputs.mutations import mutations
from pytest_genx.backends.inputs.namespace import Function, localize, namespace_of
from pytest_genx.backends.inputs.parameters import Form
from pytest_genx.backends.inputs.result import Result, result_of
from pytest_genx.backends.inputs.slots import INSTANCE, Slot, bound_arguments, slots_of
from pytest_genx.backends.inputs.values import alternate, draw
from pytest_genx.domain import Context, Target

_TAKEN = 20  # of an iterator that may not stop
_DRAWS = 30  # tries for each call that is still wanted
_CONSUMERS = frozenset({"list({})", "tuple({})", "dict({})", "set({})", "sorted({})"})

_Values = Mapping[str, str]  # parameter to expression


def calls_of(target: Target, context: Context, *, n: int, seed: int) -> list[str]:
    """Write distinct calls of a target, each with the imports it needs on lines above it.

    Args:
        target: what is called; its module is read and never imported.
        context: where calls by other people may be found.
        n: how many calls at most.
        seed: of the draws that fill up what examples and edge values leave open.

    Returns:
        Sources whose last line is one expression, the simplest first.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # bad escapes in the user's strings
        namespace = namespace_of(target, context)
        function = ast.parse(target.source).body[0]
        assert isinstance(function, Function), "a target's source is one definition"
        result = result_of(function, namespace)
        if result is Result.OPAQUE:
            return []
        examples = examples_of(target, context, namespace)
        slots = slots_of(target, function, namespace, examples)
        known = _fitting(examples, slots)
        template = _template(result, [around for _, around in known])
        pairs = itertools.chain(
            ((v, template if own == "{}" else own) for v, own in known[: max(n // 2, 1)]),
            ((v, template) for v in _combinations(slots, [v for v, _ in known], n, seed)),
        )
        found: dict[str, None] = {}
        for values, consumer in pairs:
            call = _write(target, slots, values)
            call = f"«asyncio».run({call})" if target.is_async else call
            text, imports = localize(consumer.replace("{}", call), namespace)
            normal = _normalized(text)
            if normal is not None:
                found["\n".join([*imports, normal])] = None
            if len(found) >= n:
                break
        return list(found)


def _fitting(
    examples: Sequence[Example], slots: Sequence[Slot]
) -> list[tuple[dict[str, str], str]]:
    """Give the arguments of examples their names; with each, the call that consumed the result."""
    parameters = [slot.parameter for slot in slots]
    instance = {s.parameter.name: s.pool[0] for s in slots if s.parameter.name == INSTANCE}
    pairs = ((bound_arguments(example, parameters), example.around) for example in examples)
    return [({**instance, **values}, around) for values, around in pairs if values is not None]


def _template(result: Result, arounds: Sequence[str]) -> str:
    """How a call is written so that it has a value instead of an iterator; `{}` is the call."""
    if result is Result.VALUE:
        # Of an unknown kind: whatever consumes it in the examples may consume it elsewhere.
        return next((around for around in arounds if around in _CONSUMERS), "{}")
    if result is Result.ENDLESS:
        return f"list(«itertools».islice({{}}, {_TAKEN}))"
    return "list(map(list, {}))" if result is Result.NESTED else "list({})"


def _combinations(
    slots: Sequence[Slot], known: Sequence[_Values], n: int, seed: int
) -> Iterator[_Values]:
    """Yield argument values: ordinary, odd, changed and drawn ones by turns.

    Args:
        slots: what to try for each parameter.
        known: the arguments of examples.
        n: how many calls are wanted.
        seed: of the draws.
    """
    base = known[0] if known else _diagonal(slots, 0)
    if not known:
        yield from (base, _diagonal(slots, 1))
    pending = [
        _usual(slots, base),
        _one_odd(slots, base),
        _mutated(known),
        _drawn(slots, random.Random(seed), _DRAWS * n),
    ]
    while pending:
        for stream in list(pending):
            values = next(stream, None)
            if values is None:
                pending.remove(stream)
            else:
                yield values


def _diagonal(slots: Sequence[Slot], row: int) -> dict[str, str]:
    """Give every required parameter its n-th ordinary value."""
    needed = [s for s in slots if s.parameter.required]
    if not needed:
        needed = [s for s in slots if s.parameter.form is Form.STAR]
    return {s.parameter.name: s.pool[row % len(s.pool)] for s in needed}


def _usual(slots: Sequence[Slot], base: _Values) -> Iterator[_Values]:
    """Yield ordinary calls: every parameter's next value, and each optional one in turn."""
    for row in range(4):
        if row:
            yield _diagonal(slots, row)
        for slot in slots:
            if not slot.parameter.required and slot.usual[row:]:
                yield {**base, slot.parameter.name: slot.usual[row]}


def _one_odd(slots: Sequence[Slot], base: _Values) -> Iterator[_Values]:
    """Yield the base with one parameter at an edge."""
    ordered = sorted(slots, key=lambda slot: slot.parameter.name == INSTANCE)
    for row in range(max((len(slot.odd) for slot in slots), default=0)):
        for slot in ordered:
            if slot.odd[row:] and (slot.parameter.required or slot.parameter.name in base):
                yield {**base, slot.parameter.name: slot.odd[row]}
        for slot in ordered:
            if slot.odd[row:] and not slot.parameter.required and row < 3:
                yield {**base, slot.parameter.name: slot.odd[row]}


def _mutated(known: Sequence[_Values]) -> Iterator[_Values]:
    """Yield examples with one argument changed a little, the arguments in turn."""
    pools = [
        alternate([[{**v, name: other} for other in mutations(text)] for name, text in v.items()])
        for v in known
    ]
    yield from alternate(pools)


def _drawn(slots: Sequence[Slot], rng: random.Random, tries: int) -> Iterator[_Values]:
    """Yield joint draws of all parameters."""
    for _ in range(tries):
        values = {}
        for slot in slots:
            if not slot.parameter.required and rng.random() > 0.3:
                continue
            values[slot.parameter.name] = _one_draw(slot, rng)
        yield values


def _one_draw(slot: Slot, rng: random.Random) -> str:
    if slot.parameter.form in {Form.STAR, Form.STARSTAR}:
        return rng.choice((*slot.seen, *slot.usual))
    if slot.seen and rng.random() < 0.6:
        return rng.choice(slot.seen)
    return draw(slot.parameter.shape, rng)


def _write(target: Target, slots: Sequence[Slot], values: _Values) -> str:
    """Write the call: positional as long as nothing is left out, then by keyword."""
    given, gap = [], False
    for slot in slots:
        name, form = slot.parameter.name, slot.parameter.form
        if name == INSTANCE:
            continue
        if name not in values:
            gap = gap or form is Form.POSITIONAL
        elif form is Form.STAR:
            if not gap and values[name]:
                given.append(values[name])
        elif form is Form.STARSTAR:
            given.append(values[name])
        elif gap or form is Form.KEYWORD:
            given.append(f"{name}={values[name]}")
        else:
            given.append(values[name])
    return f"{_called(target, values)}({', '.join(given)})"


def _called(target: Target, values: _Values) -> str:
    if target.name == "__init__":
        return str(target.owner)
    if INSTANCE in values:
        return f"{values[INSTANCE]}.{target.name}"
    return target.qualname


def _normalized(text: str) -> str | None:
    """Write an expression the one canonical way, None when it is none."""
    try:
        return ast.unparse(ast.parse(text, mode="eval"))
    except (SyntaxError, ValueError):
        return None
