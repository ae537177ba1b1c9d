"""Generation in a pytest run: when it happens, what it prints, and the exit status."""

from __future__ import annotations

import json

import pytest

from pytest_genx.records import TargetDone, TargetStarted, read

GENERATE = "--genx-generate=words.py"


def test_without_test_paths_generation_is_all_that_runs(project: pytest.Pytester) -> None:
    """Nothing is collected, and the exit status is 0 although there are no tests."""
    result = project.runpytest_inprocess(GENERATE)
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            "genx: instead of tests, generating for 2 targets",
            "words.py::shout*",
            "words.py::first*",
            "genx: 2 targets, *",
        ]
    )
    result.stdout.no_fnmatch_line("*test_good*")
    result.stdout.no_fnmatch_line("*collected*")


def test_flag_takes_the_path_after_a_space(project: pytest.Pytester) -> None:
    """`--genx-generate words.py` names a target, not a test path."""
    result = project.runpytest_inprocess("--genx-generate", "words.py::first")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["genx: instead of tests, generating for 1 target"])


def test_bare_flag_takes_the_targets_of_the_ini_file(project: pytest.Pytester) -> None:
    """`genx_targets` is what the flag alone stands for."""
    with (project.path / "tox.ini").open("a") as file:
        file.write("\ngenx_targets = words.py::first\n")
    result = project.runpytest_inprocess("--genx-generate")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["words.py::first*", "genx: 1 target, *"])


def test_named_tests_run_first(project: pytest.Pytester) -> None:
    """Their line is complete before the first line of ours."""
    result = project.runpytest_inprocess(GENERATE, "test_good.py")
    assert result.ret == 0
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        [
            "genx: after the tests, generating for 2 targets",
            "test_good.py .*[[]100%[]]",
            "genx 0.*: 2 targets, *",
            "genx: 2 targets, *",
        ]
    )


def test_failing_suite_stays_failing(project: pytest.Pytester) -> None:
    """Generation happens all the same, and hides nothing."""
    result = project.runpytest_inprocess(GENERATE, "test_bad.py", "test_good.py")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["genx: 2 targets, *"])


def test_suite_without_tests_keeps_its_exit_status(project: pytest.Pytester) -> None:
    """That no test was selected is not hidden either."""
    result = project.runpytest_inprocess(GENERATE, "test_good.py", "-k", "nothing")
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_stopped_suite_generates_nothing(project: pytest.Pytester) -> None:
    """After `-x` stopped the tests the user waits for nothing more, and is told."""
    result = project.runpytest_inprocess(GENERATE, "-x", "test_bad.py")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["genx: nothing is generated, the tests were stopped"])
    result.stdout.no_fnmatch_line("genx: 2 targets*")


def test_target_that_cannot_be_worked_on_is_a_failure(project: pytest.Pytester) -> None:
    """A module that does not import: one line, the others go on, exit status 1."""
    (project.path / "broken.py").write_text("import no_such_module\n\n\ndef f(x):\n    return x\n")
    result = project.runpytest_inprocess("--genx-generate=broken.py", GENERATE)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        ["broken.py::f: *no_such_module*", "genx: 2 targets, *, 1 failed target in *"]
    )


def test_collecting_only_generates_nothing(project: pytest.Pytester) -> None:
    """`--collect-only` collects, and says that it does nothing else."""
    result = project.runpytest_inprocess(GENERATE, "--collect-only", "-q")
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        ["test_good.py::test_good", "genx: nothing is generated with --collect-only"]
    )
    result.stdout.no_fnmatch_line("genx: 2 targets*")


def test_quiet_run_is_a_line_for_each_target(project: pytest.Pytester) -> None:
    """`-q` leaves the counts."""
    result = project.runpytest_inprocess(GENERATE, "-q")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["words.py::shout: * cases kept", "words.py::first: * cases kept"])
    result.stdout.no_fnmatch_line("*score*")


def test_verbose_run_says_why_a_case_was_not_kept(project: pytest.Pytester) -> None:
    """`-v` leaves nothing out."""
    result = project.runpytest_inprocess("--genx-generate=words.py", "--genx-max-tests=1", "-v")
    result.stdout.fnmatch_lines(["*not kept: not among the 1 that add most"])


def test_run_without_terminal_plugin_prints_nothing(project: pytest.Pytester) -> None:
    """`-p no:terminal` silences us as well, and the work is done."""
    args = ["-p", "no:terminal", "-p", "no:cacheprovider", "--genx-report=jsonl:out.jsonl"]
    result = project.runpytest_subprocess(GENERATE, *args)
    assert result.ret == 0
    assert str(result.stdout) == ""
    assert sum(isinstance(r, TargetDone) for r in read(project.path / "out.jsonl")) == 2


def test_colours_follow_pytest(project: pytest.Pytester) -> None:
    """`--color=yes` and `--color=no` decide for us too."""
    assert "\x1b[" in str(project.runpytest_inprocess(GENERATE, "--color=yes").stdout)
    assert "\x1b[" not in str(project.runpytest_inprocess(GENERATE, "--color=no").stdout)


def test_backend_of_a_conftest_is_used(project: pytest.Pytester) -> None:
    """A conftest that pytest loads at its start offers parts by name."""
    result = project.runpytest_inprocess("--genx-generate=words.py::first")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*scripted*", "*keep*assert first([[]4, 5[]]) == 4"])


def test_suspected_bug_is_reported_and_no_failure(project: pytest.Pytester) -> None:
    """Where independent candidates agree against the code, exit status 0 and a finding."""
    (project.path / "half.py").write_text(
        'def half(n: int) -> int:\n    """Half of n, rounded down."""\n    return n // 3\n'
    )
    bodies = ["return n // 2", "return int(n / 2)", "return n >> 1", "return (n - n % 2) // 2"]
    texts = {
        "half coder": [f"    {body}\n" for body in bodies],
        "half tester": [f"assert half({n}) == {n // 2}" for n in (4, 9, 10, 50)],
    }
    (project.path / "texts.json").write_text(json.dumps(texts))
    args = ["--genx-generate=half.py", "--genx-report=jsonl:o.jsonl"]
    result = project.runpytest_inprocess(*args)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*suspected bug", "*expected  assert half(*"])
    (done,) = [r for r in read(project.path / "o.jsonl") if isinstance(r, TargetDone)]
    assert done.findings
    assert not any(case.kept for case in done.cases if case.incumbent != "P")


def test_same_seed_gives_the_same_report(project: pytest.Pytester) -> None:
    """Byte for byte, but for the last line, which has the seconds."""
    for name in ("a", "b"):
        project.runpytest_inprocess(GENERATE, f"--genx-report=jsonl:{name}.jsonl")
    first, second = (
        (project.path / f"{name}.jsonl").read_text().splitlines() for name in ("a", "b")
    )
    assert len(first) > 4
    assert first[:-1] == second[:-1]


def test_broken_sandbox_ends_in_a_sentence(project: pytest.Pytester) -> None:
    """An error in the middle of the work is exit status 4 too, without a traceback."""
    result = project.runpytest_inprocess(GENERATE, "--genx-sandbox=broken")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "sandbox 'broken': it always is" in str(result.stderr)
    assert "Traceback" not in str(result.stderr) + str(result.stdout)


def test_error_in_the_work_does_not_hide_a_failing_suite(project: pytest.Pytester) -> None:
    """Exit status 1 of the tests stays; the error is a line of its own."""
    result = project.runpytest_inprocess(GENERATE, "--genx-sandbox=broken", "test_bad.py")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["ERROR: sandbox 'broken': it always is"])


@pytest.mark.parametrize("paths", [[], ["test_good.py", "test_bad.py"]])
def test_workers_do_not_generate(project: pytest.Pytester, paths: list[str]) -> None:
    """With pytest-xdist the controller generates, once; alone it needs no workers."""
    pytest.importorskip("xdist")
    args = [GENERATE, "-n2", "--genx-report=jsonl:out.jsonl", *paths]
    result = project.runpytest_subprocess(*args)
    assert result.ret == (1 if paths else 0)
    if paths:
        result.assert_outcomes(passed=1, failed=1)
    else:
        result.stdout.no_fnmatch_line("created: * workers")
    result.stdout.fnmatch_lines(["genx: 2 targets, *"])
    started = [r for r in read(project.path / "out.jsonl") if isinstance(r, TargetStarted)]
    assert len(started) == 2
