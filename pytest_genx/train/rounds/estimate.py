"""How much disk and memory a run takes, from sizes alone: estimates, stated as such."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_genx.backends.gguf_header import read_header
from pytest_genx.domain import Role
from pytest_genx.train.rounds.bases import named_size, parameters
from pytest_genx.train.rounds.finetune import LONGEST_ROW
from pytest_genx.train.rounds.recipe import RoundsRecipe

_RANK = 8  # of peft's adapters where the recipe names none
_SAVED = 40_000  # bytes of samples and outcomes a problem and round
_VOCABULARY = 150_000  # tokens of a base that is not here to be asked,
_SMALL = 200_000_000, 4096  # unless it has fewer parameters than this: then so many
_LAYER = 34  # bytes of activations of one token, layer and unit of width, in 16 bits


@dataclass(frozen=True, slots=True)
class Size:
    """Dimensions of a base; 0 where they are not known."""

    parameters: int
    context: int = LONGEST_ROW
    vocabulary: int = _VOCABULARY
    width: int = 0
    layers: int = 0

    def width_layers(self) -> tuple[int, int]:
        """Width and layers; guessed from 12 x layers x width² and layers = width / 64."""
        if self.width:
            return self.width, self.layers
        width = round((self.parameters * 64 / 12) ** (1 / 3))
        return width, width // 64


def size_of(recipe: RoundsRecipe, part: str, path: Path | None = None) -> Size:
    """What is known of a part's base: from its files, or from its name where it is not here."""
    if path is None:
        given = recipe.base
        if part == Role.TESTER.value and recipe.tester_base is not None:
            given = recipe.tester_base
        count = named_size(given.name)
        return Size(count, vocabulary=_SMALL[1] if count < _SMALL[0] else _VOCABULARY)
    if not path.is_dir():
        header = read_header(path)
        return Size(
            header.parameters,
            min(header.number("context_length"), LONGEST_ROW),
            header.number("vocab_size"),
            header.number("embedding_length"),
            header.number("block_count"),
        )
    config: dict[str, Any] = json.loads((path / "config.json").read_text("utf-8"))
    return Size(
        parameters(path),
        min(int(config.get("max_position_embeddings", LONGEST_ROW)), LONGEST_ROW),
        int(config.get("vocab_size", _VOCABULARY)),
        int(config.get("hidden_size", 0)),
        int(config.get("num_hidden_layers", 0)),
    )


def memory_lines(
    recipe: RoundsRecipe, sizes: Mapping[str, Size], problems: int | None = None
) -> Iterator[str]:
    """Say how much disk and memory a run takes, and what there is.

    Args:
        recipe: of the run.
        sizes: of the base of each part.
        problems: that are trained on; None takes the recipe's limit.
    """
    import torch  # noqa: PLC0415

    unknown = [part for part, size in sizes.items() if not size.parameters]
    if unknown:
        yield (
            f"memory and disk cannot be estimated: nothing says how large the base of the "
            f"{unknown[0]} is"
        )
        return
    if not all(size.width for size in sizes.values()):
        yield "the base is not here: what follows is guessed from the size that its name speaks of"
    count = problems or (recipe.data.limit or 1000) * len(recipe.data.train)
    gpu = torch.cuda.is_available()
    disk = (recipe.rounds + 1) * (
        sum(_written(recipe, size) for size in sizes.values()) + count * _SAVED
    )
    training = max(train_bytes(recipe, size, gpu=gpu) for size in sizes.values())
    sampling = recipe.sampling.processes * _sample_bytes(recipe, sizes, gpu=gpu)
    output = recipe.output.absolute()
    existing = next(p for p in (output, *output.parents) if p.exists())
    free = shutil.disk_usage(existing).free
    yield f"about {disk / 1e6:.0f} MB of disk ({free / 1e6:.0f} MB are free)"
    what = "GPU memory" if gpu else "memory"
    have = torch.cuda.get_device_properties(0).total_memory if gpu else _memory()
    yield (
        f"about {training / 1e6:.0f} MB of {what} for training and {sampling / 1e6:.0f} MB for "
        f"sampling, besides the libraries ({have / 1e6:.0f} MB are there)"
        + ("" if gpu else "; there is no CUDA device here, so the processor trains")
    )


def train_bytes(recipe: RoundsRecipe, size: Size, *, gpu: bool) -> int:
    """Bytes that training one part takes.

    Weights, gradients and moments in 32 bits; under adapters the weights alone, in 16 bits on a
    GPU, and all of it for the adapter. Then logits in 32 bits, and activations of one part of a
    batch, or their borders and one layer where they are computed again.
    """
    width, layers = size.width_layers()
    if recipe.roles == "adapters":
        held = size.parameters * (2 if gpu else 4) + 16 * adapter_size(recipe, size)
    else:
        held = size.parameters * 16
    tokens = max(recipe.train.batch // recipe.train.gradient_accumulation_steps, 1)
    kept = 2 * layers + _LAYER if recipe.train.gradient_checkpointing else _LAYER * layers
    return held + tokens * (3 * size.vocabulary * 4 + kept * width)


def adapter_size(recipe: RoundsRecipe, size: Size) -> int:
    """Parameters of an adapter on all matrices: seven a layer, about 2 x width on average."""
    width, layers = size.width_layers()
    rank = int((recipe.peft or {}).get("r", _RANK))
    return 7 * layers * rank * 2 * 2 * width


def _sample_bytes(recipe: RoundsRecipe, sizes: Mapping[str, Size], *, gpu: bool) -> float:
    """One copy of the model, or of both, in the format that the backend takes."""
    each = (2 if gpu else 4) if recipe.sampling.backend == "transformers" else 34 / 32
    if recipe.roles == "adapters" and recipe.sampling.backend == "transformers":
        return each * max(size.parameters for size in sizes.values())
    return each * sum(size.parameters for size in sizes.values())


def _written(recipe: RoundsRecipe, size: Size) -> float:
    """Bytes that a round keeps of one part."""
    gguf = 0.0 if recipe.sampling.backend == "transformers" else size.parameters * 34 / 32
    if recipe.roles != "adapters":
        return gguf + 4 * size.parameters
    return gguf + 4 * adapter_size(recipe, size)


def _memory() -> int:
    """Bytes of this machine's memory; 0 where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 0
