"""`genx-train check`: a dry run of a recipe, and what the real one will take.

What does not depend on the base is tried even where the base is missing. Each thing that was
tried is told under a heading as soon as it is known, as sentences or as a small table.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

from pytest_genx.domain import Outcome, Prompt, Role
from pytest_genx.train.packing import pack, row_length
from pytest_genx.train.rounds import sample
from pytest_genx.train.rounds.bases import Base, BaseMissing, best_device, load_base, load_words
from pytest_genx.train.rounds.estimate import Size, memory_lines, size_of
from pytest_genx.train.rounds.execute import execute
from pytest_genx.train.rounds.finetune import body_of, make_documents, prepare
from pytest_genx.train.rounds.problems import Problem
from pytest_genx.train.rounds.recipe import RoundsRecipe
from pytest_genx.train.rounds.roles import lora_config, parts
from pytest_genx.train.rounds.run import find_bases, open_work
from pytest_genx.train.rounds.sample import Sampler, read_samples
from pytest_genx.train.rounds.stages import open_runner
from pytest_genx.train.rounds.track import check_trackers
from pytest_genx.train.rounds.work import Watch, Work

_ROWS, _EXECUTED = 8, 2
_COLUMNS = (
    "problem", "references", "tests", "tester's prompt", "coder's prompt", "sampled tokens",
    "cases", "of use", "codes",
)  # fmt: skip


def check(recipe: RoundsRecipe) -> Iterator[str]:
    """Try every part on a few problems, and say what was seen, a line at a time.

    Raises:
        GenxError: what a run would stop at.
    """
    check_trackers(recipe.tracking)
    yield (
        f"recipe {recipe.path}: {recipe.rounds} rounds, versions v1 to v{recipe.rounds + 1}, "
        f"roles: {recipe.roles}"
    )
    lack: BaseMissing | None = None
    bases: Mapping[str, Base] = {}
    try:
        bases = find_bases(recipe)
    except BaseMissing as error:
        lack = error
    work = open_work(recipe, Watch(), bases)
    yield from _heading("data")
    for name, counts in work.dropped.items():
        yield f"{name}: " + ", ".join(f"{n} {what}" for what, n in counts.items())
    yield from _heading(f"references of {_EXECUTED} problems, run on their own tests")
    yield from _references(work)
    if lack is None:
        yield from _heading("base")
        yield from _licences(bases)
        yield from _tried(work)
    else:
        yield from _heading("disk and memory")
        yield from memory_lines(
            recipe, {part: size_of(recipe, part) for part in parts(recipe.roles)}
        )
        raise lack


def _references(work: Work) -> Iterator[str]:
    with open_runner(work) as run:
        for one in list(work.train.values())[:_EXECUTED]:
            done = execute(one, [], run, n_mutants=0, seed=work.recipe.seed)
            passed = sum(e.outcome is Outcome.PASS for e in done.reference)
            yield f"reference of {one.id}: passes {passed} of {len(one.tests)} tests"


def _licences(bases: Mapping[str, Base]) -> Iterator[str]:
    for base in dict.fromkeys(bases.values()):
        if base.licence:
            yield f"base {base.path}: licence {base.licence}"
        else:
            yield (
                f"warning: base {base.path} does not say its licence; find it out before you "
                "pass a model on"
            )


def _tried(work: Work) -> Iterator[str]:
    """What the model at hand says: tokens, time of samples and of a step, memory."""
    recipe = work.recipe
    problems = list(work.train.values())
    chosen = problems[:_ROWS]
    sampler = Sampler(
        work.version(0), recipe.sampling, recipe.seed, recipe.sampling.tester, recipe.sampling.coder
    )
    with open_runner(work) as run, closing(sampler.open()) as backend:
        execute(chosen[0], [], run, n_mutants=0, seed=recipe.seed)  # the first start takes longest
        begun = time.monotonic()
        lines = [sampler.line(one, backend) for one in chosen]
        sampling = (time.monotonic() - begun) / len(chosen) / recipe.sampling.processes
        begun = time.monotonic()
        tried = [
            execute(
                one,
                [s for role in Role for s in read_samples(line, role)],
                run,
                n_mutants=recipe.filter.mutants,
                seed=recipe.seed,
            )
            for one, line in zip(chosen, lines, strict=True)
        ]
        executing = (time.monotonic() - begun) / len(chosen)
    sizes: dict[str, Size] = {}
    counts: dict[tuple[str, str], int] = {}
    training = 0.0
    for part, roles in parts(recipe.roles).items():
        size = sizes[part] = size_of(recipe, part, work.bases[part].path)
        words = load_words(work.bases[part].path)
        shown = [
            len(words.tokenizer.encode(words.chat(p.messages) if words.chat else p.text).ids)
            for _, p in _asked(chosen, roles)
        ]
        yield (
            f"base {work.bases[part].path}: {size.parameters / 1e6:.2f} million parameters, "
            f"context {size.context}; prompts of {len(chosen)} problems: {min(shown)} to "
            f"{max(shown)} tokens"
        )
        rows = [row for row in _original(work) if row["role"] in {role.value for role in roles}]
        documents = make_documents(rows, work.train, recipe.train.answers, recipe.seed, words.chat)
        packs, dropped = pack(
            documents, words.tokenizer, longest=size.context, prompt_weight=0.1,
            ends=(words.end, words.pad), begin=words.chat is None,
        )  # fmt: skip
        tokens = sum(p.tokens.size for p in packs)
        counts |= {
            (one.id, p.role.value): n
            for (one, p), n in zip(_asked(chosen, roles), shown, strict=True)
        }
        which = "" if len(parts(recipe.roles)) == 1 else f" for the {part}"
        yield (
            f"original data{which}: {len(documents)} documents, {tokens} tokens, {dropped} too long"
        )
        length = min(row_length(sum(shown) // len(shown)), size.context)
        # A mixed round has a few times the documents of the original data.
        passes = recipe.train.epochs * (1.0 + min(recipe.rounds, 2))
        training += passes * tokens * _token_seconds(work, part, length)
    yield from _heading(f"the first {len(chosen)} problems, and what came of one try at each")
    tries = [
        (
            one.id, len(one.references), len(one.tests), counts[one.id, "tester"],
            counts[one.id, "coder"], sample.tokens([line]),
            len(done.cases), done.n_useful, len(done.codes),
        )
        for one, line, done in zip(chosen, lines, tried, strict=True)
    ]  # fmt: skip
    yield from columns(_COLUMNS, tries)
    tested = sum(map(len, work.test.values()))
    seconds = {
        "sample": len(problems) * sampling,
        "execute": len(problems) * executing,
        "train": training,
        "evaluate": tested * (sampling + executing),
    }
    whole = sum(seconds.values())
    yield from _heading(f"time, estimated from {len(chosen)} problems and one step")
    found = {
        **seconds,
        "a round": whole,
        f"{recipe.rounds + 1} rounds": whole * (recipe.rounds + 1),
    }
    yield from columns(
        ("stage", "minutes"), [(name, f"{value / 60:.1f}") for name, value in found.items()]
    )
    yield f"about {whole / 60:.1f} minutes a round"
    yield from _heading("disk and memory")
    yield from memory_lines(recipe, sizes, len(problems))


def columns(heads: Sequence[object], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    """Write rows below their heads, numbers to the right.

    >>> list(columns(("set", "rows"), [("mbpp", 7), ("codeio", 12)]))
    ['set     rows', 'mbpp       7', 'codeio    12']
    """
    texts = [[str(cell) for cell in line] for line in (heads, *rows)]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    for line in texts:
        first, *rest = zip(line, widths, strict=True)
        cells = [first[0].ljust(first[1]), *(text.rjust(width) for text, width in rest)]
        yield "  ".join(cells).rstrip()


def _heading(text: str) -> Iterator[str]:
    yield ""
    yield text.upper()


def _asked(chosen: Sequence[Problem], roles: Sequence[Role]) -> list[tuple[Problem, Prompt]]:
    """The prompts of some roles, problem by problem."""
    return [(one, p) for one in chosen for p in (one.tester, one.coder) if p.role in roles]


def _original(work: Work) -> list[dict[str, Any]]:
    return [
        {"problem": p.id, "role": role, "source": s, "round": 0}
        for p in work.train.values()
        for role, sources in (
            ("tester", [t.source for t in p.tests if t.source.startswith("assert ")]),
            ("coder", [p.target.source]),
        )
        for s in sources
        if role == "tester" or body_of(s)
    ]


def _token_seconds(work: Work, part: str, length: int) -> float:
    """Time one row, forward and backward; the first one takes longer and is not it."""
    import torch  # noqa: PLC0415

    recipe = work.recipe
    torch.set_num_threads(recipe.train.threads)
    device = torch.device(best_device())
    lora = lora_config(recipe)
    dtype = "bfloat16" if lora is not None and device.type == "cuda" else "float32"
    model = load_base(work.bases[part].path, dtype=dtype)[0].to(device)
    model = prepare(model, lora, recipe.train)
    model.train()
    rows = max(1, recipe.train.batch // recipe.train.gradient_accumulation_steps // length)
    ids = torch.zeros((rows, length), dtype=torch.long, device=device)
    begun = 0.0
    for _ in range(2):
        if device.type == "cuda":
            torch.cuda.synchronize()
        begun = time.monotonic()
        with torch.autocast(device.type, dtype=torch.bfloat16):
            loss = model(input_ids=ids, labels=ids).loss
        loss.backward()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return (time.monotonic() - begun) / ids.numel()
