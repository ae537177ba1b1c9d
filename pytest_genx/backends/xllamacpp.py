"""Samples from a GGUF model through xllamacpp, which installs without a compiler.

The wheel holds llama.cpp's own server. It is used in this process: a prompt's samples come from
one request, the i-th with seed `request.seed + i`, as in the llama backend, which is faster and
whose samples are others. The server listens on a port of this machine that cannot be turned
off, so it gets a key that nobody knows.
"""

from __future__ import annotations

import importlib.util
import secrets
from collections.abc import Iterator
from typing import Any

from pytest_genx.backends.embedded import embedded_model
from pytest_genx.backends.gguf_header import read_header
from pytest_genx.backends.llama import threads_for
from pytest_genx.backends.llama_memory import context_of, together
from pytest_genx.backends.server_answer import Choice, OtherShape, choices
from pytest_genx.backends.shorten import shortened
from pytest_genx.config import Config
from pytest_genx.domain import Prompt, Request, Role, Sample
from pytest_genx.errors import MissingDependency, ModelError
from pytest_genx.models.resolve import resolve

_SEEDS = 2**32 - 1  # this one would mean: a random seed
_SLOW = (
    "the backend xllamacpp is slower than llama, which needs a compiler once: "
    "pip install llama-cpp-python"
)


class XllamacppBackend:
    """An open model."""

    name = "xllamacpp"

    def __init__(self, server: Any, model: str, *, context: int, rows: int, chat: bool) -> None:
        """Take a server.

        Args:
            server: an `xllamacpp.Server`.
            model: its file, for errors.
            context: tokens of prompt and completion.
            rows: completions that it decodes together.
            chat: whether the model has a chat template.
        """
        self.notes = (_SLOW,)
        self._server = server
        self._model = model
        self._context = context
        self._rows = rows
        self._chat = chat

    def sample(self, request: Request) -> Iterator[Sample]:
        """Yield `request.n` samples; a prompt that is too long is cut as `shortened` does.

        Raises:
            ModelError: llama.cpp fails with the model or its chat template.
        """
        limit = max(1, min(request.max_tokens, self._context // 2))
        prompt = shortened(request.prompt, self._context - limit, self._count)
        first, end = request.first, request.first + request.n
        while first < end:
            greedy = first == 0 and prompt.role is Role.CODER
            heat = 0.0 if greedy else request.temperature(first)
            count = 1 if greedy else min(self._rows, end - first, _run(request, first))
            found = self._ask(
                prompt,
                n=count,
                seed=(request.seed + first) % _SEEDS,
                max_tokens=limit,
                temperature=heat,
                top_p=request.top_p,
                min_p=request.min_p,
                logprobs=True if self._chat else 1,
            )
            for i, each in enumerate(found, request.seed + first):
                text = each.text if self._chat else prompt.prefix + each.text
                cut = prompt.cut if self._chat else prompt.text_cut
                yield Sample(prompt.role, text, self.name, i, each.tokens, each.logprob, cut)
            first += count

    def close(self) -> None:
        """Free the model."""
        self._server = None

    def _ask(self, prompt: Prompt, **body: Any) -> list[Choice]:
        """Ask for some samples of a prompt at once."""
        body |= {"top_k": 0, "cache_prompt": True}
        if not self._chat and prompt.stop:
            body["stop"] = list(prompt.stop)
        answer = self._post(prompt, body)
        if "error" in answer:
            said = answer["error"].get("message", answer["error"])
            raise ModelError(self._model, f"llama.cpp could not sample with it: {said}")
        try:
            return choices(answer)[: body["n"]]
        except OtherShape as error:
            raise ModelError(self._model, f"xllamacpp answers in another shape: {error}") from None

    def _post(self, prompt: Prompt, body: dict[str, Any]) -> dict[str, Any]:
        if not self._chat:
            answer = self._server.handle_completions({"prompt": prompt.text, **body})
        else:
            shown = [{"role": role, "content": text} for role, text in prompt.messages]
            # Thinking aloud would use up the tokens before the answer.
            plain = {"enable_thinking": False}
            answer = self._server.handle_chat_completions(
                {"messages": shown, "chat_template_kwargs": plain, **body}
            )
        return dict(answer)

    def _count(self, prompt: Prompt) -> int:
        """Count the tokens of a prompt, by letting the server read it; they stay in its cache."""
        answer = self._post(prompt, {"max_tokens": 1, "temperature": 0.0, "cache_prompt": True})
        error = answer.get("error")
        if error is None:
            return int(answer["usage"]["prompt_tokens"])
        if "n_prompt_tokens" in error:
            return int(error["n_prompt_tokens"])
        said = error.get("message", error)
        raise ModelError(self._model, f"llama.cpp could not read a prompt with it: {said}")


def _run(request: Request, first: int) -> int:
    """Count the samples from one on that have its temperature."""
    if len(request.temperatures) == 1:
        return request.n
    heat, count = request.temperature(first), 1
    while count < len(request.temperatures) and request.temperature(first + count) == heat:
        count += 1
    return count


def xllamacpp_backend(config: Config) -> XllamacppBackend:
    """Load a model.

    Args:
        config: `model` and `threads` as in the llama backend.

    Raises:
        MissingDependency: xllamacpp is not installed.
        ModelError: the model is missing, damaged, or refused by llama.cpp.
    """
    if importlib.util.find_spec("xllamacpp") is None:
        command = "pip install 'pytest-genx[xllamacpp]'"
        raise MissingDependency("the xllamacpp backend", "xllamacpp", command)
    path = embedded_model() if config.model is None else resolve(config)
    header = read_header(path)
    try:
        import xllamacpp  # noqa: PLC0415 -- heavy, and only this backend needs it
    except (ImportError, OSError) as error:
        raise ModelError(str(path), f"xllamacpp does not load: {error}") from None
    context, rows = context_of(header), together(header, config.samples)
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_ctx = context * rows
    params.n_parallel = rows
    params.kv_unified = False
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads_for(config)
    params.verbosity = -1
    params.warmup = False
    params.enable_reasoning = 0
    params.api_keys = [secrets.token_hex(16)]
    try:
        server = xllamacpp.Server(params)
    except RuntimeError as error:
        raise ModelError(str(path), f"llama.cpp refused it: {error}") from None
    # A server that is freed before its threads have started waits for them for ever.
    server.handle_completions({"prompt": "\n", "max_tokens": 1})
    chat = header.chat_template is not None
    return XllamacppBackend(server, str(path), context=context, rows=rows, chat=chat)
