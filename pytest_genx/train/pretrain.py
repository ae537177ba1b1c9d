"""`genx-train pretrain`: a recipe -> data, tokenizer, model, GGUF.

The stages leave their results in the recipe's output folder; `resume` goes on where the last
checkpoint was saved, with the data and the tokenizer of that run.
"""

from __future__ import annotations

import json
import platform
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pytest_genx.errors import RecipeError
from pytest_genx.train.corpus import build_corpus
from pytest_genx.train.gguf_file import write_gguf
from pytest_genx.train.loop import CHECKPOINT, LOG, train
from pytest_genx.train.model import build_model
from pytest_genx.train.packing import Packed, pack
from pytest_genx.train.recipe import Recipe
from pytest_genx.train.tokenizer import save_tokenizer, special_ids, train_tokenizer

COUNTS = "corpus.json"
_SAMPLE = 20000  # documents the tokenizer is learned from


def pretrain(
    recipe: Recipe,
    *,
    resume: bool = False,
    notice: Callable[[str], None] = lambda _: None,
    report: Callable[[dict[str, float]], None] = lambda _: None,
) -> Path:
    """Run a recipe from its data to the GGUF file.

    Args:
        recipe: what `load_recipe` gives.
        resume: go on from the output folder's checkpoint.
        notice: called with one line at each stage.
        report: called with each logged training step.

    Returns:
        The path of the GGUF file.

    Raises:
        RecipeError: nothing to resume, or the output folder cannot be made.
        KeyboardInterrupt: after saving a checkpoint.
    """
    import numpy as np  # noqa: PLC0415
    import torch  # noqa: PLC0415
    from tokenizers import Tokenizer  # noqa: PLC0415
    from transformers.utils.logging import disable_progress_bar  # noqa: PLC0415

    disable_progress_bar()
    folder = recipe.output
    try:
        folder.mkdir(parents=True, exist_ok=True)
        recipe.export.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecipeError(recipe.path, f"cannot make {folder}: {error.strerror}") from None
    rows, hf = folder / "rows.npz", folder / "hf"

    # ----------------------------------------------------------------------------------- data
    if resume:
        if not rows.exists():
            raise RecipeError(recipe.path, f"nothing to resume in {folder}")
        with np.load(rows) as saved:
            lengths = [name.removeprefix("tokens") for name in saved if name[0] == "t"]
            packs = [Packed(saved[f"tokens{n}"], saved[f"weights{n}"]) for n in lengths]
        tokenizer = Tokenizer.from_file(str(hf / "tokenizer.json"))
    else:
        for stale in (rows, folder / CHECKPOINT, folder / LOG):
            stale.unlink(missing_ok=True)
        corpus = build_corpus(recipe.data, seed=recipe.seed, notice=notice)
        sample = random.Random(recipe.seed).sample(
            corpus.documents, min(_SAMPLE, len(corpus.documents))
        )
        tokenizer = train_tokenizer((d.prompt + d.answer for d in sample), recipe.tokenizer)
        save_tokenizer(tokenizer, hf)
        packs, dropped = pack(
            corpus.documents,
            tokenizer,
            longest=recipe.model.context,
            prompt_weight=recipe.train.prompt_weight,
        )
        named: dict[str, Any] = {f"tokens{p.length}": p.tokens for p in packs}
        named |= {f"weights{p.length}": p.weights for p in packs}
        np.savez(rows, **named)
        tokens = sum(int((p.weights > 0).sum()) for p in packs)
        counts = {**corpus.counts, "tokens": tokens, "too long": dropped}
        (folder / COUNTS).write_text(json.dumps(counts, indent=1) + "\n", "utf-8")
        notice("data: " + ", ".join(f"{n} {what}" for what, n in counts.items()))

    # --------------------------------------------------------------------------------- model
    torch.manual_seed(recipe.seed)
    model = build_model(
        recipe.model,
        tokenizer.get_vocab_size(),
        *special_ids(tokenizer),
    ).to("cuda" if torch.cuda.is_available() else "cpu")
    notice(f"model: {sum(p.numel() for p in model.parameters()) / 1e6:.2f} million parameters")

    def export() -> None:
        model.save_pretrained(hf)
        write_gguf(hf, recipe.export, name=recipe.name)

    # --------------------------------------------------------------------------------- train
    steps = train(
        model,
        packs,
        recipe.train,
        folder,
        seed=recipe.seed,
        resume=resume,
        report=report,
        on_checkpoint=export,
        notice=notice,
    )
    export()
    write_summary(recipe, steps, sum(p.numel() for p in model.parameters()))
    notice(f"{steps} steps; wrote {recipe.export}")
    return recipe.export


def write_summary(recipe: Recipe, steps: int, parameters: int) -> None:
    """Write beside the GGUF file, as JSON, what a finished run was made of.

    Args:
        recipe: its output folder holds the corpus' counts and the log.
        steps: done in all.
        parameters: of the model.
    """
    log = (recipe.output / LOG).read_text("utf-8").splitlines()
    minutes = json.loads(log[-1])["minutes"] if log else 0.0
    summary = {
        "name": recipe.name,
        "parameters": parameters,
        "steps": steps,
        "positions": steps * recipe.train.batch,  # about; padding included
        "minutes": minutes,
        "python": platform.python_version(),
        "corpus": json.loads((recipe.output / COUNTS).read_text("utf-8")),
    }
    text = json.dumps(summary, indent=1) + "\n"
    recipe.export.with_suffix(".json").write_text(text, "utf-8")
