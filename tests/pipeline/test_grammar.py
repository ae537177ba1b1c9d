"""Grammars and JSON for case lists."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pytest_genx.domain import Context, Role, Sample
from pytest_genx.pipeline.extract import extract_cases
from pytest_genx.pipeline.grammar import case_grammar
from pytest_genx.pipeline.listing import assertions_of
from pytest_genx.pipeline.prompt import make_prompts
from pytest_genx.syntax.gbnf import faults

CALLS = [("f", "assert f(", False), ("größe", "assert größe(", False), ("f", "assert ", True)]
CALLS += [("C().f", "assert ", False), ("a.C.f", "assert ", False), ('f"\\\n', "assert ", False)]


@pytest.mark.parametrize(("call", "prefix", "is_async"), CALLS)
def test_grammars_are_whole_and_llama_takes_them(call, prefix, is_async):
    """Names with odd characters, dotted ones and quotes; in a process that may die."""
    pytest.importorskip("llama_cpp")
    grammar = case_grammar(call, prefix, is_async=is_async)
    assert faults(grammar) == ""
    code = (
        "import sys, llama_cpp as l;"
        "g = l.LlamaGrammar.from_string(sys.stdin.read(), verbose=False);"
        "assert l.llama_sampler_init_grammar(None, g._grammar.encode(), b'root')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=grammar.encode(), capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()[-500:]


def test_prompts_hold_testers_to_a_form_only_when_asked(half):
    """A grammar for plain models, a schema for chat models, and words that fit."""
    plain = make_prompts(half, Context(), show_body=False)
    held = make_prompts(half, Context(), show_body=False, structured=True)
    assert not any(prompt.grammar or prompt.schema for prompt in plain.values())
    assert not held[Role.CODER].grammar
    assert held[Role.TESTER].grammar
    assert held[Role.TESTER].schema
    assert "JSON" in held[Role.TESTER].messages[0][1]


@pytest.mark.parametrize("fence", ["{}", "Here:\n```json\n{}\n```\n"])
def test_cases_are_read_from_json(half, fence):
    """Fenced or not, up to where the answer ends; what is no expression is passed over."""
    text = (
        '{"cases": [{"call": "half(4)", "expected": "2"}, {"call": "half(", "expected": "1"},'
        ' {"expected": "3", "call": "half(6)"}, {"call": "hal'
    )
    cases = extract_cases([Sample(Role.TESTER, fence.replace("{}", text), "m")], half)
    assert [case.source for case in cases] == ["assert half(4) == 2", "assert half(6) == 3"]


def test_python_is_not_taken_for_json():
    """A table of cases in a test is left to the other readers."""
    assert assertions_of('rows = [{"call": "f(1)", "expected": "2"}]') is None
    assert assertions_of("[1, 2]") is None
