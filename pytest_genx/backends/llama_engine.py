"""Many completions of one prompt at once, over the low-level interface of llama-cpp-python.

The prompt is decoded once and its cache copied to every sequence; then one step decodes one
token of each, which takes little longer than one token of one. Text is put together from pieces
read here, since `Llama.detokenize` drops the end of tokens above 32 bytes.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pytest_genx.backends.gguf_header import Header
from pytest_genx.backends.llama_log import library_log
from pytest_genx.backends.llama_memory import STEP, context_of, together
from pytest_genx.errors import ModelError

_SEEDS = 0xFFFFFFFF  # this one would mean: a random seed
_PIECE = 64  # bytes that most tokens fit in


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is chosen; temperature 0 takes the likeliest."""

    seed: int
    temperature: float
    top_p: float
    min_p: float


@dataclass(frozen=True, slots=True)
class Completion:
    """What one sequence wrote, without the stop text."""

    index: int
    text: str
    tokens: int


@dataclass(slots=True)
class _Row:
    """One sequence that is still being written."""

    index: int
    sampler: Any
    written: bytearray = field(default_factory=bytearray)
    tokens: int = 0


class LlamaEngine:
    """A loaded model with one context; closed once."""

    def __init__(self, path: Path, header: Header, *, threads: int, sequences: int) -> None:
        try:
            import llama_cpp  # noqa: PLC0415 -- heavy, and only this backend needs it
        except (ImportError, OSError, RuntimeError) as error:
            raise ModelError(str(path), f"llama-cpp-python does not load: {error}") from None

        self._lib = llama_cpp
        self._name = str(path)
        self.context = context_of(header)
        self._sequences = together(header, sequences)
        log = library_log(llama_cpp)
        log.lines.clear()
        self._model = self._load(str(path))
        self._ctx = self._open_context(threads) if self._model else None
        if not self._ctx:
            self.close()
            raise ModelError(str(path), f"llama.cpp refused it: {log.complaint()}")
        self._vocab = llama_cpp.llama_model_get_vocab(self._model)
        self._memory = llama_cpp.llama_get_memory(self._ctx)
        self._batch = llama_cpp.llama_batch_init(STEP, 0, 1)
        self._pieces: dict[int, bytes] = {}

    def close(self) -> None:
        """Free the context and the model."""
        if self._ctx:
            self._lib.llama_batch_free(self._batch)
            self._lib.llama_free(self._ctx)
        if self._model:
            self._lib.llama_model_free(self._model)
        self._model = self._ctx = None

    def tokenize(self, text: str, *, special: bool, start: bool = True) -> list[int]:
        """Turn text into tokens.

        Args:
            text: any text.
            special: whether `<|names|>` of control tokens in it mean those tokens.
            start: whether the model's start token goes before it, if the model has one.
        """
        data = text.encode("utf-8", errors="replace")
        size = len(data) + 8
        tokens = (ctypes.c_int32 * size)()
        count = self._lib.llama_tokenize(self._vocab, data, len(data), tokens, size, start, special)
        return list(tokens[:count])

    def token_text(self, token: int) -> str:
        """The text of a control token, such as the start token; empty when there is none."""
        if token < 0:
            return ""
        return bytes(self._lib.llama_vocab_get_text(self._vocab, token)).decode()

    @property
    def start_token(self) -> int:
        """The start token's number, -1 when the model has none."""
        return int(self._lib.llama_vocab_bos(self._vocab))

    @property
    def end_token(self) -> int:
        """The end token's number, -1 when the model has none."""
        return int(self._lib.llama_vocab_eos(self._vocab))

    def complete(
        self,
        prompt: Sequence[int],
        samplings: Sequence[Sampling],
        *,
        max_tokens: int,
        stop: Sequence[str],
    ) -> Iterator[Completion]:
        """Continue a prompt once for every sampling; closing the iterator cancels the rest.

        Args:
            prompt: tokens, at least one; with `max_tokens` they must fit the context.
            samplings: one for each completion.
            max_tokens: tokens of one completion at most.
            stop: texts before which a completion ends.

        Yields:
            The completions in the order of `samplings`, each as early as that allows.
        """
        stops = [text.encode() for text in stop]
        self._lib.llama_memory_clear(self._memory, True)
        self._prefill(prompt[:-1])
        for begin in range(0, len(samplings), self._sequences):
            group = samplings[begin : begin + self._sequences]
            done: dict[int, Completion] = {}
            following = begin
            for completion in self._together(prompt, group, max_tokens, stops):
                done[begin + completion.index] = completion
                while following in done:
                    yield replace(done.pop(following), index=following)
                    following += 1

    def _together(
        self, prompt: Sequence[int], group: Sequence[Sampling], limit: int, stops: Sequence[bytes]
    ) -> Iterator[Completion]:
        """Write one sequence for each sampling, all at the same pace."""
        rows = [_Row(index, self._sampler(sampling)) for index, sampling in enumerate(group)]
        samplers = [row.sampler for row in rows]
        try:
            self._start(prompt, len(rows))
            outputs = [-1] * len(rows)  # all sequences begin with the same next token's odds
            position = len(prompt)
            while rows:
                alive: list[tuple[_Row, int]] = []
                for row, output in zip(rows, outputs, strict=True):
                    token = self._lib.llama_sampler_sample(row.sampler, self._ctx, output)
                    if self._goes_on(row, token, limit, stops):
                        alive.append((row, token))
                    else:
                        text = row.written.decode("utf-8", errors="ignore")
                        yield Completion(row.index, text, row.tokens)
                rows = [row for row, _ in alive]
                outputs = list(range(len(rows)))
                if rows:
                    places = [(token, position, row.index) for row, token in alive]
                    self._decode(places, wanted=True)
                position += 1
        finally:
            for sampler in samplers:
                self._lib.llama_sampler_free(sampler)

    def _goes_on(self, row: _Row, token: int, limit: int, stops: Sequence[bytes]) -> bool:
        """Add a token to a sequence; False when that ends it."""
        if self._lib.llama_vocab_is_eog(self._vocab, token):
            return False
        row.tokens += 1
        piece = self._piece(token)
        row.written += piece
        for stop in stops:
            # A stop text may have begun in the tokens before.
            found = row.written.find(stop, max(len(row.written) - len(piece) - len(stop), 0))
            if found >= 0:
                del row.written[found:]
                return False
        return row.tokens < limit

    def _start(self, prompt: Sequence[int], sequences: int) -> None:
        """Bring every sequence to the end of the prompt, the next token's odds computed."""
        lib, memory = self._lib, self._memory
        for sequence in range(1, self._sequences):
            lib.llama_memory_seq_rm(memory, sequence, -1, -1)
        if not lib.llama_memory_seq_rm(memory, 0, len(prompt) - 1, -1):
            # Recurrent models cannot forget a part.
            lib.llama_memory_clear(memory, True)
            self._prefill(prompt[:-1])
        self._decode([(prompt[-1], len(prompt) - 1, 0)], wanted=True)
        for sequence in range(1, sequences):
            lib.llama_memory_seq_cp(memory, 0, sequence, -1, -1)

    def _prefill(self, tokens: Sequence[int]) -> None:
        for begin in range(0, len(tokens), STEP):
            part = tokens[begin : begin + STEP]
            places = [(token, begin + i, 0) for i, token in enumerate(part)]
            self._decode(places, wanted=False)

    def _decode(self, places: Sequence[tuple[int, int, int]], *, wanted: bool) -> None:
        """Decode tokens given as (token, position, sequence); `wanted`: their odds too."""
        batch = self._batch
        batch.n_tokens = len(places)
        for i, (token, position, sequence) in enumerate(places):
            batch.token[i] = token
            batch.pos[i] = position
            batch.n_seq_id[i] = 1
            batch.seq_id[i][0] = sequence
            batch.logits[i] = wanted
        code = self._lib.llama_decode(self._ctx, batch)
        if code:
            raise ModelError(self._name, f"llama.cpp could not decode with it (code {code})")

    def _sampler(self, sampling: Sampling) -> Any:
        lib = self._lib
        chain = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
        if sampling.temperature <= 0:
            lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_greedy())
            return chain
        # min_p goes first: it spares top_p the sorting of the whole vocabulary.
        for link in (
            lib.llama_sampler_init_min_p(sampling.min_p, 1),
            lib.llama_sampler_init_top_p(sampling.top_p, 1),
            lib.llama_sampler_init_temp(sampling.temperature),
            lib.llama_sampler_init_dist(sampling.seed % _SEEDS),
        ):
            lib.llama_sampler_chain_add(chain, link)
        return chain

    def _piece(self, token: int) -> bytes:
        """The bytes of a token, whatever their number; nothing for control tokens."""
        if token not in self._pieces:
            size = _PIECE
            while True:
                buffer = ctypes.create_string_buffer(size)
                count = self._lib.llama_token_to_piece(self._vocab, token, buffer, size, 0, False)
                if count >= 0:
                    break
                size = -count
            self._pieces[token] = buffer.raw[:count]
        return self._pieces[token]

    def _load(self, path: str) -> Any:
        self._lib.llama_backend_init()
        return self._lib.llama_model_load_from_file(
            path.encode(), self._lib.llama_model_default_params()
        )

    def _open_context(self, threads: int) -> Any:
        params = self._lib.llama_context_default_params()
        params.n_ctx = self.context * self._sequences
        params.n_batch = params.n_ubatch = STEP
        params.n_seq_max = self._sequences
        params.n_threads = params.n_threads_batch = threads
        params.kv_unified = False  # one stretch of cache a sequence: faster than a shared one
        # Flash attention sums in an order that depends on the number of threads, and so would
        # the samples. For small models it is no faster here.
        params.flash_attn_type = self._lib.LLAMA_FLASH_ATTN_TYPE_DISABLED
        params.no_perf = True
        return self._lib.llama_init_from_model(self._model, params)
