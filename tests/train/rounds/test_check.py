"""`genx-train check` tries every part, and says what a base lacks."""

from __future__ import annotations

import re

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
    head, *rows = text.partition("ONE TRY AT EACH\n")[2].partition("\n\n")[0].splitlines()
    assert head.split()[:3] == ["problem", "references", "tests"]
    assert len(rows) == 4
    first = rows[0].split()
    assert first[0].startswith("own/")
    assert first[1:3] == ["1", "1"]
    assert all(int(n) > 0 for n in first[3:6])  # tokens: of both prompts, and sampled
    assert re.search(r"(?m)^a round +\d+\.\d$", text)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("smapling.tester=1", "unknown key 'smapling'; the nearest is 'sampling'"),
        ("sampling.tester=x", "sampling.tester is 'x'; expected int"),
        ("base=none.gguf", "base is 'none.gguf', where nothing is"),
        ("data.train=[soem]", "soem: no such file"),
        ("data.train=[fomat:some]", "no format of problems named 'fomat'"),
        ("sampling.backend=lama", "no backend named 'lama'; known:"),
        ("execution.sandbox=prcess", "no sandbox named 'prcess'; known:"),
        ("tracking=[trakio]", "no tracker named 'trakio'; known: tensorboard, trackio"),
    ],
)
def test_what_a_run_would_stop_at_is_one_line(recipe_text, folder, capsys, override, message):
    """A wrong key, type, path or name."""
    path = folder / "wrong.yaml"
    path.write_text(recipe_text)
    assert main(["check", str(path), override]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line


def test_a_recipe_that_is_no_text_is_one_line(tmp_path, capsys):
    """Bytes, nothing, a folder."""
    for name, content, reason in (
        ("bytes.yaml", b"\xff\xfe", "is no text in UTF-8"),
        ("empty.yaml", b"", "a mapping is expected at the top"),
    ):
        (tmp_path / name).write_bytes(content)
        assert main(["check", str(tmp_path / name)]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert reason in line
    assert main(["check", str(tmp_path)]) == 2
    assert "Is a directory" in capsys.readouterr().err


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
