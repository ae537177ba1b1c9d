"""Everything the embedded model reads, in the order of training.

Three sources: composed functions, published problems, functions of the standard library.
Whatever equals a measured problem's code is dropped and counted.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
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

_LONGEST_PROMPT = 2000  # characters of a published function with what it needs
_CALL_SECONDS = 0.15  # of CPU for one call of a published solution


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
    sources = 0
    for function, versions in _published(folder, recipe, rng) if folder else ():
        if contaminated(function.source, measured):
            dropped += 1
            continue
        sources += 1
        for version in versions:
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
            "published functions": sources,
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
                    for _ in range(recipe.answers):
                        version = spelled(function, problem, rng)
                        if function.key == problem.id and rng.random() < 0.6:
                            version = documented(version, problem, rng)
                        versions.append(version)
                    found.append((function, versions))
    return found
