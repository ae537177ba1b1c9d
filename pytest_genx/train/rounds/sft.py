"""Supervised training by TRL's SFTTrainer, which runs on several devices under `accelerate`.

It is shown the same tokens as the own loop, since prompt and answer are encoded here; tokens of
the prompt have no weight. Where memory runs out, parts of a step are halved and their number is
doubled.
"""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pytest_genx.errors import MissingDependency, RecipeError
from pytest_genx.train.loop import OutOfMemory
from pytest_genx.train.packing import Packed
from pytest_genx.train.rounds.bases import Words, best_device
from pytest_genx.train.rounds.recipe import RoundsRecipe, TuningPart
from pytest_genx.train.rounds.roles import check_keys

_STATE = "trainer_state.json"  # written last into a checkpoint
# What the recipe says elsewhere, or what would break a run.
_OURS = (
    "output_dir", "num_train_epochs", "max_steps", "seed", "resume_from_checkpoint", "report_to",
    "push_to_hub", "packing", "max_length", "gradient_checkpointing",
    "gradient_accumulation_steps",
)  # fmt: skip


def check_trl(recipe: RoundsRecipe) -> None:
    """Check the `trl` part of a recipe, if its trainer is TRL's.

    Raises:
        MissingDependency: trl is not installed.
        RecipeError: a key is unknown to SFTConfig, or has its place elsewhere in the recipe.
    """
    if recipe.train.trainer != "trl":
        return
    config = import_trl("train.trainer: trl").SFTConfig
    known = [f.name for f in dataclasses.fields(config) if f.init and f.name not in _OURS]
    for key in recipe.trl or {}:
        if key in _OURS:
            raise RecipeError(recipe.path, f"trl.{key} is set by genx-train itself")
    check_keys(recipe.path, "trl", recipe.trl or {}, known)


def train_sft(
    load: Callable[[], Any],
    packs: Sequence[Packed],
    words: Words,
    folder: Path,
    recipe: TuningPart,
    *,
    settings: Mapping[str, Any],
    lora: Any,
    seed: int,
    target: Path,
    report: Callable[[dict[str, float]], None],
    notice: Callable[[str], None],
) -> int:
    """Train and write the weights.

    Args:
        load: makes the base model anew, at each attempt.
        packs: rows of tokens and weights.
        words: of the base.
        folder: where checkpoints go; the last whole one is gone on from.
        recipe: epochs, rate and batch.
        settings: fields of SFTConfig that the recipe gives.
        lora: a peft.LoraConfig, or None for all weights.
        seed: of the order of rows.
        target: folder of the weights, or of the adapter.
        report: called with each logged step.
        notice: called with a line when a batch is cut because memory ran out.

    Returns:
        The number of steps done.

    Raises:
        OutOfMemory: a single row does not fit, or one of several processes ran out of memory.
    """
    import torch  # noqa: PLC0415
    from transformers import PrinterCallback  # noqa: PLC0415

    rows = [row for packed in packs for row in _rows(packed)]
    longest = max(len(row["input_ids"]) for row in rows)
    mean = sum(len(row["input_ids"]) for row in rows) / len(rows)
    cuts = recipe.gradient_accumulation_steps
    processes = int(os.environ.get("WORLD_SIZE", "1"))  # by torch's launchers
    size = max(1, round(recipe.batch / mean / cuts / processes))
    size = int(settings.get("per_device_train_batch_size", size))
    while True:
        try:
            trainer = _trainer(
                load(), rows, words, folder, recipe, settings, lora, seed, size, cuts
            )
            trainer.remove_callback(PrinterCallback)  # standard output is not for steps
            trainer.add_callback(_callback(report))
            trainer.train(resume_from_checkpoint=last_checkpoint(folder))
            break
        except torch.OutOfMemoryError:
            if size == 1 or processes > 1:  # the others wait for this one, and cannot be told
                raise OutOfMemory(longest, size) from None
            cuts, size = cuts * 2, max(1, size // 2)
        notice(f"out of memory; a step passes in {cuts} parts of {size} rows from here on")
    trainer.save_model(str(target))
    return int(trainer.state.global_step)


def _trainer(
    model: Any,
    rows: list[dict[str, list[int]]],
    words: Words,
    folder: Path,
    recipe: TuningPart,
    settings: Mapping[str, Any],
    lora: Any,
    seed: int,
    size: int,
    cuts: int,
) -> Any:
    import datasets  # noqa: PLC0415
    from transformers import PreTrainedTokenizerFast  # noqa: PLC0415

    trl = import_trl("train.trainer: trl")
    cuda = best_device() == "cuda"
    given: dict[str, Any] = {
        "learning_rate": recipe.adam,
        "weight_decay": recipe.weight_decay,
        "warmup_steps": recipe.warmup,
        "lr_scheduler_type": "linear",
        "logging_steps": 10,
        "logging_first_step": True,
        "save_strategy": "steps",
        "save_steps": 50,
        "save_total_limit": 2,
        "bf16": cuda,
        "use_cpu": not cuda,
        "dataloader_pin_memory": cuda,
        "disable_tqdm": True,
        **settings,
        "per_device_train_batch_size": size,
        "gradient_accumulation_steps": cuts,
    }
    config = trl.SFTConfig(
        output_dir=str(folder),
        num_train_epochs=recipe.epochs,
        seed=seed,
        report_to="none",
        max_length=None,
        packing=False,
        gradient_checkpointing=recipe.gradient_checkpointing,
        **given,
    )
    tokenizer = words.tokenizer
    return quiet(trl.SFTTrainer)(
        model=model,
        args=config,
        train_dataset=datasets.Dataset.from_list(rows),
        processing_class=PreTrainedTokenizerFast(
            tokenizer_object=tokenizer,
            eos_token=tokenizer.id_to_token(words.end),
            pad_token=tokenizer.id_to_token(words.pad),
        ),
        peft_config=lora,
    )


def _rows(packed: Packed) -> list[dict[str, list[int]]]:
    """Tokens of each row without what fills it; what is given has no label."""
    found = []
    for tokens, weights in zip(packed.tokens, packed.weights, strict=True):
        length = int((weights == 1.0).nonzero()[0][-1]) + 1
        ids = [int(token) for token in tokens[:length]]
        labels = [i if w == 1.0 else -100 for i, w in zip(ids, weights[:length], strict=True)]
        found.append({"input_ids": ids, "labels": labels})
    return found


def _callback(report: Callable[[dict[str, float]], None]) -> Any:
    from transformers import TrainerCallback  # noqa: PLC0415

    class Told(TrainerCallback):  # type: ignore[misc]
        """Passes logged steps on."""

        def on_log(self, _args: Any, state: Any, _control: Any, logs: Any = None, **_: Any) -> None:
            if logs and "loss" in logs and state.is_world_process_zero:
                progress = state.global_step / max(state.max_steps, 1)
                report(
                    {
                        "step": state.global_step,
                        "steps": state.max_steps,
                        "loss": logs["loss"],
                        "progress": round(progress, 4),
                    }
                )

    return Told()


def quiet(kind: Any) -> Any:
    """A trainer of TRL that tells its makers nothing."""

    class Quiet(kind):  # type: ignore[misc]
        def _send_telemetry(self) -> None:
            return

    return Quiet


def last_checkpoint(folder: Path) -> str | None:
    """The last whole checkpoint; one that a kill left unfinished is removed."""
    found = sorted(folder.glob("checkpoint-*"), key=lambda p: -int(p.name.rpartition("-")[2]))
    for path in found:
        if (path / _STATE).is_file():
            return str(path)
        shutil.rmtree(path, ignore_errors=True)
    return None


def import_trl(what: str) -> Any:
    """Import TRL.

    Raises:
        MissingDependency: it is not installed; `what` of the recipe needs it.
    """
    try:
        import datasets  # noqa: F401, PLC0415
        import trl  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if error.name not in {"trl", "datasets"}:
            raise
        install = "pip install 'pytest-genx[trl]'"
        raise MissingDependency(what, str(error.name), install) from None
    return trl
