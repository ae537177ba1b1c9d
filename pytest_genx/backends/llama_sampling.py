"""How the llama backend chooses tokens, and how likely what it chose was."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pytest_genx.errors import BadOption

_SEEDS = 0xFFFFFFFF  # this one would mean: a random seed
_TOKEN_DATA = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is chosen; temperature 0 takes the likeliest."""

    seed: int
    temperature: float
    top_p: float
    min_p: float


class Chooser:
    """What chooses the tokens of one completion; closed once.

    A grammar is asked about the token that was drawn, and about all others only when it refuses
    that one: it takes longer over a vocabulary than the model does over a token.
    """

    def __init__(self, lib: Any, vocab: Any, sampling: Sampling, grammar: str) -> None:
        """Make the samplers of the library.

        Args:
            lib: the module `llama_cpp`.
            vocab: of the model.
            sampling: how it chooses.
            grammar: GBNF that allows a token or not; "" for none.

        Raises:
            BadOption: the grammar is malformed.
        """
        self._lib = lib
        self._rule = None
        if grammar:
            self._rule = lib.llama_sampler_init_grammar(vocab, grammar.encode(), b"root")
            if not self._rule:  # used all the same, it would kill the process
                raise BadOption("the grammar of the prompt", grammar, "GBNF with a rule `root`")
        self._end = int(lib.llama_vocab_eos(vocab))
        self._vocabulary = lib.llama_vocab_n_tokens(vocab)
        self._chain = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
        if sampling.temperature <= 0:
            lib.llama_sampler_chain_add(self._chain, lib.llama_sampler_init_greedy())
            return
        # min_p goes before top_p: it spares it the sorting of the whole vocabulary.
        for link in (
            lib.llama_sampler_init_min_p(sampling.min_p, 1),
            lib.llama_sampler_init_top_p(sampling.top_p, 1),
            lib.llama_sampler_init_temp(sampling.temperature),
            lib.llama_sampler_init_dist(sampling.seed % _SEEDS),
        ):
            lib.llama_sampler_chain_add(self._chain, link)

    def choose(self, ctx: Any, output: int) -> int:
        """Choose a token by the odds of one output of the last step."""
        token = int(self._lib.llama_sampler_sample(self._chain, ctx, output))
        if self._rule is None:
            return token
        if not self._allows(token):
            token = self._choose_allowed(ctx, output)
        if token != self._end:
            self._lib.llama_sampler_accept(self._rule, token)
        return token

    def close(self) -> None:
        """Free the samplers."""
        self._lib.llama_sampler_free(self._chain)
        if self._rule is not None:
            self._lib.llama_sampler_free(self._rule)

    def _allows(self, token: int) -> bool:
        one = (self._lib.llama_token_data * 1)((token, 1.0, 0.0))
        array = self._lib.llama_token_data_array(one, 1, -1, False)
        self._lib.llama_sampler_apply(self._rule, ctypes.byref(array))
        return bool(one[0].logit > -math.inf)

    def _choose_allowed(self, ctx: Any, output: int) -> int:
        size = self._vocabulary
        data = (self._lib.llama_token_data * size)()
        view = np.frombuffer(data, dtype=_TOKEN_DATA)
        view["id"] = np.arange(size)
        logits = self._lib.llama_get_logits_ith(ctx, output)
        view["logit"] = np.ctypeslib.as_array(logits, shape=(size,))
        array = self._lib.llama_token_data_array(data, size, -1, False)
        self._lib.llama_sampler_apply(self._rule, ctypes.byref(array))
        if not (view["logit"] > -np.inf).any():
            return self._end  # the vocabulary cannot spell what the grammar asks for
        self._lib.llama_sampler_apply(self._chain, ctypes.byref(array))
        return int(array.data[array.selected].id)


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
