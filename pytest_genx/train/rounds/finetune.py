"""Accepted rows -> documents -> a model trained from the base -> GGUF."""

from __future__ import annotations

import ast
import random
import shutil
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_genx.errors import GenxError
from pytest_genx.syntax.definition import body_indentation, body_text, only_definition
from pytest_genx.syntax.source import shift
from pytest_genx.train.documents import Document
from pytest_genx.train.gguf_file import write_gguf
from pytest_genx.train.loop import train
from pytest_genx.train.packing import pack
from pytest_genx.train.rounds.bases import (
    Chat,
    Words,
    best_device,
    context_length,
    load_base,
    load_words,
    read_chat_template,
    save_words,
)
from pytest_genx.train.rounds.problems import Problem
from pytest_genx.train.rounds.recipe import TuningPart
from pytest_genx.train.rounds.roles import MODEL
from pytest_genx.train.rounds.sft import train_sft

TRL = "trl.part"  # checkpoints of TRL
LONGEST_ROW = 4096  # tokens; no backend shows a model more
_ASSERTIONS = (5, 6, 7, 8)  # of one tester document
_LENGTH = 420  # characters of one; what is sampled is not longer either


@dataclass(frozen=True, slots=True)
class Job:
    """One training: of which part, how, and what is written."""

    recipe: TuningPart
    seed: int  # of the order of rows
    name: str  # what the GGUF file says the model is called
    part: str = MODEL
    lora: Any = None  # a peft.LoraConfig; None where all weights are trained
    trl: Mapping[str, Any] | None = None  # fields of TRL's SFTConfig
    gguf: bool = True
    licence: str = ""  # of the base
    main: bool = True  # of several processes that train together, the one that writes


class NothingToTrain(GenxError):
    """No row was accepted."""

    def __init__(self) -> None:
        super().__init__("nothing to train on: no problem has an accepted case or code")


def make_documents(
    rows: Sequence[Mapping[str, Any]],
    problems: Mapping[str, Problem],
    answers: int,
    seed: int,
    chat: Chat | None = None,
) -> list[Document]:
    """Write what the model shall answer, in the product's own prompts.

    A plain model goes on with a text; a chat model answers with one block of code.

    Args:
        rows: accepted rows of all rounds that are mixed.
        problems: by id.
        answers: tester documents for a problem, at most.
        seed: of which cases stand together, and of the order.
        chat: how messages are put to a chat model; None for a plain one.
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
            source = row["source"]
            documents.append(
                Document(problem.coder.text, body_of(source))
                if chat is None
                else Document(chat(problem.coder.messages), _fenced(source))
            )
    for identity, sources in cases.items():
        prompt = problems[identity].tester
        for _ in range(max(1, min(answers, round(len(sources) / 4)))):
            chosen = _short(rng.sample(sources, min(rng.choice(_ASSERTIONS), len(sources))))
            text = _answer(chosen, prompt.prefix)
            if text is None:
                continue
            documents.append(
                Document(prompt.text, text)
                if chat is None
                else Document(chat(prompt.messages), _fenced(prompt.prefix + text))
            )
    rng.shuffle(documents)
    return documents


def body_of(source: str) -> str:
    """The body of a definition as it stands in it, after its docstring."""
    node = only_definition(source)
    text = body_text(node, source.split("\n")) if _has_more(node) else "pass"
    return shift(text, "", body_indentation(source))


def finetune(
    documents: Sequence[Document],
    base: Path,
    folder: Path,
    job: Job,
    *,
    report: Callable[[dict[str, float]], None] = lambda _: None,
    notice: Callable[[str], None] = lambda _: None,
) -> dict[str, int]:
    """Train the base on documents; go on from a checkpoint that a killed run left.

    Args:
        documents: prompts and answers.
        base: where every round starts from.
        folder: of the round; gets the model, or the adapter, and the GGUF file if one is wanted.
        job: how it is trained, and what is written.
        report: called with each logged step.
        notice: called with what a user should know of.

    Returns:
        Counts: documents, those too long, tokens that are predicted in an epoch, steps.

    Raises:
        NothingToTrain: there are no documents, or none that fits the context.
        OutOfMemory: a single row does not fit the GPU.
    """
    import torch  # noqa: PLC0415
    from transformers.utils.logging import disable_progress_bar  # noqa: PLC0415

    recipe = job.recipe
    disable_progress_bar()
    torch.manual_seed(job.seed)
    device = best_device()
    # The frozen weights under an adapter need no more than 16 bits.
    half = device == "cuda" and job.lora is not None
    dtype = "bfloat16" if half else "float32"
    words = load_words(base)
    longest = min(context_length(base), LONGEST_ROW)
    packs, dropped = pack(
        documents, words.tokenizer, longest=longest, prompt_weight=recipe.prompt_weight,
        ends=(words.end, words.pad), begin=words.chat is None,
    )  # fmt: skip
    if not packs:
        raise NothingToTrain
    state = folder if job.part == MODEL else folder / job.part
    state.mkdir(exist_ok=True)
    if recipe.trainer == "trl":
        steps = train_sft(
            lambda: load_base(base, dtype=dtype)[0], packs, words, state / TRL, recipe,
            settings=job.trl or {}, lora=job.lora, seed=job.seed, target=folder / job.part,
            report=report, notice=notice,
        )  # fmt: skip
    else:
        # As the loop cuts packs into batches.
        in_pass = sum(-(-len(p.tokens) // max(recipe.batch // p.length, 1)) for p in packs)
        steps = max(1, round(recipe.epochs * in_pass))
        model = prepare(load_base(base, dtype=dtype)[0].to(device), job.lora, recipe)
        train(
            model, packs, recipe.loop(steps), state, seed=job.seed, resume=True,
            report=lambda step: report({**step, "steps": steps}), notice=notice,
        )  # fmt: skip
        model.save_pretrained(folder / job.part)
    if job.main:
        complete(words, base, folder, job)
    tokens = sum(int((p.weights > 0).sum()) for p in packs)
    return {"documents": len(documents), "too long": dropped, "tokens": tokens, "steps": steps}


def prepare(model: Any, lora: Any, recipe: TuningPart) -> Any:
    """Put a fresh adapter on a model if one is asked for, and save memory if that is."""
    if lora is not None:
        import peft  # noqa: PLC0415

        model = peft.get_peft_model(model, lora)
    if recipe.gradient_checkpointing:
        model.config.use_cache = False
        model.gradient_checkpointing_enable({"use_reentrant": False})
        model.enable_input_require_grads()
    return model


def complete(words: Words, base: Path, folder: Path, job: Job) -> None:
    """Put beside the weights of a part what belongs to them: the tokenizer, the GGUF file."""
    target = whole = folder / job.part
    if job.lora is None:
        save_words(words, base, target)
    if not job.gguf:
        return
    if job.lora is not None:
        import peft  # noqa: PLC0415

        whole = folder / f"{job.part}.whole"
        model = peft.PeftModel.from_pretrained(load_base(base)[0], str(target))
        model.merge_and_unload().save_pretrained(whole)
        save_words(words, base, whole)
    write_gguf(
        whole, folder / f"{job.part}.gguf", name=job.name, licence=job.licence,
        chat_template=read_chat_template(whole),
    )  # fmt: skip
    if whole != target:
        shutil.rmtree(whole)


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


def _fenced(source: str) -> str:
    text = source.strip("\n")
    return f"```python\n{text}\n```"


def _has_more(node: Any) -> bool:
    return len(node.body) > 1 or ast.get_docstring(node) is None
