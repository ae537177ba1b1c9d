"""Questions in the pipeline, with scripted answers: an answer is an anchor, and ranks anew."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_genx.config import from_strings
from pytest_genx.domain import ANSWER, Role, Sample
from pytest_genx.matrix import Ranking
from pytest_genx.pipeline.answers import MAX_QUESTIONS
from pytest_genx.pipeline.parts import Parts
from pytest_genx.pipeline.run import run_target
from pytest_genx.pipeline.target import find_targets
from pytest_genx.records import QuestionAsked, TargetDone
from pytest_genx.sandboxes.process import process_sandbox

LARGEST = "def pick(values):\n    '''The best of the values.'''\n    return max(values)\n"
STUB = "def pick(values):\n    '''The best of the values.'''\n    raise NotImplementedError\n"
SMALLEST = ["    return min(values)\n", "    return sorted(values)[0]\n"]
FIRST = ["    return values[0]\n"]
CASES = "assert pick([3, 1, 4]) == 1\nassert pick([5]) == 5\nassert pick([1, 3]) == 3\n"


class Scripted:
    name = "scripted"
    free = True

    def __init__(self, coder, tester):
        self.texts = {Role.CODER: coder, Role.TESTER: tester}

    def sample(self, request):
        for i, text in enumerate(self.texts[request.prompt.role]):
            yield Sample(request.prompt.role, text, self.name, i)

    def close(self):
        pass


def by_anchors(matrix):
    """Everybody is as likely as the others, but for those who fail an anchor."""
    fine = matrix.passed[:, matrix.anchors].all(axis=1)
    return Ranking("anchors", fine / max(fine.sum(), 1), np.full(matrix.passed.shape[1], 0.5))


@pytest.fixture
def work(tmp_path):
    """Run a source through the pipeline with answers; gives questions, kept cases, the result."""

    def run(body: str, answers, *, tester=CASES, **options):
        (tmp_path / "picks.py").write_text(body)
        config = from_strings(options, rootdir=tmp_path)
        sandbox = process_sandbox(config)
        records, asked, waiting = [], [], list(answers or ())

        def ask(question):
            asked.append(question)
            return waiting.pop(0)

        parts = Parts(
            config,
            (Scripted([*SMALLEST, *FIRST], [tester]),),
            sandbox,
            by_anchors,
            ask=None if answers is None else ask,
        )
        (target,) = find_targets(["picks.py::pick"], tmp_path)
        try:
            kept = run_target(target, parts, records.append)
        finally:
            sandbox.close()
        assert isinstance(records[-1], TargetDone)
        told = [record.question for record in records if isinstance(record, QuestionAsked)]
        assert told == asked
        return asked, kept, records[-1]

    return run


def test_without_anybody_to_ask_the_question_is_in_the_record(work):
    """It stands where the ranking is unsure, and nothing was answered."""
    asked, _, done = work(LARGEST, None)
    assert asked == []
    assert done.question is not None
    assert done.answered == ()


def test_answer_is_an_anchor_that_ranks_anew(work):
    """The question is settled, the code that contradicts the answer is found out."""
    asked, kept, done = work(LARGEST, ["1"])
    assert asked[0].call == "pick([3, 1, 4])"
    assert {answer.value for answer in asked[0].answers} <= {"1", "3", "4"}
    assert done.question is None
    assert [(one.question, one.given) for one in done.answered] == [(asked[0], "1")]
    (anchor,) = [case for case in done.cases if case.anchor]
    assert (anchor.source, anchor.origin) == ("assert pick([3, 1, 4]) == 1", ANSWER)
    assert [case.source for case in done.cases].count(anchor.source) == 1
    assert [done.cases[finding.case].source for finding in done.findings] == [anchor.source]
    best = max(done.candidates, key=lambda row: row.score)
    assert "min" in best.source or "sorted" in best.source
    assert anchor.source not in {case.source for case in kept}


def test_answer_that_the_code_gives_can_be_kept(work):
    """A value that the user vouches for is a test like any."""
    _, kept, done = work(LARGEST, ["4"])
    assert done.findings == ()
    assert "assert pick([3, 1, 4]) == 4" in {case.source for case in kept}


def test_another_value_than_those_offered_fails_all(work):
    """Nobody is right then, and that is what the ranking says."""
    _, _, done = work(LARGEST, ["17"])
    assert done.answered[0].given == "17"
    assert {row.score for row in done.candidates} == {0.0}
    assert len(done.findings) == 1


def test_skipped_questions_are_not_repeated_and_end(work):
    """Each is about another call; three at most; the notes say what was not answered."""
    asked, _, done = work(LARGEST, [None] * (MAX_QUESTIONS + 1))
    calls = [question.call for question in asked]
    assert 1 < len(calls) <= MAX_QUESTIONS
    assert len(set(calls)) == len(calls)
    assert [one.given for one in done.answered] == [""] * len(calls)
    assert f"not answered: what {calls[0]} should give" in done.notes
    assert not any(case.anchor for case in done.cases)
    assert done.question == asked[0]  # which is still open


def test_answer_that_cannot_be_run_is_no_anchor(work):
    """A name that the module lacks is said, and what was known stays."""
    _, _, done = work(LARGEST, ["Decimal(1)", None, None])
    assert any(
        note.startswith("your answer Decimal(1) could not be run: NameError") for note in done.notes
    )
    assert not any(case.anchor for case in done.cases)


def test_stub_is_completed_as_the_answer_says(work):
    """The proposal is a candidate that gives the user's value."""
    asked, _, done = work(STUB, ["3", None, None])
    assert asked[0].call == "pick([3, 1, 4])"
    assert "values[0]" in done.candidates[done.proposal].source


def test_trusted_code_is_not_asked_about(work):
    """With the code as oracle nothing is open."""
    asked, _, done = work(LARGEST, [], oracle="code")
    assert asked == []
    assert done.question is None


def test_weak_cases_are_not_kept(work):
    """What nothing could fail is executed, told and left out; twins stand for one."""
    tester = "assert pick([5]) is not None\nassert pick([6]) == 6\nassert pick([6])==6.0\n"
    _, kept, done = work(LARGEST, None, tester=tester)
    reasons = {case.source: case.reason for case in done.cases}
    assert reasons["assert pick([5]) is not None"].startswith("nothing that the target returns")
    assert reasons["assert pick([6]) == 6.0"] == "it says the same as another case"
    assert [case.source for case in kept] == ["assert pick([6]) == 6"]
