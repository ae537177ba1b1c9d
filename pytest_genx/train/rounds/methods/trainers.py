"""Answers -> TRL's trainers -> a model further on than the one that sampled.

Departs from TRL in four ways:
1. A prompt and its answer become tokens apart, as in the product, where the prompt's tokens are
   fixed before anything is sampled. TRL encodes both together and drops the end of a prompt whose
   last token would merge with the answer's first (`assert f(` and `[`).
2. The end of text follows only answers that ended, not those that the limit of tokens cut off.
3. An answer that does not fit into the context is left out, never cut.
4. Nothing is reported to anyone: TRL tells its makers of each trainer that is made.
"""

from __future__ import annotations

import json
import random
import shutil
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tokenizers import Tokenizer

from pytest_genx.train.rounds.preferences import Answer, Pair
from pytest_genx.train.rounds.rewards import Arena, Run, reward_functions
from pytest_genx.train.tokenizer import special_ids

_STATE = "trainer_state.json"  # transformers writes it last into a checkpoint
Report = Callable[[dict[str, float]], None]


@dataclass(frozen=True, slots=True)
class Start:
    """A version in the transformers format, its tokenizer, and the tokens it has room for."""

    model: Path
    tokenizer: Tokenizer
    context: int


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained model, and what it was trained on."""

    model: Any
    counts: dict[str, int]


def train_kto(
    start: Start, answers: Sequence[Answer], config: Any, report: Report
) -> Trained | None:
    """Train on single answers, right or wrong (KTO, arXiv 2402.01306).

    The rarer kind weighs more, up to equal sums, unless the recipe gives weights.

    Args:
        start: the version that sampled; it is the reference model too.
        answers: of both roles.
        config: a `KTOConfig`; goes on from the last whole checkpoint in its folder.
        report: called with each line of the log.

    Returns:
        None where not both kinds are there.
    """
    from trl import KTOTrainer  # noqa: PLC0415

    longest = min(config.max_length or start.context, start.context)
    rows: list[dict[str, Any]] = []
    for answer in answers:
        prompt, completion = encode(start.tokenizer, answer)
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
    # The KL term needs answers to other prompts: those of a batch, moved on by one.
    size = config.per_device_train_batch_size
    if len(rows) % size == 1:
        rows.pop()  # a batch of one has no other answer
    for i in range(0, len(rows), size):
        batch = rows[i : i + size]
        for row, before in zip(batch, [batch[-1], *batch[:-1]], strict=True):
            row["KL_completion_ids"] = before["completion_ids"]
    counts = {"answers": len(rows), "right": right, "too long": len(answers) - right - wrong}
    return _fit(KTOTrainer, start, rows, config, report, counts)


def train_dpo(start: Start, pairs: Sequence[Pair], config: Any, report: Report) -> Trained | None:
    """Train on pairs of answers (DPO, arXiv 2305.18290); otherwise as `train_kto`."""
    from trl import DPOTrainer  # noqa: PLC0415

    longest = min(config.max_length or start.context, start.context)
    rows: list[dict[str, Any]] = []
    for pair in pairs:
        prompt, chosen = encode(start.tokenizer, pair.chosen)
        _, rejected = encode(start.tokenizer, pair.rejected)
        if len(prompt) + max(len(chosen), len(rejected)) <= longest:
            rows.append({"prompt_ids": prompt, "chosen_ids": chosen, "rejected_ids": rejected})
    if not rows:
        return None
    counts = {"pairs": len(rows), "too long": len(pairs) - len(rows)}
    return _fit(DPOTrainer, start, rows, config, report, counts)


def train_grpo(
    start: Start, arenas: Sequence[Arena], contests: Sequence[tuple[str, str]], config: Any,
    run: Run, report: Report,
) -> Trained | None:  # fmt: skip
    """Train on fresh answers of both roles, mixed in one trainer (GRPO, arXiv 2402.03300).

    Args:
        start: as in `train_kto`.
        arenas: what answers are run against.
        contests: problem and role of each prompt.
        config: a `GRPOConfig`.
        run: the engine.
        report: called with each line of the log.

    Returns:
        None where no prompt leaves room for an answer.
    """
    from trl import GRPOTrainer  # noqa: PLC0415

    places = {place.problem.id: place.problem for place in arenas}
    rows: list[dict[str, Any]] = []
    for identity, role in contests:
        text = getattr(places[identity], role).text
        room = start.context - config.max_completion_length
        if len(start.tokenizer.encode(text).ids) <= room:
            rows.append({"prompt": text, "problem": identity, "role": role})
    if not rows:
        return None
    counts = {"prompts": len(rows), "too long": len(contests) - len(rows)}
    return _fit(
        GRPOTrainer, start, rows, config, report, counts,
        reward_funcs=reward_functions(arenas, run),
    )  # fmt: skip


def encode(tokenizer: Tokenizer, answer: Answer) -> tuple[list[int], list[int]]:
    """Tokens of the prompt and of the answer, with the end of text if it ended."""
    prompt, completion = (tokenizer.encode(t).ids for t in (answer.prompt, answer.completion))
    end, _ = special_ids(tokenizer)
    return prompt, [*completion, end] if answer.ended else completion


def whole_checkpoint(folder: Path) -> str | None:
    """The last checkpoint that was written to its end; those that were not are removed."""
    found: list[tuple[int, Path]] = []
    for path in folder.glob("checkpoint-*"):
        try:
            found.append((int(json.loads((path / _STATE).read_text())["global_step"]), path))
        except (OSError, ValueError, KeyError):
            shutil.rmtree(path)
    return str(max(found)[1]) if found else None


def _fit(
    kind: Any, start: Start, rows: Sequence[Mapping[str, Any]], config: Any, report: Report,
    counts: dict[str, int], **more: Any,
) -> Trained:  # fmt: skip
    """Train by one of TRL's trainers, from its last checkpoint if there is one."""
    from datasets import Dataset  # noqa: PLC0415
    from transformers import AutoTokenizer, PrinterCallback, TrainerCallback  # noqa: PLC0415
    from transformers.utils.logging import disable_progress_bar  # noqa: PLC0415

    class Quiet(kind):  # type: ignore[misc]
        def _send_telemetry(self) -> None:
            return

        def _prepare_dataset(self, dataset: Any, *_: Any, **__: Any) -> Any:
            return dataset  # it holds tokens, or the prompts that TRL samples for

    class Log(TrainerCallback):  # type: ignore[misc]
        def on_log(self, _args: Any, state: Any, _control: Any, logs: Any = None, **_: Any) -> None:
            values = {k: v for k, v in (logs or {}).items() if isinstance(v, int | float)}
            report({"step": state.global_step, **values})

    disable_progress_bar()
    with warnings.catch_warnings():
        # What TRL still calls by an old name in transformers is no user's to change.
        warnings.simplefilter("ignore", FutureWarning)
        # A path, not a model: TRL reads the reference model from it once more.
        trainer = Quiet(
            model=str(start.model),
            args=config,
            train_dataset=Dataset.from_list([dict(row) for row in rows]),
            processing_class=AutoTokenizer.from_pretrained(start.model, local_files_only=True),
            callbacks=[Log()],
            **more,
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train(resume_from_checkpoint=whole_checkpoint(Path(config.output_dir)))
    model = trainer.accelerator.unwrap_model(trainer.model)
    return Trained(model, {**counts, "steps": int(trainer.state.global_step)})
