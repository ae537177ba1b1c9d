"""Samples are run, corrected, filtered and measured; worked out by hand on a small problem."""

from __future__ import annotations

import random
from contextlib import closing
from pathlib import Path

import pytest

from pytest_genx import plugins
from pytest_genx.config import Config
from pytest_genx.domain import Role, Sample
from pytest_genx.train.rounds.accept import accept, distinct, replayed
from pytest_genx.train.rounds.execute import Runner, execute
from pytest_genx.train.rounds.formats import Task
from pytest_genx.train.rounds.lines import executed_line, filter_line, sound_tests, split
from pytest_genx.train.rounds.problems import make_problem
from pytest_genx.train.rounds.recipe import FilterPart
from pytest_genx.train.rounds.score import figures, summary

LARGEST = "def largest(a, b):\n    if a > b:\n        return a\n    return b\n"
HASHED = "def largest(a, b):\n    return list({str(a), str(b), 'x', 'y', 'z'})\n"
CASES = (
    "assert largest(1, 2) == 2\nassert largest(5, 3) == 4\nassert largest(5, 3) == 5\n",
    "assert largest(1, 2) == 2\nassert largest(1, 'a') == 1\nassert largest(7, 7) == 7\n",
    "no code at all",
)
CODES = (
    "    return max(a, b)",
    "    return sorted([a, b])[1]",
    "    return max(a, b)  # the same",
    "    return b",
    "    if a > b:\n        return a\n    return b",
    "    while True: pass",
)


def problem_of(*solutions, tests=("assert largest(1, 2) == 2", "assert largest(2, 1) == 2")):
    """Make the problem with these references."""
    made = make_problem(Task("p", "Find the largest.", "largest", solutions, tests))
    assert not isinstance(made, str)
    return made


def samples(cases=CASES, codes=CODES):
    """What a model might write."""
    return [
        *(Sample(Role.TESTER, text, "model") for text in cases),
        *(Sample(Role.CODER, text, "model") for text in codes),
    ]


@pytest.fixture(scope="module")
def run():
    """A sandbox for the module."""
    manager = plugins.load()
    config = Config(rootdir=Path.cwd(), workers=1)
    with closing(plugins.sandbox(manager, "process")(config)) as sandbox:
        yield Runner(sandbox, 0.3)


@pytest.fixture(scope="module")
def done(run):
    """The problem, executed with all its samples."""
    problem = problem_of(LARGEST)
    return problem, execute(problem, samples(), run, n_mutants=4, seed=0, written=True)


def test_the_reference_corrects_what_was_written(done):
    """A wrong value is replaced, what then stands twice is a duplicate, and errors are no cases."""
    _, executed = done
    found = [(j.written.source, j.outcome.value, j.status) for j in executed.cases]
    assert found == [
        ("assert largest(1, 2) == 2", "P", ""),
        ("assert largest(5, 3) == 4", "F", ""),
        ("assert largest(5, 3) == 5", "P", "duplicate"),
        ("assert largest(1, 'a') == 1", "E", "raises an error"),
        ("assert largest(7, 7) == 7", "P", ""),
    ]
    assert executed.useful[1].corrected.source == "assert largest(5, 3) == 5"
    assert executed.silent == 1
    assert executed.unreadable == 0


def test_codes_are_kept_that_pass_everything_and_differ(done):
    """Equal trees are one, the reference itself is known, wrong and endless ones go."""
    problem, executed = done
    (parts,) = split([executed_line(problem, executed)])
    line = filter_line(problem, *parts)
    rows, causes = accept(line, FilterPart(), 3)
    codes = [r["source"].rsplit("\n", 1)[1].strip() for r in rows if r["role"] == "coder"]
    assert sorted(codes) == ["return max(a, b)", "return sorted([a, b])[1]"]
    assert {r["round"] for r in rows} == {3}
    assert causes["coder: wrong value"] == 1
    assert causes["coder: runs out of time"] == 1
    assert causes["coder: equals a known solution"] == 1
    assert causes["tester: duplicate"] == 1
    assert causes["tester: nothing in the sample"] == 1


def test_cases_that_kill_no_mutant_are_unhelpful(done):
    """The first case kills most; the cap counts what it leaves out."""
    problem, executed = done
    (parts,) = split([executed_line(problem, executed)])
    line = {**filter_line(problem, *parts), "mutants": ["PFP", "PFP", "FPP"]}
    rows, causes = accept(line, FilterPart(), 1)
    cases = [(r["source"], r["kills"]) for r in rows if r["role"] == "tester"]
    assert cases == [("assert largest(5, 3) == 5", [0, 1]), ("assert largest(1, 2) == 2", [2])]
    assert causes["tester: unhelpful, kills no mutant"] == 1
    rows, causes = accept(line, FilterPart(cases=1), 1)
    assert [r["kills"] for r in rows if r["role"] == "tester"] == [[0, 1]]
    assert causes["tester: above the cap"] == 1


def test_the_control_arm_takes_what_was_written(done):
    """Wrong values and wrong codes stay."""
    problem, executed = done
    (parts,) = split([executed_line(problem, executed)])
    rows, _ = accept(filter_line(problem, *parts), FilterPart(kind="none"), 1)
    sources = [r["source"] for r in rows]
    assert "assert largest(5, 3) == 4" in sources
    assert any(s.endswith("return b") for s in sources)


def test_figures_are_as_the_docstring_says(done):
    """Six sampled cases, four of them right as written; four of six codes are right."""
    _, executed = done
    found = figures(executed, 6, 10, {})
    assert found["tester pass rate"] == pytest.approx(4 / 6)
    assert found["tester pass num"] == 3
    assert found["tester runs rate"] == pytest.approx(5 / 6)
    assert found["tester runs num"] == 3
    assert found["tester validity"] == pytest.approx(3 / 5)
    assert found["coder pass rate"] == pytest.approx(4 / 6)
    assert found["coder pass num"] == 3
    assert found["coder pass@1"] == pytest.approx(4 / 6)


def test_cases_that_depend_on_the_hash_seed_are_flaky(run):
    """Another process with another order of sets gives another value."""
    problem = problem_of(HASHED)
    executed = execute(problem, samples(CASES[:1], ()), run, n_mutants=0, seed=0)
    assert {j.status for j in executed.cases} == {"flaky", "duplicate"}
    assert executed.n_useful == 0


def test_references_must_agree(run):
    """A case on which they differ is of no use."""
    problem = problem_of(LARGEST, "def largest(a, b):\n    return a if a >= 5 else b\n")
    executed = execute(problem, samples(("assert largest(4, 1) == 4\nassert largest(6, 1) == 0",),
                                        ()), run, n_mutants=0, seed=0)  # fmt: skip
    assert [j.status for j in executed.cases] == ["references disagree", ""]


def test_tests_that_the_reference_fails_are_not_sound(run):
    """A reference that fails its own tests has none left."""
    problem = problem_of(LARGEST, tests=("assert largest(1, 2) == 1", "assert largest(1, 2) == 2"))
    line = executed_line(problem, execute(problem, [], run, n_mutants=0, seed=0))
    assert sound_tests(problem, line) == ["assert largest(1, 2) == 2"]


def test_replay_mixes_as_its_policy_says():
    """The originals always stay; no row stands twice, and the earliest round keeps it."""

    def rounds(n):
        return [[{"problem": "p", "role": "tester", "round": k, "source": f"assert f({i}) == {k}"}
                 for i in range(4)] for k in range(n)]  # fmt: skip

    counts = {
        policy: len(replayed(rounds(3), FilterPart(replay=policy), random.Random(0)))
        for policy in ("union", "none", "share")
    }
    assert counts == {"union": 12, "none": 4, "share": 8}
    twice = [{"problem": "p", "role": "coder", "round": k, "source": s} for k, s in
             ((0, "def f(): return 1"), (1, "def f():\n    return 1"))]  # fmt: skip
    assert [row["round"] for row in distinct(twice)] == [0]


def test_score_is_the_product_of_means_and_leads_are_paired():
    """Two problems: mean rate 1/2, mean num 2, so Score 1; the other version has half the rate."""
    rows = [{"tester pass rate": 1.0, "tester pass num": 4.0},
            {"tester pass rate": 0.0, "tester pass num": 0.0}]  # fmt: skip
    base = [{**row, "tester pass rate": row["tester pass rate"] / 2} for row in rows]
    found = summary(rows, 0, base)
    assert found["tester Score"]["mean"] == 1.0
    assert found["tester Score"]["lead"]["mean"] == 0.5
    assert found["tester Score"]["lead"]["low"] >= 0.0


def test_without_a_reference_the_dual_critic_decides(run):
    """What most samples agree on is kept as written, above the threshold alone."""
    problem = make_problem(
        Task("p", "Find the largest.", "largest", (), starter="def largest(a, b):")
    )
    assert problem.target.is_stub
    assert "return" not in problem.tester.text
    done = execute(problem, samples(codes=CODES[:5]), run, n_mutants=4, seed=0)
    assert done.n_mutants == 0
    (parts,) = split([executed_line(problem, done)])
    line = filter_line(problem, *parts)
    rows, _ = accept(line, FilterPart(threshold=0.5), 1)
    cases = {r["source"] for r in rows if r["role"] == "tester"}
    codes = [r["source"].rsplit("\n", 1)[1].strip() for r in rows if r["role"] == "coder"]
    assert "assert largest(1, 2) == 2" in cases
    assert "assert largest(5, 3) == 4" not in cases
    assert "return max(a, b)" in codes
    none, causes = accept(line, FilterPart(threshold=1.0), 1)
    assert not none
    assert causes["coder: not probable enough"] == 4
