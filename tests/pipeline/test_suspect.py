from __future__ import annotations

from dataclasses import replace

import numpy as np

from pytest_genx.domain import Candidate, Case, Execution, Expectation, Oracle, Outcome
from pytest_genx.matrix import PassMatrix, Ranking
from pytest_genx.pipeline.score import to_matrix
from pytest_genx.pipeline.suspect import ANCHOR_PROBABILITY, MIN_PROBABILITY, find, suspicion
from pytest_genx.rankers.dual_critic import dual_critic

PASS = Execution(Outcome.PASS, digest="a")
FAIL = Execution(Outcome.FAIL, "returned 3, expected 2", digest="b")
CASE = Case("assert f(1) == 2", "model", Expectation("f(1)", "2"))


def candidate(name: str, **more: object) -> Candidate:
    return Candidate(name, name, "model", **more)


CURRENT = candidate("current", incumbent=True)
OTHERS = [candidate(name) for name in "abc"]


def findings_of(executions, cases, *, oracle=Oracle.CONSENSUS, scores=(0.1, 0.9, 0.9, 0.9)):
    candidates = [CURRENT, *OTHERS][: len(executions)]
    matrix = to_matrix(candidates, cases, executions)
    ranking = Ranking("planted", np.array(scores[: len(candidates)]), np.full(len(cases), 0.9))
    voices = matrix.passed.any(axis=1) & np.array([not c.incumbent for c in candidates])
    return find(matrix, ranking, cases, executions, voices, oracle)


def test_consensus_against_the_code_is_a_suspected_bug():
    """Three candidates that rank above the code and pass a case it fails make a finding."""
    (finding,) = findings_of([[FAIL], [PASS], [PASS], [PASS]], [CASE])
    assert finding.supporters == 3
    assert finding.observed == "returned 3, expected 2"


def test_too_few_supporters_are_no_finding():
    """Two candidates could be one misunderstanding."""
    assert findings_of([[FAIL], [PASS], [PASS], [FAIL]], [CASE]) == []


def test_supporters_that_rank_below_the_code_are_no_finding():
    """Whoever is less credible than the code does not accuse it."""
    rows = [[FAIL], [PASS], [PASS], [PASS]]
    assert findings_of(rows, [CASE], scores=(0.9, 0.1, 0.1, 0.1)) == []


def test_trusted_code_is_not_suspected():
    """With the code as oracle only an anchor accuses it."""
    assert findings_of([[FAIL], [PASS], [PASS], [PASS]], [CASE], oracle=Oracle.CODE) == []


def test_contradicted_anchor_is_a_finding_even_alone():
    """A trusted example needs no supporters, whatever the oracle."""
    anchor = Case("assert f(1) == 2", "docstring", anchor=True)
    (finding,) = findings_of([[FAIL]], [anchor], oracle=Oracle.CODE)
    assert finding.reason == "the docstring says so"
    assert finding.probability == ANCHOR_PROBABILITY


def test_a_finding_says_what_the_consensus_gives_and_who_says_so():
    """The value, the examples that its best supporter passes, and how likely it is."""
    anchor = Case("assert f(0) == 0", "docstring", anchor=True)
    rows = [[FAIL, PASS]] + [[PASS, PASS]] * 3
    (finding,) = findings_of(rows, [CASE, anchor])
    assert (finding.expected, finding.anchors) == ("2", 1)
    assert MIN_PROBABILITY <= finding.probability < 1.0


def probability(n_agree, n_cases, n_failed):
    """How likely the code is wrong where so many others agree, and it fails some cases."""
    passed = np.ones((n_agree + 1, n_cases), bool)
    passed[0, :n_failed] = False
    matrix = replace(PassMatrix.of(passed), incumbent=0)
    return suspicion(matrix, dual_critic(matrix), 0, np.ones(n_cases, bool))


def test_more_agreement_is_more_suspicious():
    """Everything else being equal."""
    found = [probability(n, 10, 2) for n in (1, 3, 10, 30)]
    assert found == sorted(set(found))
    assert found[0] < MIN_PROBABILITY < found[1]


def test_code_that_does_much_right_is_less_suspicious():
    """Of two that fail one case, the one that passes more others."""
    assert probability(5, 20, 1) < probability(5, 3, 1)


def test_values_from_running_the_code_do_not_excuse_it():
    """Whatever it does, it agrees with itself."""
    passed = np.array([[0, 1, 1], [1, 0, 1], [1, 0, 1], [1, 0, 1]], bool)
    matrix = replace(PassMatrix.of(passed), incumbent=0)
    ranking = dual_critic(matrix)
    written = np.array([True, False, True])
    assert suspicion(matrix, ranking, 0, written) > suspicion(matrix, ranking, 0, ~written | True)


def test_a_case_that_nobody_passes_accuses_nobody():
    """Nor does one whose supporters are all unranked."""
    matrix = replace(PassMatrix.of([[0, 1], [0, 1]]), incumbent=0)
    assert suspicion(matrix, dual_critic(matrix), 0, np.ones(2, bool)) == 0.0
    unranked = Ranking("none", np.zeros(2), np.zeros(2))
    assert suspicion(matrix, unranked, 1, np.ones(2, bool)) == 0.0
