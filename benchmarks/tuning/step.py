"""Row 1: a step of our loop against one of `transformers.Trainer`, blocks of both in turns."""

from __future__ import annotations

import itertools
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from common import ROOT, Line
from tuning.setting import Setting

from pytest_genx.train.flops import flops_per_token, peak_of
from pytest_genx.train.loop import train
from pytest_genx.train.model import build_model
from pytest_genx.train.packing import Packed
from pytest_genx.train.recipe import Recipe, TrainRecipe, load_recipe

RECIPE = ROOT / "models" / "genx-nano.yaml"
LENGTH = 256  # tokens of a row
GOAL = 1.0


def speed(setting: Setting) -> Iterator[Line]:
    """Tokens a second of both: the median ratio over pairs of neighbouring blocks."""
    import numpy as np  # noqa: PLC0415
    import torch  # noqa: PLC0415

    recipe = load_recipe(RECIPE)
    batch = recipe.train.batch
    # Short blocks: what else the machine does hits both sides alike.
    steps, pairs = (3, 2) if setting.quick else (4, 12)
    vocabulary = recipe.tokenizer.vocabulary
    rows = np.random.default_rng(0).integers(2, vocabulary, (steps * batch // LENGTH, LENGTH + 1))
    models = []
    for _ in range(2):
        torch.manual_seed(0)
        models.append(build_model(recipe.model, vocabulary, 0, 1))
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.set_num_threads(setting.threads)
    own: list[float] = []
    other: list[float] = []
    sides = (
        (own, lambda: _own(models[0].to(device), rows, recipe, batch, steps, setting.threads)),
        (other, lambda: _trainer(models[1], rows, recipe, batch, steps, device)),
    )
    for pair in range(pairs):
        for found, run in sides if pair % 2 == 0 else sides[::-1]:
            found.append(batch * (steps - 1) / run())
    ratios = sorted(a / b for a, b in zip(own, other, strict=True))
    ratio = float(np.median(ratios))
    where = f"{setting.threads} threads" if device == "cpu" else torch.cuda.get_device_name()
    print(
        f"tokens a second, {device}, {where}, batches of {batch} tokens in rows of {LENGTH}:"
        f" ours {np.median(own):.0f}, Trainer {np.median(other):.0f}"
    )
    _print_utilisation(recipe, vocabulary, own, device)
    spread = f"[{ratios[0]:.2f}, {ratios[-1]:.2f}] in {pairs} pairs of blocks of {steps - 1} steps"
    yield Line(
        "pretraining step against transformers.Trainer, tokens a second",
        f"{ratio:.2f} times {spread}",
        f"{GOAL:g} times or more",
        ratio >= GOAL,
    )


def _print_utilisation(
    recipe: Recipe, vocabulary: int, speeds: Sequence[float], device: str
) -> None:
    """Say which share of the GPU's peak the model's operations come to."""
    import torch  # noqa: PLC0415

    if device == "cpu":
        print("model FLOP utilisation: not measured, there is no GPU here", flush=True)
        return
    name = torch.cuda.get_device_name()
    done = flops_per_token(recipe.model, vocabulary, LENGTH) * sorted(speeds)[len(speeds) // 2]
    peak = peak_of(name)
    share = "its peak is not known here" if peak is None else f"{100 * done / peak:.1f} %"
    print(f"model FLOP utilisation, {name}: {done / 1e12:.2f} TFLOP/s, {share}", flush=True)


def _own(
    model: Any, rows: Any, recipe: Recipe, batch: int, steps: int, threads: int
) -> float:  # fmt: skip
    """Seconds of all steps but the first."""
    import numpy as np  # noqa: PLC0415

    packed = Packed(rows.astype(np.uint16), np.ones(rows.shape, np.float32))
    stamps: list[float] = []

    def clock() -> float:
        stamps.append(time.perf_counter())
        return stamps[-1]

    given = recipe.train
    block = TrainRecipe(
        steps=steps, threads=threads, batch=batch, muon=given.muon, adam=given.adam,
        weight_decay=given.weight_decay, checkpoint=1e9,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        train(model, [packed], block, Path(folder), seed=0, clock=clock)
    assert len(stamps) == steps + 1, "the loop looks at the clock once a step"
    return stamps[-1] - stamps[1]


def _trainer(model: Any, rows: Any, recipe: Recipe, batch: int, steps: int, device: str) -> float:
    """Seconds of all steps but the first, with the settings that users of it start from."""
    import torch  # noqa: PLC0415
    from transformers import Trainer, TrainerCallback, TrainingArguments  # noqa: PLC0415

    stamps: list[float] = []

    class Stamps(TrainerCallback):  # type: ignore[misc]
        """Takes the time after each step."""

        def on_step_end(self, *_: Any, **__: Any) -> None:
            stamps.append(time.perf_counter())

    items = [{"input_ids": torch.from_numpy(r), "labels": torch.from_numpy(r)} for r in rows[:, 1:]]
    with tempfile.TemporaryDirectory() as folder:
        given = TrainingArguments(
            output_dir=folder, max_steps=steps, per_device_train_batch_size=batch // LENGTH,
            learning_rate=recipe.train.adam, use_cpu=device == "cpu", bf16=True,
            save_strategy="no", logging_strategy="no", report_to=[], disable_tqdm=True,
            dataloader_pin_memory=False,
        )  # fmt: skip
        Trainer(model=model, args=given, train_dataset=items, callbacks=[Stamps()]).train()
    assert len(stamps) == steps, "one stamp a step"
    return sum(b - a for a, b in itertools.pairwise(stamps))
