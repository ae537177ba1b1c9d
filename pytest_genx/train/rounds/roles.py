"""Which weights play the roles: one model, two models, or one base with two LoRA adapters.

A *part* is one set of weights that is trained: `model` for both roles, or one named after its
role. Its files in a round's folder bear its name.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_genx.domain import Role
from pytest_genx.errors import MissingDependency, RecipeError
from pytest_genx.train.rounds.recipe import RoundsRecipe

MODEL = "model"
_INSTALL = "pip install 'pytest-genx[trl]'"
_OURS = ("task_type", "peft_type", "base_model_name_or_path", "inference_mode", "auto_mapping")


@dataclass(frozen=True, slots=True)
class Version:
    """What plays each role: a GGUF file or folder, and an adapter on it if there is one."""

    models: Mapping[str, Path]
    adapters: Mapping[str, Path] = field(default_factory=dict)

    @classmethod
    def of(cls, path: Path) -> Version:
        """One model that plays every role."""
        return cls({role.value: path for role in Role})


def parts(form: str) -> dict[str, tuple[Role, ...]]:
    """The parts of a form, with the roles that each one plays.

    >>> {part: [role.value for role in roles] for part, roles in parts("two").items()}
    {'tester': ['tester'], 'coder': ['coder']}
    """
    if form == "one":
        return {MODEL: tuple(Role)}
    return {role.value: (role,) for role in (Role.TESTER, Role.CODER)}


def lora_config(recipe: RoundsRecipe) -> Any:
    """The `peft.LoraConfig` of a recipe's `peft` part; None where roles are no adapters.

    Raises:
        MissingDependency: peft is not installed.
        RecipeError: a key is unknown to peft, or peft refuses a value.
    """
    if recipe.roles != "adapters":
        return None
    try:
        import peft  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if error.name != "peft":
            raise
        raise MissingDependency("roles: adapters", "peft", _INSTALL) from None
    given: dict[str, Any] = {"target_modules": "all-linear", **(recipe.peft or {})}
    known = [f.name for f in dataclasses.fields(peft.LoraConfig) if f.name not in _OURS]
    check_keys(recipe.path, "peft", given, known)
    try:
        return peft.LoraConfig(**given, task_type="CAUSAL_LM")
    except (TypeError, ValueError) as error:
        raise RecipeError(recipe.path, f"peft: {' '.join(str(error).split())}") from None


def check_keys(path: Path, part: str, given: Mapping[str, Any], known: list[str]) -> None:
    """Refuse a key that another library does not know.

    Raises:
        RecipeError: names the nearest one.
    """
    for key in given:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1, cutoff=0.0)[0]
            raise RecipeError(path, f"unknown key '{part}.{key}'; the nearest is '{part}.{near}'")
