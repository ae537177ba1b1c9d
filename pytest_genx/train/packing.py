"""Documents -> rows of tokens: one document a row, rows of about one length together.

A row begins where a prompt begins, as it will when the model is used, and attention never
crosses documents: on a CPU it is the dearer half of long rows. What is left of a row is
padding without weight. No document is cut: half a function teaches to end anywhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from tokenizers import Tokenizer

from pytest_genx.train.documents import Document
from pytest_genx.train.tokenizer import special_ids

_FINE = 16  # rows of one pack differ by at most a sixteenth of their length, or by _FINE tokens


@dataclass(frozen=True, slots=True)
class Packed:
    """Rows for training: `tokens` [n_rows, length + 1] uint16 or, of large vocabularies, uint32.

    `weights` has the same shape in float32.
    """

    tokens: npt.NDArray[np.uint16 | np.uint32]
    weights: npt.NDArray[np.float32]

    @property
    def length(self) -> int:
        """Tokens of a row that are predicted."""
        return int(self.tokens.shape[1]) - 1


def pack(
    documents: Sequence[Document],
    tokenizer: Tokenizer,
    *,
    longest: int,
    prompt_weight: float,
    ends: tuple[int, int] | None = None,
    begin: bool = True,
) -> tuple[list[Packed], int]:
    """Tokenize and sort into packs.

    Args:
        documents: in any order; a pack keeps it.
        tokenizer: the trained one.
        longest: tokens of the longest row.
        prompt_weight: loss weight of the prompt's tokens; the answer's have 1.
        ends: ids of the end of text and of padding; None for those of our own tokenizers.
        begin: whether a prompt gets what the tokenizer puts before texts, if anything.

    Returns:
        One pack for each length of row, the shortest first, and how many documents were longer.
    """
    import numpy as np  # noqa: PLC0415

    end, pad = special_ids(tokenizer) if ends is None else ends
    small = tokenizer.get_vocab_size() <= 1 << 16
    rows: dict[int, list[tuple[list[int], list[float]]]] = defaultdict(list)
    dropped = 0
    encoded = _encoded(documents, tokenizer, begin=begin)
    for document, (prompt, answer) in zip(documents, encoded, strict=True):
        ids = [*prompt, *answer, end]
        if len(ids) > longest:
            dropped += 1
            continue
        weights = [1.0 if document.whole else prompt_weight] * len(prompt)
        rows[row_length(len(ids))].append((ids, weights + [1.0] * (len(answer) + 1)))
    packs = []
    for length in sorted(rows):
        tokens = np.full(
            (len(rows[length]), length + 1), pad, dtype=np.uint16 if small else np.uint32
        )
        weights_ = np.zeros((len(rows[length]), length + 1), dtype=np.float32)
        for i, (ids, weights) in enumerate(rows[length]):
            tokens[i, : len(ids)] = ids
            weights_[i, : len(ids)] = weights
        packs.append(Packed(tokens, weights_))
    return packs, dropped


def row_length(tokens: int) -> int:
    """Round a number of tokens up to the length of the rows that hold it.

    >>> [row_length(n) for n in (5, 100, 513, 2000)]
    [16, 112, 544, 2048]
    """
    step = _FINE
    while step * _FINE * 2 < tokens:
        step *= 2
    return -(-tokens // step) * step


def _encoded(
    documents: Sequence[Document], tokenizer: Tokenizer, *, begin: bool, size: int = 2000
) -> Iterable[tuple[list[int], list[int]]]:
    """Encode prompt and answer apart: the product's prompt ends exactly there."""
    for start in range(0, len(documents), size):
        part = documents[start : start + size]
        shown, wanted = [d.prompt for d in part], [d.answer for d in part]
        prompts: list[Any] = tokenizer.encode_batch(shown, add_special_tokens=begin)
        answers: list[Any] = tokenizer.encode_batch(wanted, add_special_tokens=False)
        for prompt, answer in zip(prompts, answers, strict=True):
            yield prompt.ids, answer.ids
