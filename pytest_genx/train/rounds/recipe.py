"""The recipe of joint training: one YAML file, read as strictly as that of pretraining."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_genx.errors import RecipeError, UnknownName
from pytest_genx.train.recipe import TrainRecipe, read_recipe
from pytest_genx.train.rounds.track import TRACKERS

ROLES = ("one", "two", "adapters")
TRAINERS = ("own", "trl")
METHODS = ("sft", "kto", "dpo", "grpo")
REPLAY = ("union", "none", "share")
FILTER = ("execution", "none")


@dataclass(frozen=True, slots=True)
class DataPart:
    """Problems. A set is `NAME` or `FORMAT:NAME`: below `folder`, a path, or `hub:OWNER/NAME`."""

    folder: Path = Path()
    train: tuple[str, ...] = ()
    test: tuple[str, ...] = ()
    limit: int | None = None  # problems of each training set, drawn by the seed
    longest_input: int = 2000  # characters of a test; longer ones are left out
    overlap: float = 0.5  # share of a statement; what has more in common with a test set goes
    holdout: float = 0.0  # share of each training set that is tested on, split by problem
    download: bool = False  # sets of the hub that are not in the local cache


@dataclass(frozen=True, slots=True)
class SamplingPart:
    """How the current model is asked, in training and in evaluation."""

    backend: str = "llama"
    processes: int = 1  # each has its own copy of the model
    threads: int = 1  # of one copy
    tester: int = 8  # samples for a problem
    coder: int = 8
    max_tokens: int = 192
    temperature: float = 0.8


@dataclass(frozen=True, slots=True)
class ExecutionPart:
    """How programs are run; `cpu` is seconds for one case."""

    sandbox: str = "process"
    workers: int | str = 0  # processes; 0 as many as cores; "ray", "ray:HOST:PORT" for a cluster
    cpu: float = 0.5


@dataclass(frozen=True, slots=True)
class FilterPart:
    """What is kept of a round: `execution`, or `none` for the control arm."""

    kind: str = "execution"
    cases: int = 16  # for a problem
    codes: int = 4
    mutants: int = 8  # of the reference; a case that kills none of them is unhelpful
    replay: str = "union"  # of earlier rounds: all, none, or the share below
    share: float = 0.5
    threshold: float = 0.6  # probability, by the dual critic, where there is no reference


@dataclass(frozen=True, slots=True)
class TuningPart:
    """How the base is fine-tuned in each round; the names are those of pretraining.

    `method` is what makes version k + 1: `sft` from the base, the others on from version k, with
    the settings of their own part of the recipe; what follows here is for `sft`.
    """

    method: str = "sft"
    epochs: float = 2.0
    threads: int = 1
    batch: int = 4096  # tokens of a step
    muon: float = 1e-3
    adam: float = 5e-4
    weight_decay: float = 0.0
    warmup: int = 10
    decay: float = 0.7
    prompt_weight: float = 0.1
    checkpoint: float = 2.0  # minutes
    answers: int = 3  # tester documents for a problem
    trainer: str = "own"  # or "trl", whose SFTTrainer takes several devices
    launch: tuple[str, ...] = ()  # words before `-m`, such as [accelerate, launch]; `run` uses it
    gradient_accumulation_steps: int = 1  # parts of a batch that pass one after the other
    gradient_checkpointing: bool = False  # activations are computed again: less memory, slower

    def loop(self, steps: int) -> TrainRecipe:
        """What the training loop takes."""
        return TrainRecipe(
            steps=steps, threads=self.threads, batch=self.batch, muon=self.muon, adam=self.adam,
            weight_decay=self.weight_decay, warmup=self.warmup, decay=self.decay,
            prompt_weight=self.prompt_weight, checkpoint=self.checkpoint,
            gradient_accumulation_steps=self.gradient_accumulation_steps,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class PreferencePart:
    """Which of a round's answers kto, dpo and grpo learn from."""

    lowest: float = 0.2  # share of right answers to a problem, strictly between these
    highest: float = 0.8
    valid: float = 1.0  # share of a tester's cases that must hold in a right answer
    pairs: int = 4  # of a problem and role, for dpo
    wrong: int = 16  # programs that a tester's cases are run against, for grpo


@dataclass(frozen=True, slots=True)
class EvalPart:
    """What each version is measured with."""

    limit: int | None = 100  # problems of each test set
    tester: int = 8
    coder: int = 8
    mutants: int = 8
    first: int = 10  # kept cases whose kills count


@dataclass(frozen=True, slots=True)
class RoundsRecipe:
    """Everything that makes the versions v1 to v(rounds + 1) of a base model."""

    path: Path
    name: str
    base: Path  # GGUF file, folder in the transformers format, or OWNER/NAME on the hub
    output: Path
    rounds: int = 3
    seed: int = 0
    roles: str = "one"  # model for both; "two" models; "adapters": LoRA, two on one base
    tester_base: Path | None = None  # of two models, if it is another one
    download: bool = False  # whether a base may be fetched from the hub
    tracking: tuple[str, ...] = ()  # trackers beside the log: tensorboard, trackio
    data: DataPart = dataclasses.field(default_factory=DataPart)
    sampling: SamplingPart = dataclasses.field(default_factory=SamplingPart)
    execution: ExecutionPart = dataclasses.field(default_factory=ExecutionPart)
    filter: FilterPart = dataclasses.field(default_factory=FilterPart)
    train: TuningPart = dataclasses.field(default_factory=TuningPart)
    preferences: PreferencePart = dataclasses.field(default_factory=PreferencePart)
    eval: EvalPart = dataclasses.field(default_factory=EvalPart)
    peft: dict[str, Any] | None = None  # for adapters: fields of peft's LoraConfig
    trl: dict[str, Any] | None = None  # for `train.trainer: trl`: fields of TRL's SFTConfig
    kto: dict[str, Any] | None = None  # for `train.method: kto`: fields of TRL's KTOConfig
    dpo: dict[str, Any] | None = None
    grpo: dict[str, Any] | None = None

    def held_out(self, identity: str) -> bool:
        """Whether a problem of a training set is kept for tests; its id and the seed decide."""
        drawn = hashlib.sha256(f"{self.seed} holdout {identity}".encode()).digest()
        return int.from_bytes(drawn[:8], "big") < self.data.holdout * 2.0**64

    def decisive(self) -> dict[str, Any]:
        """All settings that change what comes out, as plain values: not paths, not `rounds`."""
        tree = self.plain()
        for key in ("output", "rounds", "base", "tester_base", "download", "tracking"):
            del tree[key]
        for part, key in (
            ("data", "folder"),
            ("data", "download"),
            ("sampling", "processes"),
            ("execution", "workers"),
            ("train", "launch"),
        ):
            del tree[part][key]
        return tree

    def plain(self) -> dict[str, Any]:
        """All settings as plain values, of which `load_rounds` makes the same recipe."""
        tree: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(self), default=str))
        del tree["path"]
        return tree

    def digest(self) -> str:
        """A hash of `decisive`, 16 hexadecimal digits."""
        return hashlib.sha256(json.dumps(self.decisive(), sort_keys=True).encode()).hexdigest()[:16]


def load_rounds(path: Path, overrides: Sequence[str] = ()) -> RoundsRecipe:
    """Read a recipe of rounds; relative paths start at the working directory.

    Args:
        path: the YAML file.
        overrides: settings of the form `sampling.tester=4`.

    Raises:
        RecipeError: unknown key, wrong type or value, or a path where nothing is.
        UnknownName: a choice that does not exist.
    """
    recipe = read_recipe(RoundsRecipe, path, overrides)
    for kind, name, known in (
        ("roles", recipe.roles, ROLES),
        ("trainer", recipe.train.trainer, TRAINERS),
        ("filter", recipe.filter.kind, FILTER),
        ("replay", recipe.filter.replay, REPLAY),
        *(("tracker", name, TRACKERS) for name in recipe.tracking),
        ("method", recipe.train.method, METHODS),
    ):
        if name not in known:
            raise UnknownName(kind, name, known)
    if not recipe.data.train:
        raise RecipeError(path, "data.train is empty; expected at least one set of problems")
    for key, given, needed in (
        ("tester_base", recipe.tester_base, recipe.roles == "two"),
        ("peft", recipe.peft, recipe.roles == "adapters"),
        ("trl", recipe.trl, recipe.train.trainer == "trl"),
        ("train.launch", recipe.train.launch or None, recipe.train.trainer == "trl"),
    ):
        if given is not None and not needed:
            only = {"tester_base": "roles: two", "peft": "roles: adapters"}
            raise RecipeError(path, f"{key} is only for {only.get(key, 'train.trainer: trl')}")
    _check_numbers(recipe)
    return recipe


def _check_numbers(recipe: RoundsRecipe) -> None:
    """Refuse numbers that cannot work, before hours are spent on them."""
    positive = {
        "sampling.tester": recipe.sampling.tester,
        "sampling.coder": recipe.sampling.coder,
        "sampling.processes": recipe.sampling.processes,
        "sampling.threads": recipe.sampling.threads,
        "sampling.max_tokens": recipe.sampling.max_tokens,
        "sampling.temperature": recipe.sampling.temperature,
        "execution.cpu": recipe.execution.cpu,
        "filter.cases": recipe.filter.cases,
        "filter.codes": recipe.filter.codes,
        "train.epochs": recipe.train.epochs,
        "train.threads": recipe.train.threads,
        "train.batch": recipe.train.batch,
        "train.answers": recipe.train.answers,
        "train.gradient_accumulation_steps": recipe.train.gradient_accumulation_steps,
        "preferences.pairs": recipe.preferences.pairs,
        "preferences.wrong": recipe.preferences.wrong,
        "data.limit": recipe.data.limit or 1,
        "eval.limit": recipe.eval.limit or 1,
        "eval.tester": recipe.eval.tester,
        "eval.coder": recipe.eval.coder,
    }
    for key, value in positive.items():
        if not value > 0:  # so that nan is refused, too
            raise RecipeError(recipe.path, f"{key} is {value}; expected more than 0")
    if recipe.rounds < 0:
        raise RecipeError(recipe.path, f"rounds is {recipe.rounds}; expected 0 or more")
    for key, share in {
        "filter.share": recipe.filter.share,
        "filter.threshold": recipe.filter.threshold,
        "data.overlap": recipe.data.overlap,
        "data.holdout": recipe.data.holdout,
        "preferences.lowest": recipe.preferences.lowest,
        "preferences.highest": recipe.preferences.highest,
        "preferences.valid": recipe.preferences.valid,
    }.items():
        if not 0.0 <= share <= 1.0:
            raise RecipeError(recipe.path, f"{key} is {share}; expected 0 to 1")
    if recipe.output.exists() and not recipe.output.is_dir():
        output = str(recipe.output)
        raise RecipeError(recipe.path, f"output is {output!r}, which is no folder")
