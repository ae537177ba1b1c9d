"""A recorded run, repeated without a model."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from pytest_genx.records import RunEnded, RunStarted, decode

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


@MODEL
def test_the_embedded_model_is_recorded_and_asked_once(project: pytest.Pytester) -> None:
    """The second run of an unchanged target draws no sample, and its report is the same."""
    options = ("--genx-backend=llama", "--genx-samples=2")
    first, second = (generate(project, f"{name}.jsonl", *options) for name in "ab")
    assert first[:-1] == second[:-1]
    started, *ended = map(decode, (first[0], first[-1], second[-1]))
    assert isinstance(started, RunStarted)
    (model,) = started.models
    assert model.startswith("llama genx-nano.gguf sha256:")
    counts = [(r.sampled, r.remembered) for r in ended if isinstance(r, RunEnded)]
    assert counts == [(8, 0), (0, 8)]
