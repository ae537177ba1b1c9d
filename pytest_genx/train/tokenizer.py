"""The model's tokenizer: byte-level BPE, split exactly as llama.cpp's `qwen2` does.

Digits stand alone and no token is longer than 32 bytes, because llama-cpp-python's
`detokenize` cuts longer ones.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

from pytest_genx.train.recipe import TokenizerRecipe

# The expression of Qwen2's tokenizer (Apache-2.0); llama.cpp has it as pre-tokenizer "qwen2".
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
END = "<|endoftext|>"
PAD = "<|pad|>"
SPECIAL = (END, PAD)


def train_tokenizer(texts: Iterable[str], recipe: TokenizerRecipe) -> Tokenizer:
    """Learn the merges from `texts`; the special tokens get the lowest ids."""
    from tokenizers import pre_tokenizers, trainers  # noqa: PLC0415

    tokenizer = make_tokenizer({}, [])
    trainer = trainers.BpeTrainer(
        vocab_size=recipe.vocabulary,
        min_frequency=2,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        max_token_length=recipe.longest,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def make_tokenizer(vocabulary: dict[str, int], merges: list[tuple[str, str]]) -> Tokenizer:
    """Make a tokenizer of known tokens and merges; empty ones are for training.

    Args:
        vocabulary: id by token, in the byte-level alphabet.
        merges: pairs of tokens, the first to be merged first.
    """
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers  # noqa: PLC0415

    tokenizer = Tokenizer(models.BPE(vocabulary, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    if vocabulary:
        tokenizer.add_special_tokens([AddedToken(text, special=True) for text in SPECIAL])
    return tokenizer


def special_ids(tokenizer: Tokenizer) -> tuple[int, int]:
    """Return the ids of the end of text and of padding."""
    end, pad = (tokenizer.token_to_id(text) for text in SPECIAL)
    assert end is not None
    assert pad is not None
    return end, pad


def save_tokenizer(tokenizer: Tokenizer, folder: Path) -> None:
    """Write the files that `transformers.AutoTokenizer` reads."""
    from transformers import PreTrainedTokenizerFast  # noqa: PLC0415

    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token=END, bos_token=END, pad_token=PAD,
        clean_up_tokenization_spaces=False,
    )  # fmt: skip
    # Where the disk is full this is an OSError; tokenizers itself raises a bare Exception.
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.json").write_text(tokenizer.to_str(pretty=True), "utf-8")
    wrapped.save_pretrained(folder)
