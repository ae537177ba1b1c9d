"""`--genx-ask` on a terminal, and where there is none."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pytest_genx.records import TargetDone, read

pty = pytest.importorskip("pty", reason="there are no pseudo terminals here")

# The ranker of these tests counts; that two candidates agree on nothing leaves it undecided.
TEXTS = {
    "shout coder": ["    return text.title()\n", "    return text.lower()\n"],
    "shout tester": ["assert shout('ab') == 'AB'", "assert shout('ab') == 'Ab'"],
}
ARGUMENTS = ("--genx-generate=words.py::shout", "--genx-report=jsonl:out.jsonl")
PATIENCE = 60.0  # seconds; a start of pytest on a loaded machine


@pytest.fixture
def undecided(project: pytest.Pytester) -> pytest.Pytester:
    """A project in which candidates compete: its sandbox says what assertions observed."""
    (project.path / "texts.json").write_text(json.dumps(TEXTS))
    conftest = project.path / "conftest.py"
    observing = "            return Execution(Outcome.PASS)\n"
    failing = '        return Execution(Outcome.FAIL, f"AssertionError: {error}")\n'
    text = conftest.read_text()
    assert observing in text
    assert failing in text
    text = text.replace(observing, "            return seen(Outcome.PASS, case, namespace)\n")
    text = text.replace(failing, "        return seen(Outcome.FAIL, case, namespace)\n")
    text += (
        "\n\ndef seen(outcome, case, namespace):\n"
        "    if case.expectation is None:\n"
        "        return Execution(outcome)\n"
        "    value = repr(eval(case.expectation.call, namespace))\n"
        "    return Execution(outcome, value=value, digest=value)\n"
    )
    conftest.write_text(text)
    return project


def done(project: pytest.Pytester) -> TargetDone:
    """The one result in the report."""
    (record,) = [r for r in read(project.path / "out.jsonl") if isinstance(r, TargetDone)]
    return record


def on_terminal(path: Path, arguments: tuple[str, ...], typed: dict[str, str]) -> tuple[int, str]:
    """Run pytest on a terminal of its own, and type each answer when its prompt is shown."""
    terminal, other_end = pty.openpty()
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    ends = {"stdin": other_end, "stdout": other_end, "stderr": other_end}
    child = subprocess.Popen(command, cwd=path, start_new_session=True, **ends)
    os.close(other_end)
    shown, waiting = "", dict(typed)
    until = time.monotonic() + PATIENCE
    try:
        while time.monotonic() < until:
            if not select.select([terminal], [], [], 1.0)[0]:
                continue
            try:
                data = os.read(terminal, 4096)
            except OSError:  # Linux: the other end is closed
                data = b""
            if not data:
                break
            shown += data.decode(errors="replace")
            for prompt in [prompt for prompt in waiting if prompt in shown]:
                os.write(terminal, waiting.pop(prompt).encode() + b"\n")
        assert waiting == {}, f"never asked: {waiting}; shown:\n{shown}"
        return child.wait(PATIENCE), shown
    finally:
        child.kill()
        child.wait()
        os.close(terminal)


def test_typed_answer_becomes_an_anchor(undecided: pytest.Pytester) -> None:
    """The question comes through pytest's capture, and so does what is typed."""
    typed = {"1, 2, s or o: ": "o", "the value, as a Python expression: ": "'AB'"}
    status, shown = on_terminal(undecided.path, (*ARGUMENTS, "--genx-ask"), typed)
    assert status == 0, shown
    assert "what should shout('ab') give?" in shown
    record = done(undecided)
    assert [one.given for one in record.answered] == ["'AB'"]
    assert "assert shout('ab') == 'AB'" in {c.source for c in record.cases if c.anchor}
    assert "you said " in shown


def test_asking_after_tests_leaves_their_capture_alone(undecided: pytest.Pytester) -> None:
    """A test that prints shows nothing, and the question comes after it."""
    undecided.makepyfile(test_loud="def test_loud():\n    print('hidden words')\n")
    arguments = (*ARGUMENTS, "--genx-ask", "test_loud.py")
    status, shown = on_terminal(undecided.path, arguments, {"1, 2, s or o: ": "s"})
    assert status == 0, shown
    assert "1 passed" in shown
    assert "hidden words" not in shown
    assert "not answered: what shout('ab') should give" in done(undecided).notes


def test_without_a_terminal_nobody_is_asked(undecided: pytest.Pytester) -> None:
    """The run ends as ever, and a note says what was not answered."""
    result = undecided.runpytest_subprocess(*ARGUMENTS, "--genx-ask")
    assert result.ret == 0
    assert "what should" not in str(result.stdout)
    result.stdout.fnmatch_lines(["*undecided*", "*shout('ab') gives *which is right?"])
    assert "not answered: what shout('ab') should give" in done(undecided).notes


def test_nobody_is_asked_unless_told_to(undecided: pytest.Pytester) -> None:
    """The question is in the report; that it can be asked is said."""
    result = undecided.runpytest_subprocess(*ARGUMENTS)
    assert done(undecided).answered == ()
    result.stdout.fnmatch_lines(["*--genx-ask asks you*"])


def test_ci_is_not_asked(undecided: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Terminals of CI services have nobody before them."""
    monkeypatch.setenv("CI", "true")
    status, shown = on_terminal(undecided.path, (*ARGUMENTS, "--genx-ask"), {})
    assert status == 0, shown
    assert "what should" not in shown
    assert [one.given for one in done(undecided).answered] == [""]
