"""All recipes in `models/` are read strictly, and a base that is missing is said clearly."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("yaml", reason="needs the train extra")
pytest.importorskip("torch", reason="needs the train extra")

from pytest_genx.train.cli import main
from pytest_genx.train.recipe import load_recipe
from pytest_genx.train.rounds.recipe import load_rounds
from pytest_genx.train.rounds.roles import lora_config

MODELS = Path(__file__).parents[2] / "models"


@pytest.mark.parametrize("path", sorted(MODELS.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_recipe_is_read_without_complaint(path):
    """Every key and value is known, those of peft too."""
    if not path.stem.startswith("rounds-"):
        assert load_recipe(path).name == path.stem
        return
    recipe = load_rounds(path)
    assert recipe.name == path.stem
    if recipe.roles == "adapters":
        pytest.importorskip("peft", reason="needs peft")
        assert lora_config(recipe).target_modules == "all-linear"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("rounds-lora-7b", "`hf download Qwen/Qwen2.5-Coder-7B-Instruct`, or say download: true"),
        ("rounds-gpu", "base is 'models/genx-30m.gguf', where nothing is"),
    ],
)
def test_check_goes_as_far_as_it_can_without_the_base(name, said, tmp_path, monkeypatch, capsys):
    """Data and references are tried, disk and memory estimated; then the base is named."""
    pytest.importorskip("peft", reason="needs peft")
    pytest.importorskip("huggingface_hub", reason="needs the hub extra")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "some.jsonl").write_text(
        '{"id": "own/f", "statement": "Add one.", "entry_point": "f", "setup": "", '
        '"solutions": ["def f(x):\\n    return x + 1\\n"], "tests": ["assert f(1) == 2"]}\n'
    )
    given = [f"data.folder={tmp_path}", "data.train=[some]", "data.test=[]", "execution.workers=1"]
    assert main(["check", str(MODELS / f"{name}.yaml"), *given]) == 2
    seen = capsys.readouterr()
    assert "reference of own/f: passes 1 of 1 tests" in seen.out
    assert "MB of disk" in seen.out
    assert "memory for training" in seen.out
    assert said in seen.err
