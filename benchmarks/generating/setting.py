"""What all rows sample: the embedded model, one prompt, and settings of both sides."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from common import ROOT

from pytest_genx.backends.embedded import embedded_model
from pytest_genx.backends.gguf_header import read_header
from pytest_genx.backends.llama_engine import LlamaEngine
from pytest_genx.backends.llama_sampling import Sampling

SAMPLES, TOKENS, PROMPT, THREADS = 32, 128, 256, 2


@dataclass(frozen=True, slots=True)
class Setting:
    """How the rows are measured."""

    quick: bool


def open_engine(sequences: int = SAMPLES) -> LlamaEngine:
    """Open the embedded model as the backend does."""
    path = embedded_model()
    return LlamaEngine(path, read_header(path), threads=THREADS, sequences=sequences)


def open_library(**settings: Any) -> Any:
    """Open the embedded model in the library's own class."""
    import llama_cpp  # noqa: PLC0415

    return llama_cpp.Llama(str(embedded_model()), n_ctx=1024, verbose=False, **settings)


@cache
def source() -> str:
    """Python that prompts are taken from."""
    return "\n".join(path.read_text() for path in sorted((ROOT / "examples").rglob("*.py")))


def prompts(engine: LlamaEngine, n: int) -> list[list[int]]:
    """Take `n` prompts of 256 tokens from the examples."""
    tokens = engine.tokenize(source(), special=False)
    step = max(1, (len(tokens) - PROMPT) // n)
    return [tokens[i * step : i * step + PROMPT] for i in range(n)]


def samplings(n: int, temperature: float = 0.8) -> list[Sampling]:
    """Settings of the backend, seeds from 1."""
    return [Sampling(i + 1, temperature, 0.95, 0.05) for i in range(n)]


@contextmanager
def endless() -> Iterator[None]:
    """While open, let no completion end before its last token, on either side."""
    import llama_cpp  # noqa: PLC0415

    names = ("llama_vocab_is_eog", "llama_token_is_eog")
    real = {name: getattr(llama_cpp, name) for name in names}
    try:
        for name in names:
            setattr(llama_cpp, name, lambda *_: False)
        yield
    finally:
        for name, function in real.items():
            setattr(llama_cpp, name, function)
