"""Outcomes -> the cases and codes that a model is trained on; the filter and its control arm."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pytest_genx.domain import Outcome
from pytest_genx.matrix import PassMatrix
from pytest_genx.rankers.dual_critic import dual_critic
from pytest_genx.train.rounds.recipe import FilterPart

Row = dict[str, Any]


def accept(line: Mapping[str, Any], recipe: FilterPart, number: int) -> tuple[list[Row], Row]:
    """Choose among one problem's cases and codes.

    A case is unhelpful when there are mutants of the reference and it kills none of them. Cases
    are taken greedily: the next one kills most mutants that no case before it kills. A code must
    pass every original test and every useful case, and differ from the references' trees; codes
    are taken so that each next one differs most from those before it.

    Args:
        line: what `execute` wrote of the problem.
        recipe: caps and kind; `none` takes what was sampled as it was written. Without a
            reference the dual critic's probabilities, of codes and of cases as written, must
            reach its threshold; codes must pass the original tests as well, if there are any.
        number: of the round, the origin of the rows.

    Returns:
        Accepted rows, and for both roles how many were rejected, by cause.
    """
    causes: Counter[str] = Counter()
    if recipe.kind == "none":
        cases = [{"source": c["written"], "kills": []} for c in line["cases"] if c["call"]]
        codes = [c["source"] for c in line["codes"]]
        causes["tester: above the cap"] = max(0, len(cases) - recipe.cases)
        causes["coder: above the cap"] = max(0, len(codes) - recipe.codes)
        cases, codes = cases[: recipe.cases], codes[: recipe.codes]
    elif not line["trusted"]:
        cases, codes = _believed(line, recipe, causes)
    else:
        cases = _cases(line, recipe, causes)
        codes = _codes(line, recipe, causes)
    head = {"problem": line["problem"], "round": number}
    rows = [{**head, "role": "tester", **case} for case in cases]
    rows += [{**head, "role": "coder", "source": source} for source in codes]
    causes["tester: nothing in the sample"] += line["silent"]
    causes["coder: nothing in the sample"] += line["unreadable"]
    return rows, {cause: n for cause, n in sorted(causes.items()) if n}


def replayed(earlier: Sequence[Sequence[Row]], recipe: FilterPart, draw: Any) -> list[Row]:
    """Rows of earlier rounds that are mixed in; those of round 0, the originals, always are.

    Args:
        earlier: accepted rows by round, round 0 first.
        recipe: `union` takes all rounds, `none` no more than the originals, `share` draws.
        draw: a `random.Random`.
    """
    rows = list(earlier[0]) if earlier else []
    for of_round in earlier[1:]:
        if recipe.replay == "union":
            rows += of_round
        elif recipe.replay == "share":
            count = round(recipe.share * len(of_round))
            rows += [of_round[i] for i in sorted(draw.sample(range(len(of_round)), count))]
    return rows


def distinct(rows: Sequence[Row]) -> list[Row]:
    """Drop rows that say the same again; the earliest round keeps it."""
    found: dict[tuple[str, str, str], Row] = {}
    for row in rows:
        key = tree_of(row["source"]) if row["role"] == "coder" else row["source"]
        found.setdefault((row["problem"], row["role"], key), row)
    return list(found.values())


def _cases(line: Mapping[str, Any], recipe: FilterPart, causes: Counter[str]) -> list[Row]:
    for case in line["cases"]:
        if case["status"]:
            causes[f"tester: {case['status']}"] += 1
    useful = [case for case in line["cases"] if not case["status"]]
    pool: list[Row] = []
    for j, case in enumerate(useful):
        kills = [i for i, row in enumerate(line["mutants"]) if row[j] != Outcome.PASS.value]
        if line["mutants"] and not kills:
            causes["tester: unhelpful, kills no mutant"] += 1
        else:
            pool.append({"source": case["corrected"], "kills": kills})
    chosen: list[Row] = []
    killed: set[int] = set()
    while pool and len(chosen) < recipe.cases:
        best = max(pool, key=lambda c: (len(set(c["kills"]) - killed), -len(c["source"])))
        pool.remove(best)
        killed |= set(best["kills"])
        chosen.append(best)
    causes["tester: above the cap"] += len(pool)
    return chosen


def _believed(
    line: Mapping[str, Any], recipe: FilterPart, causes: Counter[str]
) -> tuple[list[Row], list[str]]:
    """Codes and cases that the consensus makes probable enough, the likeliest first."""
    if not line["codes"] or not line["cases"]:
        causes["tester: no consensus"] += len(line["cases"])
        causes["coder: no consensus"] += len(line["codes"])
        return [], []
    passed = np.array([[o == Outcome.PASS.value for o in row] for row in line["consensus"]])
    ranking = dual_critic(
        PassMatrix(
            passed,
            np.array([code["count"] for code in line["codes"]], dtype=np.int64),
            np.array([case["count"] for case in line["cases"]], dtype=np.int64),
        )
    )
    tests_passed = [set(c["outcomes"]) <= {Outcome.PASS.value} for c in line["codes"]]
    codes = [
        (float(s), c["source"])
        for s, c, ok in zip(ranking.candidate_scores, line["codes"], tests_passed, strict=True)
        if ok and s >= recipe.threshold
    ]
    cases = [
        (float(s), c["written"])
        for s, c in zip(ranking.case_scores, line["cases"], strict=True)
        if c["call"] and s >= recipe.threshold
    ]
    causes["coder: not probable enough"] += len(line["codes"]) - len(codes)
    causes["tester: not probable enough"] += len(line["cases"]) - len(cases)
    codes.sort(key=lambda pair: -pair[0])
    cases.sort(key=lambda pair: -pair[0])
    rows = [{"source": source, "kills": []} for _, source in cases[: recipe.cases]]
    return rows, [source for _, source in codes[: recipe.codes]]


def _codes(line: Mapping[str, Any], recipe: FilterPart, causes: Counter[str]) -> list[str]:
    known = {tree_of(source) for source in line["known"]}
    pool: list[tuple[str, frozenset[str]]] = []
    for code in line["codes"]:
        wrong = [o for o in code["outcomes"] if o != Outcome.PASS.value]
        tree = tree_of(code["source"])
        if not code["outcomes"] or wrong:
            causes[f"coder: {CAUSES.get(max(wrong, default=''), 'nothing to pass')}"] += 1
        elif tree in known:
            causes["coder: equals a known solution"] += 1
        else:
            known.add(tree)
            pool.append((code["source"], frozenset(_pieces(code["source"]))))
    chosen: list[tuple[str, frozenset[str]]] = []
    while pool and len(chosen) < recipe.codes:
        best = min(pool, key=lambda c: max((_alike(c[1], d[1]) for d in chosen), default=0.0))
        pool.remove(best)
        chosen.append(best)
    causes["coder: above the cap"] += len(pool)
    return [source for source, _ in chosen]


CAUSES = {  # what the worst outcome of a code is called
    Outcome.FAIL.value: "wrong value",
    Outcome.ERROR.value: "raises an error",
    Outcome.TIMEOUT.value: "runs out of time",
    Outcome.CRASH.value: "kills the process",
}


def tree_of(source: str) -> str:
    """The tree of a definition without docstring and layout."""
    node = ast.parse(source).body[0]
    if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None:
        node.body = node.body[1:] or [ast.Pass()]
    return ast.dump(node)


def _pieces(source: str) -> set[str]:
    """What two codes are compared by: their expressions and statements."""
    return {ast.dump(n) for n in ast.walk(ast.parse(source)) if isinstance(n, ast.expr | ast.stmt)}


def _alike(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / max(1, len(one | other))
