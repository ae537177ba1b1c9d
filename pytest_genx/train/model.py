"""The architecture: Qwen3 with tied embeddings, which llama.cpp runs without conversion tricks."""

from __future__ import annotations

from typing import Any

from pytest_genx.train.recipe import ModelRecipe


def build_model(recipe: ModelRecipe, vocabulary: int, end: int, pad: int) -> Any:
    """Make an untrained `transformers.Qwen3ForCausalLM`; seed torch before.

    Args:
        recipe: the dimensions.
        vocabulary: number of tokens.
        end: id of the end-of-text token.
        pad: id of the padding token.
    """
    from transformers import Qwen3Config, Qwen3ForCausalLM  # noqa: PLC0415

    config = Qwen3Config(
        vocab_size=vocabulary,
        hidden_size=recipe.width,
        num_hidden_layers=recipe.layers,
        num_attention_heads=recipe.heads,
        num_key_value_heads=recipe.kv_heads,
        head_dim=recipe.head_width,
        intermediate_size=recipe.feed_forward,
        max_position_embeddings=recipe.context,
        tie_word_embeddings=True,
        bos_token_id=end,
        eos_token_id=end,
        pad_token_id=pad,
        use_cache=False,
    )
    return Qwen3ForCausalLM(config)
