"""Everything the embedded model reads, in the order of training.

Sources: composed functions, published problems, and functions of other people's source and
of the standard library, run where their calls can be made up and continued where not.
Whatever equals a measured problem's code is dropped and counted.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from pytest_genx.train.decontaminate import contaminated, fingerprints
from pytest_genx.train.documents import (
    Document,
    coder_document,
    function_documents,
    problem_documents,
)
from pytest_genx.train.execute import Executor
from pytest_genx.train.families.catalogue import load_families
from pytest_genx.train.families.functions import Function, draw_function
from pytest_genx.train.library import library_definitions
from pytest_genx.train.problems import (
    MEASURED,
    TRAINING,
    documented,
    problem_functions,
    read_problems,
    spelled,
)
from pytest_genx.train.recipe import DataRecipe
from pytest_genx.train.sources import bare, distinct, source_functions, standard_library

_LONGEST_PROMPT = 4800  # characters of a published function with what it needs
_LONG_PROMPT = 1800  # characters; beyond, fewer versions are made
_CALL_SECONDS = 0.15  # of CPU for one call of a published solution
_DOCUMENTED = {"mbpp-train": 0.6, "codeio-train": 0.15, "leetcode-train": 0.0}
_FEW_CALLS = 8


@dataclass(frozen=True, slots=True)
class Corpus:
    """The documents, and how many of what there are."""

    documents: list[Document]
    counts: dict[str, int] = field(default_factory=dict)


def build_corpus(
    recipe: DataRecipe, *, seed: int, notice: Callable[[str], None] = lambda _: None
) -> Corpus:
    """Compose, read, run and filter all documents.

    Args:
        recipe: how much of what, and where the problems are.
        seed: of every choice.
        notice: called with a line about a source that is absent.
    """
    rng = random.Random(seed)
    folder = recipe.problems
    if folder is not None and not folder.is_dir():
        notice(f"no problems in {folder}: training on composed functions alone")
        folder = None
    measured = _measured(folder) if folder else frozenset()
    dropped = 0

    families = load_families()
    composed: list[Document] = []
    for _ in range(recipe.functions):
        function = draw_function(rng, families)
        if measured and contaminated(function.source, measured):
            dropped += 1
            continue
        composed += function_documents(function, rng)

    published: list[Document] = []
    counts = {"published": 0, "source": 0}
    found: list[tuple[str, Function, list[Function]]] = []
    found += [("published", *f) for f in _published(folder, recipe, rng)] if folder else []
    found += [("source", *f) for f in _of_sources(recipe, rng, notice)]
    for origin, function, versions in found:
        if contaminated(f"{function.above}\n\n{function.source}", measured):
            dropped += 1
            continue
        counts[origin] += 1
        size = len(function.above) + len(function.source)
        for version in versions[: 2 if size > _LONG_PROMPT else None]:
            published += [
                d for d in problem_documents(version, rng) if len(d.prompt) <= _LONGEST_PROMPT
            ]

    library = [
        coder_document(source, owner, "")
        for source, owner in library_definitions(recipe.library, rng)
        if not contaminated(source, measured)
    ]
    documents = composed + (published + library) * recipe.repeat
    rng.shuffle(documents)
    return Corpus(
        documents,
        {
            "composed functions": recipe.functions,
            "published functions": counts["published"],
            "functions of sources": counts["source"],
            "library functions": len(library),
            "documents": len(documents),
            "dropped as equal to measured code": dropped,
        },
    )


def _measured(folder: Path) -> frozenset[str]:
    problems = [p for name in MEASURED for p in read_problems(folder, name)]
    return fingerprints(p.solution for p in problems)


def _published(
    folder: Path, recipe: DataRecipe, rng: random.Random
) -> list[tuple[Function, list[Function]]]:
    """Run all problems and spell each of their functions in several ways."""
    found = []
    with Executor(cpu=_CALL_SECONDS) as executor:
        for name in TRAINING:
            for problem in read_problems(folder, name):
                for function in problem_functions(problem, executor, rng):
                    versions = []
                    # LeetCode has one in three: its functions are many, and not what is measured.
                    few = name.startswith("leetcode")
                    for _ in range(max(recipe.answers // 3, 1) if few else recipe.answers):
                        version = _partial(spelled(function, problem, rng), rng)
                        if function.key == problem.id and rng.random() < _DOCUMENTED[name]:
                            version = documented(version, problem, rng)
                        versions.append(version)
                    found.append((function, versions))
    return found


def _of_sources(
    recipe: DataRecipe, rng: random.Random, notice: Callable[[str], None]
) -> list[tuple[Function, list[Function]]]:
    """Find functions of source folders that run, each with and without text and hints."""
    folder = recipe.sources
    if folder is None:
        return []
    if not folder.is_dir():
        notice(f"no source in {folder}: none of it is run")
        return []
    found: list[Function] = []
    with Executor(cpu=_CALL_SECONDS) as executor:
        for place in (folder, standard_library()):
            found += source_functions(place, executor, rng)
    spelling = []
    for function in distinct(found):
        versions = []
        for _ in range(max(recipe.answers // 2, 1)):
            source = bare(function.source, docstring=rng.random() < 0.35, hints=rng.random() < 0.5)
            versions.append(_partial(replace(function, source=source), rng))
        spelling.append((function, versions))
    return spelling


def _partial(function: Function, rng: random.Random) -> Function:
    """Leave out some calls, so that documents of one function differ; all with few of them."""
    calls = list(function.calls)
    if len(calls) <= _FEW_CALLS:
        return function
    kept = rng.sample(calls, max(_FEW_CALLS, 2 * len(calls) // 3))
    return replace(function, calls=tuple(kept))
