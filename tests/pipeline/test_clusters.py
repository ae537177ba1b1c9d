from __future__ import annotations

import numpy as np

from pytest_genx.domain import Candidate, Case, Execution, Expectation, Outcome
from pytest_genx.matrix import Ranking
from pytest_genx.pipeline.clusters import Cluster, ask_about, clusters, undecided
from pytest_genx.pipeline.score import to_matrix

CALLS = ["f(1)", "f([30, 10, 20])", "f(2)"]


def returned(value: str, expected: str = "0") -> Execution:
    outcome = Outcome.PASS if value == expected else Outcome.FAIL
    return Execution(outcome, value=value, digest=value)


def planted(rows, scores, *, counts=None, calls=CALLS):
    """Candidates that return what `rows` says, each with its score."""
    names = [f"c{i}" for i in range(len(rows))]
    candidates = [
        Candidate(name, name, "model", count=count)
        for name, count in zip(names, counts or [1] * len(rows), strict=True)
    ]
    cases = [Case(f"assert {call} == 0", "model", Expectation(call, "0")) for call in calls]
    executions = [
        [value if isinstance(value, Execution) else returned(value) for value in row]
        for row in rows
    ]
    matrix = to_matrix(candidates, cases, executions)
    ranking = Ranking("planted", np.array(scores), np.full(len(cases), 0.5))
    return candidates, cases, executions, matrix, ranking


def test_candidates_that_did_the_same_are_one_cluster_with_their_highest_score():
    """They are right together or not at all, so that scores do not add up."""
    *_, matrix, ranking = planted(
        [["0", "1", "0"], ["0", "2", "0"], ["0", "1", "0"]], [0.3, 0.2, 0.4]
    )
    assert clusters(matrix, ranking) == [Cluster((0, 2), 0.4), Cluster((1,), 0.2)]


def test_probabilities_of_clusters_add_up_to_one_at_most():
    """Scores of a ranker that are no probabilities are scaled down together."""
    *_, matrix, ranking = planted([["0"] * 3, ["1"] * 3], [0.9, 0.6])
    assert [cluster.probability for cluster in clusters(matrix, ranking)] == [0.6, 0.4]


def test_confidence_is_low_below_a_half_or_with_a_rival_of_more_than_half():
    """The two rules, and what is sure."""
    leader = Cluster((0,), 0.45)
    assert undecided([leader, Cluster((1,), 0.01)])
    assert undecided([Cluster((0,), 0.6), Cluster((1,), 0.31)])
    assert not undecided([Cluster((0,), 0.6), Cluster((1,), 0.3)])
    assert not undecided([leader])
    assert not undecided([leader, Cluster((1,), 0.0)])
    assert not undecided([])


def test_question_is_where_the_two_leading_clusters_differ():
    """All who return a value count for it, and their clusters' probabilities add up."""
    rows = [["0", "1", "0"], ["0", "2", "0"], ["0", "1", "5"], ["0", "1", "0"]]
    question = ask_about(*planted(rows, [0.4, 0.3, 0.1, 0.2], counts=[4, 2, 1, 3]))
    assert question.call == "f([30, 10, 20])"
    assert [(a.value, a.candidates, a.samples, a.probability) for a in question.answers] == [
        ("1", 3, 8, 0.5),
        ("2", 1, 2, 0.3),
    ]


def test_question_has_the_most_probability_against_the_leader_then_is_short():
    """A third cluster that sides with the second decides; otherwise brevity does."""
    rows = [["0", "0", "0"], ["1", "1", "0"], ["0", "1", "0"]]
    assert ask_about(*planted(rows, [0.4, 0.3, 0.1])).call == "f([30, 10, 20])"
    assert ask_about(*planted(rows, [0.4, 0.3, 0.0])).call == "f(1)"


def test_only_values_that_can_be_written_are_asked_about():
    """Neither exceptions nor objects nor pages of text are put to anybody."""
    raised = Execution(Outcome.ERROR, raised="ValueError", digest="e")
    odd = Execution(Outcome.FAIL, digest="o")
    rows = [[raised, odd, "0"], ["1", "1", "1" * 300]]
    assert ask_about(*planted(rows, [0.4, 0.3])) is None


def test_values_that_compare_equal_are_one_answer():
    """Nobody is asked whether it is 0 or 0.0; no assertion could tell."""
    rows = [["0", "0", "0"], ["0.0", "0", "0"]]
    assert ask_about(*planted(rows, [0.4, 0.3])) is None
    question = ask_about(*planted([["7", "0", "0"], *rows], [0.35, 0.1, 0.2]))
    assert [(a.value, a.candidates) for a in question.answers] == [("7", 1), ("0.0", 2)]


def test_nothing_is_asked_when_the_ranking_is_sure_or_was_answered():
    """A clear leader needs no help, and no call is asked about twice."""
    rows = [["0", "0", "0"], ["1", "0", "0"]]
    assert ask_about(*planted(rows, [0.9, 0.1])) is None
    assert ask_about(*planted(rows, [0.4, 0.3])).call == "f(1)"
    assert ask_about(*planted(rows, [0.4, 0.3]), asked={"f(1)"}) is None
    assert ask_about(*planted([], [], calls=[])) is None


def test_at_most_three_answers_are_shown():
    """The most probable ones; what nobody believes is none."""
    rows = [[str(n)] * 3 for n in range(5)]
    question = ask_about(*planted(rows, [0.1, 0.3, 0.2, 0.05, 0.0]))
    assert [answer.value for answer in question.answers] == ["1", "2", "0"]
    question = ask_about(*planted(rows[:3], [0.3, 0.2, 0.0]))
    assert [answer.value for answer in question.answers] == ["0", "1"]
