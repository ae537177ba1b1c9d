"""Training lowers the loss, resumes as if never interrupted, and keeps to its schedule."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pytest_genx.train.loop import (
    CHECKPOINT,
    LOG,
    PREVIOUS,
    OutOfMemory,
    _batches,
    schedule,
    train,
)
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


def small_memory(model, rows):
    """Make a model run out of memory above so many rows; return the rows of each pass."""
    forward, seen = model.forward, []

    def limited(input_ids, **options):
        if len(input_ids) > rows:
            raise torch.OutOfMemoryError
        seen.append(len(input_ids))
        return forward(input_ids=input_ids, **options)

    model.forward = limited
    return seen


def test_a_batch_is_halved_when_memory_runs_out_and_a_step_sees_the_same_rows(
    fresh, packs, tmp_path
):
    """The weights are those of whole batches up to rounding, and log and notice say so."""
    (tmp_path / "whole").mkdir()
    (tmp_path / "cut").mkdir()
    recipe = replace(RECIPE, steps=6, batch=1024)
    whole, cut = fresh(), fresh()
    train(whole, packs, recipe, tmp_path / "whole", seed=0)
    seen, notices = small_memory(cut, 3), []
    assert train(cut, packs, recipe, tmp_path / "cut", seed=0, notice=notices.append) == 6
    assert max(seen) <= 3
    assert "out of memory; batches pass in 2 parts from here on" in notices[0]
    log = [json.loads(line) for line in (tmp_path / "cut" / LOG).read_text().splitlines()]
    assert [line["parts"] for line in log if line.get("out_of_memory")] == [
        2 ** (i + 1) for i in range(len(notices))
    ]
    for (name, a), b in zip(whole.named_parameters(), cut.parameters(), strict=True):
        assert torch.allclose(a, b, atol=3e-2), name
    # A run that goes on keeps what it learned about memory.
    notices.clear()
    resumed = fresh(seed=5)
    small_memory(resumed, 3)
    train(resumed, packs, replace(recipe, steps=7), tmp_path / "cut", seed=0, resume=True,
          notice=notices.append)  # fmt: skip
    assert not notices


def test_a_row_that_does_not_fit_is_one_sentence(fresh, packs, tmp_path):
    """There is nothing left to halve, and what may help is named."""
    model = fresh()
    small_memory(model, 0)
    with pytest.raises(OutOfMemory, match=r"one row of \d+ tokens.*gradient_checkpointing"):
        train(model, packs, RECIPE, tmp_path, seed=0)


def test_parts_of_a_batch_add_up_to_its_gradients(fresh, packs, tmp_path):
    """Accumulation changes the weights by rounding only."""
    (tmp_path / "one").mkdir()
    (tmp_path / "four").mkdir()
    one, four = fresh(), fresh()
    recipe = replace(RECIPE, steps=1)
    train(one, packs, recipe, tmp_path / "one", seed=0)
    cut = replace(recipe, gradient_accumulation_steps=4)
    train(four, packs, cut, tmp_path / "four", seed=0)
    first, second = losses(tmp_path / "one"), losses(tmp_path / "four")
    assert first == pytest.approx(second, abs=2e-3)
    for (name, a), b in zip(one.named_parameters(), four.parameters(), strict=True):
        assert torch.allclose(a, b, atol=1e-2), name
