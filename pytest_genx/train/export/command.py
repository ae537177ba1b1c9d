"""The verb `genx-train export`."""

# ruff: noqa: PLC0415 -- a verb imports what it needs when it is run

from __future__ import annotations

import argparse
import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_genx.train.export.source import Source


def add_export(verbs: Any) -> None:
    """Add the verb to those of `genx-train`."""
    verb = verbs.add_parser("export", help="a trained model as safetensors, GGUF, for Ollama")
    verb.add_argument(
        "source", type=Path, metavar="RUN_OR_CHECKPOINT",
        help="folder of a run, of a Qwen2 or Qwen3 model for transformers, or of a LoRA adapter",
    )  # fmt: skip
    verb.add_argument(
        "--version", type=int, metavar="K", help="of the run, 0 for its base (the last one)"
    )
    verb.add_argument("--to", type=Path, metavar="DIR", help="new folder (NAME-export)")
    verb.add_argument(
        "--quantization", default="q8_0",
        help="of the GGUF file: q8_0, f16, f32, q4_k_m, q5_k_m or q6_k (q8_0)",
    )  # fmt: skip
    verb.set_defaults(run=_export)


def _export(arguments: argparse.Namespace) -> int:
    from pytest_genx.errors import UnknownName
    from pytest_genx.train.export.quantize import QUANTIZATIONS
    from pytest_genx.train.export.source import find_sources

    if arguments.quantization not in QUANTIZATIONS:
        raise UnknownName("quantization", arguments.quantization, QUANTIZATIONS)
    sources = find_sources(arguments.source, arguments.version)
    for source in sources:
        _one(source, _target(source, arguments.to, alone=len(sources) == 1), arguments.quantization)
    return 0


def _target(source: Source, to: Path | None, *, alone: bool) -> Path:
    """Where a model goes: with two, into folders named after their roles if one is given."""
    if to is None:
        return Path(f"{source.name}-export")
    return to if alone else to / source.part


def _one(source: Source, target: Path, quantization: str) -> None:
    from pytest_genx.train.export.source import ExportError
    from pytest_genx.train.export.write import export

    gguf = export(source, target, quantization)
    for path in sorted(target.iterdir()):
        sys.stdout.write(f"wrote {path}\n")
    if importlib.util.find_spec("llama_cpp") is None:
        sys.stdout.write("smoke test: left out, llama-cpp-python is not installed\n")
        return
    from pytest_genx.train.export.smoke import smoke

    seen = smoke(target, gguf)
    sys.stdout.write(f"smoke test: {seen.line()}\n")
    if not seen.passed:
        raise ExportError(target, "is written, but llama.cpp does not run it as transformers does")
