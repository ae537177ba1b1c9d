"""Documents -> rows of tokens: every row holds whole documents, as many as fit.

Best-fit packing in one pass over a few open rows; what is left of a row is padding without
weight. No document is cut: half a function teaches to end anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from tokenizers import Tokenizer

from pytest_genx.train.documents import Document
from pytest_genx.train.tokenizer import special_ids

_OPEN_ROWS = 32


@dataclass(frozen=True, slots=True)
class Packed:
    """Rows for training: `tokens` [n_rows, length + 1] uint16, `weights` alike in float32."""

    tokens: npt.NDArray[np.uint16]
    weights: npt.NDArray[np.float32]
    dropped: int  # documents longer than a row


def pack(
    documents: Sequence[Document], tokenizer: Tokenizer, *, length: int, prompt_weight: float
) -> Packed:
    """Tokenize and pack.

    Args:
        documents: in the order of training.
        tokenizer: the trained one.
        length: tokens of a row that are predicted.
        prompt_weight: loss weight of the prompt's tokens; the answer's have 1.
    """
    import numpy as np  # noqa: PLC0415

    end, pad = special_ids(tokenizer)
    rows: list[tuple[list[int], list[float]]] = []
    open_rows: list[tuple[list[int], list[float]]] = []
    dropped = 0
    for prompt, answer in _encoded(documents, tokenizer):
        ids = [*prompt, *answer, end]
        weights = [prompt_weight] * len(prompt) + [1.0] * (len(answer) + 1)
        if len(ids) > length:
            dropped += 1
            continue
        fitting = [row for row in open_rows if len(row[0]) + len(ids) <= length + 1]
        if fitting:
            row = max(fitting, key=lambda r: len(r[0]))
        else:
            row = ([end], [0.0])
            open_rows.append(row)
            if len(open_rows) > _OPEN_ROWS:
                fullest = max(open_rows, key=lambda r: len(r[0]))
                open_rows.remove(fullest)
                rows.append(fullest)
        row[0].extend(ids)
        row[1].extend(weights)
    rows += open_rows
    tokens = np.full((len(rows), length + 1), pad, dtype=np.uint16)
    weights_ = np.zeros((len(rows), length + 1), dtype=np.float32)
    for i, (ids, weights) in enumerate(rows):
        tokens[i, : len(ids)] = ids[: length + 1]
        weights_[i, : len(ids)] = weights[: length + 1]
    return Packed(tokens, weights_, dropped)


def _encoded(
    documents: Sequence[Document], tokenizer: Tokenizer, size: int = 2000
) -> Iterable[tuple[list[int], list[int]]]:
    """Encode prompt and answer apart: the product's prompt ends exactly there."""
    for start in range(0, len(documents), size):
        part = documents[start : start + size]
        prompts: list[Any] = tokenizer.encode_batch([d.prompt for d in part])
        answers: list[Any] = tokenizer.encode_batch([d.answer for d in part])
        for prompt, answer in zip(prompts, answers, strict=True):
            yield prompt.ids, answer.ids
