"""Loads llama-cpp-python and a model, in a process of its own.

A library that was built for another processor kills the process that loads it, and some damaged
models do; the doctor has to live to tell. The answer is one line of JSON on standard output.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_PATIENCE = 120.0  # seconds; weights are mapped, not read
_ROOT = Path(__file__).resolve().parents[2]


def probe(model: Path | None) -> Mapping[str, Any]:
    """Try the library, and a model with it.

    Args:
        model: a GGUF file whose header was read; None tries the library alone.

    Returns:
        `library` and `model`: why each cannot be used, missing when it can; `offload`, `features`.
    """
    code = f"import sys; sys.path.append({str(_ROOT)!r})\nfrom pytest_genx.doctor import probe\n"
    line = [sys.executable, "-c", f"{code}probe.main(sys.argv[1:])"]
    environment = {**os.environ, "PYTHONSAFEPATH": "1"}
    try:
        done = subprocess.run(
            [*line, *([str(model)] if model else [])],
            capture_output=True, text=True, check=False, timeout=_PATIENCE,
            env=environment, stdin=subprocess.DEVNULL, errors="replace",
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        return {"library": f"it could not be tried: {error}"}
    found: dict[str, Any] = {}
    for text in done.stdout.splitlines():
        if text.startswith("{"):
            found = json.loads(text)
    if done.returncode:
        # The first answer is given before the model is loaded.
        found.setdefault("model" if found else "library", _end(done))
    return found


def _end(done: subprocess.CompletedProcess[str]) -> str:
    """Say how a process ended that should not have."""
    if done.returncode < 0:
        try:
            name = signal.Signals(-done.returncode).name
        except ValueError:
            name = f"signal {-done.returncode}"
        built = ": it was built for another processor" if name == "SIGILL" else ""
        return f"loading it kills the process ({name}){built}"
    lines = done.stderr.strip().splitlines()
    return (lines or [f"exit {done.returncode}"])[-1]


def main(arguments: list[str]) -> None:
    """Load what is named, and print what became of it; runs in the process of its own."""
    try:
        import llama_cpp  # noqa: PLC0415 -- what is tried
    except (ImportError, OSError, RuntimeError) as error:
        _say({"library": f"it does not load: {error}"})
        return
    features = bytes(llama_cpp.llama_print_system_info()).decode(errors="replace")
    pairs = (part.rpartition(":")[2].partition("=") for part in features.split("|"))
    found: dict[str, Any] = {
        "offload": bool(llama_cpp.llama_supports_gpu_offload()),
        "features": [name.strip() for name, _, value in pairs if value.strip() == "1"],
    }
    _say(found)
    for path in arguments:
        fault = _load(Path(path))
        if fault:
            _say({**found, "model": fault})


def _load(path: Path) -> str:
    from pytest_genx.backends.gguf_header import read_header  # noqa: PLC0415
    from pytest_genx.backends.llama_engine import LlamaEngine  # noqa: PLC0415
    from pytest_genx.errors import ModelError  # noqa: PLC0415

    try:
        LlamaEngine(path, read_header(path), threads=1, sequences=1).close()
    except ModelError as error:
        return str(error)
    return ""


def _say(found: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()
