"""Whole runs: a run that is killed in every stage ends as one that is not."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

for module in ("torch", "transformers", "gguf", "llama_cpp"):
    pytest.importorskip(module, reason="needs the train extra")

# Kills itself at a given place of a given stage, with a line half written, and goes on.
SCRIPT = r"""
import os, signal, sys
from pathlib import Path
import torch, transformers
from pytest_genx.train.rounds import run as running, stages, store, finetune, work
from pytest_genx.train.rounds.recipe import load_rounds

KILLS = ["sample", "execute", "filter", "train", "model", "evaluate.samples", "evaluate", None]
begun = ""


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def child(path, output, kill, resume):
    recipe = load_rounds(path, [f"output={output}"])
    add, write, export = store.Part.add, store.write_lines, finetune.write_gguf
    save = torch.save

    def dying_add(self, line):
        add(self, line)
        if kill == self._path.name.removesuffix(".part") and "round-1" in str(self._path):
            self._file.write('{"problem": "own/h')
            self._file.flush()
            die()

    def dying_write(path, lines):
        if kill == "filter" and path.name == stages.ACCEPTED and "round-1" in str(path):
            path.with_name(path.name + ".new").write_text("half")
            die()
        write(path, lines)

    def dying_save(state, path):
        if kill == "train" and "round-1" in str(path) and state["step"] == 3:
            Path(path).write_text("half")
            die()
        save(state, path)

    def dying_gguf(source, target, **options):
        export(source, target, **options)
        if kill == "model" and "round-1" in str(target):
            die()

    store.Part.add, store.write_lines, finetune.write_gguf = dying_add, dying_write, dying_gguf
    torch.save = dying_save
    running.run(recipe, work.Watch(), resume=resume)


path = Path(sys.argv[1])
for output, kills in (("straight", [None]), ("killed", KILLS)):
    for i, kill in enumerate(kills):
        pid = os.fork()
        if pid == 0:
            child(path, path.parent / output, kill, i > 0)
            os._exit(0)
        status = os.waitpid(pid, 0)[1]
        print(output, kill, status, flush=True)
"""


@pytest.fixture(scope="module")
def runs(recipe_text, folder):
    """Run one recipe without a break, and with a kill in every stage."""
    path = folder / "tiny.yaml"
    path.write_text(recipe_text)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder, dict(line.rsplit(" ", 1) for line in done.stdout.splitlines()), done.stderr


def manifest(path):
    """Read a manifest without its times."""
    found = json.loads(path.read_text())
    for stage in found["stages"].values():
        stage.pop("seconds", None)
    return found


def test_a_run_killed_in_each_stage_ends_as_one_that_is_not(runs):
    """All manifests are the same but for times, and nothing unfinished is left."""
    folder, statuses, errors = runs
    ends = {name: status for name, status in statuses.items() if status != "9"}
    assert ends == {"straight None": "0", "killed None": "0"}, (statuses, errors)
    assert len(statuses) == 9
    for name in ("base", "round-0", "round-1"):
        one, other = (manifest(folder / run / name / "manifest.json")
                      for run in ("straight", "killed"))  # fmt: skip
        assert one == other
        assert set(one["stages"]) >= {"evaluate"}
        left = [p.name for p in (folder / "killed" / name).iterdir()]
        assert not [n for n in left if n.endswith((".part", ".new", ".pt"))]
    log = [json.loads(line) for line in (folder / "killed" / "log.jsonl").read_text().splitlines()]
    finished = [(e["round"], e["stage"]) for e in log if e["event"] == "done"]
    assert len(finished) == len(set(finished)) == 10


def test_reports_show_all_versions(runs, capsys):
    """Markdown and one page without outside links, the other run beside it."""
    from pytest_genx.train.cli import main

    folder, *_ = runs
    assert main(["report", str(folder / "straight"), "--arm", str(folder / "killed")]) == 0
    page = (folder / "straight" / "report.html").read_text("utf-8")
    text = (folder / "straight" / "report.md").read_text("utf-8")
    assert "| v0 | v1 | v2 | v2 - v1 |" in text
    assert "| killed | v2 |" in text
    assert "src=" not in page
    assert "<table>" in page


def test_another_recipe_is_refused(runs, capsys):
    """A folder belongs to one recipe, and a second `run` into it is no way to go on."""
    from pytest_genx.train.cli import main

    folder, *_ = runs
    recipe = [str(folder / "tiny.yaml"), f"output={folder}/straight"]
    assert main(["run", *recipe]) == 2
    assert "go on with `genx-train resume`" in capsys.readouterr().err
    assert main(["resume", *recipe, "seed=9"]) == 2
    assert "was begun with seed = 0, and the recipe says 9" in capsys.readouterr().err
    assert main(["sample", *recipe, "--round", "1"]) == 0
