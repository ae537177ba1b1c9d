"""Samples from a causal language model through the package transformers, on this machine.

A model with a chat template gets the messages of a prompt, any other one continues its text.
The coder's first sample takes the likeliest token at every step; all others are drawn, the
i-th with seed `request.seed + i`. A prompt's grammar is not enforced.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from pytest_genx.backends.shorten import shortened
from pytest_genx.backends.transformers_load import Loaded, load
from pytest_genx.backends.transformers_loop import Draw, Loop
from pytest_genx.config import Config
from pytest_genx.domain import Prompt, Request, Role, Sample
from pytest_genx.errors import BadOption, ModelError

# For templates that tell the model a date: samples must not age. The library hands no functions
# to a template, so that the one it has for dates is covered by a macro.
_TODAY = date(2024, 7, 1)
_REPLACED = "".join(f".replace('%{c}', '{_TODAY.strftime('%' + c)}')" for c in "YymdbBaAHMSj")
_DATE = "{% macro strftime_now(format) %}{{ format" + _REPLACED + " }}{% endmacro %}\n"


class TransformersBackend:
    """An open model."""

    name = "transformers"

    def __init__(self, loaded: Loaded) -> None:
        self._tokenizer = loaded.tokenizer
        self._model = loaded.name
        self._context = loaded.context
        self._chat = bool(loaded.tokenizer.chat_template)
        self._template = _DATE + loaded.tokenizer.get_chat_template() if self._chat else ""
        self._loop: Loop | None = Loop(
            loaded.model,
            loaded.tokenizer,
            loaded.ends,
            name=loaded.name,
            rows=loaded.rows,
            use=loaded.use,
        )
        self.late_notes = self._loop.notes

    def sample(self, request: Request) -> Iterator[Sample]:
        """Yield `request.n` samples; a prompt that is too long is cut as `shortened` does.

        Raises:
            ModelError: the chat template fails, or memory does not suffice.
        """
        assert self._loop is not None, "closed"
        limit = max(1, min(request.max_tokens, self._context // 2))
        room = self._context - limit
        prompt = shortened(request.prompt, room, lambda shown: len(self._tokens(shown)))
        greedy = 1 if prompt.role is Role.CODER else 0
        draws = [
            Draw(request.seed + i, 0.0 if i < greedy else request.temperature(i))
            for i in range(request.first, request.first + request.n)
        ]
        completions = self._loop.complete(
            self._tokens(prompt)[-room:],
            draws,
            role=prompt.role.value,
            max_tokens=limit,
            stop=() if self._chat else prompt.stop,
            top_p=request.top_p,
            min_p=request.min_p,
        )
        prefix = "" if self._chat else prompt.prefix
        for draw, done in zip(draws, completions, strict=False):
            yield Sample(
                prompt.role,
                prefix + done.text,
                self.name,
                draw.seed,
                done.tokens,
                done.logprob,
                prompt.cut if self._chat else prompt.text_cut,
            )

    def close(self) -> None:
        """Free the model."""
        self._loop = None

    def _tokens(self, prompt: Prompt) -> list[int]:
        """Turn a prompt into tokens, at least one."""
        if not self._chat:
            # Names of control tokens in the user's code mean nothing.
            given = self._tokenizer(prompt.text, split_special_tokens=True)
        else:
            given = self._chat_tokens(prompt.messages)
        tokens: list[int] = list(given["input_ids"])
        if not tokens:
            raise ModelError(self._model, "its tokenizer makes nothing of the prompt")
        return tokens

    def _chat_tokens(self, messages: tuple[tuple[str, str], ...]) -> dict[str, list[int]]:
        import jinja2  # noqa: PLC0415

        try:
            given: dict[str, list[int]] = _templated(
                self._tokenizer, self._template, messages, return_dict=True
            )
        except (jinja2.TemplateError, ValueError, TypeError) as error:
            raise ModelError(self._model, f"its chat template fails: {error}") from None
        return given


def chat_text(tokenizer: Any, messages: Sequence[tuple[str, str]]) -> str:
    """What a chat model is shown of messages, as text."""
    template = _DATE + tokenizer.get_chat_template()
    return str(_templated(tokenizer, template, messages, tokenize=False))


def _templated(
    tokenizer: Any, template: str, messages: Sequence[tuple[str, str]], **options: Any
) -> Any:
    # Thinking aloud would use up the tokens before the answer.
    return tokenizer.apply_chat_template(
        [{"role": role, "content": content} for role, content in messages],
        chat_template=template,
        add_generation_prompt=True,
        enable_thinking=False,
        **options,
    )


def transformers_backend(config: Config) -> TransformersBackend:
    """Load a model.

    Args:
        config: `model` is a directory, relative to the rootdir, or OWNER/NAME of a model in the
            Hugging Face cache; `quantize` and `adapters` as in `load`; `threads` other than 0
            is how many torch takes.

    Raises:
        BadOption: no model is named.
        MissingDependency: torch, transformers or what an option takes is not installed.
        ModelError: the model or an adapter is missing, damaged, or of another kind.
    """
    if config.model is None:
        raise BadOption("--genx-model", "", "a directory with a model for the transformers backend")
    loaded = load(
        config.model,
        config.rootdir,
        quantize=config.quantize,
        adapters=dict(config.adapters),
    )
    if config.threads:
        import torch  # noqa: PLC0415

        torch.set_num_threads(config.threads)
    return TransformersBackend(loaded)
