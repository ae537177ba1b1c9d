"""A disk that fills up, two runs in one folder, and trackers: one sentence, and nothing lost."""

from __future__ import annotations

import errno
import importlib.util
import json
import os
import signal
import subprocess
import sys
import types

import pytest

from pytest_genx.errors import MissingDependency
from pytest_genx.train.rounds import lock, track
from pytest_genx.train.rounds.store import RunError, keeping

HOLDER = """
import sys, time
from pathlib import Path
from pytest_genx.train.rounds.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def full(*_arguments, **_options):
    """Fail as writing does on a disk that is full."""
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def holder(tmp_path):
    """Another process that holds a folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_two_processes_do_not_share_a_folder(tmp_path, holder):
    """The second is refused and told who works there; when that one is killed, it is not."""
    with (
        pytest.raises(RunError, match=f"process {holder.pid} works in it already"),
        lock.locked(tmp_path),
    ):
        pass
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    with lock.locked(tmp_path):
        assert (tmp_path / lock.LOCK).read_text() == f"{os.getpid()}\n"


def test_a_full_disk_is_one_sentence(tmp_path):
    """It says what stopped, why, and that nothing is lost."""
    with pytest.raises(RunError) as seen, keeping(tmp_path, "sample"):
        full()
    reason = "sample stopped (No space left on device); what is done is kept for resume"
    assert str(seen.value) == f"run {tmp_path}: {reason}"


def test_a_log_line_that_was_cut_off_is_dropped(tmp_path):
    """Every line of the log is whole after a kill."""
    pytest.importorskip("torch", reason="needs the train extra")
    from pytest_genx.train.rounds.run import LOG, open_log

    (tmp_path / LOG).write_text('{"event": "stage"}\n{"event": "do')
    with open_log(tmp_path, clock=lambda: 1.0) as log:
        log({"event": "done"})
    events = [json.loads(line) for line in (tmp_path / LOG).read_text().splitlines()]
    assert events == [{"event": "stage"}, {"time": 1.0, "event": "done"}]


def test_a_run_on_a_disk_that_fills_up_at_each_point_ends(recipe_text, folder, capsys):
    """Each failure is one line, and what was written is not sampled again."""
    for module in ("torch", "transformers", "gguf", "llama_cpp"):
        pytest.importorskip(module, reason="needs the train extra")
    import torch
    import transformers

    from pytest_genx.train.cli import main
    from pytest_genx.train.rounds import finetune, report, run, stages, store, work
    from pytest_genx.train.rounds.sample import Sampler

    path = folder / "full.yaml"
    path.write_text(recipe_text)
    recipe = [str(path), f"output={folder}/full"]
    asked = []

    def no_checkpoint(*_arguments):
        raise RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 576")

    def second_line(self, line, add=store.Part.add):
        if self.lines:
            self._file.write('{"problem": "cut')
            full()
        add(self, line)

    def counted(self, problem, backend, line=Sampler.line):
        asked.append((str(self.version), self.seed, problem.id))
        return line(self, problem, backend)

    points = [
        (run, "save", full),
        (work, "write_gguf", full),  # the base evaluation
        (store.Part, "add", full),
        (stages.Place, "write", full),
        (stages, "write_text", full),
        (run.open_log, "write", full),
        (store, "write_text", full),
        (store.Part, "add", second_line),  # the rounds
        (torch, "save", no_checkpoint),
        (transformers.PreTrainedModel, "save_pretrained", full),
        (finetune, "write_gguf", full),
        (report, "write_text", full),
    ]
    verb = "run"
    for place, name, broken in points:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Sampler, "line", counted)
            patch.setattr(place, name, broken)
            assert main([verb, *recipe]) == 2, name
        (line,) = [s for s in capsys.readouterr().err.splitlines() if s.startswith("genx-train:")]
        assert "what is done is kept for resume" in line, name
        assert ("No space left" in line) or ("is the disk full?" in line), name
        if (folder / "full" / run.SAVED).exists():
            verb = "resume"
    assert main([verb, *recipe]) == 0
    assert len(asked) == len(set(asked)) + 1  # the one answer that could not be written
    assert (folder / "full" / "report.html").exists()
    last = json.loads((folder / "full" / "round-1" / "manifest.json").read_text())
    assert set(last["stages"]) == {"sample", "execute", "filter", "train", "evaluate"}


EVENTS = [
    {"event": "stage", "round": 1, "stage": "train"},
    {"event": "step", "round": 1, "step": 10, "loss": 2.5, "tokens_per_second": 900, "minutes": 1},
    {"event": "done", "round": 1, "stage": "train", "seconds": 3.5, "steps": 10, "rows": {"x": 1}},
    {"event": "measured", "version": 2, "sets": {"mbpp-test": {"coder Score": {"mean": 0.5}}}},
]
SEEN = [
    ({"round 1/loss": 2.5, "round 1/tokens_per_second": 900}, 10),
    ({"train/seconds": 3.5, "train/steps": 10}, 1),
    ({"mbpp-test/coder Score": 0.5}, 2),
]


def test_a_tracker_gets_the_numbers_of_the_log(tmp_path, monkeypatch):
    """The tracker is opened for this machine alone, told steps, stages and figures, and closed."""
    seen = []
    fake = types.ModuleType("trackio")
    fake.__spec__ = importlib.util.spec_from_loader("trackio", None)

    class Tracker:
        def log(self, metrics, step=None):
            seen.append((metrics, step))

        def finish(self):
            seen.append("finished")

    def init(project, **options):
        assert (project, options["name"], options["config"]) == ("genx-train", "tiny", {"seed": 1})
        assert not {"space_id", "server_url"} & set(options)
        return Tracker()

    fake.init = init
    monkeypatch.setitem(sys.modules, "trackio", fake)
    logged = []
    with track.tracked(["trackio"], tmp_path, "tiny", {"seed": 1}, logged.append) as tell:
        for event in EVENTS:
            tell(event)
    assert logged == EVENTS
    assert seen == [*SEEN, "finished"]


def test_a_tracker_that_would_send_the_log_away_is_refused(monkeypatch):
    """The variable is named."""
    monkeypatch.setitem(sys.modules, "trackio", fake := types.ModuleType("trackio"))
    fake.__spec__ = importlib.util.spec_from_loader("trackio", None)
    monkeypatch.setenv("TRACKIO_SPACE_ID", "someone/space")
    with pytest.raises(track.TrackerElsewhere, match="TRACKIO_SPACE_ID is set"):
        track.check_trackers(["trackio"])


def test_a_tracker_that_is_not_installed_is_one_sentence(monkeypatch):
    """The package and how to get it are named."""
    monkeypatch.setattr(track.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(MissingDependency, match="pip install tensorboard"):
        track.check_trackers(["tensorboard"])


def test_tensorboard_files_hold_the_numbers(tmp_path):
    """What is read back is what the log has."""
    pytest.importorskip("torch", reason="needs the train extra")
    reader = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator", reason="needs tensorboard"
    )
    with track.tracked(["tensorboard"], tmp_path, "tiny", {}, lambda _: None) as tell:
        for event in EVENTS:
            tell(event)
    found = reader.EventAccumulator(str(tmp_path / "tensorboard"))
    found.Reload()
    (point,) = found.Scalars("mbpp-test/coder Score")
    assert (point.step, point.value) == (2, 0.5)
    assert found.Scalars("round 1/loss")[0].step == 10
