"""Samples from a GGUF model through llama-cpp-python, on this machine.

A model with a chat template gets the messages of a prompt, any other one continues its text.
The coder's first sample takes the likeliest token at every step; all others are drawn, the
i-th with seed `request.seed + i`. Log probabilities are the model's own, temperature apart.
What it does not do: fill in the middle. A model trained for that continues text like any other.
A tester of fewer than a hundred million parameters is held to calls that the target can take.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from pytest_genx.backends.digest import file_digest
from pytest_genx.backends.embedded import embedded_model
from pytest_genx.backends.gguf_header import Header, read_header
from pytest_genx.backends.inputs.grammar import call_grammar
from pytest_genx.backends.llama_engine import LlamaEngine
from pytest_genx.backends.llama_sampling import Sampling
from pytest_genx.backends.shorten import shortened
from pytest_genx.backends.threads import threads
from pytest_genx.config import Config
from pytest_genx.domain import Prompt, Request, Role, Sample
from pytest_genx.errors import MissingDependency, ModelError
from pytest_genx.models.resolve import resolve

_TODAY = date(2024, 7, 1)  # for templates that tell the model a date: samples must not age

_SMALL = 100_000_000  # parameters; such a model loses count of arguments

Format = Callable[..., Any]


class LlamaBackend:
    """An open model."""

    name = "llama"

    def __init__(
        self,
        engine: LlamaEngine,
        chat: Format | None,
        *,
        small: bool = False,
        model: str = "",
        digest: str = "",
    ) -> None:
        self.model = model
        self.digest = digest
        self._engine = engine
        self._chat = chat
        self._small = small

    def prepared(self, request: Request) -> Request:
        """Hold a small tester to calls that the target can take; other requests stay."""
        prompt = request.prompt
        if not self._small or self._chat or prompt.role is not Role.TESTER or prompt.grammar:
            return request
        grammar = call_grammar(request.target, request.context, prompt.prefix)
        return replace(request, prompt=replace(prompt, grammar=grammar))

    def sample(self, request: Request) -> Iterator[Sample]:
        """Yield `request.n` samples; a prompt that is too long is cut as `shortened` does."""
        request = self.prepared(request)
        limit = max(1, min(request.max_tokens, self._engine.context // 2))
        room = self._engine.context - limit
        prompt = shortened(request.prompt, room, lambda shown: len(self._tokens(shown)))
        tokens = self._tokens(prompt)[-room:]
        greedy = 1 if prompt.role is Role.CODER else 0
        samplings = [
            Sampling(
                request.seed + i,
                0.0 if i < greedy else request.temperature(i),
                request.top_p,
                request.min_p,
            )
            for i in range(request.first, request.first + request.n)
        ]
        prefix = "" if self._chat else prompt.prefix
        stop = () if self._chat else prompt.stop
        grammar = "" if self._chat else prompt.grammar
        completions = self._engine.complete(
            tokens, samplings, max_tokens=limit, stop=stop, grammar=grammar
        )
        # closed here and not when it is collected: the rest must be cancelled at once
        with closing(completions):
            for sampling, completion in zip(samplings, completions, strict=False):
                yield Sample(
                    prompt.role,
                    prefix + completion.text,
                    self.name,
                    sampling.seed,
                    completion.tokens,
                    completion.logprob,
                    prompt.cut if self._chat else prompt.text_cut,
                )

    def close(self) -> None:
        """Free the model."""
        self._engine.close()

    def _tokens(self, prompt: Prompt) -> list[int]:
        """Turn a prompt into tokens, all of it."""
        if self._chat is None:
            return self._plain_tokens(prompt.text)
        return self._chat_tokens(prompt.messages)

    def _plain_tokens(self, text: str) -> list[int]:
        return self._engine.tokenize(text, special=False)

    def _chat_tokens(self, messages: Sequence[tuple[str, str]]) -> list[int]:
        assert self._chat is not None, "only chat models have a format"
        text = str(self._chat(messages).prompt)
        start = self._engine.token_text(self._engine.start_token)
        own_start = bool(start) and text.startswith(start)
        return self._engine.tokenize(text, special=True, start=not own_start)


def llama_backend(config: Config) -> LlamaBackend:
    """Load a model.

    Args:
        config: `model` is what `models/resolve` takes, or None for the embedded model;
            `threads` of 0 takes the cores that this process may use;
            `gpu_layers` go to the GPU, -1: all, if the build of llama.cpp has one.

    Raises:
        MissingDependency: llama-cpp-python is not installed.
        ModelError: the model is missing, damaged, or refused by llama.cpp.
    """
    if importlib.util.find_spec("llama_cpp") is None:
        raise MissingDependency(
            "the llama backend", "llama-cpp-python", "pip install llama-cpp-python"
        )
    path = embedded_model() if config.model is None else resolve(config)
    header = read_header(path)
    digest = file_digest(path, config)
    engine = LlamaEngine(
        path,
        header,
        threads=threads_for(config),
        sequences=config.samples,
        gpu_layers=config.gpu_layers,
    )
    try:
        chat = None if header.chat_template is None else _format(path, header, engine)
    except BaseException:
        engine.close()
        raise
    small = header.parameters < _SMALL
    return LlamaBackend(engine, chat, small=small, model=path.name, digest=digest)


def threads_for(config: Config) -> int:
    """Threads for the model: those that were asked for, or by the rule of `threads`."""
    if config.threads:
        return config.threads
    affinity = hasattr(os, "sched_getaffinity")
    cores = len(os.sched_getaffinity(0)) if affinity else os.cpu_count() or 1
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return threads(cores, load, worker=bool(os.environ.get("PYTEST_XDIST_WORKER")))


def _format(path: Path, header: Header, engine: LlamaEngine) -> Format:
    """Make what turns messages into the text that the chat model was trained on."""
    import jinja2  # noqa: PLC0415 -- comes with llama-cpp-python
    from llama_cpp.llama_chat_format import Jinja2ChatFormatter  # noqa: PLC0415

    try:
        formatter = Jinja2ChatFormatter(
            template=str(header.chat_template),
            eos_token=engine.token_text(engine.end_token),
            bos_token=engine.token_text(engine.start_token),
        )
    except jinja2.TemplateError as error:
        raise ModelError(str(path), f"its chat template is broken: {error}") from None
    formatter.strftime_now = _TODAY.strftime

    def apply(messages: Sequence[tuple[str, str]]) -> Any:
        shown = [{"role": role, "content": content} for role, content in messages]
        try:
            # Thinking aloud would use up the tokens before the answer.
            return formatter(messages=shown, enable_thinking=False)
        except (jinja2.TemplateError, ValueError) as error:
            raise ModelError(str(path), f"its chat template fails: {error}") from None

    return apply
