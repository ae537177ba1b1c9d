"""The recipe of a training: one YAML file, read strictly, with dotted overrides.

An unknown key is an error that names the nearest known one: a misspelt setting that is
silently ignored costs an hour.
"""

from __future__ import annotations

import dataclasses
import difflib
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pytest_genx.errors import RecipeError

_Kind = TypeVar("_Kind")


@dataclass(frozen=True, slots=True)
class TokenizerRecipe:
    """Byte-level BPE: number of tokens, and bytes of the longest."""

    vocabulary: int = 2048
    longest: int = 32


@dataclass(frozen=True, slots=True)
class ModelRecipe:
    """Dimensions of a Qwen3 model with tied embeddings; widths are multiples of 32."""

    width: int = 192
    layers: int = 6
    heads: int = 4
    kv_heads: int = 2
    head_width: int = 64
    feed_forward: int = 512
    context: int = 1024


@dataclass(frozen=True, slots=True)
class DataRecipe:
    """What the model is shown. `problems` is a folder of problem files; absent is a notice."""

    functions: int = 40000  # composed functions
    problems: Path | None = None
    answers: int = 6  # tester documents for each problem
    library: int = 3000  # functions of the standard library
    sources: Path | None = None  # folder of Python source whose licences permit it
    repeat: int = 2  # how often all but composed functions is packed for one pass over these


@dataclass(frozen=True, slots=True)
class TrainRecipe:
    """How it is trained: for so many `minutes` of wall time, or exactly `steps`."""

    minutes: float = 60.0  # without those in which the process was suspended
    steps: int | None = None
    threads: int = 1
    batch: int = 4096  # tokens of a step, padding included
    muon: float = 3e-3  # learning rate of matrices inside blocks
    adam: float = 3e-3  # learning rate of the embedding and of norms
    weight_decay: float = 0.05
    warmup: int = 60  # steps
    decay: float = 0.5  # last share of the budget, linear to `floor`
    floor: float = 0.03
    prompt_weight: float = 0.3  # loss weight of tokens that are given, not answered
    checkpoint: float = 4.0  # minutes between checkpoints
    gradient_accumulation_steps: int = 1  # parts of a batch that pass one after the other


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that makes one model."""

    path: Path
    name: str
    output: Path  # checkpoints, logs and the model in the transformers format
    export: Path  # the GGUF file
    seed: int = 0
    tokenizer: TokenizerRecipe = dataclasses.field(default_factory=TokenizerRecipe)
    model: ModelRecipe = dataclasses.field(default_factory=ModelRecipe)
    data: DataRecipe = dataclasses.field(default_factory=DataRecipe)
    train: TrainRecipe = dataclasses.field(default_factory=TrainRecipe)


def load_recipe(path: Path, overrides: Sequence[str] = ()) -> Recipe:
    """Read a recipe; relative paths in it start at the working directory.

    Args:
        path: the YAML file.
        overrides: settings of the form `train.minutes=5`, read as YAML values.

    Raises:
        RecipeError: unknown key, wrong type, or a file that cannot be read.
    """
    recipe = read_recipe(Recipe, path, overrides)
    _check(recipe)
    return recipe


def read_recipe(kind: type[_Kind], path: Path, overrides: Sequence[str] = ()) -> _Kind:
    """Read a YAML file as the dataclass `kind`, whose field `path` names the file itself.

    Raises:
        RecipeError: as `load_recipe` does; numbers are not looked at.
    """
    import yaml  # noqa: PLC0415

    try:
        tree = yaml.safe_load(path.read_text("utf-8"))
        for override in overrides:
            dotted, equals, value = override.partition("=")
            if not equals:
                raise RecipeError(path, f"override {override!r} is not of the form key.sub=value")
            _set(path, tree, dotted.split("."), yaml.safe_load(value))
    except OSError as error:
        raise RecipeError(path, error.strerror or str(error)) from None
    except UnicodeDecodeError as error:
        raise RecipeError(path, f"is no text in UTF-8: {error.reason}") from None
    except yaml.YAMLError as error:
        raise RecipeError(path, " ".join(str(error).split())) from None
    if not isinstance(tree, dict):
        raise RecipeError(path, "a mapping is expected at the top")
    recipe: _Kind = _build(path, kind, {**tree, "path": path}, "")
    return recipe


def _set(path: Path, tree: Any, keys: Sequence[str], value: Any) -> None:
    for key in keys[:-1]:
        tree = tree.setdefault(key, {}) if isinstance(tree, dict) else None
    if not isinstance(tree, dict):
        raise RecipeError(path, f"override {'.'.join(keys)!r} goes below a setting")
    tree[keys[-1]] = value


def _build(path: Path, kind: type[Any], tree: Mapping[str, Any], where: str) -> Any:
    """Make the dataclass `kind` from a mapping; `where` is the dotted place in messages."""
    hints = typing.get_type_hints(kind)
    for key in tree:
        if key not in hints:
            near = difflib.get_close_matches(str(key), hints, n=1, cutoff=0.0)[0]
            raise RecipeError(
                path, f"unknown key {where + str(key)!r}; the nearest is {where + near!r}"
            )
    for field in dataclasses.fields(kind):
        required = field.default is field.default_factory is dataclasses.MISSING
        if required and field.name not in tree:
            raise RecipeError(path, f"the key {where + field.name!r} is missing")
    values = {key: _value(path, hints[key], value, where + key) for key, value in tree.items()}
    return kind(**values)


def _value(path: Path, hint: Any, value: Any, where: str) -> Any:
    """Convert one value to its annotated type."""
    if dataclasses.is_dataclass(hint) or typing.get_origin(hint) is dict:
        return _mapping(path, hint, value, where)
    if typing.get_origin(hint) is tuple:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise RecipeError(path, f"{where} is {value!r}; expected a list of names")
        return tuple(value)
    given = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    allowed = tuple(typing.get_origin(one) or one for one in given)
    if value is None and type(None) in allowed:
        return None
    if Path in allowed and isinstance(value, str | Path):
        return Path(value)
    if float in allowed and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if type(value) in allowed:
        return value
    names = " or ".join("path" if t is Path else t.__name__ for t in allowed if t is not type(None))
    raise RecipeError(path, f"{where} is {value!r}; expected {names}")


def _mapping(path: Path, hint: Any, value: Any, where: str) -> Any:
    """A part of the recipe, or settings that another library's configuration holds."""
    if not isinstance(value, dict):
        raise RecipeError(path, f"{where} is {value!r}; expected a mapping")
    if not dataclasses.is_dataclass(hint):
        return value
    return _build(path, typing.cast("type[Any]", hint), value, where + ".")


def _check(recipe: Recipe) -> None:
    """Refuse numbers that cannot work, before an hour is spent on them."""
    model, train = recipe.model, recipe.train
    widths = {
        "model.width": model.width,
        "model.head_width": model.head_width,
        "model.feed_forward": model.feed_forward,
    }
    for name, width in widths.items():
        if width <= 0 or width % 32:
            raise RecipeError(recipe.path, f"{name} is {width}; expected a multiple of 32")
    if model.heads % model.kv_heads:
        raise RecipeError(
            recipe.path, f"model.heads is {model.heads}; expected a multiple of kv_heads"
        )
    if train.batch < 1:
        raise RecipeError(recipe.path, f"train.batch is {train.batch}; expected at least 1 token")
    if recipe.tokenizer.vocabulary < 512:
        raise RecipeError(recipe.path, "tokenizer.vocabulary must be at least 512")
