from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pytest_genx.config import from_strings
from pytest_genx.errors import ModelError
from pytest_genx.models.resolve import find, resolve
from pytest_genx.models.store import Place
from pytest_genx.models.table import TABLE


def put(place, content=b"GGUF"):
    """Lay a file into the cache, as if it was pulled."""
    place.path.parent.mkdir(parents=True, exist_ok=True)
    place.path.write_bytes(content)
    return place.path


def reason(model, rootdir):
    """Why a model is not found."""
    with pytest.raises(ModelError) as caught:
        find(model, rootdir)
    return str(caught.value)


def test_a_file_is_itself_from_the_rootdir(tmp_path):
    """Whether it exists is its reader's concern, who knows close names."""
    config = from_strings({"model": "a/m.gguf"}, rootdir=tmp_path)
    assert resolve(config) == tmp_path / "a/m.gguf"


def test_a_home_directory_is_filled_in(tmp_path, monkeypatch):
    """And one of nobody is a sentence."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert find("~/m.gguf", Path("/else")) == tmp_path / "m.gguf"
    assert reason("~nobody-here/m.gguf", tmp_path).startswith("cannot load model '~nobody-here")


def test_a_directory_is_the_one_model_in_it(tmp_path):
    """Adapters for images and other files are passed over."""
    for name in ("m.gguf", "mmproj-m.gguf", "README.md"):
        (tmp_path / name).touch()
    assert find(str(tmp_path), Path("/")) == tmp_path / "m.gguf"


def test_the_parts_of_a_split_model_are_one(tmp_path):
    """The first stands for all; if others are missing, they are named."""
    for i in (1, 2, 3):
        (tmp_path / f"m-0000{i}-of-00003.gguf").touch()
    assert find(str(tmp_path), tmp_path).name == "m-00001-of-00003.gguf"
    assert "name the first one, m-00001-of" in reason("m-00002-of-00003.gguf", tmp_path)
    (tmp_path / "m-00003-of-00003.gguf").unlink()
    assert "parts are missing: m-00003-of-00003.gguf" in reason(str(tmp_path), tmp_path)


def test_several_models_in_a_directory_are_named(tmp_path):
    """And how to choose."""
    (tmp_path / "d").mkdir()
    for name in ("a.gguf", "b.gguf"):
        (tmp_path / "d" / name).touch()
    assert "2 models are in it: a.gguf, b.gguf; name one: d/a.gguf" in reason("d", tmp_path)


def test_of_very_many_models_some_are_named(tmp_path):
    """A sentence must end."""
    for i in range(20):
        (tmp_path / f"{i:02}.gguf").touch()
    assert "06.gguf, 07.gguf and 12 more" in reason(str(tmp_path), tmp_path)


def test_a_directory_for_transformers_is_not_for_llama(tmp_path):
    """One with neither is empty."""
    assert "no GGUF file is in it" in reason(str(tmp_path), tmp_path)
    (tmp_path / "config.json").touch()
    assert "it is for --genx-backend=transformers" in reason(str(tmp_path), tmp_path)


@pytest.mark.parametrize("model", [TABLE[0].name, "hf:acme/m", "hf:acme/m:x/m.gguf"])
def test_a_model_that_was_not_pulled_names_the_command(model, tmp_path):
    """Nothing is fetched by itself."""
    assert reason(model, tmp_path).endswith(f"not pulled yet; run: genx models pull {model}")


def test_a_pulled_model_is_found_by_each_of_its_names(tmp_path):
    """The short one, and those of the hub."""
    known = TABLE[0]
    path = put(Place(known.repository, known.file))
    names = (known.name, f"hf:{known.repository}", f"hf:{known.repository}:{known.file}")
    assert {find(name, tmp_path) for name in names} == {path}


def test_a_name_of_the_table_is_not_a_directory(tmp_path):
    """A directory that is called so is reached with its path."""
    (tmp_path / TABLE[0].name).mkdir()
    (tmp_path / TABLE[0].name / "m.gguf").touch()
    assert "not pulled yet" in reason(TABLE[0].name, tmp_path)
    assert find(f"./{TABLE[0].name}", tmp_path).name == "m.gguf"


def test_several_pulled_files_of_a_repository_are_named(tmp_path):
    """As those of a directory are."""
    put(Place("acme/m", "a.gguf"))
    put(Place("acme/m", "q8/b.gguf"))
    assert "2 models are in it: a.gguf, q8/b.gguf; name one: hf:acme/m:" in reason(
        "hf:acme/m", tmp_path
    )


def test_a_pulled_model_without_all_its_parts_is_none(tmp_path):
    """What is not whole was not pulled."""
    put(Place("acme/m", "m-00001-of-00002.gguf"))
    assert "not pulled yet" in reason("hf:acme/m", tmp_path)
    assert "not pulled yet" in reason("hf:acme/m:m-00001-of-00002.gguf", tmp_path)


@pytest.mark.parametrize(
    "model",
    ["hf:", "hf:acme", "hf:acme/", "hf:/m", "hf:acme/m:", "hf:acme/m:m.bin", "hf:acme/../m",
     "hf:acme/m:../m.gguf", "hf:acme/m:/m.gguf", "hf:acme/m:a//m.gguf", "hf:a/b/c", "hf:.a/m"],
)  # fmt: skip
def test_a_malformed_name_of_the_hub_says_its_form(model, tmp_path):
    """None of them leads out of the cache."""
    assert reason(model, tmp_path).endswith("expected hf:OWNER/NAME or hf:OWNER/NAME:FILE.gguf")


def test_a_mistyped_short_name_shows_a_close_one(tmp_path):
    """And where all stand."""
    sentence = reason("qwen2.5-coder-05b", tmp_path)
    assert sentence.endswith("close: qwen2.5-coder-0.5b; run: genx models list")


def test_finding_a_model_asks_nobody():
    """It loads neither the hub's library nor rich."""
    code = (
        "import sys; from pathlib import Path; from pytest_genx.models.resolve import find;"
        "find('m.gguf', Path());"
        "print(sorted({'huggingface_hub', 'rich', 'httpx2'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
