"""The records of one small run, with everything that a reporter must get right."""

from __future__ import annotations

import pytest

from pytest_genx.domain import Answer, Answered, Question
from pytest_genx.records import (
    CandidateRow,
    CaseRow,
    FileWritten,
    FindingRow,
    Progress,
    Record,
    RunEnded,
    RunStarted,
    SampleTaken,
    TargetDone,
    TargetFailed,
    TargetStarted,
)

SLUGIFY = '''def slugify(title):
    """Make [bold]the[/bold] last part of an address."""
    words = "".join(c.lower() if c.isalnum() else " " for c in title).split()
    return "-".join(words)
'''


def candidate(source: str, score: float, passed: int, **kwargs: object) -> CandidateRow:
    """One row, sampled once from `llama` unless said otherwise."""
    values = {"origin": "llama", "count": 1, "incumbent": False, **kwargs}
    return CandidateRow(source=source, score=score, passed=passed, **values)  # type: ignore[arg-type]


def case(source: str, score: float, agree: int, incumbent: str = "P", **kwargs: object) -> CaseRow:
    """One column, not kept unless said otherwise."""
    values = {
        "imports": (),
        "origin": "llama",
        "count": 1,
        "corrected": False,
        "anchor": False,
        "kept": False,
        **kwargs,
    }
    return CaseRow(source=source, score=score, agree=agree, incumbent=incumbent, **values)  # type: ignore[arg-type]


@pytest.fixture
def run() -> list[Record]:
    """Three targets that work and one that does not: kept cases, findings, a stub, notes."""
    return [
        RunStarted(
            version="1.2.3",
            seed=7,
            oracle="consensus",
            backends=("llama", "heuristic"),
            sandbox="process",
            ranker="dual_critic",
            targets=("shop/text.py::slugify", "shop/cart.py::Cart.total", "a.py::f", "b.py::g"),
            environment=("PYTHONHASHSEED=0", "LANG=C.UTF-8", "TZ=UTC"),
        ),
        TargetStarted("shop/text.py::slugify", is_stub=False),
        Progress("shop/text.py::slugify", "sampled", 1, 2),
        SampleTaken("shop/text.py::slugify", "coder", "llama", 7, "    return title\n", 3, -1.5),
        TargetDone(
            "shop/text.py::slugify",
            candidates=(
                candidate(SLUGIFY, 0.97, 7, incumbent=True, origin="file"),
                candidate("def slugify(t):\n    return t.lower()\n", 0.91, 6, count=4),
                candidate(
                    "def slugify(t):\n    import re\n    return re.sub('', '-', t)\n", 0.97, 7
                ),
                candidate("def slugify(t): return t", 0.1, 1, origin="heuristic"),
            ),
            cases=(
                case('assert slugify("A b") == "a-b"', 0.97, 3, kept=True),
                case('assert slugify("") == ""', 0.99, 4, kept=True, corrected=True),
                case('assert slugify("[red]x[/red]\x1b[31m") == "red-x-red"', 0.94, 2, "F"),
                case(
                    f'assert slugify("{"long " * 20}") == "{"long-" * 19}long"', 0.8, 2, kept=True
                ),
                *(
                    case(f"assert slugify('{n}') == '{n}'", n / 10, 2, reason="why")
                    for n in range(5)
                ),
            ),
            outcomes=("PPFPPPPPP",),
            findings=(),
            proposal=None,
        ),
        TargetStarted("shop/cart.py::Cart.total", is_stub=False),
        TargetDone(
            "shop/cart.py::Cart.total",
            candidates=(
                candidate(
                    "def total(self):\n    return 0\n", 0.2, 1, incumbent=True, origin="file"
                ),
                candidate("def total(self):\n    return sum(self.items)\n", 0.9, 3, count=3),
            ),
            cases=(
                case("cart = Cart()\ncart.add(2)\nassert cart.total() == 2", 0.9, 1, "F"),
                case("assert Cart().total() == 0", 0.5, 2, kept=True),
                case("assert Cart([5]).total() == 5", 1.0, 1, "T", anchor=True, origin="docstring"),
            ),
            outcomes=("FPT", "PPP"),
            findings=(
                FindingRow(2, 1.0, 1, "it ran for more than 1 s", "the docstring says so"),
                FindingRow(
                    0,
                    0.9,
                    1,
                    "AssertionError: 0 == 2",
                    "1 independent candidate agrees",
                    0.83,
                    "2",
                    1,
                ),
            ),
            proposal=None,
            notes=("2 calls gave nothing that a test can state",),
            question=Question(
                "Cart([3, 1]).total()",
                (Answer("4", 12, 40, 0.481), Answer("0", 1, 1, 0.31), Answer("[3]", 1, 1, 0.0)),
            ),
        ),
        TargetStarted("a.py::f", is_stub=True),
        TargetDone(
            "a.py::f",
            candidates=(
                candidate("def f(x: int) -> int:\n    y = x\n    return y * 2\n", 0.9, 1),
                candidate("def f(x: int) -> int:\n    return x\n", 0.4, 0),
            ),
            cases=(case("assert f(1) == 2", 0.9, 1, ""),),
            outcomes=("P", "F"),
            findings=(),
            proposal=0,
            question=Question("f(-1)", (Answer("-2", 1, 1, 0.5), Answer("'\x1b[31m'", 1, 1, 0.4))),
            answered=(
                Answered(Question("f(1)", (Answer("2", 1, 1, 0.5), Answer("1", 1, 1, 0.4))), "2"),
                Answered(Question("f(0)", (Answer("0", 1, 1, 0.5), Answer("1", 1, 1, 0.4))), ""),
            ),
        ),
        TargetStarted("b.py::g", is_stub=False),
        TargetFailed("b.py::g", "ModuleNotFoundError: No module named 'shapes'"),
        FileWritten("tests/test_shop_text_genx.py", "written", 3),
        FileWritten("tests/test_shop_cart_genx.py", "left alone: it was edited by hand", 1),
        RunEnded(interrupted=False, seconds=12.34),
    ]
