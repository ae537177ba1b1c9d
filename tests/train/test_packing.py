"""Packed rows hold one whole document each, beside others of about its length."""

from __future__ import annotations

import pytest

pytest.importorskip("tokenizers", reason="needs the train extra")

from pytest_genx.train.documents import Document
from pytest_genx.train.packing import pack, row_length


def test_rows_hold_every_document_whole(tokenizer, composed):
    """Cut at the end token, the rows give back all documents."""
    packs, dropped = pack(composed, tokenizer, longest=1024, prompt_weight=0.5)
    found = []
    for packed in packs:
        for row in packed.tokens:
            text = tokenizer.decode(row.tolist(), skip_special_tokens=False)
            document, end, rest = text.partition("<|endoftext|>")
            found.append(document)
            assert end
            assert not rest.replace("<|pad|>", "")
    assert sorted(found) == sorted(d.prompt + d.answer for d in composed)
    assert dropped == 0
    assert [p.length for p in packs] == sorted({p.length for p in packs})


def test_weights_tell_prompt_answer_and_padding_apart(tokenizer):
    """The answer and its end count fully, the prompt less, padding not at all."""
    (packed,), _ = pack([Document("a b c", " d e")], tokenizer, longest=32, prompt_weight=0.25)
    prompt = len(tokenizer.encode("a b c").ids)
    answer = len(tokenizer.encode(" d e").ids) + 1
    expected = [0.25] * prompt + [1.0] * answer
    assert packed.weights[0].tolist() == expected + [0.0] * (17 - len(expected))


def test_a_whole_document_counts_fully(tokenizer):
    """The prompt of a document that teaches both roles weighs as much as its answer."""
    document = Document("a b c", " d e", whole=True)
    (packed,), _ = pack([document], tokenizer, longest=32, prompt_weight=0.25)
    used = len(tokenizer.encode("a b c").ids) + len(tokenizer.encode(" d e").ids) + 1
    assert packed.weights[0].tolist() == [1.0] * used + [0.0] * (17 - used)


def test_documents_that_are_too_long_are_counted(tokenizer):
    """A document longer than the longest row is dropped, not cut."""
    packs, dropped = pack([Document("x " * 100, "y")], tokenizer, longest=32, prompt_weight=1.0)
    assert (packs, dropped) == ([], 1)


@pytest.mark.parametrize("tokens", [1, 16, 17, 300, 512, 513, 1025, 2048])
def test_little_of_a_row_is_padding(tokens):
    """A row is long enough, and by at most a sixteenth or 15 tokens too long."""
    assert tokens <= row_length(tokens) < tokens + max(16, tokens / 8)
