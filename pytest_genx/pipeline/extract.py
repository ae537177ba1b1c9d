"""Samples -> candidates and cases; whatever the style of the answer, by parsing alone.

Definitions may come whole, in fences, in a class, or as the continuation of a head; checks as
assertions, test functions, test classes or interactive sessions. Text that is none of this is
skipped. Nothing is run, and nothing is judged but whether it says anything.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from pytest_genx.domain import Candidate, Case, Role, Sample, Target
from pytest_genx.pipeline.cases import make_case, names_of_module
from pytest_genx.pipeline.implementation import Implementation, implementations
from pytest_genx.pipeline.listing import assertions_of
from pytest_genx.pipeline.program import place
from pytest_genx.syntax.assertions import without_await, without_unittest
from pytest_genx.syntax.definition import is_string
from pytest_genx.syntax.names import bound_names
from pytest_genx.syntax.references import uniform
from pytest_genx.syntax.sessions import from_doctest, without_sessions
from pytest_genx.syntax.source import clean, fenced, parse, parse_known, recover, spoken
from pytest_genx.syntax.straight import checks
from pytest_genx.syntax.suite import find_tests, programs

MAX_CASES = 64  # of one sample
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def incumbent(target: Target) -> Candidate | None:
    """The current code as a candidate; None for a stub."""
    if target.is_stub:
        return None
    return Candidate(target.source, target.module_source, "incumbent", incumbent=True)


def extract_candidates(samples: Iterable[Sample], target: Target) -> list[Candidate]:
    """Make a candidate of each coder's sample that implements the target, equals merged.

    Args:
        samples: of any role; a sample gives one candidate at most.
        target: what is implemented.
    """
    known = names_of_module(target)
    found = []
    for sample in samples:
        if sample.role is not Role.CODER:
            continue
        made = _first(sample.text, target)
        if made is not None:
            program = place(target, made.source, made.needed(known))
            if parse(program) is not None:
                found.append(Candidate(made.source, program, sample.backend))
    return merge(found)


def merge(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Merge candidates that differ in layout, comments and docstrings alone.

    Counts of samples add up; the incumbent comes first, and what it absorbs counts for it.
    """
    groups: dict[object, Candidate] = {}
    ordered = sorted(candidates, key=lambda candidate: not candidate.incumbent)
    for candidate in ordered:
        key = _essence(candidate)
        known = groups.get(key)
        count = candidate.count + (known.count if known is not None else 0)
        groups[key] = replace(known or candidate, count=count)
    return list(groups.values())


def extract_cases(samples: Iterable[Sample], target: Target) -> list[Case]:
    """Make cases of the testers' samples, equals merged; a count is in how many samples.

    Args:
        samples: of any role.
        target: what the cases must mention.
    """
    known = names_of_module(target)
    merged: dict[str, Case] = {}
    for sample in samples:
        if sample.role is not Role.TESTER:
            continue
        for case in _cases(sample, target, known):
            seen = merged.get(case.source)
            merged[case.source] = replace(seen, count=seen.count + 1) if seen else case
    return list(merged.values())


def useless(samples: Sequence[Sample], target: Target) -> list[str]:
    """Say of each backend whose samples were all for nothing that they were, in a sentence."""
    notes = []
    for name in dict.fromkeys(sample.backend for sample in samples):
        own = [sample for sample in samples if sample.backend == name]
        if not extract_cases(own, target) and not extract_candidates(own, target):
            what = f"a case or an implementation of {target.qualname}"
            gave = f"{len(own)} samples, none of which is" if len(own) > 1 else "1 sample, not"
            notes.append(f"{name} gave {gave} {what}")
    return notes


def _first(text: str, target: Target) -> Implementation | None:
    try:
        return next(implementations(text, target), None)
    except RecursionError:
        return None  # nested beyond what can be worked with


def _essence(candidate: Candidate) -> tuple[str, frozenset[tuple[str, int]]]:
    """What makes a candidate differ: its tree, and the lines of its program around it."""
    own = _lines(candidate.source)
    around = frozenset((_lines(candidate.program) - own).items())
    try:
        tree = parse_known(candidate.source)
        for node in ast.walk(tree):
            if isinstance(node, _DEFINITIONS):
                node.body = [s for s in node.body if not is_string(s)] or [ast.Pass()]
        return ast.dump(tree), around
    except RecursionError:
        return candidate.source, around


def _lines(text: str) -> Counter[str]:
    return Counter(line.strip() for line in text.split("\n") if line.strip())


def _cases(sample: Sample, target: Target, known: frozenset[str]) -> list[Case]:
    """The distinct cases of one sample."""
    blocks, outside = fenced(clean(spoken(sample.text)))
    found: dict[str, Case] = {}
    for parts in (blocks, outside):
        for part in parts:
            try:
                for statements in _checks(part, target):
                    case = make_case(statements, target, known, origin=sample.backend)
                    if case is not None and (case.expectation or _claims(statements[-1])):
                        found.setdefault(case.source, case)
                    if len(found) == MAX_CASES:
                        return list(found.values())
            except RecursionError:
                continue  # nested beyond what can be worked with
        if found:
            break  # what stands outside of fences is prose
    return list(found.values())


def _checks(text: str, target: Target) -> Iterator[list[ast.stmt]]:
    """Yield each check of a text, after the statements it needs."""
    text = assertions_of(text) or text
    told = from_doctest(text) if ">>>" in text else []
    rest = without_sessions(text) if told else text
    written = [*(s for chunk in recover(rest) for s in chunk.body), *told]
    written, _ = uniform(_unguarded(written), target, trust_names=True)
    root = target.qualname.partition(".")[0]
    written = [s for s in written if root not in bound_names([s])]
    tests = find_tests(written)
    loose = [s for s in written if s not in tests and not _is_star(s)]
    top = [s for s in loose for s in without_await(without_unittest([s], "self")) or []]
    yield from checks(top, target)
    quiet = (*_DEFINITIONS, ast.Assign, ast.AnnAssign, ast.Import, ast.ImportFrom)
    setup = [s for s in top if isinstance(s, quiet)]
    for program in programs(written, target):
        yield from checks([*setup, *program.body], target)


def _claims(statement: ast.stmt) -> bool:
    """Say whether a statement can fail; a call alone is for observing only."""
    return not isinstance(statement, ast.Expr)


def _unguarded(statements: Sequence[ast.stmt]) -> list[ast.stmt]:
    """Take the body of `if __name__ == "__main__"` for what it is."""
    flat: list[ast.stmt] = []
    for statement in statements:
        if isinstance(statement, ast.If) and "__name__" in ast.unparse(statement.test):
            flat += statement.body
        else:
            flat.append(statement)
    return flat


def _is_star(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.names[0].name == "*"
