"""How much memory the llama backend takes beyond the weights, from the header of a model alone.

    need = cache + step + odds + rest

    cache = (S + 1) * C * layers * heads_kv * (key + value) * 2   16-bit floats, set aside at once
    step  = U * (T + 2 * feed_forward) * 4    mask and the two halves of the widest layer
    odds  = 3 * S * vocabulary * 4            computed, copied for the sampler, and for their sums
    rest  = 10 MiB                            vocabulary, graph, the library's own

S sequences are decoded together, each with a cache for C tokens, and one more holds the prompt;
U = 128 tokens of a prompt are decoded in one step; T = min(C, length of the sequences). All
sequences beyond S wait for their turn in the same cache. `rest` is what was left when the other
terms were taken from what the embedded model was measured to take; large vocabularies take more.
"""

from __future__ import annotations

from dataclasses import dataclass

from pytest_genx.backends.gguf_header import Header

STEP = 128  # tokens of a prompt decoded together
_CONTEXT = 4096  # tokens of one sequence at most
_SEQUENCES = 16  # decoded together at most; more adds little speed
_CACHE = 1 << 30  # bytes for the caches of all sequences
_HALF, _FULL = 2, 4  # bytes of a float
_REST = 10 << 20


@dataclass(frozen=True, slots=True)
class Need:
    """What sampling takes over the weights, in bytes."""

    cache: int
    step: int
    odds: int
    rest: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.cache + self.step + self.odds + self.rest


def context_of(header: Header) -> int:
    """How many tokens one sequence may have: prompt and completion."""
    return min(header.number("context_length") or _CONTEXT, _CONTEXT)


def together(header: Header, wanted: int) -> int:
    """How many of the wanted sequences are decoded together: their caches must fit a limit.

    At least two, since a lone one would have its sums split among the threads.
    """
    size = max(cache_of_token(header) * context_of(header), 1)
    return max(2, min(wanted, _SEQUENCES, _CACHE // size - 1))


def cache_of_token(header: Header) -> int:
    """Bytes that the cache of one sequence has for one token."""
    heads = header.number("attention.head_count", 1)
    width = header.number("embedding_length") // max(heads, 1)
    sizes = (header.number(f"attention.{key}_length", width) for key in ("key", "value"))
    token = header.number("block_count") * header.number("attention.head_count_kv", heads)
    return token * sum(sizes) * _HALF


def need(header: Header, *, sequences: int, length: int) -> Need:
    """Compute what sampling takes over the weights, as this module's docstring says.

    Args:
        header: of the model.
        sequences: samples of one prompt.
        length: tokens of one sequence, prompt and completion.
    """
    context, rows = context_of(header), together(header, sequences)
    layer = 2 * header.number("feed_forward_length")
    return Need(
        cache=(rows + 1) * context * cache_of_token(header),
        step=STEP * (min(context, length) + layer) * _FULL,
        odds=3 * rows * header.number("vocab_size") * _FULL,
        rest=_REST,
    )
