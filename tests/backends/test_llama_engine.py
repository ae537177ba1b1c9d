"""What sequences that are decoded together owe to each other: nothing."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path

import pytest

from pytest_genx.backends import llama
from pytest_genx.backends.embedded import NAME
from pytest_genx.backends.gguf_header import read_header
from pytest_genx.errors import BadOption

EMBEDDED = Path(llama.__file__).parents[2] / "models" / NAME
pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("llama_cpp") is None, reason="llama-cpp-python is not installed"
    ),
    pytest.mark.skipif(not EMBEDDED.is_file(), reason="this checkout has no embedded model"),
]
CODE = "".join(f"def add_{i}(a, b):\n    return a + b * {i}\n\n\n" for i in range(40))


@pytest.fixture
def engine_of():
    """Open the embedded model; closed at the end."""
    from pytest_genx.backends.llama_engine import LlamaEngine

    engines = []

    def make(sequences: int = 16, threads: int = 1):
        engines.append(
            LlamaEngine(EMBEDDED, read_header(EMBEDDED), threads=threads, sequences=sequences)
        )
        return engines[-1]

    yield make
    for engine in engines:
        engine.close()


def samplings(*indexes: int):
    from pytest_genx.backends.llama_sampling import Sampling

    return [Sampling(100 + i, 0.8 if i % 4 else 0.0, 0.95, 0.05) for i in indexes]


def complete(engine, prompt, *indexes, **named):
    named = {"max_tokens": 48, "stop": ("\ndef ",), **named}
    found = list(engine.complete(prompt, samplings(*indexes), **named))
    assert [completion.index for completion in found] == list(range(len(indexes)))
    return [(one.text, one.tokens, one.logprob) for one in found]


@pytest.mark.parametrize("length", [2, 129, 520])
def test_a_completion_depends_on_its_sampling_alone(engine_of, length):
    """Not on the others, their order, how many go together, or the threads: to the last bit."""
    engine = engine_of()
    prompt = engine.tokenize(CODE, special=False)[:length]
    known = complete(engine, prompt, *range(12))
    assert complete(engine, prompt, *range(12)) == known
    assert complete(engine, prompt, *range(11, -1, -1)) == known[::-1]
    assert [complete(engine, prompt, i)[0] for i in range(12)] == known
    assert complete(engine_of(3, threads=2), prompt, *range(12)) == known


def test_a_shared_prefix_changes_nothing(engine_of):
    """What was sampled before leaves no trace, though its cache is used again."""
    engine = engine_of()
    tokens = engine.tokenize(CODE, special=False)
    prompt = tokens[:400]
    known = complete(engine, prompt, 1, 2, 3)
    for before in (tokens[:300], tokens[:450], [*tokens[:200], 9, 9], [9]):
        complete(engine, before, 5, 6, max_tokens=9)
        assert complete(engine, prompt, 1, 2, 3) == known


def test_a_shared_prefix_is_not_decoded_again(engine_of, monkeypatch):
    """In whole steps, that is; the rest is."""
    engine = engine_of(2)
    tokens = engine.tokenize(CODE, special=False)
    complete(engine, tokens[:500], 1, max_tokens=1)
    decoded = []
    decode = engine._decode
    monkeypatch.setattr(
        engine, "_decode", lambda places, **named: (decoded.append(places), decode(places, **named))
    )
    complete(engine, tokens[:520], 1, max_tokens=1)
    assert [places[0][1] for places in decoded if places[0][2] == 0] == [384, 512]
    assert decoded[-1][0] == (tokens[519], 519, 1)


def test_a_place_is_taken_again_at_once(engine_of, monkeypatch):
    """No step is smaller than the sequences that could go on or begin."""
    engine = engine_of(4)
    rows = []
    step = engine._step
    monkeypatch.setattr(engine, "_step", lambda now: (rows.append(len(now)), step(now)))
    prompt = engine.tokenize("def half(n):\n", special=False)
    found = complete(engine, prompt, *range(1, 21), stop=("\n",))
    assert len({tokens for _, tokens, _ in found}) > 1, "all ended at the same time"
    assert set(rows[: rows.index(3)]) == {4}
    assert rows == sorted(rows, reverse=True)


def test_short_gaps_are_filled_and_none_is_alone():
    """Only neighbours are decoded together."""
    from pytest_genx.backends.llama_company import company

    assert company([1, 2, 3], 4) == set()
    assert company([1, 5], 16) == {2, 3, 4}
    assert company([1, 9], 16) == {2, 10}
    assert company([16], 16) == {15}
    assert company([1], 2) == {2}


def test_the_log_probability_is_that_of_the_model(engine_of):
    """Temperature and cuts apart: a single token's is found in the library's own odds."""
    import numpy as np

    engine = engine_of(2)
    prompt = engine.tokenize("def half(n):\n    return", special=False)
    ((text, tokens, logprob),) = complete(engine, prompt, 0, max_tokens=1)
    vocabulary = engine._lib.llama_vocab_n_tokens(engine._vocab)
    pointer = engine._lib.llama_get_logits(engine._ctx)
    logits = np.ctypeslib.as_array(pointer, shape=(vocabulary,)).astype(float)
    odds = logits - np.logaddexp.reduce(logits)
    assert tokens == 1
    assert engine._piece(int(odds.argmax())) == text.encode()
    assert math.isclose(logprob, odds.max(), abs_tol=1e-4)
    ((_, longer, total),) = complete(engine, prompt, 0, max_tokens=5, stop=())
    assert longer > 1
    assert total < logprob


def test_a_grammar_holds_the_completions(engine_of):
    """Each of them, to the last token."""
    engine = engine_of(4)
    prompt = engine.tokenize("x = ", special=False)
    grammar = 'root ::= "[" [0-9] ("," [0-9])* "]"'
    for text, _, logprob in complete(engine, prompt, *range(1, 9), grammar=grammar, stop=()):
        assert set(text) <= set("[],0123456789")
        assert text[:1] == "["
        assert math.isfinite(logprob)


def test_a_grammar_changes_nothing_that_it_allows(engine_of):
    """It is asked about what was drawn, and draws anew only where it refuses."""
    engine = engine_of(4)
    prompt = engine.tokenize("def double(x):\n    return", special=False)
    free = complete(engine, prompt, *range(4), max_tokens=12, stop=())
    held = complete(engine, prompt, *range(4), max_tokens=12, stop=(), grammar='root ::= [^"]*')
    assert held == free


@pytest.mark.parametrize(
    "grammar", ['root ::= "a', 'foo ::= "a"', "root ::= foo", 'root ::= root "a"', "root ::= [a-"]
)
def test_a_malformed_grammar_is_told(engine_of, grammar):
    """The library would die of it; the engine can be used again."""
    engine = engine_of(2)
    prompt = engine.tokenize("x = ", special=False)
    with pytest.raises(BadOption, match="GBNF with a rule `root`"):
        complete(engine, prompt, 1, grammar=grammar)
    assert complete(engine, prompt, 1)


def test_cancelling_frees_what_was_open(engine_of, monkeypatch):
    """Each sampler that was made is freed, once."""
    engine = engine_of(4)
    made, freed = [], []
    init, free = engine._lib.llama_sampler_chain_init, engine._lib.llama_sampler_free

    def noted(params):
        made.append(init(params))
        return made[-1]

    monkeypatch.setattr(engine._lib, "llama_sampler_chain_init", noted)
    monkeypatch.setattr(
        engine._lib, "llama_sampler_free", lambda one: (freed.append(one), free(one))
    )
    prompt = engine.tokenize("def half(n):\n", special=False)
    running = engine.complete(prompt, samplings(*range(40)), max_tokens=60, stop=("\n",))
    next(running)
    assert len(made) > len(freed)
    running.close()
    assert [id(one) for one in freed] != []
    assert {id(one) for one in made} == {id(one) for one in freed}
    assert len(freed) == len(made)
