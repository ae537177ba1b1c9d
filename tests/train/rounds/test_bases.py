"""A base is found, says its licence or not, and is trained with what it will be asked."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("transformers", reason="needs the train extra")
pytest.importorskip("gguf", reason="needs the train extra")

from pytest_genx.backends.embedded import embedded_model
from pytest_genx.errors import RecipeError
from pytest_genx.train.gguf_file import write_gguf
from pytest_genx.train.packing import pack
from pytest_genx.train.rounds.bases import (
    find_base,
    load_words,
    parameters,
    read_chat_template,
    read_licence,
    save_words,
)
from pytest_genx.train.rounds.finetune import make_documents
from pytest_genx.train.rounds.formats import Task
from pytest_genx.train.rounds.problems import make_problem

TEMPLATE = (
    "{% for m in messages %}<|endoftext|>{{ m.role }}\n{{ m.content }}\n{% endfor %}assistant\n"
)


@pytest.fixture
def base(tiny, tmp_path):
    """A copy of the tiny model that a test may change."""
    return shutil.copytree(tiny[0], tmp_path / "base")


def test_a_licence_is_read_from_where_each_format_has_it(base, tmp_path):
    """The card, config.json, `general.license`; nothing where none of them says it."""
    assert read_licence(base) == ""
    write_gguf(base, tmp_path / "silent.gguf")
    assert read_licence(tmp_path / "silent.gguf") == ""
    config = json.loads((base / "config.json").read_text())
    (base / "config.json").write_text(json.dumps({**config, "license": "bsd"}))
    assert read_licence(base) == "bsd"
    (base / "README.md").write_text("---\nlanguage: en\nlicense: apache-2.0\n---\n# A\n")
    assert read_licence(base) == "apache-2.0"
    write_gguf(base, tmp_path / "told.gguf", licence="apache-2.0")
    assert read_licence(tmp_path / "told.gguf") == "apache-2.0"
    assert read_licence(embedded_model()) == "mit"


@pytest.mark.parametrize("name", ["tokenizer.json", "config.json", "model.safetensors"])
def test_a_base_without_a_part_is_one_sentence(base, name):
    """Recipe, key, value and what is missing are named."""
    (base / name).unlink()
    with pytest.raises(RecipeError, match=r"^recipe r\.yaml: base is .*missing$") as caught:
        find_base(Path("r.yaml"), "base", base)
    assert name.partition(".")[2] in str(caught.value)


def test_parameters_are_counted_without_loading(tiny, tmp_path):
    """Both formats say the same number as the model."""
    folder, model = tiny
    write_gguf(folder, tmp_path / "tiny.gguf")
    count = sum(p.numel() for p in model.parameters())
    assert parameters(folder) == parameters(tmp_path / "tiny.gguf") == count


def test_a_chat_model_is_trained_with_what_the_backend_shows_it(base, tmp_path):
    """The tokens before an answer are those of the transformers backend, and it is one block."""
    from pytest_genx.backends.transformers import transformers_backend
    from pytest_genx.config import Config

    (base / "chat_template.jinja").write_text(TEMPLATE)
    words = load_words(base)
    task = Task("p", "Add one.", "f", ("def f(a):\n    return a + 1\n",), ("assert f(1) == 2",))
    problem = make_problem(task)
    rows = [
        {"problem": "p", "role": "coder", "round": 0, "source": problem.target.source},
        {"problem": "p", "role": "tester", "round": 0, "source": "assert f(1) == 2"},
    ]
    documents = make_documents(rows, {"p": problem}, 3, 0, words.chat)
    answers = {d.prompt: d.answer for d in documents}
    backend = transformers_backend(Config(rootdir=tmp_path, model=str(base)))
    for prompt, answer in (
        (problem.coder, f"```python\n{problem.target.source.strip()}\n```"),
        (problem.tester, "```python\nassert f(1) == 2\n```"),
    ):
        text = words.chat(prompt.messages)
        assert answers[text] == answer
        ids = words.tokenizer.encode(text, add_special_tokens=False).ids
        assert ids == backend._tokens(prompt)
    backend.close()
    packs, _ = pack(
        documents, words.tokenizer, longest=256, prompt_weight=0.0,
        ends=(words.end, words.pad), begin=False,
    )  # fmt: skip
    assert sum(len(p.tokens) for p in packs) == len(documents)
    (tmp_path / "to").mkdir()
    save_words(words, base, tmp_path / "to")
    assert read_chat_template(tmp_path / "to") == TEMPLATE
