from __future__ import annotations

from contextlib import closing
from dataclasses import replace

from pytest_genx.bench.execute import LABEL_LIMITS, execute
from pytest_genx.bench.protocol import extract
from pytest_genx.sandboxes.process import ProcessSandbox


def run(task, sandbox):
    told = []
    executed = execute(task, extract(task), sandbox, cpu=0.25, on_pairs=told.append)
    return executed, sum(told)


def test_rows_are_programs_and_columns_assertions(double, sandbox):
    """A program that does not compile has an empty row, and labels are separate."""
    executed, _ = run(double, sandbox)
    assert executed.matrix.passed.astype(int).tolist() == [
        [1, 1, 0],
        [0, 1, 1],
        [0, 0, 0],
    ]
    assert executed.matrix.candidate_counts.tolist() == [2, 1, 1]
    assert executed.correct.tolist() == [True, False, False]
    assert executed.pass_rate == 0.5
    assert executed.warning == ""


def test_what_assertions_observe_is_in_the_matrix(double):
    """Equal values of one call have equal numbers; what does not compile observes nothing."""
    with closing(ProcessSandbox(1)) as sandbox:
        executed, _ = run(double, sandbox)
    assert extract(double).asserts == (
        "assert double(3) == 6",
        "assert double(2) == 4",
        "assert double(5) == 25",
    )
    observed = executed.matrix.observed.tolist()
    assert len({*observed[0], *observed[1]}) == 5  # 6, 4, 10 and 9, 4, 25
    assert observed[0][1] == observed[1][1]
    failed_import = set(observed[2])
    assert len(failed_import) == 1
    assert not failed_import & {*observed[0], *observed[1]}


def test_weak_assertions_weigh_less(double, sandbox):
    """By the same rule as in a run: a claim written twice, and one that n * n passes as well."""
    task = replace(double, test_samples=(*double.test_samples, "double( 3 )==6.0"))
    executed, _ = run(task, sandbox)
    weights = dict(zip(extract(task).asserts, executed.matrix.weights.tolist(), strict=True))
    assert weights == {
        "assert double(3) == 6": 0.5,
        "assert double( 3 )==6.0": 0.5,
        "assert double(2) == 4": 0.0,
        "assert double(5) == 25": 1.0,
    }


def test_without_observations_there_are_none(double, sandbox):
    """None, and not a matrix of minus ones."""
    assert run(double, sandbox)[0].matrix.observed is None


def test_progress_counts_pairs_and_labels(double, sandbox):
    """Each assertion and each label of each program."""
    _, told = run(double, sandbox)
    assert told == 3 * 3 + 3


def test_a_slow_reference_raises_the_limit_of_the_labels_alone(half, sandbox):
    """Assertions keep their limit; labels get the first at which the reference passes."""
    slow = replace(half, reference=half.reference + "  # slow")
    executed, _ = run(slow, sandbox)
    assert executed.warning == ""
    assert sandbox.cpu_limits == [0.25, *LABEL_LIMITS[:2]]


def test_a_reference_that_fails_its_label_is_warned_of(half, sandbox):
    """By name; the labels stand as they are, for other limits would not help."""
    wrong = replace(half, reference="def half(n):\n    return n")
    executed, _ = run(wrong, sandbox)
    assert executed.warning == "half: the reference fails its label_test (FAIL)"
    assert executed.correct.tolist() == [True]
    assert sandbox.cpu_limits == [0.25, LABEL_LIMITS[0]]


def test_without_a_label_there_is_no_verdict(half, sandbox):
    """And nothing is run for it."""
    executed, told = run(replace(half, label_test=None), sandbox)
    assert executed.correct is None
    assert executed.pass_rate == 0.0
    assert told == 1
    assert sandbox.cpu_limits == [0.25]


def test_without_assertions_the_matrix_has_no_columns(half, sandbox):
    """Labels are still run."""
    executed, _ = run(replace(half, test_samples=()), sandbox)
    assert executed.matrix.passed.shape == (1, 0)
    assert executed.correct.tolist() == [True]


def test_without_samples_the_matrix_has_no_rows(half, sandbox):
    """The reference alone is run."""
    executed, _ = run(replace(half, code_samples=()), sandbox)
    assert executed.matrix.passed.shape == (0, 1)
    assert executed.correct.shape == (0,)
    assert executed.pass_rate == 0.0


def test_cases_are_valid_when_the_reference_passes_them(double, sandbox):
    """On demand; the reference is no row of the matrix."""
    executed = execute(
        double, extract(double), sandbox, cpu=0.25, on_pairs=lambda _: None, judge_cases=True
    )
    assert executed.validity.valid.tolist() == [True, True, False]
    assert executed.validity.judged.all()
    assert executed.matrix.passed.shape == (3, 3)
    assert run(double, sandbox)[0].validity is None


def test_a_reference_gets_more_time_for_cases_too(half, sandbox):
    """A second is more than the first limit and less than the next."""
    slow = replace(half, reference=half.reference + "  # slow", label_test=None)
    executed = execute(
        slow, extract(slow), sandbox, cpu=0.25, on_pairs=lambda _: None, judge_cases=True
    )
    assert executed.validity.valid.tolist() == [True]
    assert sandbox.cpu_limits == [0.25, *LABEL_LIMITS[:2]]


def test_a_case_on_which_the_reference_runs_out_of_time_is_not_judged(half, sandbox, monkeypatch):
    """That it is not passed says nothing."""
    monkeypatch.setattr("pytest_genx.bench.execute.LABEL_LIMITS", (0.5,))
    slow = replace(half, reference=half.reference + "  # slow", label_test=None)
    executed = execute(
        slow, extract(slow), sandbox, cpu=0.25, on_pairs=lambda _: None, judge_cases=True
    )
    assert executed.validity.judged.tolist() == [False]
