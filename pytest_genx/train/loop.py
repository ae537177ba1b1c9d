"""The training loop, top to bottom.

Departs from the usual recipe in four ways:
1. The schedule runs on wall time (warm-up, constant, linear decay over the last share of the
   budget), so a slow machine still finishes; with `steps` it runs on steps and is repeatable.
   Time in which the process was suspended does not count.
2. Matrices inside blocks are trained by Muon, the embedding and the norms by AdamW.
3. Tokens of the prompt count less than tokens of the answer.
4. A batch holds rows of one length; every batch has about as many tokens. Where a GPU has no
   memory for it, it passes in twice as many parts, which changes no gradient.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pytest_genx.errors import GenxError
from pytest_genx.train.packing import Packed
from pytest_genx.train.recipe import TrainRecipe

CHECKPOINT = "checkpoint.pt"
PREVIOUS = "checkpoint.previous.pt"
LOG = "steps.jsonl"
_SHORT = 512  # tokens of a row
_SUSPENDED = 10  # a step that takes so many times the shortest full one was interrupted


class OutOfMemory(GenxError):
    """A GPU has no memory for the smallest step there is, or for one that cannot be cut."""

    def __init__(self, tokens: int, rows: int = 1) -> None:
        what = "one row" if rows == 1 else f"{rows} rows"
        more = "" if rows == 1 else "more train.gradient_accumulation_steps, "
        super().__init__(
            f"the GPU has no memory for {what} of {tokens} tokens; try {more}"
            "train.gradient_checkpointing=true, or roles: adapters"
        )


def train(  # noqa: C901, PLR0912, PLR0915 - reads top to bottom
    model: Any,
    packs: Sequence[Packed],
    recipe: TrainRecipe,
    folder: Path,
    *,
    seed: int,
    resume: bool = False,
    report: Callable[[dict[str, float]], None] = lambda _: None,
    on_checkpoint: Callable[[], None] = lambda: None,
    notice: Callable[[str], None] = lambda _: None,
    clock: Callable[[], float] = time.monotonic,
) -> int:
    """Train `model` in place.

    Args:
        model: a causal language model of transformers; what needs no gradient stays as it is.
        packs: rows of tokens and weights, one pack for each length of row.
        recipe: budget, batch and rates.
        folder: where checkpoint and log go; it exists.
        seed: of the order of rows.
        resume: go on from the folder's checkpoint, if there is one.
        report: called with each logged step.
        on_checkpoint: called after each checkpoint, when the model can be exported.
        notice: called with a line when a batch is cut because memory ran out.
        clock: seconds, for tests.

    Returns:
        The number of steps done.

    Raises:
        KeyboardInterrupt: after saving a checkpoint.
        OutOfMemory: a GPU has no memory for a single row.
    """
    import torch  # noqa: PLC0415

    torch.set_num_threads(recipe.threads)
    optimizers = _optimizers(model, recipe)
    trained = [name for name, p in model.named_parameters() if p.requires_grad]
    device = next(model.parameters()).device
    step, spent, cuts = 0, 0.0, recipe.gradient_accumulation_steps
    checkpoint = folder / CHECKPOINT
    if resume and checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True, map_location="cpu")
        model.load_state_dict(state["model"], strict=False)
        for optimizer, saved in zip(optimizers, state["optimizers"], strict=True):
            # The recipe's rates count, also when they differ from those of the first run.
            bases = [group["base"] for group in optimizer.param_groups]
            optimizer.load_state_dict(saved)
            for group, base in zip(optimizer.param_groups, bases, strict=True):
                group["base"] = base
        step, spent = state["step"], state["spent"]
        cuts = max(cuts, state.get("cuts", 1))
    per_pass = len(_batches(packs, recipe.batch, [seed, 0]))

    def save() -> None:
        whole = model.state_dict()
        state = {
            "model": {name: whole[name] for name in trained},
            "optimizers": [o.state_dict() for o in optimizers],
            "step": step,
            "spent": spent,
            "cuts": cuts,
        }
        # A kill in the middle of writing must not cost the last good checkpoint.
        partial = checkpoint.with_suffix(".new")
        try:
            torch.save(state, partial)
        except RuntimeError as error:  # how torch says that a file cannot be written
            partial.unlink(missing_ok=True)
            raise OSError(f"{checkpoint.name} cannot be written; is the disk full?") from error
        if checkpoint.exists():
            checkpoint.replace(folder / PREVIOUS)
        partial.replace(checkpoint)

    # ---------------------------------------------------------------------------------- steps
    model.train()
    last = saved_at = logged_at = clock()
    shortest = math.inf
    tokens_since = 0
    order: list[tuple[Packed, Any]] = []
    try:
        with (folder / LOG).open("a", encoding="utf-8") as log:
            while (progress := _progress(recipe, step, spent)) < 1.0:
                if not order or step % per_pass == 0:
                    order = _batches(packs, recipe.batch, [seed, step // per_pass])
                packed, chosen = order[step % per_pass]
                rate = schedule(recipe, step, progress)
                for optimizer in optimizers:
                    for group in optimizer.param_groups:
                        group["lr"] = group["base"] * rate
                try:
                    loss, answer, tokens = _gradients(model, packed, chosen, cuts, device)
                except torch.OutOfMemoryError:
                    if cuts >= len(chosen):
                        raise OutOfMemory(packed.length) from None
                    # A step sees the same rows, in parts of half the size.
                    cuts *= 2
                    model.zero_grad(set_to_none=True)
                    if device.type == "cuda":
                        torch.cuda.empty_cache()
                    told = {"step": step + 1, "out_of_memory": True, "parts": cuts}
                    log.write(json.dumps(told) + "\n")
                    notice(
                        f"step {step + 1}: out of memory; batches pass in {cuts} parts from here "
                        "on, gradients add up"
                    )
                    continue
                torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                for optimizer in optimizers:
                    optimizer.step()
                    optimizer.zero_grad(set_to_none=True)
                step += 1
                tokens_since += tokens
                if device.type == "cuda":
                    torch.cuda.synchronize()  # or the clock sees no more than launches

                now = clock()
                # The last batch of a pack may be tiny.
                if 2 * len(chosen) * packed.length > recipe.batch:
                    shortest = min(shortest, now - last)
                spent += min(now - last, _SUSPENDED * shortest)
                last = now
                if step % 10 == 0 or step == 1:
                    line = {
                        "step": step,
                        "loss": round(float(loss), 4),
                        "answer_loss": round(float(answer), 4),
                        "rate": round(rate, 4),
                        "tokens_per_second": round(tokens_since / max(now - logged_at, 1e-9)),
                        "minutes": round(spent / 60, 2),
                        "progress": round(progress, 4),
                    }
                    log.write(json.dumps(line) + "\n")
                    log.flush()
                    report(line)
                    logged_at, tokens_since = now, 0
                if now - saved_at > recipe.checkpoint * 60:
                    save()
                    on_checkpoint()
                    saved_at = now
    except KeyboardInterrupt:
        save()
        raise
    save()
    return step


def _gradients(
    model: Any, packed: Packed, chosen: Any, cuts: int, device: Any
) -> tuple[Any, Any, int]:
    """Add a batch's gradients up over `cuts` parts of its rows.

    Returns:
        The loss, the mean loss of answers, and the number of tokens that count.
    """
    import numpy as np  # noqa: PLC0415
    import torch  # noqa: PLC0415

    total = float(packed.weights[chosen][:, 1:].sum())
    answers = int((packed.weights[chosen][:, 1:] == 1.0).sum())
    loss: Any = 0.0
    answer: Any = 0.0
    tokens = 0
    if device.type == "cpu" and hasattr(model, "set_attn_implementation"):
        # Measured: the fused kernel is slower on a CPU until rows are long.
        model.set_attn_implementation("eager" if packed.length <= _SHORT else "sdpa")
    for rows in np.array_split(chosen, min(cuts, len(chosen))):
        ids = torch.from_numpy(packed.tokens[rows].astype(np.int64)).to(device)  # (B, T + 1)
        weights = torch.from_numpy(packed.weights[rows])[:, 1:].to(device)  # (B, T)
        with torch.autocast(device.type, dtype=torch.bfloat16):
            logits = model(input_ids=ids[:, :-1]).logits  # (B, T, V)
        losses = torch.nn.functional.cross_entropy(
            logits.float().flatten(0, 1), ids[:, 1:].flatten(), reduction="none"
        )
        part = (losses * weights.flatten()).sum() / total
        part.backward()  # type: ignore[no-untyped-call]
        loss += part.detach()
        answer += losses.detach()[(weights == 1.0).flatten()].sum() / max(answers, 1)
        tokens += int((weights > 0).sum())
    return loss, answer, tokens


def _batches(
    packs: Sequence[Packed], positions: int, seed: Sequence[int]
) -> list[tuple[Packed, Any]]:
    """Shuffle the rows of each pack, cut them into batches, and shuffle these.

    Args:
        packs: of rows of different lengths.
        positions: tokens of a batch; one row where rows are longer.
        seed: of the order.

    Returns:
        For each batch the pack and the numbers of its rows; the last batch of a pack may be small.
    """
    import numpy as np  # noqa: PLC0415

    rng = np.random.default_rng(seed)
    found: list[tuple[Packed, Any]] = []
    for packed in packs:
        batch = max(positions // packed.length, 1)
        order = rng.permutation(len(packed.tokens))
        found += [(packed, order[i : i + batch]) for i in range(0, len(order), batch)]
    return [found[i] for i in rng.permutation(len(found))]


def schedule(recipe: TrainRecipe, step: int, progress: float) -> float:
    """Return the share of the full learning rate: warm-up by steps, decay by budget.

    Args:
        recipe: `warmup` in steps, `decay` and `floor` as shares.
        step: steps done.
        progress: share of the budget that is spent, in [0, 1).
    """
    warm = min(1.0, (step + 1) / max(recipe.warmup, 1))
    left = (1.0 - progress) / recipe.decay if recipe.decay > 0 else math.inf
    return warm * max(recipe.floor, min(1.0, left))


def _progress(recipe: TrainRecipe, step: int, spent: float) -> float:
    """Return the share of the budget spent: of steps if given, else of seconds."""
    return step / recipe.steps if recipe.steps is not None else spent / (recipe.minutes * 60)


def _optimizers(model: Any, recipe: TrainRecipe) -> list[Any]:
    """Give block matrices to Muon (Jordan et al. 2024), everything else to AdamW."""
    import torch  # noqa: PLC0415

    matrices: list[Any] = []
    others: list[Any] = []
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        # Factors of an adapter are no matrices of the model.
        inside = parameter.ndim == 2 and "layers" in name and "lora_" not in name
        (matrices if inside else others).append(parameter)
    optimizers: list[Any] = []
    if matrices:
        muon = torch.optim.Muon(
            [{"params": matrices, "base": recipe.muon}],
            lr=recipe.muon,
            weight_decay=recipe.weight_decay,
            momentum=0.95,
            adjust_lr_fn="match_rms_adamw",
        )
        optimizers.append(muon)
    adam = torch.optim.AdamW(
        [{"params": others, "base": recipe.adam}],
        lr=recipe.adam,
        betas=(0.9, 0.95),
        weight_decay=0.0,
    )
    return [*optimizers, adam]
