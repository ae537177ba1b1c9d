"""Packed rows hold whole documents, in order of tokens, with weights."""

from __future__ import annotations

import pytest

pytest.importorskip("tokenizers", reason="needs the train extra")

from pytest_genx.train.documents import Document
from pytest_genx.train.packing import pack


def test_rows_hold_every_document_whole(tokenizer, composed):
    """Cut at the end token, the rows give back all documents."""
    packed = pack(composed, tokenizer, length=1024, prompt_weight=0.5)
    found = []
    for row in packed.tokens:
        text = tokenizer.decode(row.tolist(), skip_special_tokens=False).replace("<|pad|>", "")
        found += [part for part in text.split("<|endoftext|>") if part]
    assert sorted(found) == sorted(d.prompt + d.answer for d in composed)
    assert packed.dropped == 0


def test_weights_tell_prompt_answer_and_padding_apart(tokenizer):
    """The answer and its end count fully, the prompt less, padding not at all."""
    packed = pack([Document("a b c", " d e")], tokenizer, length=32, prompt_weight=0.25)
    prompt = len(tokenizer.encode("a b c").ids)
    answer = len(tokenizer.encode(" d e").ids) + 1
    expected = [0.0] + [0.25] * prompt + [1.0] * answer
    assert packed.weights[0].tolist() == expected + [0.0] * (33 - len(expected))


def test_documents_that_are_too_long_are_counted(tokenizer):
    """A document longer than a row is dropped, not cut."""
    packed = pack([Document("x " * 100, "y")], tokenizer, length=32, prompt_weight=1.0)
    assert packed.dropped == 1
    assert len(packed.tokens) == 0
