"""`genx-train check`: a dry run of a recipe, and what the real one will take."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import closing

from pytest_genx import plugins
from pytest_genx.config import Config
from pytest_genx.domain import Outcome, Role
from pytest_genx.train.packing import pack, row_length
from pytest_genx.train.rounds.execute import Runner, execute
from pytest_genx.train.rounds.finetune import body_of, load_base, make_documents
from pytest_genx.train.rounds.recipe import RoundsRecipe
from pytest_genx.train.rounds.run import open_work
from pytest_genx.train.rounds.sample import Sampler, read_samples
from pytest_genx.train.rounds.stages import Watch

_ROWS, _EXECUTED = 8, 2


def check(recipe: RoundsRecipe) -> Iterator[str]:
    """Try every part on a few problems, and say a line about each.

    Raises:
        GenxError: what a run would stop at.
    """
    yield f"recipe {recipe.path}: {recipe.rounds} rounds, versions v1 to v{recipe.rounds + 1}"
    work = open_work(recipe, Watch())
    for name, counts in work.dropped.items():
        yield f"{name}: " + ", ".join(f"{n} {what}" for what, n in counts.items())
    problems = list(work.train.values())
    chosen = problems[:_ROWS]
    model, tokenizer = load_base(recipe.base)
    longest = model.config.max_position_embeddings
    parameters = sum(p.numel() for p in model.parameters())
    prompts = [len(tokenizer.encode(p.text).ids) for one in chosen for p in (one.tester, one.coder)]
    yield (
        f"base {recipe.base}: {parameters / 1e6:.2f} million parameters, context {longest}; "
        f"prompts of {len(chosen)} problems: {min(prompts)} to {max(prompts)} tokens"
    )
    make = plugins.sandbox(plugins.load(), recipe.execution.sandbox)
    config = Config(rootdir=recipe.output.absolute(), workers=recipe.execution.workers)
    sampler = Sampler(
        work.model(0), recipe.sampling, recipe.seed, recipe.sampling.tester, recipe.sampling.coder
    )
    with closing(make(config)) as sandbox, closing(sampler.open()) as backend:
        run = Runner(sandbox, recipe.execution.cpu)
        for one in chosen[:_EXECUTED]:  # the first start of a sandbox takes longest
            done = execute(one, [], run, n_mutants=0, seed=recipe.seed)
            passed = sum(e.outcome is Outcome.PASS for e in done.reference)
            yield f"reference of {one.id}: passes {passed} of {len(one.tests)} tests"
        begun = time.monotonic()
        lines = [sampler.line(one, backend) for one in chosen]
        sampling = (time.monotonic() - begun) / len(chosen) / recipe.sampling.processes
        begun = time.monotonic()
        for one, line in zip(chosen, lines, strict=True):
            samples = [s for role in Role for s in read_samples(line, role)]
            execute(one, samples, run, n_mutants=recipe.filter.mutants, seed=recipe.seed)
        executing = (time.monotonic() - begun) / len(chosen)
    rows = [
        {"problem": p.id, "role": role, "source": s, "round": 0}
        for p in problems
        for role, sources in (
            ("tester", [t.source for t in p.tests if t.source.startswith("assert ")]),
            ("coder", [p.target.source]),
        )
        for s in sources
        if role == "tester" or body_of(s)
    ]
    documents = make_documents(rows, work.train, recipe.train.answers, recipe.seed)
    packs, dropped = pack(documents, tokenizer, longest=longest, prompt_weight=0.1)
    tokens = sum(p.tokens.size for p in packs)
    yield f"original data: {len(documents)} documents, {tokens} tokens, {dropped} too long"
    # A mixed round has a few times the documents of the original data.
    step = _step_seconds(recipe, model, min(row_length(sum(prompts) // len(prompts)), longest))
    tested = sum(map(len, work.test.values()))
    mixed = 1.0 + min(recipe.rounds, 2)
    seconds = {
        "sample": len(problems) * sampling,
        "execute": len(problems) * executing,
        "train": recipe.train.epochs * mixed * tokens / recipe.train.batch * step,
        "evaluate": tested * (sampling + executing),
    }
    parts = ", ".join(f"{name} {value / 60:.1f}" for name, value in seconds.items())
    yield (
        f"about {sum(seconds.values()) / 60:.1f} minutes a round ({parts}), "
        f"{sum(seconds.values()) * (recipe.rounds + 1) / 60:.0f} in all; estimated from "
        f"{len(chosen)} problems and one step"
    )
    disk = (recipe.rounds + 1) * (parameters * 5 + len(problems) * 40_000)
    existing = next(p for p in (recipe.output.absolute(), *recipe.output.absolute().parents)
                    if p.exists())  # fmt: skip
    free = shutil.disk_usage(existing).free
    # Weights, gradients, moments of the optimiser, and logits of a step in float32.
    memory = parameters * 16 + 3 * recipe.train.batch * model.config.vocab_size * 4
    yield (
        f"about {disk / 1e6:.0f} MB of disk ({free / 1e6:.0f} MB are free), "
        f"{memory / 1e6:.0f} MB of memory for training besides the libraries"
    )


def _step_seconds(recipe: RoundsRecipe, model: object, length: int) -> float:
    """Time one step, forward and backward of a batch; the first one takes longer and is not it."""
    import torch  # noqa: PLC0415

    torch.set_num_threads(recipe.train.threads)
    ids = torch.zeros((max(1, recipe.train.batch // length), length), dtype=torch.long)
    begun = 0.0
    for _ in range(2):
        begun = time.monotonic()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = model(input_ids=ids, labels=ids).loss  # type: ignore[operator]
        loss.backward()
    return time.monotonic() - begun
