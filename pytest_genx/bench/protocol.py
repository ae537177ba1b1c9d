"""From a task's raw samples to distinct programs and assertions with their counts.

For samples that continue a prompt this is the extraction of CodeT (Chen et al. 2022, "CodeT:
Code Generation with Generated Tests", arXiv 2207.10397), so that rows are comparable with its
tables. Whole programs and whole assertions are taken as they are. Nothing is run here.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from pytest_genx.bench.pool import PoolTask

STOP_TOKENS = ("\nclass", "\ndef", "\n#", "\nif", "\nprint")
CASES_PER_SAMPLE = 5


@dataclass(frozen=True, slots=True)
class Material:
    """What a task gives to run; `*_counts` say how many samples wrote each.

    `programs` are whole modules, `asserts` are statements; both in the order of first
    appearance and without repeats.
    """

    programs: tuple[str, ...]
    program_counts: tuple[int, ...]
    asserts: tuple[str, ...]
    assert_counts: tuple[int, ...]

    @property
    def pairs(self) -> int:
        """How many program/assertion pairs there are to run."""
        return len(self.programs) * len(self.asserts)


def extract(task: PoolTask) -> Material:
    """Make the distinct programs and assertions of a task.

    Code samples that continue `prompt` are cut at the first stop token; test samples that
    continue `test_prompt` are split into assertions, of which the first five of a sample that
    compile are kept.
    """
    if task.continues:
        programs = Counter(task.prompt + cut(sample) for sample in task.code_samples)
    else:
        programs = Counter(task.code_samples)
    if task.test_prompt is None:
        asserts = Counter(sample.strip() for sample in task.test_samples)
        del asserts[""]
    else:
        asserts = Counter(_assertions(task.test_samples, task.entry_point))
    return Material(
        tuple(programs), tuple(programs.values()), tuple(asserts), tuple(asserts.values())
    )


def cut(text: str) -> str:
    r"""Return `text` up to the first stop token.

    >>> cut("    return 1\n\ndef other():\n    pass")
    '    return 1\n'
    """
    ends = [at for at in map(text.find, STOP_TOKENS) if at >= 0]
    return text[: min(ends, default=len(text))]


def split_assertions(sample: str, entry_point: str) -> list[str]:
    r"""Return the assertions of one test sample that name the entry point and compile.

    >>> split_assertions("f(1) == 2\nassert f(2) ==\nassert g(3)\n", "f")
    ['assert f(1) == 2']
    """
    parts = f"assert {sample}".split("assert ")
    texts = (cut(f"assert {part}".strip()).strip() for part in parts if entry_point in part)
    return [text for text in texts if _compiles(text)]


def _assertions(samples: Iterable[str], entry_point: str) -> list[str]:
    """Return the kept assertions of all samples, repeats included."""
    return [
        text
        for sample in samples
        for text in split_assertions(sample, entry_point)[:CASES_PER_SAMPLE]
    ]


def _compiles(text: str) -> bool:
    """Whether `text` compiles inside a `try` block, which is how CodeT checks it."""
    block = "try:\n    " + text.replace("\n", "\n    ") + "\nexcept:\n    pass\n"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(block, "<case>", "exec")
        except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
            return False
    return True
