"""Every mistake ends in one sentence and exit status 4, before any test of the user's has run."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest

Refused = Callable[..., str]


def test_missing_path_names_close_ones(refused: Refused) -> None:
    """A slip in a file's name is helped."""
    text = refused("--genx-generate=word.py")
    assert "'word.py' does not exist" in text
    assert "words.py" in text


def test_missing_name_names_close_ones(refused: Refused) -> None:
    """A slip in a function's name is helped."""
    text = refused("--genx-generate=words.py::shuot")
    assert "'shuot' does not exist" in text
    assert "shout" in text


def test_file_that_does_not_parse_is_named_with_the_line(
    refused: Refused, project: pytest.Pytester
) -> None:
    """The user's syntax error is theirs to see, not ours to trip over."""
    (project.path / "broken.py").write_text("def f(:\n    pass\n")
    text = refused("--genx-generate=broken.py")
    assert "broken.py" in text
    assert "line 1" in text


def test_no_target_says_how_to_name_one(refused: Refused) -> None:
    """A bare flag without an ini entry names both ways."""
    text = refused("--genx-generate=")
    assert "PATH::NAME after --genx-generate" in text
    assert "genx_targets" in text


def test_file_without_functions_is_no_target(refused: Refused, project: pytest.Pytester) -> None:
    """Nothing to generate for is a mistake, not a success."""
    (project.path / "empty.py").write_text("X = 1\n")
    assert "no targets in empty.py" in refused("--genx-generate=empty.py")


@pytest.mark.parametrize("kind", ["backend", "ranker", "sandbox"])
def test_unknown_part_lists_the_known_ones(refused: Refused, kind: str) -> None:
    """What is installed is said."""
    text = refused("--genx-generate=words.py", f"--genx-{kind}=nope")
    assert text.startswith(f"no {kind} named 'nope'; known: ")


def test_unknown_reporter_lists_the_known_ones(refused: Refused) -> None:
    """What is installed is said."""
    text = refused("--genx-generate=words.py", "--genx-report=nope:x")
    assert text == "no reporter named 'nope'; known: jsonl, terminal"


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--genx-seed=x", "--genx-seed is 'x'; expected a whole number of at least 0"),
        ("--genx-samples=0", "--genx-samples is '0'; expected a whole number of at least 1"),
        ("--genx-timeout=-1", "--genx-timeout is '-1'; expected a number of at least 0.01"),
        ("--genx-oracle=me", "--genx-oracle is 'me'; expected one of code, tests, consensus"),
        ("--genx-write=all", "--genx-write is 'all'; expected one of report, accept"),
        ("--genx-report=x", "--genx-report is 'x'; expected NAME:FILE, each name once: jsonl:g"),
    ],
)
def test_bad_value_says_what_is_expected(refused: Refused, option: str, message: str) -> None:
    """The flag, the value, and what it could have been."""
    assert refused("--genx-generate=words.py", option).startswith(message)


def test_bad_value_in_the_ini_file_is_refused_too(
    refused: Refused, project: pytest.Pytester
) -> None:
    """The ini twin goes through the same check."""
    project.makeini("[pytest]\ngenx_max_tests = lots\n")
    assert "'lots'" in refused("--genx-generate=words.py")


def test_report_into_a_missing_directory_is_refused(refused: Refused) -> None:
    """Found out before the work, not after."""
    text = refused("--genx-generate=words.py", "--genx-report=jsonl:no/where.jsonl")
    assert "No such file or directory" in text


def test_replay_names_the_bad_line(refused: Refused, project: pytest.Pytester) -> None:
    """A recorded file with one bad line is not half used."""
    good = (
        '{"record": "SampleTaken", "target": "words.py::first", "role": "tester", '
        '"backend": "llama", "seed": 0, "text": "assert first([1]) == 1"}\n'
    )
    (project.path / "samples.jsonl").write_text(good + "nonsense\n")
    args = ["--genx-generate=words.py", "--genx-backend=replay", "--genx-replay=samples.jsonl"]
    assert "samples.jsonl, line 2: " in refused(*args)


def test_replay_of_a_missing_file_is_refused(refused: Refused) -> None:
    """One kind of sentence for a file that cannot be used."""
    args = ["--genx-generate=words.py", "--genx-backend=replay", "--genx-replay=none.jsonl"]
    assert "none.jsonl" in refused(*args)


@pytest.mark.skipif(importlib.util.find_spec("llama_cpp") is None, reason="needs llama_cpp")
@pytest.mark.parametrize("content", [None, b"GGUF", b"GGUF\x03\0\0\0\xff", b"PK\x03\x04" * 99])
def test_unusable_model_is_named(project: pytest.Pytester, content: bytes | None) -> None:
    """A model that is missing, cut off, or no GGUF file at all; in a process of its own."""
    if content is not None:
        (project.path / "m.gguf").write_bytes(content)
    args = ["--genx-generate=words.py", "--genx-backend=llama", "--genx-model=m.gguf"]
    result = project.runpytest_subprocess(*args)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    (line,) = [line for line in result.errlines if line]
    assert line.startswith("ERROR: cannot load model")
    assert "m.gguf" in line


def test_writing_outside_the_rootdir_is_refused(
    refused: Refused, project: pytest.Pytester, tmp_path: Path
) -> None:
    """Found out before the work, not after."""
    outside = tmp_path.parent / "outside"
    args = ["--genx-generate=words.py", "--genx-write=accept", f"--genx-test-dir={outside}"]
    text = refused(*args)
    assert text.startswith(f"will not write {outside}")
    assert not outside.exists()


def test_misspelt_hook_in_a_conftest_is_named(refused: Refused, project: pytest.Pytester) -> None:
    """A hook that nobody would call."""
    project.makeconftest(
        "from pytest_genx import hookimpl\n\n@hookimpl\ndef genx_backend():\n    return {}\n"
    )
    assert "genx_backend" in refused("--genx-generate=words.py")


def test_two_parts_of_one_name_are_refused(refused: Refused, project: pytest.Pytester) -> None:
    """A conftest cannot take over a built-in name."""
    project.makeconftest(
        "from pytest_genx import hookimpl\n\n@hookimpl\ndef genx_rankers():\n"
        "    return {'codet': lambda config: None}\n"
    )
    text = refused("--genx-generate=words.py", "--genx-ranker=codet")
    assert text == "two plugins offer a ranker named 'codet'"


def test_exit_status_reaches_the_shell(project: pytest.Pytester) -> None:
    """The same in a process of its own, generation alone, as CI would see it."""
    result = project.runpytest_subprocess("--genx-generate=nowhere.py")
    assert result.ret == 4
    assert "nowhere.py" in str(result.stderr)
    assert "Traceback" not in str(result.stderr) + str(result.stdout)


def test_mistake_with_workers_is_said_once(project: pytest.Pytester) -> None:
    """With pytest-xdist no worker starts before the mistake is found."""
    pytest.importorskip("xdist")
    result = project.runpytest_subprocess("--genx-generate=nowhere.py", "-n2", "test_good.py")
    assert result.ret == 4
    assert str(result.stderr).count("nowhere.py") == 1
    result.stdout.no_fnmatch_line("created: * workers")
