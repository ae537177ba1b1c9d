from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from pytest_genx import app, plugins
from pytest_genx.config import from_strings
from pytest_genx.domain import Role, Sample
from pytest_genx.errors import GenxError, MissingDependency, SandboxError, UnknownName, WriteRefused
from pytest_genx.hookspecs import hookimpl
from pytest_genx.pipeline.run import run_target
from pytest_genx.records import (
    FileWritten,
    Progress,
    RunEnded,
    RunStarted,
    TargetDone,
    TargetFailed,
)


class Scripted:
    """A backend with one good case, and what happens before it is given."""

    name = "scripted"

    def __init__(self, before=lambda: None):
        self.before = before
        self.closed = False

    def sample(self, request):
        self.before()
        if request.prompt.role is Role.TESTER and request.first == 0:
            text = f"assert {request.target.name}(2) == 4"
            yield Sample(Role.TESTER, text, self.name, request.seed)

    def close(self):
        self.closed = True


class Recorder:
    """A reporter that keeps every record."""

    def __init__(self):
        self.records = []
        self.closed = False

    def record(self, record):
        self.records.append(record)

    def close(self):
        self.closed = True

    def of(self, kind):
        return [record for record in self.records if isinstance(record, kind)]


def missing(config):
    raise MissingDependency("the llama backend", "llama-cpp-python", "pip install it")


@pytest.fixture
def project(tmp_path):
    """A module with two functions in a project of its own."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "maths.py").write_text(
        "def double(n):\n    return n + n\n\n\ndef square(n):\n    return n * n\n"
    )
    backend, recorder = Scripted(), Recorder()

    class Plugin:
        @hookimpl
        def genx_backends(self):
            return {"scripted": lambda config: backend, "missing": missing}

    def open_run(*, targets=("maths.py",), **options):
        manager = plugins.load()
        manager.register(Plugin())
        options = {"backend": "scripted", "ranker": "majority", **options}
        config = from_strings(options, rootdir=tmp_path, targets=targets)
        return app.open_run(config, manager, reporters=[recorder])

    return SimpleNamespace(path=tmp_path, backend=backend, recorder=recorder, open=open_run)


def execute(run):
    try:
        run.execute()
    finally:
        run.close()


def test_run_is_framed_by_its_first_and_last_record(project):
    """What was asked comes first, how it ended last, a result for each target between."""
    execute(project.open())
    records = project.recorder.records
    assert isinstance(records[0], RunStarted)
    assert records[0].targets == ("maths.py::double", "maths.py::square")
    assert records[0].backends == ("scripted",)
    assert "TZ=UTC" in records[0].environment
    assert [r.target for r in project.recorder.of(TargetDone)] == list(records[0].targets)
    assert isinstance(records[-1], RunEnded)
    assert not records[-1].interrupted


def test_nothing_is_written_unless_asked(project):
    """The default is a report."""
    before = sorted(project.path.iterdir())
    execute(project.open())
    assert sorted(project.path.iterdir()) == before
    assert project.recorder.of(FileWritten) == []


def test_accepted_cases_are_written_and_verified(project):
    """Kept cases of both functions end in one file that passes where it stands."""
    execute(project.open(write="accept"))
    (record,) = project.recorder.of(FileWritten)
    assert (record.status, record.cases) == ("written", 2)
    assert "assert double(2) == 4" in (project.path / record.path).read_text()


def test_file_that_does_not_pass_where_it_stands_is_taken_back(project):
    """A conftest that breaks the import of the module breaks the file; it does not stay."""
    (project.path / "conftest.py").write_text("import sys\nsys.modules['maths'] = None\n")
    execute(project.open(write="accept"))
    (record,) = project.recorder.of(FileWritten)
    assert record.status == "taken back: collecting it fails there"
    assert not (project.path / record.path).exists()


def test_interrupt_reports_what_is_done_and_writes_nothing(project):
    """The first target's result stands, the second is marked, nothing is written."""
    calls = []

    def interrupt_the_second():
        calls.append(1)
        if len(calls) > 2:
            raise KeyboardInterrupt

    project.backend.before = interrupt_the_second
    with pytest.raises(KeyboardInterrupt):
        execute(project.open(write="accept"))
    assert [r.target for r in project.recorder.of(TargetDone)] == ["maths.py::double"]
    assert project.recorder.of(TargetFailed) == [TargetFailed("maths.py::square", "interrupted")]
    assert project.recorder.records[-1].interrupted
    assert not list(project.path.rglob("test_*"))


def test_a_machine_that_gives_out_leaves_what_is_done_reported(project, monkeypatch):
    """The first target's result stands, the second says why, and the error comes through."""

    def break_the_second(target, *others):
        if target.name == "square":
            raise SandboxError("process", "its directory was removed")
        return run_target(target, *others)

    monkeypatch.setattr("pytest_genx.app.run_target", break_the_second)
    with pytest.raises(SandboxError):
        execute(project.open(write="accept"))
    assert [r.target for r in project.recorder.of(TargetDone)] == ["maths.py::double"]
    (failed,) = project.recorder.of(TargetFailed)
    assert failed.reason == "sandbox 'process': its directory was removed"
    assert isinstance(project.recorder.records[-1], RunEnded)
    assert not list(project.path.rglob("test_*"))


def test_a_run_ends_with_where_its_time_went(project):
    """Sampling, execution and the rest add up to the whole; no other record has times."""
    execute(project.open())
    (ended,) = project.recorder.of(RunEnded)
    assert [timing.stage for timing in ended.timings] == ["sampling", "execution", "rest"]
    assert sum(timing.seconds for timing in ended.timings) == pytest.approx(ended.seconds)
    assert all(timing.seconds > 0 for timing in ended.timings)


def test_odd_escapes_in_the_code_are_no_concern_of_ours(project):
    """Warnings are errors in this suite; the user's own do not become ours."""
    source = 'def double(n):\n    """Like \\d."""\n    if n == "\\d":\n        raise ValueError\n'
    (project.path / "maths.py").write_text(source + "    return n + n\n")
    execute(project.open(targets=("maths.py::double",), backend="heuristic"))
    (done,) = project.recorder.of(TargetDone)
    assert any(case.kept for case in done.cases)


def test_everything_opened_is_closed(project):
    """Backends and reporters are closed with the run."""
    execute(project.open())
    assert project.backend.closed
    assert project.recorder.closed


def test_what_was_opened_is_closed_when_a_later_part_fails(project):
    """A missing second backend does not leave the first one open."""
    with pytest.raises(MissingDependency):
        project.open(backend="scripted,missing")
    assert project.backend.closed


@pytest.mark.parametrize("kind", ["backend", "ranker", "sandbox"])
def test_unknown_names_are_told_before_anything_runs(project, kind):
    """The error lists what is known."""
    with pytest.raises(UnknownName, match=f"no {kind} named 'nope'; known: "):
        project.open(**{kind: "nope"})


def test_test_directory_outside_the_rootdir_is_refused_early(project):
    """Before any sample is taken."""
    with pytest.raises(WriteRefused, match="outside the rootdir"):
        project.open(**{"test-dir": ".."})


def test_backend_that_is_only_a_default_may_be_missing(project, monkeypatch):
    """Without llama-cpp-python the heuristic cases remain, and the run says so."""
    from pytest_genx import builtin

    monkeypatch.setattr(builtin, "_llama", missing)
    execute(project.open(backend=""))
    (started,) = project.recorder.of(RunStarted)
    assert started.backends == ("heuristic",)
    (note,) = started.notes
    assert note.startswith("the llama backend needs the package 'llama-cpp-python'")


def test_backend_asked_for_by_name_must_be_there(project, monkeypatch):
    """Who names a backend wants that one."""
    from pytest_genx import builtin

    monkeypatch.setattr(builtin, "_llama", missing)
    with pytest.raises(GenxError, match="llama-cpp-python"):
        project.open(backend="llama")


def test_majority_scores_reach_the_records(project):
    """The ranker that was picked is the one that scores."""
    execute(project.open())
    scores = [case.score for done in project.recorder.of(TargetDone) for case in done.cases]
    assert np.all(np.array(scores) > 0)


def test_a_second_run_executes_nothing_and_says_the_same(project):
    """Its last record tells, and is the only one that differs."""
    execute(project.open())
    first = project.recorder.records[:]
    project.recorder.records.clear()
    execute(project.open())
    second = project.recorder.records
    assert first[-1].executed > 0
    assert second[-1].executed == 0
    assert second[-1].cached == first[-1].executed + first[-1].cached
    assert _without_progress(first[:-1]) == _without_progress(second[:-1])


def test_a_cache_that_cannot_be_used_is_told_at_the_end(project):
    """The run goes on without it."""
    execute(project.open(cache="maths.py"))
    ended = project.recorder.records[-1]
    (note,) = ended.notes
    assert note.startswith(f"no outcome cache in {project.path / 'maths.py'}: ")
    assert ended.executed > 0


def test_a_target_that_was_broken_is_tried_again(project):
    """What it lacked may be no module, which the cache does not look at."""
    (project.path / "maths.py").write_text(
        "from pathlib import Path\n"
        "TEXT = Path(__file__).with_name('data.txt').read_text()\n\n\n"
        "def double(n):\n    return n + n\n"
    )
    execute(project.open())
    (failed,) = project.recorder.of(TargetFailed)
    assert "data.txt" in failed.reason
    (project.path / "data.txt").write_text("")
    execute(project.open())
    assert len(project.recorder.of(TargetDone)) == 1


def _without_progress(records):
    return [record for record in records if not isinstance(record, Progress)]


def test_a_sandbox_has_its_notes_shown_once(project, monkeypatch):
    """They stand at the beginning of the report, whatever the machine gives."""
    from pytest_genx.sandboxes import process
    from pytest_genx.sandboxes.mechanism import PROCESS

    monkeypatch.setattr(process, "strongest", lambda _: PROCESS)
    execute(project.open())
    (started,) = project.recorder.of(RunStarted)
    assert started.sandbox == PROCESS.name
    (note,) = [note for note in started.notes if note.startswith("sandbox ")]
    assert "guard" in note


def test_a_prompt_that_cannot_be_used_ends_a_run_before_a_model_is_opened(tmp_path):
    """Nothing is sampled with words that are wrong."""
    (tmp_path / "a.py").write_text("def f(n):\n    return n\n")
    (tmp_path / "coder-chat.txt").write_text("$cod")
    config = from_strings({"prompts": ".", "backend": "nope"}, rootdir=tmp_path, targets=("a.py",))
    with pytest.raises(GenxError, match="nearest: code"):
        app.open_run(config, plugins.load())


def test_a_backend_has_its_notes_shown_once(project, monkeypatch):
    """At the start what it says at the start, at the end what it says then."""
    from pytest_genx import builtin

    project.backend.notes = ("code leaves this machine",)
    project.backend.late_notes = ("it was slow",)
    monkeypatch.setattr(builtin, "_server", lambda config: project.backend)
    execute(project.open(backend="server"))
    (started,) = project.recorder.of(RunStarted)
    assert started.notes.count("code leaves this machine") == 1
    assert project.recorder.records[-1].notes == ("it was slow",)


def test_a_model_that_is_known_by_its_digest_is_recorded_and_remembered(project):
    """The second run draws nothing, and says the same."""
    project.backend.digest, project.backend.model = "12ab", "nano.gguf"
    execute(project.open())
    first = project.recorder.records[:]
    project.recorder.records.clear()
    execute(project.open())
    second = project.recorder.records
    assert first[0].models == ("scripted nano.gguf sha256:12ab",)
    assert (first[-1].sampled, first[-1].remembered) == (2, 0)
    assert (second[-1].sampled, second[-1].remembered) == (0, 2)
    assert _without_progress(first[:-1]) == _without_progress(second[:-1])
