"""The verb `genx-train export`."""

# ruff: noqa: PLC0415 -- a verb imports what it needs when it is run

from __future__ import annotations

import argparse
import importlib.util
import sys
from pathlib import Path
from typing import Any


def add_export(verbs: Any) -> None:
    """Add the verb to those of `genx-train`."""
    verb = verbs.add_parser("export", help="a trained model as safetensors, GGUF, for Ollama")
    verb.add_argument(
        "source", type=Path, metavar="RUN_OR_CHECKPOINT",
        help="folder of a run, of a Qwen3 model for transformers, or of a LoRA adapter",
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
    from pytest_genx.train.export.source import ExportError, find_source
    from pytest_genx.train.export.write import export

    if arguments.quantization not in QUANTIZATIONS:
        raise UnknownName("quantization", arguments.quantization, QUANTIZATIONS)
    source = find_source(arguments.source, arguments.version)
    target = arguments.to or Path(f"{source.name}-export")
    gguf = export(source, target, arguments.quantization)
    for path in sorted(target.iterdir()):
        sys.stdout.write(f"wrote {path}\n")
    if importlib.util.find_spec("llama_cpp") is None:
        sys.stdout.write("smoke test: left out, llama-cpp-python is not installed\n")
        return 0
    from pytest_genx.train.export.smoke import smoke

    seen = smoke(target, gguf)
    sys.stdout.write(f"smoke test: {seen.line()}\n")
    if not seen.passed:
        raise ExportError(target, "is written, but llama.cpp does not run it as transformers does")
    return 0
