"""Floating-point operations of training, and what share of a GPU's peak they come to."""

from __future__ import annotations

from pytest_genx.train.recipe import ModelRecipe

# Dense bfloat16 peaks in FLOP/s by a part of the device's name, from the makers' data sheets.
PEAKS = {
    "H100 PCIe": 756e12,
    "H100": 989e12,
    "H200": 989e12,
    "A100": 312e12,
    "L40S": 362e12,
    "L4": 121e12,
    "RTX 4090": 165e12,
}


def flops_per_token(recipe: ModelRecipe, vocabulary: int, length: int) -> float:
    """Count what one trained token costs, forward and backward.

    `6 N + 12 L H Q T` (Chowdhery et al. 2022, arXiv 2204.02311, appendix B): N weights of all
    matrices that multiply activations, the tied embedding once, as the output layer; L layers, H
    heads of width Q, T tokens of a row. Masked attention counts whole, recomputation does not.

    Args:
        recipe: dimensions of the model.
        vocabulary: number of tokens.
        length: T.

    >>> tiny = ModelRecipe(
    ...     width=64, layers=1, heads=2, kv_heads=1, head_width=32, feed_forward=96)
    >>> flops_per_token(tiny, 100, 16)
    235008.0
    """
    queries, keys = recipe.heads * recipe.head_width, recipe.kv_heads * recipe.head_width
    attention = recipe.width * (2 * queries + 2 * keys)
    layer = attention + 3 * recipe.width * recipe.feed_forward
    weights = recipe.layers * layer + vocabulary * recipe.width
    return 6.0 * weights + 12.0 * recipe.layers * queries * length


def peak_of(device: str) -> float | None:
    """The dense bfloat16 peak of a GPU by its name, in FLOP/s; None for one that is not known.

    >>> peak_of("NVIDIA H100 80GB HBM3"), peak_of("some other")
    (989000000000000.0, None)
    """
    found = (peak for name, peak in PEAKS.items() if name.lower() in device.lower())
    return next(found, None)
