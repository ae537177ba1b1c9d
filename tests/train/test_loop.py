"""Training lowers the loss, resumes as if never interrupted, and keeps to its schedule."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pytest_genx.train.loop import CHECKPOINT, LOG, PREVIOUS, _batches, schedule, train
from pytest_genx.train.model import build_model
from pytest_genx.train.packing import pack
from pytest_genx.train.recipe import TrainRecipe

torch = pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("transformers", reason="needs the train extra")


RECIPE = TrainRecipe(steps=20, batch=512, warmup=2, threads=1)


@pytest.fixture(scope="module")
def packs(tokenizer, composed):
    """Pack a few short documents."""
    return pack(composed, tokenizer, longest=192, prompt_weight=0.3)[0]


@pytest.fixture
def fresh(tokenizer, small_model):
    """Build an untrained model, the same one for the same seed."""

    def fresh(seed=0):
        torch.manual_seed(seed)
        return build_model(small_model, tokenizer.get_vocab_size(), 0, 1)

    return fresh


def losses(folder):
    """Return the logged losses."""
    return [json.loads(line)["loss"] for line in (folder / LOG).read_text("utf-8").splitlines()]


def test_twenty_steps_lower_the_loss(fresh, packs, tmp_path):
    """The loss falls by more than a seventh, and each logged line has tokens a second."""
    assert train(fresh(), packs, RECIPE, tmp_path, seed=0) == 20
    first, *_, last = losses(tmp_path)
    assert last < 0.85 * first
    line = json.loads((tmp_path / LOG).read_text("utf-8").splitlines()[-1])
    assert line["tokens_per_second"] > 0


def test_an_interrupted_run_resumes_as_if_it_had_not_been(fresh, packs, tmp_path):
    """Interrupted at step 10 and resumed by a new model, the weights come out identical."""
    (tmp_path / "whole").mkdir()
    (tmp_path / "broken").mkdir()
    whole = fresh()
    train(whole, packs, RECIPE, tmp_path / "whole", seed=0)

    def interrupt(line):
        if line["step"] == 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(fresh(), packs, RECIPE, tmp_path / "broken", seed=0, report=interrupt)
    resumed = fresh(seed=99)
    done = train(resumed, packs, RECIPE, tmp_path / "broken", seed=0, resume=True)
    assert done == 20
    for (name, a), b in zip(whole.named_parameters(), resumed.parameters(), strict=True):
        assert torch.equal(a, b), name


def test_a_budget_of_minutes_ends_the_run(fresh, packs, tmp_path):
    """With a clock that runs a minute a look, two minutes are over at once."""
    seconds = iter(range(0, 100000, 60))
    recipe = TrainRecipe(minutes=10, batch=256, checkpoint=2)
    saved = []
    done = train(
        fresh(), packs, recipe, tmp_path, seed=0,
        clock=lambda: float(next(seconds)), on_checkpoint=lambda: saved.append(1),
    )  # fmt: skip
    assert done == 10
    assert saved


def test_time_in_which_the_process_was_suspended_does_not_count(fresh, packs, tmp_path):
    """An hour between two looks costs the budget ten steps, not all of it."""
    looks = iter([0.0, 60.0, *range(3720, 100000, 60)])
    recipe = TrainRecipe(minutes=15, batch=256, checkpoint=60)
    done = train(fresh(), packs, recipe, tmp_path, seed=0, clock=lambda: float(next(looks)))
    assert done == 6  # 1 minute, 10 for the hour, 4 times 1


def test_batches_of_any_length_hold_about_as_many_tokens(packs):
    """Every row comes once a pass, and a batch of longer rows has fewer of them."""
    batches = _batches(packs, 512, [0, 0])
    for packed in packs:
        seen = [i for p, rows in batches if p is packed for i in rows]
        assert sorted(seen) == list(range(len(packed.tokens)))
    assert all(len(rows) * p.length <= 512 for p, rows in batches)
    assert len({p.length for p, _ in batches[:5]}) > 1


def test_the_checkpoint_before_the_last_is_kept(fresh, packs, tmp_path):
    """Two checkpoints lie in the folder after a run that saved twice."""
    train(fresh(), packs, RECIPE, tmp_path, seed=0)
    train(fresh(), packs, replace(RECIPE, steps=22), tmp_path, seed=0, resume=True)
    steps = [torch.load(tmp_path / name)["step"] for name in (PREVIOUS, CHECKPOINT)]
    assert steps == [20, 22]


def test_the_schedule_warms_up_stays_and_decays():
    """The rate rises over the warm-up, is full, and falls to the floor."""
    recipe = TrainRecipe(warmup=10, decay=0.5, floor=0.1)
    assert schedule(recipe, 0, 0.0) == pytest.approx(0.1)
    assert schedule(recipe, 9, 0.1) == 1.0
    assert schedule(recipe, 500, 0.5) == 1.0
    assert schedule(recipe, 800, 0.75) == pytest.approx(0.5)
    assert schedule(recipe, 999, 0.999) == pytest.approx(0.1)
