"""Many completions of one prompt at once, over the low-level interface of llama-cpp-python.

The prompt is decoded once and its cache copied to every sequence; then one step decodes one
token of each, which takes little longer than one token of one. A sequence that ends gives its
place to the next sampling at once. Text is put together from pieces read here, since
`Llama.detokenize` drops the end of tokens above 32 bytes.
"""

from __future__ import annotations

import ctypes
import re
from collections import deque
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from typing import Any

from pytest_genx.backends.gguf_header import Header
from pytest_genx.backends.llama_company import company
from pytest_genx.backends.llama_log import library_log
from pytest_genx.backends.llama_memory import STEP, context_of, together
from pytest_genx.backends.llama_sampling import Chooser, Odds, Sampling
from pytest_genx.errors import ModelError

_PIECE = 64  # bytes that most tokens fit in
_ALL = 0x7FFFFFFF  # layers


@dataclass(frozen=True, slots=True)
class Completion:
    """What one sequence wrote, without the stop text."""

    index: int
    text: str
    tokens: int
    logprob: float  # sum over its tokens, nats


@dataclass(slots=True)
class _Row:
    """One sequence that is still being written; `token` is what it decodes next."""

    index: int
    sequence: int
    chooser: Chooser
    token: int
    position: int
    written: bytearray = field(default_factory=bytearray)
    tokens: int = 0
    logprob: float = 0.0


class LlamaEngine:
    """A loaded model with one context; closed once."""

    def __init__(
        self, path: Path, header: Header, *, threads: int, sequences: int, gpu_layers: int = -1
    ) -> None:
        try:
            import llama_cpp  # noqa: PLC0415 -- heavy, and only this backend needs it
        except (ImportError, OSError, RuntimeError) as error:
            raise ModelError(str(path), f"llama-cpp-python does not load: {error}") from None

        self._lib = llama_cpp
        self._name = str(path)
        self.context = context_of(header)
        self._sequences = together(header, sequences)  # besides sequence 0, which holds the prompt
        log = library_log(llama_cpp)
        log.lines.clear()
        self._model = self._load(str(path), gpu_layers)
        self._ctx = self._open_context(threads) if self._model else None
        if not self._ctx:
            self.close()
            raise ModelError(str(path), f"llama.cpp refused it: {log.complaint()}")
        self._vocab = llama_cpp.llama_model_get_vocab(self._model)
        self._memory = llama_cpp.llama_get_memory(self._ctx)
        self._batch = llama_cpp.llama_batch_init(STEP, 0, 1)
        self._odds = Odds(self._sequences, llama_cpp.llama_vocab_n_tokens(self._vocab))
        self._pieces: dict[int, bytes | None] = {}
        self._held: list[int] = []
        self._forked: set[int] = set()  # sequences that begin with what is held

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
        grammar: str = "",
    ) -> Generator[Completion, None, None]:
        """Continue a prompt once for every sampling; closing the iterator cancels the rest.

        A completion depends on the prompt and its own sampling, not on the others.

        Args:
            prompt: tokens, at least one; with `max_tokens` they must fit the context.
            samplings: one for each completion.
            max_tokens: tokens of one completion at most.
            stop: texts before which a completion ends.
            grammar: GBNF that holds the completions, "" for none.

        Yields:
            The completions in the order of `samplings`, each as early as that allows.

        Raises:
            BadOption: the grammar is malformed.
            ModelError: llama.cpp fails with this model.
        """
        ends = re.compile(b"|".join(re.escape(text.encode()) for text in stop)) if stop else None
        reach = max((len(text.encode()) for text in stop), default=0)
        self._hold(list(prompt[:-1]))
        waiting = deque(enumerate(samplings))
        free = list(range(self._sequences, 0, -1))
        rows: list[_Row] = []
        done: dict[int, Completion] = {}
        following = 0
        try:
            while waiting or rows:
                while waiting and free:
                    index, sampling = waiting.popleft()
                    chooser = Chooser(self._lib, self._vocab, sampling, grammar)
                    rows.append(_Row(index, free.pop(), chooser, prompt[-1], len(prompt) - 1))
                    self._fork(rows[-1].sequence, len(prompt) - 1)
                rows.sort(key=lambda row: row.sequence)
                self._step(rows)
                alive = []
                for row in rows:
                    if self._goes_on(row, max_tokens, ends, reach):
                        alive.append(row)
                        continue
                    row.chooser.close()
                    free.append(row.sequence)
                    text = row.written.decode("utf-8", errors="ignore")
                    done[row.index] = Completion(row.index, text, row.tokens, row.logprob)
                rows = alive
                while following in done:
                    yield done.pop(following)
                    following += 1
        finally:
            for row in rows:
                row.chooser.close()

    def forget(self) -> None:
        """Decode the next prompt anew, whatever it shares with the last one."""
        self._held = []

    def _step(self, rows: Sequence[_Row]) -> None:
        """Decode the token of each row and choose the next one."""
        places = [(row.token, row.position, row.sequence) for row in rows]
        outputs: Sequence[int] = range(len(rows))
        idle = company([row.sequence for row in rows], self._sequences)
        if idle:
            places = sorted([*places, *map(self._emptied, idle)], key=itemgetter(2))
            outputs = [i for i, place in enumerate(places) if place[2] not in idle]
        self._decode(places, wanted=True)
        ctx = self._ctx
        tokens = [row.chooser.choose(ctx, i) for row, i in zip(rows, outputs, strict=True)]
        logprobs = self._odds.of(self._lib.llama_get_logits(ctx), outputs, tokens)
        for row, token, logprob in zip(rows, tokens, logprobs, strict=True):
            row.token = token
            row.position += 1
            if self._piece(token) is not None:
                row.tokens += 1
                row.logprob += logprob

    def _goes_on(self, row: _Row, limit: int, ends: re.Pattern[bytes] | None, reach: int) -> bool:
        """Add the chosen token to a row; False when that ends it."""
        piece = self._piece(row.token)
        if piece is None:
            return False
        row.written += piece
        if ends is not None:
            # A stop text may have begun in the tokens before.
            found = ends.search(row.written, max(len(row.written) - len(piece) - reach, 0))
            if found:
                del row.written[found.start() :]
                return False
        return row.tokens < limit

    def _hold(self, tokens: list[int]) -> None:
        """Have sequence 0 hold exactly these tokens; it takes part in no step.

        What it shares with the prompt before is kept, in whole steps: so a token is always
        decoded together with the same others, and its cache is the same to the last bit.
        """
        if tokens == self._held:
            return
        shared = 0
        for old, new in zip(self._held, tokens, strict=False):
            if old != new:
                break
            shared += 1
        shared -= shared % STEP
        self._held = []
        self._forked.clear()
        if not self._lib.llama_memory_seq_rm(self._memory, 0, shared, -1):
            # Recurrent models cannot forget a part.
            self._lib.llama_memory_clear(self._memory, True)
            shared = 0
        for begin in range(shared, len(tokens), STEP):
            part = tokens[begin : begin + STEP]
            places = [(token, begin + i, 0) for i, token in enumerate(part)]
            lone = len(places) == 1
            self._decode([*places, self._emptied(1)] if lone else places, wanted=False)
        self._held = tokens

    def _fork(self, sequence: int, length: int) -> None:
        """Bring a sequence to the end of what sequence 0 holds: `length` tokens."""
        lib, memory = self._lib, self._memory
        if sequence in self._forked and lib.llama_memory_seq_rm(memory, sequence, length, -1):
            return
        lib.llama_memory_seq_rm(memory, sequence, -1, -1)
        lib.llama_memory_seq_cp(memory, 0, sequence, -1, -1)
        self._forked.add(sequence)

    def _emptied(self, sequence: int) -> tuple[int, int, int]:
        """Empty an idle sequence, and give a place for it in a step that is of no account."""
        self._lib.llama_memory_seq_rm(self._memory, sequence, -1, -1)
        self._forked.discard(sequence)
        return 0, 0, sequence

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

    def _piece(self, token: int) -> bytes | None:
        """The bytes of a token, whatever their number; None for one that ends an answer."""
        if token not in self._pieces:
            ends = self._lib.llama_vocab_is_eog(self._vocab, token)
            self._pieces[token] = None if ends else self._bytes(token)
        return self._pieces[token]

    def _bytes(self, token: int) -> bytes:
        size = _PIECE
        while True:
            buffer = ctypes.create_string_buffer(size)
            count = self._lib.llama_token_to_piece(self._vocab, token, buffer, size, 0, False)
            if count >= 0:
                return buffer.raw[:count]
            size = -count

    def _load(self, path: str, gpu_layers: int) -> Any:
        self._lib.llama_backend_init()
        params = self._lib.llama_model_default_params()
        if self._lib.llama_supports_gpu_offload():
            params.n_gpu_layers = _ALL if gpu_layers < 0 else gpu_layers
        return self._lib.llama_model_load_from_file(path.encode(), params)

    def _open_context(self, threads: int) -> Any:
        params = self._lib.llama_context_default_params()
        params.n_seq_max = self._sequences + 1
        params.n_ctx = self.context * params.n_seq_max
        params.n_batch = params.n_ubatch = STEP
        params.n_threads = params.n_threads_batch = threads
        params.kv_unified = False  # one stretch of cache a sequence: faster than a shared one
        # Half as fast again; how its sums stay the same whatever the threads says `company`.
        params.flash_attn_type = self._lib.LLAMA_FLASH_ATTN_TYPE_AUTO
        params.no_perf = True
        return self._lib.llama_init_from_model(self._model, params)
