"""Answers -> TRL's trainers -> a model further on than the one that sampled.

Departs from TRL in four ways:
1. A prompt and its answer become tokens apart, as in the product, where the prompt's tokens are
   fixed before anything is sampled. TRL encodes both together and drops the end of a prompt whose
   last token would merge with the answer's first (`assert f(` and `[`).
2. The end of text follows only answers that ended, not those that the limit of tokens cut off.
3. An answer that does not fit into the context is left out, never cut.
4. Where memory runs out, parts of a step are halved and their number is doubled, as for sft.
"""

from __future__ import annotations

import os
import random
import shutil
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_genx.train.loop import OutOfMemory
from pytest_genx.train.rounds.bases import Words
from pytest_genx.train.rounds.preferences import Answer, Pair
from pytest_genx.train.rounds.rewards import Arena, Run, reward_functions
from pytest_genx.train.rounds.sft import last_checkpoint, quiet
from pytest_genx.train.rounds.tuning import Turn

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Start:
    """A version: what loads it anew as TRL takes it, its tokenizer, tokens it has room for."""

    load: Callable[[], Any]  # a folder, or a model with an adapter
    words: Words
    context: int


def train_kto(
    start: Start, answers: Sequence[Answer], config: Any, target: Path, turn: Turn
) -> dict[str, int] | None:
    """Train on single answers, right or wrong (KTO, arXiv 2402.01306).

    The rarer kind weighs more, up to equal sums, unless the recipe gives weights.

    Args:
        start: the version that sampled; it is the reference model too.
        answers: of the roles that it plays.
        config: a `KTOConfig`; goes on from the last whole checkpoint in its folder.
        target: folder of the weights, or of the adapter.
        turn: who is told.

    Returns:
        Counts and steps; None where not both kinds are there.

    Raises:
        OutOfMemory: two rows do not fit.
    """
    from trl import KTOTrainer  # noqa: PLC0415

    longest = min(config.max_length or start.context, start.context)
    rows: Rows = []
    for answer in answers:
        prompt, completion = encode(start.words, answer)
        if len(prompt) + len(completion) <= longest:
            rows.append({"prompt_ids": prompt, "completion_ids": completion, "label": answer.right})
    random.Random(config.seed).shuffle(rows)  # TRL takes them in this order
    right = sum(row["label"] for row in rows)
    wrong = len(rows) - right
    if not right or not wrong:
        return None
    if config.desirable_weight == config.undesirable_weight == 1.0:
        config.desirable_weight = max(1.0, wrong / right)
        config.undesirable_weight = max(1.0, right / wrong)
    counts = {"answers": len(rows), "right": right, "too long": len(answers) - len(rows)}
    return counts | _fit(
        KTOTrainer, start, lambda size: with_others(rows, size), config, target, turn, least=2
    )


def train_dpo(
    start: Start, pairs: Sequence[Pair], config: Any, target: Path, turn: Turn
) -> dict[str, int] | None:
    """Train on pairs of answers (DPO, arXiv 2305.18290); otherwise as `train_kto`."""
    from trl import DPOTrainer  # noqa: PLC0415

    longest = min(config.max_length or start.context, start.context)
    rows: Rows = []
    for pair in pairs:
        prompt, chosen = encode(start.words, pair.chosen)
        _, rejected = encode(start.words, pair.rejected)
        if len(prompt) + max(len(chosen), len(rejected)) <= longest:
            rows.append({"prompt_ids": prompt, "chosen_ids": chosen, "rejected_ids": rejected})
    if not rows:
        return None
    counts = {"pairs": len(rows), "too long": len(pairs) - len(rows)}
    return counts | _fit(DPOTrainer, start, lambda _: rows, config, target, turn, least=1)


def train_grpo(
    start: Start,
    arenas: Sequence[Arena],
    prompts: Mapping[tuple[str, str], str],
    config: Any,
    target: Path,
    turn: Turn,
    run: Run,
) -> dict[str, int] | None:
    """Train on fresh answers, those of both roles mixed in one trainer (GRPO, arXiv 2402.03300).

    Args:
        start: as in `train_kto`.
        arenas: what answers are run against.
        prompts: by problem and role.
        config: a `GRPOConfig`.
        target: as in `train_kto`.
        turn: who is told.
        run: the engine.

    Returns:
        Counts and steps; None where no prompt leaves room for an answer.

    Raises:
        OutOfMemory: a step does not fit; groups of answers cannot be cut.
    """
    from trl import GRPOTrainer  # noqa: PLC0415

    chat = start.words.chat is not None
    room = start.context - config.max_completion_length
    rows: Rows = [
        {"prompt": text, "problem": problem, "role": role}
        for (problem, role), text in prompts.items()
        if len(start.words.tokenizer.encode(text, add_special_tokens=not chat).ids) <= room
    ]
    if not rows:
        return None
    counts = {"prompts": len(rows), "too long": len(prompts) - len(rows)}
    return counts | _fit(
        GRPOTrainer, start, lambda _: rows, config, target, turn,
        least=config.per_device_train_batch_size,
        reward_funcs=reward_functions(arenas, run, chat=chat),
    )  # fmt: skip


def encode(words: Words, answer: Answer) -> tuple[list[int], list[int]]:
    """Tokens of the prompt and of the answer, with the end of text if it ended."""
    begin = words.chat is None
    prompt = words.tokenizer.encode(answer.prompt, add_special_tokens=begin).ids
    completion = words.tokenizer.encode(answer.completion, add_special_tokens=False).ids
    return prompt, [*completion, words.end] if answer.ended else completion


def with_others(rows: Sequence[Mapping[str, Any]], size: int) -> Rows:
    """Give each row the answer of the one before it in its batch, for KTO's KL term.

    A last batch of one row is left out: it has no other answer.

    >>> rows = [{"completion_ids": [i]} for i in range(5)]
    >>> [row["KL_completion_ids"] for row in with_others(rows, 2)]
    [[1], [0], [3], [2]]
    """
    found: Rows = []
    for i in range(0, len(rows), size):
        batch = rows[i : i + size]
        if len(batch) > 1:
            before = [batch[-1], *batch[:-1]]
            found += [
                {**row, "KL_completion_ids": other["completion_ids"]}
                for row, other in zip(batch, before, strict=True)
            ]
    return found


def _fit(
    kind: Any, start: Start, rows: Callable[[int], Rows], config: Any, target: Path, turn: Turn,
    *, least: int, **more: Any,
) -> dict[str, int]:  # fmt: skip
    """Train by one of TRL's trainers, from its last checkpoint if there is one, and save.

    `rows` are those for batches of a size, of which `least` is the smallest there may be.
    """
    import torch  # noqa: PLC0415
    from datasets import Dataset  # noqa: PLC0415
    from transformers import PrinterCallback  # noqa: PLC0415

    class Ready(quiet(kind)):  # type: ignore[misc]
        def _prepare_dataset(self, dataset: Any, *_: Any, **__: Any) -> Any:
            return dataset  # it holds tokens, or the prompts that TRL samples for

    while True:
        size = config.per_device_train_batch_size
        try:
            with warnings.catch_warnings():
                # What TRL still calls by an old name in transformers is no user's to change.
                warnings.simplefilter("ignore", FutureWarning)
                trainer = Ready(
                    model=start.load(),
                    args=config,
                    train_dataset=Dataset.from_list(rows(size)),
                    processing_class=_wrapped(start.words),
                    callbacks=[_told(turn)],
                    **more,
                )
                trainer.remove_callback(PrinterCallback)
                trainer.train(resume_from_checkpoint=last_checkpoint(Path(config.output_dir)))
            break
        except torch.OutOfMemoryError:
            # Other processes wait for this one, and cannot be told.
            if size // 2 < least or int(os.environ.get("WORLD_SIZE", "1")) > 1:
                raise OutOfMemory(start.context, size) from None
        config.per_device_train_batch_size = size // 2
        config.gradient_accumulation_steps *= 2
        cuts = config.gradient_accumulation_steps
        turn.notice(
            f"out of memory; a step passes in {cuts} parts of {size // 2} rows from here on"
        )
    trainer.save_model(str(target))
    shutil.rmtree(target / "ref", ignore_errors=True)  # TRL's copy of an adapter
    return {"steps": int(trainer.state.global_step)}


def _wrapped(words: Words) -> Any:
    """The tokenizer as TRL takes it; a chat prompt holds what begins a text already."""
    from tokenizers import Tokenizer, processors  # noqa: PLC0415
    from transformers import PreTrainedTokenizerFast  # noqa: PLC0415

    tokenizer = Tokenizer.from_str(words.tokenizer.to_str())
    if words.chat is not None:
        tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)  # adds nothing
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token=tokenizer.id_to_token(words.end),
        pad_token=tokenizer.id_to_token(words.pad),
    )


def _told(turn: Turn) -> Any:
    from transformers import TrainerCallback  # noqa: PLC0415

    class Told(TrainerCallback):  # type: ignore[misc]
        """Passes on all numbers of a logged step."""

        def on_log(self, _args: Any, state: Any, _control: Any, logs: Any = None, **_: Any) -> None:
            if logs and "loss" in logs and state.is_world_process_zero:
                values = {k: v for k, v in logs.items() if isinstance(v, int | float)}
                turn.report({"step": state.global_step, "steps": state.max_steps, **values})

    return Told()
