"""How the llama backend chooses tokens, and how likely what it chose was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pytest_genx.errors import BadOption

_SEEDS = 0xFFFFFFFF  # this one would mean: a random seed


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is chosen; temperature 0 takes the likeliest."""

    seed: int
    temperature: float
    top_p: float
    min_p: float


def sampler_chain(lib: Any, vocab: Any, sampling: Sampling, grammar: str) -> Any:
    """Make a sampler of the library; the caller frees it.

    Args:
        lib: the module `llama_cpp`.
        vocab: of the model.
        sampling: how it chooses.
        grammar: GBNF that allows a token or not, before all else; "" for none.

    Raises:
        BadOption: the grammar is malformed.
    """
    rule = None
    if grammar:
        rule = lib.llama_sampler_init_grammar(vocab, grammar.encode(), b"root")
        if not rule:  # used all the same, it would kill the process
            raise BadOption("the grammar of the prompt", grammar, "GBNF with a rule `root`")
    chain = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
    if rule:
        lib.llama_sampler_chain_add(chain, rule)
    if sampling.temperature <= 0:
        lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_greedy())
        return chain
    # min_p goes before top_p: it spares it the sorting of the whole vocabulary.
    for link in (
        lib.llama_sampler_init_min_p(sampling.min_p, 1),
        lib.llama_sampler_init_top_p(sampling.top_p, 1),
        lib.llama_sampler_init_temp(sampling.temperature),
        lib.llama_sampler_init_dist(sampling.seed % _SEEDS),
    ):
        lib.llama_sampler_chain_add(chain, link)
    return chain


class Odds:
    """Log probabilities of chosen tokens under the model itself, temperature and cuts apart."""

    def __init__(self, rows: int, vocabulary: int) -> None:
        self._room = np.empty((rows, vocabulary), np.float32)

    def of(self, logits: Any, outputs: Sequence[int], tokens: Sequence[int]) -> list[float]:
        """Compute them for all rows of a step at once.

        Args:
            logits: pointer to [n, vocabulary] float32.
            outputs: the rows to look at, ascending.
            tokens: the one that was chosen in each of them.

        Returns:
            For each of them the log probability in nats.
        """
        shown = np.ctypeslib.as_array(logits, shape=(outputs[-1] + 1, self._room.shape[1]))
        if len(outputs) < len(shown):
            shown = shown[list(outputs)]
        room = self._room[: len(shown)]
        # Taken from the chosen token instead of the largest, which spares a pass. What is drawn
        # is never so unlikely that this overflows; what a grammar forces may be.
        with np.errstate(over="ignore"):
            np.subtract(shown, shown[np.arange(len(shown)), tokens][:, None], out=room)
            np.exp(room, out=room)
            total = room.sum(axis=1)
        return [float(value) for value in -np.log(total)]
