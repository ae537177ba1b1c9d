"""`genx-train check` tries every part, and says what a base lacks."""

from __future__ import annotations

import pytest

from pytest_genx.errors import ModelError

pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("transformers", reason="needs the train extra")
pytest.importorskip("gguf", reason="needs the train extra")
pytest.importorskip("llama_cpp", reason="needs llama-cpp-python")

from pytest_genx.train.cli import main
from pytest_genx.train.rounds.bases import load_base
from pytest_genx.train.rounds.finetune import body_of, make_documents
from pytest_genx.train.rounds.formats import Task
from pytest_genx.train.rounds.problems import make_problem


def test_a_dry_run_says_what_the_real_one_takes(recipe_text, folder, capsys):
    """Rows, references, tokens, time, disk and memory are told, and nothing is trained."""
    path = folder / "dry.yaml"
    path.write_text(recipe_text)
    assert main(["check", str(path), f"output={folder}/dry"]) == 0
    text = capsys.readouterr().out
    assert "train some: 4 problems" in text
    assert "reference of own/add: passes 1 of 1 tests" in text
    for word in ("tokens", "minutes a round", "MB of disk", "MB of memory"):
        assert word in text
    assert not list((folder / "dry").glob("round-*"))


def test_a_base_without_tokenizer_is_one_sentence(tmp_path):
    """The file that is missing is named."""
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelError, match=r"tokenizer\.json is missing"):
        load_base(tmp_path)
    (tmp_path / "x.gguf").write_bytes(b"no gguf")
    with pytest.raises(ModelError, match="Qwen3"):
        load_base(tmp_path / "x.gguf")


def test_documents_continue_the_prompts_of_the_product():
    """A coder's answer is the body, a tester's goes on after the prompt's `assert f(`."""
    task = Task(
        "p", "Add.", "f", ("def f(a):\n  # one more\n  return a + 1\n",), ("assert f(1) == 2",)
    )
    problem = make_problem(task)
    rows = [
        {"problem": "p", "role": "coder", "round": 0, "source": problem.target.source},
        {"problem": "p", "role": "tester", "round": 0, "source": "with pytest.raises(E):\n    f()"},
        {"problem": "p", "role": "tester", "round": 0, "source": "assert f(1) == 2"},
    ]
    found = {d.prompt: d.answer for d in make_documents(rows, {"p": problem}, 3, 0)}
    assert found[problem.coder.text] == "    return a + 1"
    assert found[problem.tester.text] == "1) == 2\nwith pytest.raises(E):\n    f()"
    assert problem.tester.text.endswith("assert f(")
    assert body_of('def f():\n    """Say."""\n') == "    pass"
