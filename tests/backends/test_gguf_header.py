from __future__ import annotations

import struct

import pytest

from pytest_genx.backends.gguf_header import read_header
from pytest_genx.errors import ModelError


def test_metadata_of_a_model_is_read(tiny_model):
    """Numbers come under the architecture's name, arrays are passed over."""
    header = read_header(tiny_model())
    assert header.architecture == "llama"
    assert header.number("context_length") == 256
    assert header.number("nothing_of_that_name", 7) == 7
    assert "tokenizer.ggml.tokens" not in header.metadata


def test_a_chat_template_tells_a_chat_model(tiny_model):
    """A plain model has None."""
    assert read_header(tiny_model()).chat_template is None
    assert read_header(tiny_model(template="{{ messages }}")).chat_template == "{{ messages }}"


def test_the_extents_of_the_tensors_end_with_the_file(tiny_model):
    """What the header needs is what the file has, padding aside."""
    path = tiny_model()
    assert 0 <= path.stat().st_size - read_header(path).needed < 32


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.99])
def test_a_truncated_file_is_refused(tiny_model, tmp_path, kept):
    """Wherever it was cut: in the vocabulary or in the weights."""
    whole = tiny_model().read_bytes()
    path = tmp_path / "cut.gguf"
    path.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(ModelError, match="cut off"):
        read_header(path)


def test_a_missing_file_names_close_files(tmp_path):
    """A typing mistake is answered with what is there."""
    (tmp_path / "genx-nano.gguf").touch()
    with pytest.raises(ModelError, match=r"no such file; close files: genx-nano\.gguf"):
        read_header(tmp_path / "genx-nono.gguf")


def test_a_missing_directory_is_named(tmp_path):
    """The part of the path that is wrong is told."""
    with pytest.raises(ModelError, match="nor the directory"):
        read_header(tmp_path / "nowhere" / "model.gguf")


def test_a_directory_is_refused(tmp_path):
    """Model folders of other formats are a common mistake."""
    with pytest.raises(ModelError, match="it is a directory"):
        read_header(tmp_path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 something else"])
def test_another_format_is_refused(tmp_path, content):
    """The magic bytes decide, not the name."""
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="not a GGUF file"):
        read_header(path)


def test_another_version_is_refused(tmp_path):
    """The message says which ones are read."""
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 99, 0, 0))
    with pytest.raises(ModelError, match="GGUF version 99; supported: 2, 3"):
        read_header(path)


def test_absurd_counts_are_damage(tmp_path):
    """A header that promises more than the file has does not crash the reader."""
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 2**60, 2**60) + b"\xff" * 64)
    with pytest.raises(ModelError, match="cut off or damaged"):
        read_header(path)
