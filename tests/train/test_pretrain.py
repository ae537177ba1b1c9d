"""From a recipe to a file that llama.cpp loads, by the command."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("transformers", reason="needs the train extra")
pytest.importorskip("gguf", reason="needs the train extra")

from pytest_genx.train.cli import main

RECIPE = """\
name: tiny
output: {folder}/out
export: {folder}/models/tiny.gguf
tokenizer: {{vocabulary: 600}}
model: {{width: 64, layers: 1, heads: 2, kv_heads: 1, head_width: 32, feed_forward: 64}}
data: {{functions: 40, library: 5}}
train: {{steps: 3, batch: 512, warmup: 1}}
"""


@pytest.fixture
def recipe(tmp_path):
    """Write a recipe that takes a second."""
    path = tmp_path / "tiny.yaml"
    path.write_text(RECIPE.format(folder=tmp_path), "utf-8")
    return path


def test_the_command_leaves_model_log_and_counts(recipe, tmp_path, capsys):
    """GGUF, transformers folder, step log and corpus counts are there, and resuming goes on."""
    assert main(["pretrain", str(recipe)]) == 0
    out = tmp_path / "out"
    assert (tmp_path / "models" / "tiny.gguf").stat().st_size > 50_000
    assert (out / "hf" / "model.safetensors").exists()
    assert json.loads((out / "corpus.json").read_text("utf-8"))["composed functions"] == 40
    steps = [json.loads(line)["step"] for line in (out / "steps.jsonl").read_text().splitlines()]
    assert steps == [1]
    assert main(["pretrain", str(recipe), "train.steps=10", "--resume"]) == 0
    steps = [json.loads(line)["step"] for line in (out / "steps.jsonl").read_text().splitlines()]
    assert steps == [1, 10]
    summary = json.loads((tmp_path / "models" / "tiny.json").read_text("utf-8"))
    assert (summary["steps"], summary["positions"]) == (10, 10 * 512)
    assert summary["corpus"]["composed functions"] == 40
    assert "10 steps; wrote" in capsys.readouterr().err


def test_a_wrong_recipe_is_one_line_and_status_two(recipe, capsys):
    """No traceback: the sentence says key and value."""
    assert main(["pretrain", str(recipe), "train.stepps=3"]) == 2
    assert "unknown key 'train.stepps'; the nearest is 'train.steps'" in capsys.readouterr().err


def test_there_is_nothing_to_resume_in_a_new_folder(recipe, capsys):
    """Resuming without a first run is a mistake, not a fresh start."""
    assert main(["pretrain", str(recipe), "--resume"]) == 2
    assert "nothing to resume" in capsys.readouterr().err
