"""TRL's trainer keeps the rows of a step when memory runs out, and its keys are TRL's own."""

from __future__ import annotations

import pytest

pytest.importorskip("trl", reason="needs the trl extra")
pytest.importorskip("peft", reason="needs the trl extra")
pytest.importorskip("torch", reason="needs the train extra")

import torch

from pytest_genx.errors import RecipeError
from pytest_genx.train.documents import Document
from pytest_genx.train.loop import OutOfMemory
from pytest_genx.train.rounds import sft
from pytest_genx.train.rounds.finetune import Job, finetune
from pytest_genx.train.rounds.recipe import TuningPart, load_rounds

DOCUMENTS = [Document(f"def f{i}(x):\n", f"    return x + {i}") for i in range(12)]
IGNORED = ("ignore::FutureWarning", "ignore::DeprecationWarning", "ignore::UserWarning")
pytestmark = [pytest.mark.filterwarnings(text) for text in IGNORED]  # TRL's, of its libraries


@pytest.fixture
def job():
    """Twelve short documents in steps of about four."""
    recipe = TuningPart(epochs=1, batch=60, trainer="trl", adam=1e-3, warmup=1)
    return Job(recipe, 0, "x", trl={"per_device_train_batch_size": 4}, gguf=False)


def limited(monkeypatch, rows):
    """Let TRL's trainer run out of memory above so many rows a pass."""
    import trl

    seen = []
    step = trl.SFTTrainer.training_step

    def training_step(self, model, inputs, *given, **options):
        count = len(inputs["input_ids"])
        if count > rows:
            raise torch.OutOfMemoryError
        seen.append(count)
        return step(self, model, inputs, *given, **options)

    monkeypatch.setattr(trl.SFTTrainer, "training_step", training_step)
    return seen


def test_parts_are_halved_and_a_step_sees_the_same_rows(tiny, tmp_path, job, monkeypatch):
    """Three steps of four rows, in four parts of one."""
    seen, notices, steps = limited(monkeypatch, 1), [], []
    counts = finetune(DOCUMENTS, tiny[0], tmp_path, job, notice=notices.append, report=steps.append)
    assert counts["steps"] == 3
    assert seen == [1] * 12
    assert notices[-1] == "out of memory; a step passes in 4 parts of 1 rows from here on"
    assert steps[0]["step"] == 1
    assert (tmp_path / "model" / "model.safetensors").is_file()
    assert (tmp_path / "model" / "tokenizer.json").is_file()


def test_a_single_row_that_does_not_fit_is_one_sentence(tiny, tmp_path, job, monkeypatch):
    """As in the own loop."""
    limited(monkeypatch, 0)
    with pytest.raises(OutOfMemory, match="one row of"):
        finetune(DOCUMENTS, tiny[0], tmp_path, job)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("trl.lerning_rate=1", "'trl.lerning_rate'; the nearest is 'trl.learning_rate'"),
        ("trl.seed=1", "trl.seed is set by genx-train itself"),
    ],
)
def test_a_key_that_trl_does_not_know_names_the_nearest(recipe_text, folder, override, message):
    """What the recipe says elsewhere is refused."""
    path = folder / "trl.yaml"
    path.write_text(recipe_text)
    with pytest.raises(RecipeError, match=message):
        sft.check_trl(load_rounds(path, ["train.trainer=trl", override]))
