from __future__ import annotations

import ast
import asyncio
import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_genx.backends.heuristic import heuristic_backend
from pytest_genx.config import Config
from pytest_genx.domain import Role

SHOP = """
import re
from dataclasses import dataclass, field

UNITS = {"s": 1, "m": 60, "h": 3600}

@dataclass
class Basket:
    lines: dict[str, int] = field(default_factory=dict)

    def count(self):
        return sum(self.lines.values())

class Account:
    def __init__(self, owner, entries=()):
        self.owner = owner.title()
        self.entries = list(entries)

    def balance(self):
        return sum(amount for _, amount in self.entries)

    @classmethod
    def parse(cls, line):
        owner, amount = line.split(":")
        return cls(owner, [("opening", int(amount))]).balance()

def seconds(text):
    match = re.match(r"^(\\d+)\\s*([smh])$", text)
    if not match:
        raise ValueError(text)
    return int(match[1]) * UNITS[match[2]]

def merged(intervals):
    out = []
    for low, high in sorted(intervals):
        if out and low <= out[-1][1]:
            out[-1][1] = max(out[-1][1], high)
        else:
            out.append([low, high])
    return out

def adults(users):
    return [user["name"].upper() for user in users if user["age"] >= 18]

def initials(person):
    return person.first[0] + person.last[0]

def chunks(items, size):
    for start in range(0, len(items), size):
        yield items[start:start + size]

def naturals(start):
    while True:
        yield start
        start += 1

def grouped(values, key):
    groups = {}
    for value in values:
        groups.setdefault(key(value), []).append(value)
    return groups

def average(scores, default=None):
    if not scores and default is None:
        raise ValueError("no scores")
    return sum(scores) / len(scores) if scores else default

async def later(n: int) -> int:
    return n + 1

def joined(*parts, sep="-"):
    return sep.join(parts)
"""
NAMES = [
    *("Basket.count", "Account.balance", "Account.parse", "seconds", "merged", "adults"),
    *("initials", "chunks", "naturals", "grouped", "average", "later", "joined"),
]


@pytest.fixture
def backend(tmp_path):
    return heuristic_backend(Config(rootdir=tmp_path))


def value_of(text: str) -> object:
    """Run one sample in the module."""
    namespace = {"__name__": "shop", "asyncio": asyncio}
    exec(compile(SHOP, "shop.py", "exec", dont_inherit=True), namespace)
    *imports, call = text.split("\n")
    exec("\n".join(imports), namespace)
    return eval(call, namespace)


@pytest.mark.parametrize("name", NAMES)
def test_at_least_three_calls_give_distinct_values(backend, target_of, request_of, name):
    """Of sixteen, without a hint, a docstring or an example to go by."""
    found = set()
    for sample in backend.sample(request_of(target_of(SHOP, name))):
        with contextlib.suppress(Exception):
            found.add(repr(value_of(sample.text)))
    assert len(found) >= 3


def test_the_coder_gets_nothing(backend, target_of, request_of):
    """A body cannot be guessed."""
    assert list(backend.sample(request_of(target_of(SHOP), Role.CODER))) == []


def test_a_sample_is_one_call_without_an_expected_value(backend, target_of, request_of):
    """Imports stand on the lines above it."""
    for name in NAMES:
        for sample in backend.sample(request_of(target_of(SHOP, name))):
            *imports, call = ast.parse(sample.text).body
            assert isinstance(call, ast.Expr)
            assert isinstance(call.value, ast.Call)
            assert all(isinstance(line, ast.Import | ast.ImportFrom) for line in imports)
            assert (sample.role, sample.backend) == (Role.TESTER, "heuristic")


def test_as_many_distinct_calls_as_asked(backend, target_of, request_of):
    """A function with room for them gets every one."""
    for n in (1, 16, 64):
        texts = [s.text for s in backend.sample(request_of(target_of(SHOP, "average"), n=n))]
        assert len(set(texts)) == len(texts) == n


def test_asking_for_fewer_gives_the_simplest(backend, target_of, request_of):
    """More calls come after the ones before, they do not replace them."""
    target = target_of(SHOP, "grouped")
    few = list(backend.sample(request_of(target, n=4)))
    assert list(backend.sample(request_of(target, n=12)))[:4] == few


def test_the_seed_decides_the_draws(backend, target_of, request_of):
    """The same one gives the same calls."""
    target = target_of(SHOP, "merged")

    def texts(seed: int) -> list[str]:
        return [sample.text for sample in backend.sample(request_of(target, seed=seed))]

    assert texts(1) == texts(1)
    assert texts(1) != texts(2)


def test_the_module_is_never_imported(backend, target_of, request_of):
    """Reading it is enough, whatever it does when run."""
    source = "raise SystemExit('imported')\ndef f(x):\n    return x + 1\n"
    assert len(list(backend.sample(request_of(target_of(source))))) == 16


def test_calls_do_not_depend_on_the_hash_seed_nor_leave_files(tmp_path):
    """Two processes with other string hashes write the same, and nothing on disk."""
    script = (
        "import json, sys; sys.path.insert(0, sys.argv[1]);"
        "from conftest import make_target; from test_heuristic import NAMES, SHOP;"
        "from pytest_genx.backends.inputs.calls import calls_of;"
        "from pytest_genx.domain import Context;"
        "print(json.dumps([calls_of(make_target(SHOP, name), Context(), n=24, seed=3)"
        " for name in NAMES]))"
    )
    here = str(Path(__file__).parent)
    outputs = []
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [sys.executable, "-c", script, here], cwd=tmp_path, env=environment,
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        outputs.append(json.loads(done.stdout))
    assert outputs[0] == outputs[1]
    assert list(tmp_path.iterdir()) == []
