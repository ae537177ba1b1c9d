"""Accepted rows -> documents -> a model trained from the base -> GGUF."""

from __future__ import annotations

import ast
import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tokenizers import Tokenizer

from pytest_genx.errors import GenxError, ModelError
from pytest_genx.syntax.definition import body_indentation, body_text, only_definition
from pytest_genx.syntax.source import shift
from pytest_genx.train.documents import Document
from pytest_genx.train.gguf_file import read_config, read_state, read_tokenizer, write_gguf
from pytest_genx.train.loop import train
from pytest_genx.train.packing import pack
from pytest_genx.train.rounds.problems import Problem
from pytest_genx.train.rounds.recipe import TuningPart
from pytest_genx.train.tokenizer import save_tokenizer

MODEL = "model.gguf"
FOLDER = "model"  # the same in the transformers format
_ASSERTIONS = (5, 6, 7, 8)  # of one tester document
_LENGTH = 420  # characters of one; what is sampled is not longer either


class NothingToTrain(GenxError):
    """No row was accepted."""

    def __init__(self) -> None:
        super().__init__("nothing to train on: no problem has an accepted case or code")


def make_documents(
    rows: Sequence[Mapping[str, Any]], problems: Mapping[str, Problem], answers: int, seed: int
) -> list[Document]:
    """Write what the model shall answer, in the product's own prompts.

    Args:
        rows: accepted rows of all rounds that are mixed.
        problems: by id.
        answers: tester documents for a problem, at most.
        seed: of which cases stand together, and of the order.
    """
    rng = random.Random(f"{seed} documents")
    cases: dict[str, list[str]] = defaultdict(list)
    documents: list[Document] = []
    for row in rows:
        problem = problems.get(row["problem"])
        if problem is None:
            continue
        if row["role"] == "tester":
            cases[problem.id].append(row["source"])
        else:
            documents.append(Document(problem.coder.text, body_of(row["source"])))
    for identity, sources in cases.items():
        prompt = problems[identity].tester
        for _ in range(max(1, min(answers, round(len(sources) / 4)))):
            chosen = _short(rng.sample(sources, min(rng.choice(_ASSERTIONS), len(sources))))
            text = _answer(chosen, prompt.prefix)
            if text is not None:
                documents.append(Document(prompt.text, text))
    rng.shuffle(documents)
    return documents


def body_of(source: str) -> str:
    """The body of a definition as it stands in it, after its docstring."""
    node = only_definition(source)
    text = body_text(node, source.split("\n")) if _has_more(node) else "pass"
    return shift(text, "", body_indentation(source))


def load_base(path: Path) -> tuple[Any, Tokenizer]:
    """Load a Qwen3 model and its tokenizer from a GGUF file or a transformers folder.

    Raises:
        ModelError: it is of another architecture, or a part of it is missing.
    """
    try:
        return _load(path)
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        text = " ".join(str(error).split())[:200]
        raise ModelError(
            str(path), f"a Qwen3 model with its tokenizer is expected: {text}"
        ) from None


def _load(path: Path) -> tuple[Any, Tokenizer]:
    from transformers import Qwen3ForCausalLM  # noqa: PLC0415

    if path.is_dir():
        from tokenizers import Tokenizer as Loader  # noqa: PLC0415

        for name in ("config.json", "tokenizer.json"):
            if not (path / name).is_file():
                raise ValueError(f"{name} is missing")
        model = Qwen3ForCausalLM.from_pretrained(path, dtype="float32")
        return model, Loader.from_file(str(path / "tokenizer.json"))
    config = read_config(path)
    config.use_cache = False
    model = Qwen3ForCausalLM(config)
    model.load_state_dict(read_state(path), strict=False)
    model.tie_weights()
    return model, read_tokenizer(path)


def finetune(
    documents: Sequence[Document],
    base: Path,
    folder: Path,
    recipe: TuningPart,
    *,
    seed: int,
    name: str,
    report: Callable[[dict[str, float]], None] = lambda _: None,
) -> dict[str, int]:
    """Train the base on documents; go on from a checkpoint that a killed run left.

    Args:
        documents: prompts and answers.
        base: where every round starts from.
        folder: gets the model in both formats.
        recipe: epochs, batch and rates.
        seed: of the order of rows.
        name: what the GGUF file says the model is called.
        report: called with each logged step.

    Returns:
        Counts: documents, those too long, tokens that are predicted in an epoch, steps.

    Raises:
        NothingToTrain: there are no documents, or none that fits the context.
    """
    import torch  # noqa: PLC0415
    from transformers.utils.logging import disable_progress_bar  # noqa: PLC0415

    disable_progress_bar()
    torch.manual_seed(seed)
    model, tokenizer = load_base(base)
    longest = model.config.max_position_embeddings
    packs, dropped = pack(documents, tokenizer, longest=longest, prompt_weight=recipe.prompt_weight)
    if not packs:
        raise NothingToTrain
    # As the loop cuts packs into batches.
    in_pass = sum(-(-len(p.tokens) // max(recipe.batch // p.length, 1)) for p in packs)
    steps = max(1, round(recipe.epochs * in_pass))
    train(model, packs, recipe.loop(steps), folder, seed=seed, resume=True, report=report)
    save_tokenizer(tokenizer, folder / FOLDER)
    model.save_pretrained(folder / FOLDER)
    write_gguf(folder / FOLDER, folder / MODEL, name=name)
    tokens = sum(int((p.weights > 0).sum()) for p in packs)
    return {"documents": len(documents), "too long": dropped, "tokens": tokens, "steps": steps}


def _short(sources: Sequence[str]) -> list[str]:
    """Take cases until they are long enough together; one at least."""
    kept, length = [sources[0]], len(sources[0])
    for source in sources[1:]:
        if length + len(source) <= _LENGTH:
            kept.append(source)
            length += len(source)
    return kept


def _answer(sources: Sequence[str], prefix: str) -> str | None:
    """Join cases into one answer, exceptions last; the prompt ends in `prefix` already."""
    first = next((s for s in sources if s.startswith(prefix)), None)
    if first is None:
        return None
    rest = [s for s in sources if s is not first]
    rest.sort(key=lambda s: s.startswith("with "))
    return "\n".join([first, *rest])[len(prefix) :]


def _has_more(node: Any) -> bool:
    return len(node.body) > 1 or ast.get_docstring(node) is None
