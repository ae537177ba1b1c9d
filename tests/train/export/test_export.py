"""An export is a whole folder that llama.cpp runs as transformers does, or nothing."""

from __future__ import annotations

import errno
import json
import shutil
import sys

import pytest

from pytest_genx.train.cli import main
from pytest_genx.train.export import smoke as smoking
from pytest_genx.train.export import write as writing
from pytest_genx.train.rounds.bases import weights_hash
from pytest_genx.train.rounds.store import Place

for module in ("torch", "transformers", "gguf", "llama_cpp"):
    pytest.importorskip(module, reason="needs the train extra")

INTERVAL = {"mean": 0.5, "low": 0.25, "high": 0.75}


@pytest.fixture
def run(tiny, tmp_path):
    """The folder of a run with two trained versions, made of the tiny model."""
    folder, _ = tiny
    output = tmp_path / "out"
    for number in (0, 1):
        place = Place(output / f"round-{number}", {
            "name": "small", "base": "abc", "recipe": "def", "seed": 3,
            "versions": {"python": "3.12"}, "data": {"train some": {"problems": 4}},
        })  # fmt: skip
        shutil.copytree(folder, place.folder / "model")
        facts = {"documents": 7, "tokens": 70, "steps": 5, "rows": {"round 0": 4, "round 1": 3}}
        place.finish("train", ["model/model.safetensors"], facts)
        figures = {"tester pass rate": {**INTERVAL, "problems": 9, "lead": INTERVAL}}
        metrics = {"version": number + 1, "sets": {"other": figures}}
        (place.folder / "metrics.json").write_text(json.dumps(metrics))
    (output / "recipe.json").write_text("{}")
    return output


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """Compare a few tokens only: how well both sides agree is a matter of real models."""
    monkeypatch.setattr(smoking, "_LENGTH", 3)


def test_a_version_of_a_run_is_exported_whole(run, tmp_path, capsys):
    """All files are there, the smoke test passes, the card has the run's figures."""
    to = tmp_path / "to"
    assert main(["export", str(run), "--version", "1", "--to", str(to)]) == 0
    printed = capsys.readouterr().out
    assert "token ids the same in 6 of 6 prompts" in printed
    names = {path.name for path in to.iterdir()}
    assert names >= {
        "model.safetensors", "config.json", "tokenizer.json", "small-v1.gguf", "Modelfile",
        "README.md", "export.json",
    }  # fmt: skip
    assert not (tmp_path / "to.new").exists()
    card = (to / "README.md").read_text("utf-8")
    assert "4 of round 0, 3 of round 1" in card
    assert "| other | tester pass rate | 9 | 50.0 % [25.0, 75.0] | +50.0 % [+25.0, +75.0] |" in card
    assert "The licence of the base is not known" in card
    model = (to / "Modelfile").read_text("utf-8")
    assert model.startswith('FROM ./small-v1.gguf\nTEMPLATE """{{ .Prompt }}"""\n')
    assert "PARAMETER temperature 0.8\nPARAMETER top_p 0.95\nPARAMETER min_p 0.05\n" in model
    assert 'PARAMETER stop """\ndef """\n' in model


def test_the_last_version_is_the_default_and_an_export_is_replaced(run, tmp_path, monkeypatch):
    """Without options a folder with the version's name is made; made again, it is replaced."""
    monkeypatch.chdir(tmp_path)
    assert main(["export", str(run)]) == 0
    assert main(["export", str(run), "--quantization", "f16"]) == 0
    assert (tmp_path / "small-v2-export" / "small-v2.gguf").is_file()


@pytest.mark.parametrize("quantization", ["f32", "q4_k_m"])
def test_a_checkpoint_is_exported_in_each_kind_of_quantization(tiny, tmp_path, quantization):
    """The GGUF file of a plain folder runs, whoever quantises it."""
    folder, _ = tiny
    to = tmp_path / "to"
    assert main(["export", str(folder), "--to", str(to), "--quantization", quantization]) == 0
    assert not list(to.glob("*.f16"))


def test_a_chat_model_keeps_its_template(tiny, tmp_path):
    """The template is in the GGUF file, and the Modelfile has none of its own."""
    from pytest_genx.backends.gguf_header import read_header

    folder = shutil.copytree(tiny[0], tmp_path / "chat")
    (folder / "chat_template.jinja").write_text("{{ messages[0].content }}")
    (folder / "README.md").write_text("---\nlanguage: en\nlicense: apache-2.0\n---\n")
    assert main(["export", str(folder), "--to", str(tmp_path / "to")]) == 0
    template = read_header(tmp_path / "to" / "chat.gguf").chat_template
    assert template == "{{ messages[0].content }}"
    assert "TEMPLATE" not in (tmp_path / "to" / "Modelfile").read_text()
    assert (tmp_path / "to" / "README.md").read_text().startswith("---\nlicense: apache-2.0\n---")


def error_of(capsys, *arguments):
    """The one line that a failing export prints."""
    assert main(["export", *map(str, arguments)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line


def test_what_is_no_model_is_refused_in_one_sentence(run, tiny, tmp_path, capsys):
    """No folder, no run, no such version, another architecture, an unknown quantisation."""
    assert "there is no such folder" in error_of(capsys, tmp_path / "nothing")
    (tmp_path / "empty").mkdir()
    assert "neither a run" in error_of(capsys, tmp_path / "empty")
    line = error_of(capsys, run, "--version", "9")
    assert "version 9 is not there; trained: 1, 2" in line
    assert "--version 1 is for runs" in error_of(capsys, tiny[0], "--version", "1")
    assert "no quantization named 'q9'" in error_of(capsys, run, "--quantization", "q9")
    other = shutil.copytree(tiny[0], tmp_path / "llama")
    (other / "config.json").write_text('{"model_type": "llama"}')
    assert "model_type is 'llama', not 'qwen2' or 'qwen3'" in error_of(capsys, other)


def test_other_files_are_never_overwritten(tiny, tmp_path, capsys):
    """A folder with files that no export wrote stays as it is; so does the model itself."""
    (tmp_path / "notes.txt").write_text("mine")
    line = error_of(capsys, tiny[0], "--to", tmp_path)
    assert "holds other files, such as notes.txt" in line
    assert "holds other files" in error_of(capsys, tiny[0], "--to", tiny[0])
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_full_disk_leaves_nothing_behind(tiny, tmp_path, capsys, monkeypatch):
    """The sentence names the cause, and neither half a folder nor a temporary one stays."""

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(writing, "quantize", full)
    line = error_of(capsys, tiny[0], "--to", tmp_path / "to")
    assert "cannot be written: No space left on device" in line
    assert not list(tmp_path.iterdir())


def test_an_adapter_without_peft_names_the_package(tmp_path, capsys, monkeypatch):
    """Merging needs peft; nothing is written without it."""
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text('{"base_model_name_or_path": "owner/base"}')
    monkeypatch.setitem(sys.modules, "peft", None)
    line = error_of(capsys, adapter, "--to", tmp_path / "to")
    assert "merging an adapter needs the package 'peft'" in line
    assert not (tmp_path / "to").exists()


@pytest.mark.filterwarnings("ignore::FutureWarning")  # peft's, about transformers
def test_an_adapter_is_merged_into_its_base(tiny, tmp_path):
    """The exported weights are the base's and the adapter's together."""
    peft = pytest.importorskip("peft", reason="needs peft")
    import torch
    from safetensors.torch import load_file
    from transformers import Qwen3ForCausalLM

    model = Qwen3ForCausalLM.from_pretrained(tiny[0], dtype="float32")
    settings = peft.LoraConfig(r=2, target_modules=["q_proj"], init_lora_weights=False)
    peft.get_peft_model(model, settings).save_pretrained(tmp_path / "adapter")
    assert main(["export", str(tmp_path / "adapter"), "--to", str(tmp_path / "to")]) == 0
    base = load_file(tiny[0] / "model.safetensors")
    merged = load_file(tmp_path / "to" / "model.safetensors")
    key = "model.layers.0.self_attn.{}.weight"
    assert not torch.equal(base[key.format("q_proj")], merged[key.format("q_proj")])
    assert torch.equal(base[key.format("k_proj")], merged[key.format("k_proj")])


def test_a_file_of_other_weights_fails_the_smoke_test(tiny, tmp_path, capsys, monkeypatch):
    """If the sides part on what is no near tie, the folder stays and the status is 2."""
    state = smoking.read_state

    def other(path):
        return {key: value.flip(0) for key, value in state(path).items()}

    monkeypatch.setattr(smoking, "read_state", other)
    line = error_of(capsys, tiny[0], "--to", tmp_path / "to")
    assert "is written, but llama.cpp does not run it as transformers does" in line
    assert (tmp_path / "to" / "hf.gguf").is_file()


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_version_0_is_the_base(run, tiny, tmp_path, kind):
    """It is exported from where it lies, whether a folder or a GGUF file."""
    from pytest_genx.train.gguf_file import write_gguf

    base = tiny[0]
    if kind == "file":
        base = tmp_path / "base.gguf"
        write_gguf(tiny[0], base)
    saved = {"base": weights_hash(base), "paths": {"base": str(base)}}
    (run / "recipe.json").write_text(json.dumps(saved))
    to = tmp_path / "to"
    assert main(["export", str(run), "--version", "0", "--to", str(to)]) == 0
    assert (to / "small-v0.gguf").is_file()
    assert "as it was before the first round" in (to / "README.md").read_text("utf-8")


def test_a_base_that_is_not_there_is_one_sentence(run, tiny, tmp_path, capsys):
    """Not recorded, moved, or another: the sentence says what to export instead."""
    what = "version 0 is the base itself; export the file or folder that `base`"
    for saved, reason in (
        ({}, "where the base lies is not recorded"),
        ({"paths": {"base": str(tmp_path / "moved")}}, "the base is no longer at"),
        ({"base": "other", "paths": {"base": str(tiny[0])}}, "is not what the run began with"),
    ):
        (run / "recipe.json").write_text(json.dumps(saved))
        line = error_of(capsys, run, "--version", "0")
        assert reason in line
        assert what in line


def test_a_qwen2_model_runs_as_gguf_too(tokenizer, tmp_path, capsys):
    """The family of small code models: biases, no norms of heads, an output of its own."""
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    from pytest_genx.train.tokenizer import save_tokenizer

    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=tokenizer.get_vocab_size() + 5, hidden_size=64, intermediate_size=96,
        num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=1,
        max_position_embeddings=256, tie_word_embeddings=False, eos_token_id=0, bos_token_id=0,
    )  # fmt: skip
    model = Qwen2ForCausalLM(config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim == 2:
                parameter.mul_(4)
            elif "bias" in name:
                parameter.normal_()
    folder = tmp_path / "qwen2"
    save_tokenizer(tokenizer, folder)
    model.save_pretrained(folder)
    assert main(["export", str(folder), "--to", str(tmp_path / "to"),
                 "--quantization", "f32"]) == 0  # fmt: skip
    assert "token ids the same in 6 of 6 prompts" in capsys.readouterr().out
