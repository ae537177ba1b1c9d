from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from pytest_genx.config import from_strings
from pytest_genx.domain import Role, Sample
from pytest_genx.pipeline.parts import Parts
from pytest_genx.pipeline.run import run_target
from pytest_genx.pipeline.target import find_targets
from pytest_genx.rankers.dual_critic import dual_critic
from pytest_genx.records import (
    Progress,
    PromptMade,
    SampleTaken,
    TargetDone,
    TargetFailed,
    TargetStarted,
)
from pytest_genx.sandboxes.process import process_sandbox

RIGHT = [
    "    return sorted(values)[len(values) // 2]\n",
    "    ordered = sorted(values)\n    return ordered[len(ordered) // 2]\n",
    "    values = list(values)\n    values.sort()\n    return values[len(values) // 2]\n",
]
CASES = "assert middle([3, 1, 2]) == 2\nassert middle([5]) == 5\nassert middle([9, 8, 7]) == 8\n"


class Scripted:
    """A backend that says the same of every target."""

    name = "scripted"
    free = True

    def __init__(self, coder: list[str], tester: list[str]) -> None:
        self.texts = {Role.CODER: coder, Role.TESTER: tester}

    def sample(self, request):
        role = request.prompt.role
        for i, text in enumerate(self.texts[role]):
            yield Sample(role, text, self.name, i)

    def close(self):
        """Nothing is open."""


@pytest.fixture
def work(tmp_path):
    """Run a source through the whole pipeline; gives kept cases and records."""

    def run(body: str, *, coder=(), tester=(), name="middle", **options):
        (tmp_path / "maths.py").write_text(textwrap.dedent(body))
        config = from_strings(options, rootdir=tmp_path)
        sandbox = process_sandbox(config)
        records = []
        parts = Parts(config, (Scripted(list(coder), list(tester)),), sandbox, dual_critic)
        (target,) = find_targets([f"maths.py::{name}"], tmp_path)
        try:
            kept = run_target(target, parts, records.append)
        finally:
            sandbox.close()
        return kept, [r for r in records if not isinstance(r, Progress)]

    return run


CORRECT = """
    def middle(values):
        '''The middle one of the values in order.'''
        return sorted(values)[len(values) // 2]
"""
WRONG = """
    def middle(values):
        '''The middle one of the values in order.'''
        return values[len(values) // 2]
"""
STUB = """
    def middle(values):
        '''The middle one of the values in order.'''
        raise NotImplementedError
"""


def test_cases_that_code_and_candidates_agree_on_are_kept(work):
    """The ordinary way: everything agrees, the cases are kept, nothing is suspected."""
    kept, records = work(CORRECT, coder=RIGHT, tester=[CASES])
    assert {case.source for case in kept} == set(CASES.splitlines())
    done = records[-1]
    assert isinstance(done, TargetDone)
    assert done.findings == ()
    assert [c.incumbent for c in done.candidates].count(True) == 1


def test_records_come_in_order(work):
    """Start, every sample, and the result."""
    _, records = work(CORRECT, coder=RIGHT, tester=[CASES])
    kinds = [type(record) for record in records]
    assert kinds == [TargetStarted, *[PromptMade] * 2, *[SampleTaken] * 4, TargetDone]
    assert {record.target for record in records} == {"maths.py::middle"}


def test_bug_is_suspected_and_not_frozen(work):
    """Where candidates and cases contradict the code, the case is a finding, never kept."""
    kept, records = work(WRONG, coder=RIGHT, tester=[CASES])
    done = records[-1]
    suspected = {done.cases[finding.case].source for finding in done.findings}
    assert "assert middle([3, 1, 2]) == 2" in suspected
    calls = {case.expectation.call for case in kept}
    assert calls == {"middle([5])", "middle([9, 8, 7])"}


def test_trusted_code_gives_the_values(work):
    """With the code as oracle a wrong expected value is corrected and marked."""
    kept, records = work(CORRECT, tester=["assert middle([3, 1, 2]) == 99\n"], oracle="code")
    assert [(case.source, case.corrected) for case in kept] == [
        ("assert middle([3, 1, 2]) == 2", True)
    ]
    assert records[-1].findings == ()


def test_stub_gets_the_best_candidate_as_proposal(work):
    """Nothing can be kept for a stub; the implementation that passes most is proposed."""
    wrong = "    return values[0]\n"
    kept, records = work(STUB, coder=[wrong, *RIGHT], tester=[CASES])
    done = records[-1]
    assert kept == []
    assert "sorted" in done.candidates[done.proposal].source
    assert {case.incumbent for case in done.cases} == {""}


def test_module_that_does_not_import_is_reported_with_the_reason(work):
    """No sample is taken for a module that cannot be imported."""
    kept, records = work("import no_such_package_at_all\n\ndef middle(values):\n    return 1\n")
    assert kept == []
    assert isinstance(records[-1], TargetFailed)
    assert "no_such_package_at_all" in records[-1].reason
    assert not any(isinstance(record, SampleTaken) for record in records)


def test_hash_seed_dependent_values_are_not_kept(work):
    """An outcome that changes with the hash seed is no test."""
    source = """
        def middle(values):
            return [x for x in {str(v) for v in values}]
    """
    kept, records = work(source, tester=["middle([1, 2, 3, 4, 5, 6, 7])\nmiddle([1])\n"])
    assert [case.source for case in kept] == ["assert middle([1]) == ['1']"]
    reasons = [case.reason for case in records[-1].cases if not case.kept]
    assert reasons == ["its outcome changes with the hash seed or the process"]


def test_garbage_from_a_model_is_survived(work):
    """Text that is no code gives no cases, and a report all the same."""
    kept, records = work(CORRECT, coder=["\x00 {{", "I cannot"], tester=["assert (", "```"])
    assert kept == []
    assert isinstance(records[-1], TargetDone)
    assert records[-1].cases == ()


def test_two_runs_say_the_same(work):
    """The same seed and inputs give the same records."""
    assert work(WRONG, coder=RIGHT, tester=[CASES]) == work(WRONG, coder=RIGHT, tester=[CASES])


def test_label_is_relative_to_the_rootdir(half):
    """Records name targets the same way on every machine."""
    assert half.label(Path("elsewhere")) == "half.py::half"
