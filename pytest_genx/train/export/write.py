"""Source -> a folder with safetensors, GGUF, Modelfile and card, whole or not at all."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from pytest_genx.models.store import file_hash
from pytest_genx.train.export.card import card
from pytest_genx.train.export.modelfile import modelfile
from pytest_genx.train.export.quantize import quantize
from pytest_genx.train.export.source import (
    ExportError,
    Source,
    merge_adapter,
    model_files,
    read_json,
    unpack_base,
)
from pytest_genx.train.rounds.bases import read_chat_template
from pytest_genx.train.rounds.store import versions

CONTENTS = "export.json"


def export(source: Source, target: Path, quantization: str) -> Path:
    """Write the folder.

    Args:
        source: what is exported.
        target: a folder that is empty, not there yet, or of an earlier export: replaced then.
        quantization: of the GGUF file.

    Returns:
        The GGUF file.

    Raises:
        ExportError: the folder holds other files, or the disk is full.
        MissingDependency: an adapter needs peft, or a K-quant llama-cpp-python.
        ModelError: the model cannot be read.
    """
    import safetensors  # noqa: PLC0415

    check_target(target)
    partial = target.with_name(target.name + ".new")
    gguf = f"{source.name}.gguf"
    try:
        if partial.exists():
            shutil.rmtree(partial)
        partial.mkdir(parents=True)
        if source.adapter:
            merge_adapter(source.folder, partial)
        elif source.folder.is_file():
            unpack_base(source.folder, partial)
        else:
            for path in model_files(source.folder):
                shutil.copyfile(path, partial / path.name)
        template = read_chat_template(partial)
        quantize(partial, partial / gguf, quantization, source.name, template)
        (partial / "Modelfile").write_text(modelfile(gguf, chat=bool(template)), "utf-8")
        (partial / "README.md").write_text(card(source, gguf, quantization), "utf-8")
        hashes = {path.name: file_hash(path) for path in sorted(partial.iterdir())}
        contents = {"name": source.name, "files": hashes, "versions": versions()}
        (partial / CONTENTS).write_text(json.dumps(contents, indent=1) + "\n", "utf-8")
        if target.exists():
            shutil.rmtree(target)
        partial.rename(target)
    except (OSError, safetensors.SafetensorError) as error:  # a disk that is full, above all
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise ExportError(target, f"cannot be written: {reason}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return target / gguf


def check_target(target: Path) -> None:
    """Refuse a folder with files that no export wrote.

    Raises:
        ExportError: there are such files, or it is no folder.
    """
    if not target.exists():
        return
    if not target.is_dir():
        raise ExportError(target, "is a file")
    written = {*read_json(target / CONTENTS).get("files", {}), CONTENTS}
    other = sorted(path.name for path in target.iterdir() if path.name not in written)
    if other:
        raise ExportError(target, f"the folder holds other files, such as {other[0]}")
