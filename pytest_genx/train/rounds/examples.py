"""Examples for a report: what a round accepted, and what it rejected, a few for each cause.

The causes are those that `accept` counts, found again from the files of the round.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_genx.domain import Outcome, Role
from pytest_genx.train.rounds import lines
from pytest_genx.train.rounds.accept import CAUSES, tree_of
from pytest_genx.train.rounds.arms import Arm
from pytest_genx.train.rounds.execute import UNTRUSTED
from pytest_genx.train.rounds.stages import ACCEPTED, SAMPLES

_ACCEPTED, _REJECTED = 4, 2  # of a role, of a cause
_LONGEST = 800  # characters of an example
_PASS = Outcome.PASS.value
_SILENT = "nothing in the sample"


@dataclass(frozen=True, slots=True)
class Example:
    """One case, code or sample; `cause` is empty where it was accepted."""

    role: str
    cause: str
    problem: str
    source: str
    note: str = ""


def examples(arm: Arm) -> tuple[int, list[Example]]:
    """Choose examples of the last round that sampled, from as many problems as there are.

    Returns:
        The round, and examples: accepted ones first, then by role and cause. Round 0 and nothing
        where no round has filtered what it sampled.
    """
    numbers = [n for n in arm.manifests if n > 0 and arm.place(n).done("filter")]
    if not numbers:
        return 0, []
    number = max(numbers)
    taken: Counter[tuple[str, str]] = Counter()
    seen: set[tuple[str, str, str]] = set()
    chosen: list[Example] = []
    for one in _all(arm, number):
        key, problem = (one.role, one.cause), (one.role, one.cause, one.problem)
        limit = _REJECTED if one.cause else _ACCEPTED
        if problem not in seen and taken[key] < limit:
            taken[key] += 1
            seen.add(problem)
            chosen.append(one)
    return number, sorted(chosen, key=lambda one: (one.cause != "", one.role, one.cause))


def _all(arm: Arm, number: int) -> Iterator[Example]:
    """Every case and code of a round, problem by problem."""
    place = arm.place(number)
    accepted = _by_problem(place.read(ACCEPTED))
    known = _by_problem(arm.place(0).read(ACCEPTED)) if arm.place(0).done("filter") else {}
    plain = arm.settings.get("filter.kind") == "none"
    files = (place.read(name) for name in (SAMPLES, lines.CASES, lines.CODES, lines.OUTCOMES))
    for sampled, cases, codes, outcomes in zip(*files, strict=True):
        problem = cases["problem"]
        kept = {role.value: accepted.get((problem, role.value), set()) for role in Role}
        yield from _cases(problem, cases, outcomes, kept["tester"], plain=plain)
        trees = {tree_of(source) for source in known.get((problem, "coder"), ())}
        yield from _codes(problem, codes, outcomes, kept["coder"], trees, plain=plain)
        for role, silent in (("tester", cases["silent"]), ("coder", codes["unreadable"])):
            texts = [sample["text"] for sample in sampled[role]]
            if texts and silent == len(texts):  # else it is not known which one it was
                yield Example(role, _SILENT, problem, _cut(texts[0].strip("\n")))


def _cases(
    problem: str, cases: Mapping[str, Any], outcomes: Mapping[str, Any], kept: set[str], *,
    plain: bool,
) -> Iterator[Example]:  # fmt: skip
    faults = [row for row in outcomes["mutants"] if row != outcomes["reference"]]
    useful = -1
    for case in cases["cases"]:
        useful += not case["status"]
        source = case["corrected"] or case["written"]
        if plain or case["status"] == UNTRUSTED:
            source = case["written"]
        note = f"written as `{case['written']}`" if source != case["written"] else ""
        if source in kept and (plain or case["status"] in ("", UNTRUSTED)):
            cause = ""
        elif plain:
            cause = "above the cap"
        elif case["status"] == UNTRUSTED:
            cause = "not probable enough"
        elif case["status"]:
            cause = case["status"]
        elif faults and all(row[useful] == _PASS for row in faults):
            cause = "unhelpful, kills no mutant"
        else:
            cause = "above the cap"
        if not cause and faults and not case["status"] and not plain:
            killed = sum(row[useful] != _PASS for row in faults)
            note = ", ".join(filter(None, (note, f"kills {killed} of {len(faults)} mutants")))
        yield Example("tester", cause, problem, _cut(source), note)


def _codes(
    problem: str, codes: Mapping[str, Any], outcomes: Mapping[str, Any], kept: set[str],
    known: set[str], *, plain: bool,
) -> Iterator[Example]:  # fmt: skip
    end = outcomes["useful"] + outcomes["tests"]
    stub = any(case == Outcome.FAIL.value for case in outcomes["reference"][:end])
    good = [j for j in range(end) if outcomes["reference"][j] == _PASS]
    for code, row in zip(codes["codes"], outcomes["code_rows"], strict=True):
        wrong = [row[j] for j in good if row[j] != _PASS]
        if code["source"] in kept:
            cause, note = "", f"passes {len(good)} cases and tests"
        elif plain:
            cause, note = "above the cap", ""
        elif wrong:
            cause, note = CAUSES[max(wrong)], f"{len(wrong)} of {len(good)} cases and tests"
        elif not good:
            cause, note = ("not probable enough" if stub else "nothing to pass"), ""
        elif tree_of(code["source"]) in known:
            cause, note = "equals a known solution", ""
        else:
            cause, note = "above the cap", ""
        yield Example("coder", cause, problem, _cut(code["source"]), note)


def _by_problem(rows: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        found.setdefault((row["problem"], row["role"]), set()).add(row["source"])
    return found


def _cut(source: str) -> str:
    return source if len(source) <= _LONGEST else source[:_LONGEST] + "\n…"
