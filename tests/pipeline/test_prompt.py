"""Prompts are compared with files, word by word.

After a change that is meant, `GENX_GOLDEN=write pytest tests/pipeline/test_prompt.py` writes
the files anew; the difference is then read before it is kept.
"""

from __future__ import annotations

import ast
import os
from pathlib import Path

import pytest

from pytest_genx.domain import Followup, Prompt, Role, Stage, Target
from pytest_genx.pipeline import prompt as wording
from pytest_genx.pipeline.context import gather
from pytest_genx.pipeline.prompt import (
    CODER_STOP,
    TESTER_STOP,
    call_text,
    make_followup,
    make_prompts,
)
from pytest_genx.pipeline.target import find_targets

GOLDEN = Path(__file__).parent / "golden"

MODULE = '''\
from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field

RATE = 0.19


def gross(price: float, *, rate: float = RATE) -> int:
    """The price with tax, rounded up.

    >>> gross(100)
    119
    >>> gross(-1)
    Traceback (most recent call last):
    ValueError: negative
    """
    if price < 0:
        raise ValueError("negative")
    return math.ceil(price * (1 + rate))


def net(price: float) -> float:
    """The price without tax: net(119) == 100."""
    raise NotImplementedError


def bare(a, b=2): return a + b


@dataclass
class Cart:
    """What a customer buys."""

    prices: list[float] = field(default_factory=list)

    def total(self, coupon: int = 0) -> int:
        """Sum of the gross prices less the coupon."""
        text = """
left"""
        return sum(gross(price) for price in self.prices) - coupon - len(text)

    @staticmethod
    def parse(line: str) -> list[float]:
        """Read prices that are separated by blanks."""
        return [float(part) for part in line.split()]


async def fetch(price: float) -> float:
    """Wait, and say what the price is."""
    await asyncio.sleep(0)
    return price
'''
TESTS = "from shop import net\n\n\ndef test_net():\n    assert net(0) == 0\n"


@pytest.fixture
def shop(tmp_path):
    """Find a target of the module."""
    (tmp_path / "shop.py").write_text(MODULE)
    (tmp_path / "test_shop.py").write_text(TESTS)

    def find(name: str) -> Target:
        return find_targets([f"shop.py::{name}"], tmp_path)[0]

    return find


def prompts_for(target: Target, *, show_body: bool) -> dict[Role, Prompt]:
    """Both prompts, with all context there is."""
    context = gather(target, rootdir=target.path.parent, test_paths=())
    return make_prompts(target, context, show_body=show_body)


@pytest.mark.parametrize("name", ["gross", "net", "bare", "Cart.total", "Cart.parse", "fetch"])
@pytest.mark.parametrize("show_body", [True, False])
def test_prompts_are_word_by_word_as_agreed(shop, name, show_body):
    """Functions, methods, stubs and coroutines, for plain models and for chat models."""
    parts = []
    for role, prompt in prompts_for(shop(name), show_body=show_body).items():
        parts.append(f"===== {role.value}, continued\n{prompt.text}⏎\n")
        parts += [f"===== {role.value}, {who}\n{said}⏎\n" for who, said in prompt.messages]
    path = GOLDEN / f"{name}{'' if show_body else '-hidden'}.txt"
    if os.environ.get("GENX_GOLDEN") == "write":
        path.write_text("".join(parts), encoding="utf-8")
    assert path.read_text(encoding="utf-8") == "".join(parts)


LATER = {
    (Role.CODER, Stage.SECOND): {"wanted": "assert gross(1) == 2\nassert gross(2) == 3"},
    (Role.TESTER, Stage.SECOND): {
        "leader": "def gross(price, *, rate=RATE):\n    return price",
        "rival": "def gross(price, *, rate=RATE):\n    return 0",
    },
    (Role.CODER, Stage.REPAIR): {
        "answer": "    return math.ceil(price *",
        "error": "SyntaxError: '(' was never closed in 'return math.ceil(price *'",
    },
    (Role.TESTER, Stage.REPAIR): {
        "answer": "assert gross(1, 2) == 2",
        "error": "TypeError: gross() takes 1 positional argument but 2 were given",
    },
}


def later(target: Target, role: Role, stage: Stage) -> Prompt:
    """The prompt of a later round."""
    context = gather(target, rootdir=target.path.parent, test_paths=())
    asked = Followup(role, stage, LATER[role, stage], 1)
    return make_followup(target, context, asked, show_body=False)


def test_prompts_of_later_rounds_are_word_by_word_as_agreed(shop):
    """The second round and repair, for plain models and for chat models."""
    parts = []
    for role, stage in LATER:
        prompt = later(shop("gross"), role, stage)
        parts.append(f"===== {stage.value} {role.value}, continued\n{prompt.text}⏎\n")
        parts += [f"===== {stage.value} {role.value}, {w}\n{s}⏎\n" for w, s in prompt.messages]
    path = GOLDEN / "later.txt"
    if os.environ.get("GENX_GOLDEN") == "write":
        path.write_text("".join(parts), encoding="utf-8")
    assert path.read_text(encoding="utf-8") == "".join(parts)


def test_later_prompts_of_a_plain_model_are_continued_like_the_first_ones(shop):
    """They end in a definition, or in the beginning of an assertion, and none is held to a form."""
    first = prompts_for(shop("gross"), show_body=False)
    for (role, stage), values in LATER.items():
        prompt = later(shop("gross"), role, stage)
        assert prompt.prefix == first[role].prefix
        assert prompt.text.endswith(
            first[role].text.rstrip().split("\n")[-1] + "\n" * (role is Role.CODER)
        )
        assert (prompt.grammar, prompt.schema) == ("", "")
        assert prompt.shorter is not None
        assert all(value in prompt.shorter.messages[0][1] for value in values.values())


@pytest.mark.parametrize("name", ["gross", "net", "bare", "Cart.total", "Cart.parse", "fetch"])
def test_plain_prompts_are_the_beginning_of_a_program(shop, name):
    """A sensible continuation of either gives Python that parses."""
    prompts = prompts_for(shop(name), show_body=True)
    deep = "        " if "." in name else "    "
    ast.parse(f"{prompts[Role.CODER].text}{deep}return 1\n")
    tester = prompts[Role.TESTER]
    ast.parse(tester.text + ("1) == 2\n" if tester.prefix.endswith("(") else "True\n"))
    assert tester.text.endswith(tester.prefix)
    assert prompts[Role.CODER].prefix == ""


def test_a_hidden_body_is_not_shown_anywhere_to_the_tester(shop):
    """Neither the plain nor the chat prompt gives the code away."""
    for name in ("gross", "Cart.total", "fetch", "bare"):
        prompts = prompts_for(shop(name), show_body=False)
        last = shop(name).source.split("\n")[-1].rpartition(":")[2].strip()
        for prompt in prompts.values():
            texts = [prompt.text, *(said for _, said in prompt.messages)]
            assert not any(last in text for text in texts)


def test_calls_are_written_as_the_target_is_reached(shop):
    """Functions by name, methods by an object, static methods by the class."""
    assert [call_text(shop(name)) for name in ("gross", "Cart.total", "Cart.parse")] == [
        "gross",
        "Cart().total",
        "Cart.parse",
    ]


def test_the_texts_that_models_are_trained_on_do_not_change():
    """A model meets the words that it learnt."""
    assert wording.coder_text("def f():\n    'Doc.'\n\n", "import os\n") == (
        "import os\n\n\ndef f():\n    'Doc.'\n"
    )
    assert wording.tester_text("def f():\n    pass\n", "f", "assert f(") == (
        "def f():\n    pass\n\n# check the correctness of f\nassert f("
    )


def test_stops_are_where_a_completion_leaves_its_answer():
    """A coder's answer ends where an assertion begins, a tester's does not."""
    assert set(CODER_STOP) - set(TESTER_STOP) == {"\nassert "}
    assert all(stop.startswith("\n") for stop in CODER_STOP)
