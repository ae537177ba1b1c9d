"""Many completions of one prompt at once, by a `transformers` model.

The prompt is read once, and what the model keeps of it is given to every row; then one step adds
one token to each. A row is drawn with random numbers of its own, so that a sample is the same
whatever it is decoded with, up to what rounding does to a close decision. In 32 bits that is
next to nothing, and rows that end make room at once; in 16 bits it is not, so the number of rows
in a step never changes there.
"""

from __future__ import annotations

import copy
import inspect
import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pytest_genx.errors import ModelError

_BEFORE = 8  # tokens of the prompt that a completion is decoded with: some decoders trim the first


@dataclass(frozen=True, slots=True)
class Draw:
    """How one completion is drawn; temperature 0 takes the likeliest token at every step."""

    seed: int
    temperature: float


@dataclass(frozen=True, slots=True)
class Completion:
    """What one row wrote, without the stop text."""

    index: int  # among the draws
    text: str
    tokens: int
    logprob: float  # sum over those tokens, nats, at temperature 1, without what rounding adds


@dataclass(slots=True)
class _Row:
    """One completion that is still being written."""

    index: int
    temperature: float
    numbers: random.Random
    tokens: list[int] = field(default_factory=list)
    logprob: float = 0.0


class Loop:
    """A model with its tokenizer, and how many rows it decodes together."""

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        ends: frozenset[int],
        *,
        name: str,
        rows: int,
        use: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Take a loaded model.

        Args:
            model: a `PreTrainedModel` in evaluation mode.
            tokenizer: the model's.
            ends: tokens that end a completion.
            name: of the model, for errors.
            rows: completions that are decoded together at most.
            use: called with a role before each use of the model, to choose an adapter.
        """
        self.notes: list[str] = []
        self._use = use
        self._known: dict[
            str, tuple[tuple[int, ...], tuple[Any, Any]]
        ] = {}  # the last prompt of each role
        self._model = model
        self._tokenizer = tokenizer
        self._ends = ends
        self._name = name
        self._rows = rows
        self._steady = model.dtype.itemsize < 4
        takes = inspect.signature(model.forward).parameters
        self._last_only = {"logits_to_keep": 1} if "logits_to_keep" in takes else {}

    def complete(
        self,
        prompt: Sequence[int],
        draws: Sequence[Draw],
        *,
        role: str,
        max_tokens: int,
        stop: Sequence[str],
        top_p: float,
        min_p: float,
    ) -> Iterator[Completion]:
        """Continue a prompt once for every draw; closing the iterator cancels the rest.

        Args:
            prompt: tokens, at least one.
            draws: one for each completion.
            role: that the model plays.
            max_tokens: tokens of one completion at most.
            stop: texts before which a completion ends.
            top_p: the likeliest tokens that together have this probability can be drawn.
            min_p: as can those that have this share of the likeliest one's probability.

        Yields:
            The completions in the order of `draws`, each as early as that allows.

        Raises:
            ModelError: memory does not suffice for one row, or the model keeps no cache.
        """
        done: dict[int, Completion] = {}
        following = 0
        while following < len(draws):
            left = [i for i in range(following, len(draws)) if i not in done][: self._rows]
            rows = [_Row(i, draws[i].temperature, random.Random(draws[i].seed)) for i in left]
            try:
                for completion in self._together(
                    prompt, rows, role, max_tokens, stop, (top_p, min_p)
                ):
                    done[completion.index] = completion
                    while following in done:
                        yield done.pop(following)
                        following += 1
                continue
            except RuntimeError as error:
                if not _no_memory(error):
                    raise
            self._halve(len(left))  # only now are the tensors of the failed step gone

    def _halve(self, together: int) -> None:
        """Go on with half as many rows, or give up if it was one already."""
        rows = self._rows if self._steady else together
        if rows == 1:
            raise ModelError(self._name, "memory does not suffice to sample one completion")
        self._rows = rows // 2
        self.notes.append(f"memory did not suffice for {rows} samples at once: {self._rows} now")
        _free_memory()

    def _together(
        self,
        prompt: Sequence[int],
        rows: list[_Row],
        role: str,
        limit: int,
        stop: Sequence[str],
        filters: tuple[float, float],
    ) -> Iterator[Completion]:
        """Write one completion for each row, all at the same pace."""
        tail = list(prompt[-_BEFORE:])
        window = max(map(len, stop), default=0) + 4  # a character has 4 tokens at most
        size = self._rows if self._steady else len(rows)
        scores, cache = copy.deepcopy(self._read(prompt, role))
        places = [0] * size  # of each row among those of the last step
        writing: list[_Row | None] = [*rows, *([None] * (size - len(rows)))]
        while True:
            active = [row for row in writing if row is not None]
            chosen = [place for place, row in zip(places, writing, strict=True) if row is not None]
            tokens, logprobs = _choose(scores[chosen], active, *filters)
            found = dict(zip((row.index for row in active), tokens, strict=True))
            ended: set[int] = set()
            for row, token, logprob in zip(active, tokens, logprobs, strict=True):
                text = self._ended(row, token, logprob, limit, tail, stop, window)
                if text is not None:
                    ended.add(row.index)
                    total = round(row.logprob, 3)
                    yield Completion(row.index, text, len(row.tokens), total)
            if len(ended) == len(active):
                return
            writing = [None if row is None or row.index in ended else row for row in writing]
            if not self._steady:
                places = [p for p, row in zip(places, writing, strict=True) if row is not None]
                writing = [row for row in writing if row is not None]
            # A row that has ended, where it stays, is fed anything.
            fed = [tokens[0] if row is None else found[row.index] for row in writing]
            self._use(role)
            kept = None if places == list(range(len(scores))) else places
            scores = self._step(fed, cache, kept)
            places = list(range(len(fed)))

    def _ended(
        self,
        row: _Row,
        token: int,
        logprob: float,
        limit: int,
        tail: list[int],
        stop: Sequence[str],
        window: int,
    ) -> str | None:
        """Add a token to a row; its whole text when that ends it."""
        if token in self._ends:
            return self._text(tail, row.tokens)
        row.tokens.append(token)
        row.logprob += logprob
        end = self._decode(row.tokens[-window:])
        if any(text in end for text in stop):
            whole = self._text(tail, row.tokens)
            places = [place for place in map(whole.find, stop) if place >= 0]
            if places:
                return whole[: min(places)]
        return self._text(tail, row.tokens) if len(row.tokens) >= limit else None

    def _text(self, tail: list[int], tokens: list[int]) -> str:
        """Decode what follows the end of the prompt, without half a character at its end."""
        start = self._decode(tail)
        return self._decode(tail + tokens)[len(start) :].rstrip("\ufffd")

    def _decode(self, tokens: list[int]) -> str:
        return str(
            self._tokenizer.decode(
                tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False
            )
        )

    def _read(self, prompt: Sequence[int], role: str) -> tuple[Any, Any]:
        """Read a prompt; the scores of what may follow, [1, vocabulary], and the cache."""
        import torch  # noqa: PLC0415

        known = self._known.get(role)
        if known is not None and known[0] == tuple(prompt):
            return known[1]
        self._use(role)
        with torch.inference_mode():
            ids = torch.tensor([list(prompt)], device=self._model.device)
            output = self._model(input_ids=ids, use_cache=True, **self._last_only)
            cache = getattr(output, "past_key_values", None)
            if cache is None or not hasattr(cache, "reorder_cache"):
                raise ModelError(self._name, "it keeps no cache of what it has read")
            reading = output.logits[:, -1].float(), cache
        self._known[role] = tuple(prompt), reading
        return reading

    def _step(self, fed: list[int], cache: Any, kept: list[int] | None) -> Any:
        """Add a token to each row; the scores of the next, [rows, vocabulary].

        Args:
            fed: the tokens.
            cache: of the rows so far; changed.
            kept: which of its rows these are, None for all of them in order.
        """
        import torch  # noqa: PLC0415

        with torch.inference_mode():
            if kept is not None:
                cache.reorder_cache(torch.tensor(kept, device=self._model.device))
            ids = torch.tensor([[token] for token in fed], device=self._model.device)
            output = self._model(
                input_ids=ids, past_key_values=cache, use_cache=True, **self._last_only
            )
            return output.logits[:, -1].float()


def _choose(
    scores: Any, rows: Sequence[_Row], top_p: float, min_p: float
) -> tuple[list[int], list[float]]:
    """Choose the next token of each row, in the order of filters that the llama backend has.

    Args:
        scores: [rows, vocabulary] float32.
        rows: with their temperatures and random numbers.
        top_p: as in `Loop.complete`.
        min_p: likewise.

    Returns:
        Tokens and their log probabilities before any filter.
    """
    import torch  # noqa: PLC0415

    with torch.inference_mode():
        logprobs = scores.log_softmax(-1)
        least = logprobs.amax(-1, keepdim=True) + (math.log(min_p) if min_p > 0 else -math.inf)
        # Few tokens pass the first filter, which spares the second the sorting of all.
        count = int((logprobs >= least).sum(-1).max())
        values, tokens = logprobs.topk(count)
        # Tokens of equal probability stand by number, whatever `count` is.
        tokens, order = tokens.sort()
        values, order = values.gather(-1, order).sort(descending=True, stable=True)
        tokens = tokens.gather(-1, order)
        values = values.masked_fill(values < least, -math.inf)
        odds = values.softmax(-1)
        values = values.masked_fill(odds.cumsum(-1) - odds > top_p, -math.inf)
        heat = [[row.temperature or 1.0] for row in rows]
        odds = (values / torch.tensor(heat, device=scores.device)).softmax(-1)
        # A number of 0 is below the first token's share: the likeliest.
        drawn = [[row.numbers.random() if row.temperature > 0 else 0.0] for row in rows]
        shares = odds.cumsum(-1)
        numbers = torch.tensor(drawn, device=scores.device) * shares[:, -1:]
        allowed = (odds > 0).sum(-1, keepdim=True)
        places = torch.searchsorted(shares, numbers, right=True).minimum(allowed - 1)
        chosen = tokens.gather(-1, places)
        return chosen[:, 0].tolist(), logprobs.gather(-1, chosen)[:, 0].tolist()


def _no_memory(error: RuntimeError) -> bool:
    """Say whether a device, or the allocator of this machine, had no memory left."""
    said = str(error).lower()
    return "out of memory" in said or "can't allocate memory" in said


def _free_memory() -> None:
    """Give back what torch keeps for later."""
    import torch  # noqa: PLC0415

    if torch.cuda.is_available():
        torch.cuda.empty_cache()
