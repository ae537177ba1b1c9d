"""Whether the engine of the `llama` backend runs an exported file as transformers does.

Both sides have the same weights: those of the GGUF file. So what differs is the engines, and
only near ties may: greedy choices whose two best tokens are less than `NEAR` apart, or
`NEAR_QUANTIZED`, because llama.cpp quantises what it multiplies such weights with.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_genx.backends.gguf_header import read_header
from pytest_genx.backends.llama_engine import Completion, LlamaEngine
from pytest_genx.backends.llama_sampling import Sampling
from pytest_genx.pipeline.prompt import coder_text, tester_text
from pytest_genx.train.gguf_file import read_state

NEAR = 0.05  # nats
NEAR_QUANTIZED = 0.2  # log probabilities of the embedded model were 0.08 apart at most
_EXACT = (0, 1)  # GGUF's numbers for files in f32 and f16
_LENGTH = 24  # tokens of a continuation
_FUNCTIONS = (
    ("add", 'def add(a, b):\n    """Add two numbers."""', "    return a + b"),
    ("is_even", 'def is_even(n: int) -> bool:\n    """Tell whether n is even."""',
     "    return n % 2 == 0"),
    ("größe", 'def größe(name: str, weite=12345) -> str:\n    """Länge, naïve 日本 …"""',
     "\treturn f'{name}'  # it's\n"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Smoke:
    """What the smoke test saw."""

    prompts: int
    ids_differ: int  # prompts whose token ids are not the same on both sides
    tokens: int  # that transformers chose greedily
    near: tuple[float, ...]  # nats between the best two, where the engine chose another: near ties
    far: tuple[float, ...]  # the same, where it is no near tie
    logprob: float  # nats, how far the log probabilities of a choice are apart at most
    kept: int  # of `tokens`, those that the weights before quantisation choose too

    @property
    def passed(self) -> bool:
        """Whether the file is the same model on both sides."""
        return not self.ids_differ and not self.far

    def line(self) -> str:
        """One sentence."""
        other = self.near + self.far
        ties = ", ".join(f"{margin:.4f}" for margin in other)
        return (
            f"token ids the same in {self.prompts - self.ids_differ} of {self.prompts} prompts; "
            f"greedy tokens the same in {self.tokens - len(other)} of {self.tokens}"
            + (f", others where the best two are {ties} nats apart" if ties else "")
            + f", log probabilities at most {self.logprob:.4f} apart"
            + f"; {self.kept} of {self.tokens} as before quantisation"
        )


def smoke(folder: Path, gguf: Path, *, threads: int = 1) -> Smoke:
    """Run an exported file.

    Args:
        folder: the same model in the transformers format.
        gguf: the file.
        threads: of the engine.

    Raises:
        ModelError: llama.cpp refuses the file.
    """
    import torch  # noqa: PLC0415
    from tokenizers import Tokenizer  # noqa: PLC0415
    from transformers import AutoModelForCausalLM  # noqa: PLC0415
    from transformers.utils.logging import disable_progress_bar  # noqa: PLC0415

    disable_progress_bar()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    header = read_header(gguf)
    texts = [text for one in _FUNCTIONS for text in _prompts(*one)]
    with torch.no_grad():
        model = AutoModelForCausalLM.from_pretrained(folder, dtype="float32").eval()
        before = {key: value.clone() for key, value in model.state_dict().items()}
        model.load_state_dict(read_state(gguf), strict=False)
        model.tie_weights()
        ours = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
        ends = {int(header.metadata["tokenizer.ggml.eos_token_id"])}
        chosen = [_greedy(model, ids, ends) for ids in ours]
        model.load_state_dict(before)
        kept = sum(_same(model, *both) for both in zip(ours, chosen, strict=True))
    margins: list[float] = []
    apart = 0.0
    with closing(LlamaEngine(gguf, header, threads=threads, sequences=1, gpu_layers=0)) as engine:
        differ = sum(
            engine.tokenize(text, special=True) != ids
            for text, ids in zip(texts, ours, strict=True)
        )
        for ids, choices in zip(ours, chosen, strict=True):
            shown = list(ids)
            for choice in choices:
                answer = _next(engine, shown)
                ended = choice.token in ends
                text = "" if ended else tokenizer.decode([choice.token]).replace("\ufffd", "")
                if (answer.text, answer.tokens) != (text, 0 if ended else 1):
                    margins.append(choice.margin)
                elif not ended:  # the engine does not count an end
                    apart = max(apart, abs(answer.logprob - choice.logprob))
                shown.append(choice.token)
    exact = header.metadata.get("general.file_type") in _EXACT
    limit = NEAR if exact else NEAR_QUANTIZED
    near = tuple(margin for margin in margins if margin < limit)
    far = tuple(margin for margin in margins if margin >= limit)
    return Smoke(len(texts), differ, sum(map(len, chosen)), near, far, apart, kept)


@dataclass(frozen=True, slots=True)
class _Choice:
    """A token that transformers chose."""

    token: int
    margin: float  # nats to the second best
    logprob: float


def _prompts(name: str, head: str, body: str) -> tuple[str, str]:
    return coder_text(head), tester_text(f"{head}\n{body}", name, f"assert {name}(")


def _next(engine: LlamaEngine, shown: Sequence[int]) -> Completion:
    """What the engine chooses after these tokens; each choice is made on the same ones."""
    (answer,) = engine.complete(shown, [Sampling(0, 0.0, 1.0, 0.0)], max_tokens=1, stop=())
    return answer


def _greedy(model: Any, ids: Sequence[int], ends: set[int]) -> list[_Choice]:
    """Continue a prompt up to an end, which is included."""
    import torch  # noqa: PLC0415

    chosen: list[_Choice] = []
    while len(chosen) < _LENGTH and not (chosen and chosen[-1].token in ends):
        shown = torch.tensor([[*ids, *(choice.token for choice in chosen)]])
        best = model(shown).logits[0, -1].log_softmax(-1).topk(2)
        first, second = best.values.tolist()
        chosen.append(_Choice(int(best.indices[0]), first - second, first))
    return chosen


def _same(model: Any, ids: Sequence[int], chosen: Sequence[_Choice]) -> int:
    """How many of the chosen tokens a model would choose in their place."""
    import torch  # noqa: PLC0415

    tokens = [choice.token for choice in chosen]
    logits = model(torch.tensor([[*ids, *tokens[:-1]]])).logits[0, len(ids) - 1 :]
    return int((logits.argmax(-1) == torch.tensor(tokens)).sum())
