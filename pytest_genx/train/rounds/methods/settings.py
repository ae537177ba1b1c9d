"""A recipe's part for a method -> TRL's configuration; TRL's own names, checked."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_genx.errors import RecipeError
from pytest_genx.train.rounds.bases import best_device
from pytest_genx.train.rounds.recipe import RoundsRecipe
from pytest_genx.train.rounds.roles import check_keys
from pytest_genx.train.rounds.sft import import_trl

# TRL's defaults are for models of billions of parameters on GPUs; these are what differs here.
_COMMON = {
    "activation_checkpointing": False,
    "logging_steps": 1,
    "num_train_epochs": 1.0,
    "save_steps": 50,
    "save_total_limit": 2,
}
DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "kto": {**_COMMON, "learning_rate": 1e-5, "per_device_train_batch_size": 8, "beta": 0.1},
    "dpo": {**_COMMON, "learning_rate": 1e-5, "per_device_train_batch_size": 8, "beta": 0.1},
    "grpo": {
        **_COMMON,
        "learning_rate": 1e-5,
        "per_device_train_batch_size": 8,
        "gradient_accumulation_steps": 4,
        "num_generations": 8,
        "temperature": 1.0,
        "beta": 0.0,
        "epsilon_high": 0.28,
    },
}
# What the run itself decides.
_OURS = (
    "output_dir", "seed", "data_seed", "do_train", "disable_tqdm", "remove_unused_columns",
    "resume_from_checkpoint", "save_strategy", "save_only_model", "push_to_hub", "report_to",
)  # fmt: skip
_OLD = "gradient_checkpointing"
_CONFIGS = {"kto": "KTOConfig", "dpo": "DPOConfig", "grpo": "GRPOConfig"}


def check_method(recipe: RoundsRecipe) -> None:
    """Look at the settings of the recipe's method before anything is sampled.

    Raises:
        MissingDependency: TRL is not installed.
        RecipeError: as `make_config`.
    """
    if recipe.train.method != "sft":
        make_config(recipe, recipe.output)


def make_config(recipe: RoundsRecipe, folder: Path, **more: Any) -> Any:
    """Make TRL's configuration of the recipe's method.

    Args:
        recipe: its part of the method's name wins over `DEFAULTS`.
        folder: where checkpoints go.
        more: what is used where neither says anything.

    Raises:
        MissingDependency: TRL is not installed.
        RecipeError: a setting that TRL does not have, of a wrong type or with a value it refuses.
    """
    method = recipe.train.method
    kind = getattr(import_trl(f"train.method: {method}"), _CONFIGS[method])
    fields = {field.name: field for field in dataclasses.fields(kind) if field.init}
    given: dict[str, Any] = getattr(recipe, method) or {}
    for key in given:
        if key in _OURS:
            raise RecipeError(recipe.path, f"{method}.{key} is set by genx-train itself")
    check_keys(recipe.path, method, given, list(fields))
    # On a CPU bfloat16 costs precision that small steps need.
    gpu = best_device() == "cuda"
    device = {} if gpu else {"use_cpu": True, "bf16": False, "dataloader_pin_memory": False}
    settled = {**device, **more, **DEFAULTS[method], **given}
    # Its name before transformers 5.20 or so, which a recipe may still use.
    if _OLD in given or "activation_checkpointing" not in fields:
        settled.setdefault(_OLD, settled.pop("activation_checkpointing"))
    values = {
        key: _value(recipe.path, f"{method}.{key}", value, fields[key].default)
        for key, value in settled.items()
    }
    own = {
        "output_dir": str(folder),
        "seed": recipe.seed,
        "save_strategy": "steps",
        "disable_tqdm": True,
        "report_to": "none",
    }
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of names that TRL or recipes still use
            return kind(**values, **own)
    except (ValueError, TypeError, NotImplementedError) as error:
        text = " ".join(str(error).split())[:300]
        raise RecipeError(recipe.path, f"{method}: {text}") from None


def _value(path: Path, where: str, value: Any, default: Any) -> Any:
    """Hold a value to the type of TRL's default, if that has one; YAML reads 1e-6 as a text."""
    if value is None or default is None or default is dataclasses.MISSING:
        return value
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise RecipeError(path, f"{where} is {value!r}; expected bool")
        return value
    if isinstance(default, int | float):
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = None
        if number is None or isinstance(value, bool):
            raise RecipeError(path, f"{where} is {value!r}; expected {type(default).__name__}")
        return value if isinstance(value, int) else number
    return value
