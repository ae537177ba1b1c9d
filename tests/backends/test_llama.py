from __future__ import annotations

import importlib.util
import os
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_genx.backends import llama
from pytest_genx.backends.embedded import NAME
from pytest_genx.backends.shorten import shortened
from pytest_genx.config import Config
from pytest_genx.domain import Prompt, Role
from pytest_genx.errors import MissingDependency, ModelError

TEMPLATE = (
    "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}answer: {% endif %}"
)
needs_llama = pytest.mark.skipif(
    importlib.util.find_spec("llama_cpp") is None, reason="llama-cpp-python is not installed"
)
EMBEDDED = Path(llama.__file__).parents[2] / "models" / NAME


@pytest.fixture
def opened(tmp_path, tiny_model):
    """Open the tiny model; closed at the end."""
    backends = []

    def open_model(model: Path | None = None, **options):
        path = model or tiny_model()
        config = Config(rootdir=tmp_path, model=str(path), threads=1, **options)
        backends.append(llama.llama_backend(config))
        return backends[-1]

    yield open_model
    for backend in backends:
        backend.close()


def plain(text: str, role: Role = Role.TESTER, prefix: str = "", stop: tuple[str, ...] = ()):
    return Prompt(role, text, prefix=prefix, stop=stop, messages=(("user", text),))


@needs_llama
def test_the_same_request_gives_the_same_samples(opened, half, request_of):
    """Within a backend and across two, whatever was asked before."""
    request = request_of(half, prompt=plain("def half("), n=6, seed=5, max_tokens=20)
    backend = opened()
    first = list(backend.sample(request))
    list(backend.sample(request_of(half, prompt=plain("other"), n=2, max_tokens=9)))
    assert list(backend.sample(request)) == first
    assert list(opened().sample(request)) == first


@needs_llama
def test_samples_are_as_many_as_asked_and_differ(opened, half, request_of):
    """More than are decoded together, too; each has its own seed and token count."""
    request = request_of(half, prompt=plain("def half("), n=20, seed=3, max_tokens=12)
    samples = list(opened(samples=4).sample(request))
    assert [sample.seed for sample in samples] == list(range(3, 23))
    assert len({sample.text for sample in samples}) > 10
    assert all(0 < sample.tokens <= 12 for sample in samples)


@needs_llama
def test_only_the_first_sample_of_the_coder_is_greedy(opened, half, request_of):
    """It is the same under every seed, as no other sample is."""
    backend = opened()

    def texts(role: Role, seed: int) -> list[str]:
        request = request_of(half, prompt=plain("def ", role), n=2, seed=seed, max_tokens=16)
        return [sample.text for sample in backend.sample(request)]

    assert texts(Role.CODER, 1)[0] == texts(Role.CODER, 100)[0]
    assert texts(Role.CODER, 1)[1] != texts(Role.CODER, 100)[1]
    assert texts(Role.TESTER, 1)[0] != texts(Role.TESTER, 100)[0]


@needs_llama
def test_a_sample_starts_with_the_prefix_and_ends_before_the_stop(opened, half, request_of):
    """What extraction parses is whole, and nothing of what follows."""
    backend = opened()
    free = request_of(half, prompt=plain("x = ", prefix="x = "), n=8, seed=1, max_tokens=30)
    letters = [sample.text.removeprefix("x = ") for sample in backend.sample(free)]
    stop = letters[0][10]
    cut = request_of(half, prompt=plain("x = ", prefix="x = ", stop=(stop,)), n=8, seed=1,
                     max_tokens=30)  # fmt: skip
    for text, sample in zip(letters, backend.sample(cut), strict=True):
        assert sample.text.startswith("x = ")
        assert stop not in sample.text.removeprefix("x = ")
        assert text.startswith(sample.text.removeprefix("x = ")[:1])


@needs_llama
def test_a_chat_model_gets_the_messages(opened, half, request_of, tiny_model):
    """Its answer has no prefix, since it did not continue the text."""
    backend = opened(tiny_model(template=TEMPLATE))
    prompt = Prompt(Role.TESTER, "text", prefix="assert ", messages=(("user", "hello"),))
    shown = backend._tokens(prompt)
    assert backend._engine.tokenize("user: hello\nanswer: ", special=True) == shown
    (sample,) = backend.sample(request_of(half, prompt=prompt, n=1, max_tokens=10))
    assert not sample.text.startswith("assert ")


@needs_llama
@pytest.mark.parametrize("template", ["{% broken", "{{ raise_exception('no system role') }}"])
def test_a_bad_chat_template_is_a_model_error(opened, half, request_of, tiny_model, template):
    """Found when the model is opened, or when the template is used."""
    with pytest.raises(ModelError, match="chat template"):
        list(opened(tiny_model(template=template)).sample(request_of(half, prompt=plain("a"))))


@needs_llama
@pytest.mark.parametrize("template", [None, TEMPLATE])
def test_a_long_prompt_is_cut_from_the_top(opened, half, request_of, tiny_model, template):
    """The target at its end stays, the answer still fits the context of 256 tokens."""
    backend = opened(tiny_model(template=template))
    code = "".join(f"line_{i} = {i}\n" for i in range(200)) + "def half(n):\n"
    prompt = Prompt(Role.CODER, code, messages=(("user", f"write\n```python\n{code}"),))
    tokens = backend._tokens(shortened(prompt, 128, lambda p: len(backend._tokens(p))))
    text = b"".join(backend._engine._piece(token) for token in tokens).decode()
    assert len(tokens) <= 128
    assert "def half(n):\n" in text
    assert ("write\n" in text) is (template is not None)
    request = request_of(half, prompt=prompt, n=2, max_tokens=500)
    samples = list(backend.sample(request))
    assert len(samples) == 2
    assert all(sample.tokens <= 128 for sample in samples)
    assert {sample.cut for sample in samples} == {("the top of the code",)}


@needs_llama
def test_one_endless_line_is_cut_too(opened, half, request_of):
    """There is no line to drop."""
    (sample,) = opened().sample(request_of(half, prompt=plain("a" * 5000), n=1))
    assert sample.cut == ("the top of the code",)


@needs_llama
def test_a_token_of_many_bytes_is_not_cut(opened):
    """The library's own detokenizer drops what is beyond 32 bytes."""
    last_token = 39
    assert opened()._engine._piece(last_token) == b"x" * 100


@needs_llama
def test_closing_the_iterator_cancels(opened, half, request_of):
    """The backend can be used again at once."""
    backend = opened(samples=2)
    samples = backend.sample(request_of(half, prompt=plain("a"), n=1000, max_tokens=50))
    first = next(samples)
    samples.close()
    again = backend.sample(request_of(half, prompt=plain("a"), n=1, max_tokens=50))
    assert next(again) == first


@needs_llama
def test_an_architecture_that_llama_cpp_does_not_know_is_told(opened, tiny_model):
    """With its own words, and nothing printed."""
    with pytest.raises(ModelError, match=r"llama\.cpp refused it: .*strange"):
        opened(tiny_model(architecture="strange"))


@needs_llama
def test_nothing_is_printed(opened, half, request_of, capfd):
    """Neither when loading nor when sampling, on the file descriptors themselves."""
    list(opened().sample(request_of(half, prompt=plain("a"), n=2, max_tokens=5)))
    assert capfd.readouterr() == ("", "")


def test_a_missing_package_names_the_command(tmp_path, monkeypatch):
    """The message is all that is needed to put it right."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingDependency, match="run: pip install llama-cpp-python"):
        llama.llama_backend(Config(rootdir=tmp_path))


def test_a_broken_installation_is_told(tmp_path, monkeypatch, tiny_model):
    """Such as one that was built for another processor's libraries."""
    package = tmp_path / "llama_cpp"
    package.mkdir()
    (package / "__init__.py").write_text("raise OSError('libllama.so: no such file')")
    for name in [name for name in sys.modules if name.partition(".")[0] == "llama_cpp"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ModelError, match=r"does not load: libllama\.so"):
        llama.llama_backend(Config(rootdir=tmp_path, model=str(tiny_model())))


@needs_llama
def test_a_model_is_looked_for_in_the_rootdir(tmp_path):
    """The error names the whole path."""
    with pytest.raises(ModelError, match=r"sub/none\.gguf"):
        llama.llama_backend(Config(rootdir=tmp_path, model="sub/none.gguf"))


def test_threads_leave_busy_cores_alone(tmp_path, monkeypatch):
    """As many as are idle; one under xdist; what the option says otherwise."""
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    monkeypatch.setattr(os, "getloadavg", lambda: (3.2, 0, 0), raising=False)
    assert llama.threads_for(Config(rootdir=tmp_path)) == 5
    monkeypatch.setattr(os, "getloadavg", lambda: (99.0, 0, 0), raising=False)
    assert llama.threads_for(Config(rootdir=tmp_path)) == 1
    assert llama.threads_for(Config(rootdir=tmp_path, threads=3)) == 3
    monkeypatch.setattr(os, "getloadavg", lambda: (0.0, 0, 0), raising=False)
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw1")
    assert llama.threads_for(Config(rootdir=tmp_path)) == 1


@needs_llama
@pytest.mark.skipif(not EMBEDDED.is_file(), reason="this checkout has no embedded model")
def test_the_number_of_threads_does_not_change_the_samples(tmp_path, half, request_of):
    """How busy the machine was does not show in a report; long prompts are where it would."""
    code = "".join(f"def add_{i}(a, b):\n    return a + b * {i}\n\n\n" for i in range(24))
    prompt = plain(code + "def half(n):\n", Role.CODER)
    request = request_of(half, prompt=prompt, n=8, max_tokens=48)
    texts = []
    for threads in (1, 3):
        backend = llama.llama_backend(Config(rootdir=tmp_path, threads=threads))
        texts.append([sample.text for sample in backend.sample(request)])
        backend.close()
    assert texts[0] == texts[1]


@needs_llama
def test_a_small_tester_is_held_to_the_signature(opened, half, request_of):
    """Its call has the one argument, a number; a coder writes what it likes."""
    backend = opened()
    prompt = plain("def half(n):\n    return n // 2\n\nassert half(", prefix="assert half(")
    request = request_of(half, prompt=prompt, n=8, max_tokens=40)
    texts = [sample.text for sample in backend.sample(request)]
    assert all(re.match(r"assert half\((n=?)?(-?\d[\d.]*)?(\)|$)", text) for text in texts), texts
    assert backend.prepared(request).prompt.grammar
    coder = replace(request, prompt=plain("def half(", Role.CODER))
    assert backend.prepared(coder) == coder
