from __future__ import annotations

import importlib.util
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_genx.backends.xllamacpp import xllamacpp_backend
from pytest_genx.config import Config
from pytest_genx.domain import Prompt, Role
from pytest_genx.errors import MissingDependency, ModelError

MODEL = Path(__file__).parents[2] / "models" / "genx-nano.gguf"
needs_xllamacpp = pytest.mark.skipif(
    importlib.util.find_spec("xllamacpp") is None, reason="xllamacpp is not installed"
)


@pytest.fixture
def opened(tmp_path):
    """Open the embedded model, or another; closed at the end."""
    backends = []

    def open_model(model: Path = MODEL, **options):
        config = Config(rootdir=tmp_path, model=str(model), threads=1, **options)
        backends.append(xllamacpp_backend(config))
        return backends[-1]

    yield open_model
    for backend in backends:
        backend.close()


def plain(text: str, role: Role = Role.TESTER, prefix: str = "", stop: tuple[str, ...] = ()):
    return Prompt(role, text, prefix=prefix, stop=stop, messages=(("user", text),))


@needs_xllamacpp
def test_a_sample_is_the_same_in_whatever_batch_it_comes(opened, half, request_of):
    """Each has its seed, its text and its log probability."""
    backend = opened()
    request = request_of(half, prompt=plain("def half(n):\n"), n=6, seed=5, max_tokens=16)
    together = list(backend.sample(request))
    parts = [
        *backend.sample(replace(request, n=1)),
        *backend.sample(replace(request, first=1, n=5)),
    ]
    assert [s.text for s in parts] == [s.text for s in together]
    assert [s.seed for s in together] == list(range(5, 11))
    assert len({s.text for s in together}) > 3
    assert all(s.logprob < 0 and 0 < s.tokens <= 17 for s in together)


@needs_xllamacpp
def test_only_the_first_sample_of_the_coder_is_greedy(opened, half, request_of):
    """It is the same under every seed; temperatures come in turns."""
    backend = opened()
    request = request_of(
        half, prompt=plain("def half(n):\n", Role.CODER), n=3, seed=1, max_tokens=16,
        temperatures=(0.4, 1.2),
    )  # fmt: skip
    first = [sample.text for sample in backend.sample(request)]
    other = [sample.text for sample in backend.sample(replace(request, seed=900))]
    assert first[0] == other[0]
    assert first[1:] != other[1:]


@needs_xllamacpp
def test_a_sample_starts_with_the_prefix_and_ends_before_the_stop(opened, half, request_of):
    """As in the llama backend."""
    prompt = plain("def half(n):\n", prefix="x = ", stop=("\n",))
    for sample in opened().sample(request_of(half, prompt=prompt, n=4, max_tokens=30)):
        assert sample.text.startswith("x = ")
        assert "\n" not in sample.text


@needs_xllamacpp
def test_a_prompt_that_is_too_long_is_cut(opened, half, request_of):
    """To what the model's context holds, and the sample says so."""
    prompt = plain("x = 1\n" * 2000 + "def half(n):\n")
    (sample,) = opened().sample(request_of(half, prompt=prompt, n=1, max_tokens=8))
    assert sample.cut == ("the top of the code",)


@needs_xllamacpp
def test_its_port_answers_nobody(opened):
    """The server inside cannot be kept from listening, but it wants a key."""
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(opened()._server.listening_address + "/v1/models", timeout=10)


@needs_xllamacpp
def test_bad_files_are_told_as_in_the_llama_backend(opened, tmp_path):
    """Before llama.cpp sees them."""
    bad = tmp_path / "bad.gguf"
    bad.write_bytes(MODEL.read_bytes()[:5000])
    with pytest.raises(ModelError, match="it is cut off"):
        opened(bad)
    with pytest.raises(ModelError, match="there is no such file"):
        opened(tmp_path / "none.gguf")


@needs_xllamacpp
def test_the_backend_says_that_it_is_slow(opened):
    """And what would be faster."""
    assert "slower than llama" in opened().notes[0]


def test_a_missing_package_names_the_command(tmp_path, monkeypatch):
    """The message is all that is needed to put it right."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingDependency, match=r"run: pip install 'pytest-genx\[xllamacpp\]'"):
        xllamacpp_backend(Config(rootdir=tmp_path))
