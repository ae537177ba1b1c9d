from __future__ import annotations

from pathlib import Path

import pytest

from pytest_genx.backends.replay import replay_backend
from pytest_genx.config import Config
from pytest_genx.domain import Role
from pytest_genx.errors import BadOption, RecordError
from pytest_genx.records import RunStarted, SampleTaken, TargetStarted, encode

SOURCE = "def f(x):\n    return x\n"


def recorded(path: Path, *taken: SampleTaken) -> Path:
    lines = [encode(TargetStarted("m.py::f", is_stub=False)), *map(encode, taken)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def replayed(tmp_path: Path, request, *taken: SampleTaken) -> list:
    config = Config(rootdir=tmp_path, replay=recorded(tmp_path / "run.jsonl", *taken))
    return list(replay_backend(config).sample(request))


def test_samples_come_back_as_they_were_recorded(tmp_path, target_of, request_of):
    """Each keeps its own backend, seed, tokens and log probability, so reports are equal."""
    target = target_of(SOURCE, path=tmp_path / "pkg" / "m.py")
    taken = SampleTaken("pkg/m.py::f", "tester", "llama", 7, "assert f(1) == 1", 5, -2.5)
    (sample,) = replayed(tmp_path, request_of(target, n=1), taken)
    assert (sample.backend, sample.seed, sample.text) == ("llama", 7, "assert f(1) == 1")
    assert (sample.tokens, sample.logprob) == (5, -2.5)


def test_other_targets_and_roles_are_left_out(tmp_path, target_of, request_of):
    """A file holds the samples of a whole run."""
    target = target_of(SOURCE, path=tmp_path / "m.py")
    taken = [
        SampleTaken("m.py::f", "coder", "llama", 0, "body"),
        SampleTaken("m.py::g", "tester", "llama", 0, "other name"),
        SampleTaken("n.py::f", "tester", "llama", 0, "other file"),
        SampleTaken("m.py::f", "tester", "llama", 0, "case"),
    ]
    assert [s.text for s in replayed(tmp_path, request_of(target), *taken)] == ["case"]
    coded = replayed(tmp_path, request_of(target, Role.CODER), *taken)
    assert [s.text for s in coded] == ["body"]


def test_every_recorded_sample_is_replayed_in_order(tmp_path, target_of, request_of):
    """Asking for fewer does not cut a recorded run short."""
    target = target_of(SOURCE, path=tmp_path / "m.py")
    taken = [SampleTaken("m.py::f", "tester", "llama", i, f"f({i})") for i in range(5)]
    texts = [s.text for s in replayed(tmp_path, request_of(target, n=2), *taken)]
    assert texts == ["f(0)", "f(1)", "f(2)", "f(3)", "f(4)"]


def test_a_run_recorded_under_another_rootdir_matches_by_the_end_of_its_path(
    tmp_path, target_of, request_of
):
    """Whole parts of the path count: `m.py` is not `am.py`."""
    target = target_of(SOURCE, path=tmp_path / "project" / "src" / "am.py")
    taken = [
        SampleTaken("src/am.py::f", "tester", "llama", 0, "mine"),
        SampleTaken("m.py::f", "tester", "llama", 0, "not mine"),
    ]
    assert [s.text for s in replayed(tmp_path, request_of(target), *taken)] == ["mine"]


def test_an_exact_path_wins_over_a_similar_one(tmp_path, target_of, request_of):
    """`pkg/m.py` of the same rootdir is another module than `m.py`."""
    target = target_of(SOURCE, path=tmp_path / "pkg" / "m.py")
    taken = [
        SampleTaken("m.py::f", "tester", "llama", 0, "other module"),
        SampleTaken("pkg/m.py::f", "tester", "llama", 0, "mine"),
    ]
    assert [s.text for s in replayed(tmp_path, request_of(target), *taken)] == ["mine"]


def test_no_file_is_an_option_mistake(tmp_path):
    """The flag that is missing is named."""
    with pytest.raises(BadOption, match="--genx-replay"):
        replay_backend(Config(rootdir=tmp_path))


def test_a_bad_line_is_told_by_its_number_at_opening(tmp_path):
    """Not in the middle of a run."""
    path = recorded(tmp_path / "run.jsonl")
    path.write_text(path.read_text() + "\n{broken\n", encoding="utf-8")
    with pytest.raises(RecordError, match="line 3"):
        replay_backend(Config(rootdir=tmp_path, replay=path))


def test_a_missing_file_is_a_record_error(tmp_path):
    """Its path is in the message."""
    with pytest.raises(RecordError, match=r"none\.jsonl"):
        replay_backend(Config(rootdir=tmp_path, replay=tmp_path / "none.jsonl"))


def test_a_target_outside_the_rootdir_is_named_by_its_whole_path(tmp_path, target_of):
    """As the run that recorded it did."""
    target = target_of(SOURCE, path=Path("/elsewhere/m.py"))
    assert target.label(tmp_path) == "/elsewhere/m.py::f"


def test_samples_come_with_the_request_that_they_came_of(tmp_path, target_of, request_of):
    """Nothing is lost, and nothing comes twice."""
    target = target_of(SOURCE, path=tmp_path / "m.py")
    taken = [
        SampleTaken("m.py::f", "tester", "llama", i, f"f({i})", first=first)
        for i, first in enumerate([0, 0, 2, 2])
    ]
    texts = [
        [s.text for s in replayed(tmp_path, request_of(target, n=2, first=first), *taken)]
        for first in (0, 2, 4)
    ]
    assert texts == [["f(0)", "f(1)"], ["f(2)", "f(3)"], []]


def test_a_run_has_a_part_for_each_recorded_backend(tmp_path, target_of, request_of):
    """In the order of the recorded run, each with its model and its own samples."""
    path = tmp_path / "a.jsonl"
    models = ("llama m.gguf sha256:1",)
    notes = ("code leaves", "sandbox process: a guard")
    lines = [
        RunStarted("1", 0, "code", ("llama", "b"), "process", "r", (), notes, models=models),
        SampleTaken("m.py::f", "tester", "b", 0, "f(0)"),
        SampleTaken("m.py::f", "tester", "llama", 0, "f(1)"),
    ]
    path.write_text("\n".join(map(encode, lines)), encoding="utf-8")
    backend = replay_backend(Config(rootdir=tmp_path, replay=path))
    assert backend.notes == ("code leaves",)
    assert [(part.name, part.models) for part in backend.parts] == [("llama", models), ("b", ())]
    request = request_of(target_of(SOURCE, path=tmp_path / "m.py"))
    assert [[s.text for s in part.sample(request)] for part in backend.parts] == [
        ["f(1)"],
        ["f(0)"],
    ]


def test_samples_recorded_for_another_prompt_are_told(tmp_path, target_of, request_of):
    """They are used all the same; a prompt that was not recorded is no other one."""
    request = request_of(target_of(SOURCE, path=tmp_path / "m.py"))
    prompts = (request.prompt.digest, "", "0" * 16)
    taken = [SampleTaken("m.py::f", "tester", "llama", 0, "f(0)", prompt=p) for p in prompts]
    path = recorded(tmp_path / "run.jsonl", *taken)
    backend = replay_backend(Config(rootdir=tmp_path, replay=path))
    assert len(list(backend.sample(request))) == 3
    assert backend.late_notes == (
        f"samples were replayed from {path}",
        "m.py::f: 1 sample was recorded for another prompt (tester)",
    )
