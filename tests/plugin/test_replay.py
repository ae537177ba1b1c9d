"""A recorded run, repeated without a model."""

from __future__ import annotations

import json
from importlib.util import find_spec

import pytest

from pytest_genx.records import PromptMade, RunEnded, RunStarted, SampleTaken, TargetDone, decode

GENERATE = "--genx-generate=words.py"
MODEL = pytest.mark.skipif(find_spec("llama_cpp") is None, reason="needs llama-cpp-python")


def lines(project: pytest.Pytester, name: str) -> list[str]:
    return (project.path / name).read_text(encoding="utf-8").splitlines()


def generate(project: pytest.Pytester, report: str, *args: str) -> list[str]:
    # A process of its own: llama-cpp-python leaves files open when it is imported.
    options = ("--genx-sandbox=process", f"--genx-report=jsonl:{report}", *args)
    result = project.runpytest_subprocess(GENERATE, *options)
    assert result.ret == 0
    return lines(project, report)


@pytest.mark.parametrize(
    "backend", [pytest.param("llama,heuristic", marks=MODEL), "scripted,heuristic"]
)
def test_a_replayed_run_is_the_recorded_one(project: pytest.Pytester, backend: str) -> None:
    """Byte for byte, but for the last line, which says that it was replayed."""
    first = generate(project, "a.jsonl", f"--genx-backend={backend}", "--genx-samples=4")
    replay = ("--genx-backend=replay", "--genx-replay=a.jsonl", "--genx-samples=4")
    second = generate(project, "b.jsonl", *replay)
    assert len(first) > 10
    assert second[:-1] == first[:-1]
    ended = decode(second[-1])
    assert isinstance(ended, RunEnded)
    assert ended.notes == (f"samples were replayed from {project.path / 'a.jsonl'}",)
    assert ended.sampled == 0


TEXTS = {
    "shout coder": [
        "    return text.upper(\n",
        "    return text.lower()\n",
        "    return text.title()\n",
        "    return text(\n",
    ],
    "shout coder repair": ["    return text.swapcase()\n", "    return text.strip().upper()\n"],
    "shout coder second": ["    return text.casefold()\n", "    return str(text).upper()\n"],
    "shout tester": [
        "assert shout('aB') == 'AB'\nassert shout(1, 2) == ''",
        "assert shout('a') == 'b'",
    ],
    "shout tester repair": ["assert shout('ab c') == 'AB C'"],
    "shout tester second": ["assert shout('Bc') == 'BC'", "assert shout('a b') == 'A B'"],
}


def test_later_rounds_are_replayed_too(project: pytest.Pytester) -> None:
    """What was repaired, and the second round, come from the record, each once."""
    (project.path / "texts.json").write_text(json.dumps(TEXTS))
    options = ("--genx-samples=4", "--genx-repair", "--genx-second-round")
    first = generate(project, "a.jsonl", "--genx-backend=scripted,heuristic", *options)
    replay = ("--genx-backend=replay", "--genx-replay=a.jsonl", *options)
    assert generate(project, "b.jsonl", *replay)[:-1] == first[:-1]
    taken = [r for r in map(decode, first) if isinstance(r, SampleTaken)]
    later = {(r.stage, r.role, r.first): r.text for r in taken if r.stage != "first"}
    coder, tester = TEXTS["shout coder repair"], TEXTS["shout tester repair"]
    assert later["repair", "coder", 0] == coder[0]
    assert later["repair", "coder", 1] == coder[1]
    assert later["repair", "tester", 0] == tester[0]
    assert {stage for stage, _, _ in later} == {"repair", "second"}
    assert ("second", "tester", 0) in later
    shown = [r for r in map(decode, first) if isinstance(r, PromptMade) and r.stage == "repair"]
    (done,) = [r for r in map(decode, first) if isinstance(r, TargetDone) and "shout" in r.target]
    judged = [row.source for row in (*done.candidates, *done.cases)]
    assert any("text.swapcase()" in source for source in judged)
    assert "assert shout('a b') == 'A B'" in judged
    assert any(note.startswith("3 more samples: what was no use") for note in done.notes)
    assert [("never closed" in r.text) for r in shown if r.role == "coder"] == [True, True]


@MODEL
@pytest.mark.parametrize("rounds", [(), ("--genx-repair", "--genx-second-round")])
def test_the_embedded_model_is_recorded_and_asked_once(
    project: pytest.Pytester, rounds: tuple[str, ...]
) -> None:
    """The second run of an unchanged target draws no sample, and its report is the same."""
    samples = 6 if rounds else 2  # of so many some give rise to more
    options = ("--genx-backend=llama", f"--genx-samples={samples}", *rounds)
    first, second = (generate(project, f"{name}.jsonl", *options) for name in "ab")
    assert first[:-1] == second[:-1]
    started, *ended = map(decode, (first[0], first[-1], second[-1]))
    assert isinstance(started, RunStarted)
    (model,) = started.models
    assert model.startswith("llama genx-nano.gguf sha256:")
    counts = [(r.sampled, r.remembered) for r in ended if isinstance(r, RunEnded)]
    drawn = sum(isinstance(record, SampleTaken) for record in map(decode, first))
    assert counts == [(drawn, 0), (0, drawn)]
    assert (drawn > 2 * 2 * samples) == bool(rounds)
