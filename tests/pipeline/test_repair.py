"""What is sent back with which error."""

from __future__ import annotations

import pytest

from pytest_genx.domain import (
    Candidate,
    Case,
    Execution,
    Expectation,
    Outcome,
    Role,
    Sample,
    Stage,
)
from pytest_genx.pipeline.extract import extract_candidates, extract_cases
from pytest_genx.pipeline.parts import Work
from pytest_genx.pipeline.repair import MOST, broken_cases, reason, repairs

ERROR = Execution(Outcome.ERROR, "TypeError: too many")
NOTHING = Work([], [], [], [])


def send_back(target, samples, work=NOTHING, errors=None):
    return repairs(
        target,
        samples,
        work,
        errors or {},
        extract_candidates=extract_candidates,
        extract_cases=extract_cases,
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("    return n //\n", "SyntaxError: invalid syntax in 'return n //'"),
        ("```python\ndef half(n:\n    return n\n```\n", "SyntaxError: "),
        ("```python\ndef third(n):\n    return n\n```\n", "it does not define half"),
        ("\0", "source code string cannot contain null bytes"),
    ],
)
def test_the_reason_names_what_is_wrong_with_a_sample(half, text, why):
    """Where it does not parse, or that it is something else."""
    assert why in reason(text, half)


def test_samples_that_are_no_use_go_back_to_the_backend_that_gave_them(half):
    """Each once, at most so many, with a number of its own; good ones and empty ones do not."""
    good = Sample(Role.CODER, "    return n // 2\n", "model")
    bad = [Sample(Role.CODER, f"    return n // ({i}\n", "model") for i in range(6)]
    blank = Sample(Role.CODER, " \n", "model")
    asked = send_back(half, [blank, good, bad[0], *bad])
    assert [a.values["answer"] for a in asked] == [s.text.rstrip() for s in bad[:MOST]]
    assert [a.first for a in asked] == list(range(MOST))
    assert {(a.role, a.stage, a.n, a.backend) for a in asked} == {
        (Role.CODER, Stage.REPAIR, 1, "model")
    }


def test_a_program_that_cannot_be_imported_goes_back(half):
    """With what its import ended in, on one line."""
    sample = Sample(Role.CODER, "    return n // 2\n", "model")
    (candidate,) = extract_candidates([sample], half)
    (asked,) = send_back(half, [sample], errors={candidate.program: "NameError:\n x"})
    assert asked.values["error"] == "NameError: x"


def test_a_case_that_no_candidate_can_run_goes_back(half):
    """Not one that a candidate passes, nor one that expects an exception."""
    sources = ["assert half(1, 2) == 0", "assert half(4) == 2"]
    cases = [*extract_cases([Sample(Role.TESTER, "\n".join(sources), "model")], half)]
    cases += [
        Case(
            "with pytest.raises(TypeError):\n    half()",
            "m",
            Expectation("half()", raises="TypeError"),
        )
    ]
    runs = Candidate("def half(n): return 0", "program", "model")
    broken = Candidate("def half(n): return x", "broken", "model")
    rows = [
        [ERROR, Execution(Outcome.FAIL, "no"), ERROR],
        [Execution(Outcome.ERROR, "import: x")] * 3,
    ]
    work = Work([runs, broken], cases, rows, [])
    assert broken_cases(work, {"broken": "x"}) == {sources[0]: "TypeError: too many"}
    samples = [
        Sample(Role.TESTER, "\n".join(sources[::-1]), "model"),
        Sample(Role.TESTER, sources[1], "model"),
    ]
    (asked,) = send_back(half, samples, work, {"broken": "x"})
    assert (asked.role, dict(asked.values)) == (
        Role.TESTER,
        {"answer": sources[0], "error": "TypeError: too many"},
    )


def test_candidates_that_differ_in_the_error_say_nothing_of_the_case(half):
    """They may be what is wrong."""
    (case,) = extract_cases([Sample(Role.TESTER, "assert half('a') == 0", "model")], half)
    rows = [[ERROR], [Execution(Outcome.ERROR, "ValueError: a")]]
    candidates = [Candidate(str(i), str(i), "model") for i in range(2)]
    assert broken_cases(Work(candidates, [case], rows, []), {}) == {}
