"""The tokenizer loses nothing and keeps its promises about tokens."""

from __future__ import annotations


def test_every_text_comes_back_unchanged(tokenizer, texts):
    """Encoding and decoding is the identity, special tokens included."""
    for text in texts:
        assert tokenizer.decode(tokenizer.encode(text).ids, skip_special_tokens=False) == text


def test_digits_stand_alone_and_no_token_is_long(tokenizer):
    """A number is as many tokens as digits, and no token exceeds 32 bytes."""
    assert len(tokenizer.encode("1234567").ids) == 7
    assert max(len(token) for token in tokenizer.get_vocab()) <= 32


def test_special_tokens_have_the_lowest_ids(tokenizer):
    """The end of text is token 0, the padding token 1."""
    assert tokenizer.encode("<|endoftext|><|pad|>").ids == [0, 1]


def test_the_size_is_the_recipes(tokenizer):
    """The vocabulary is as large as was asked for."""
    assert tokenizer.get_vocab_size() == 640
