"""Our engine against servers of the same model with 8 parallel requests."""

from __future__ import annotations

import importlib.util
import json
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from common import Line
from generating.setting import (
    SAMPLES,
    THREADS,
    TOKENS,
    Setting,
    open_engine,
    prompts,
    samplings,
    source,
)

from pytest_genx.backends.embedded import embedded_model

PARALLEL = 8
NEEDED = (
    "llama_cpp", "fastapi", "uvicorn", "sse_starlette", "starlette_context", "pydantic_settings",
)  # fmt: skip
PATIENCE = 60.0  # seconds for a server to answer first


def served(setting: Setting) -> Line | None:
    """The same 32 samples; both sides may end before 128 tokens, so tokens are counted."""
    port = _free_port()
    commands = _commands(port)
    if not commands:
        return None
    engine = open_engine()
    (tokens,) = prompts(engine, 1)
    pieces = [engine._piece(token) or b"" for token in tokens]  # noqa: SLF001
    text = b"".join(pieces).decode("utf-8", "ignore")
    assert text in source()
    ratios = {}
    for name, command in commands.items():
        with _running(command, port):
            pairs = []
            for _ in range(3 if setting.quick else 6):
                engine.forget()
                started = time.perf_counter()
                found = list(
                    engine.complete(tokens, samplings(SAMPLES), max_tokens=TOKENS, stop=())
                )
                ours = sum(c.tokens for c in found) / (time.perf_counter() - started)
                pairs.append((ours, _rate(port, text)))
        medians = [statistics.median(side) for side in zip(*pairs, strict=True)]
        ratios[name] = medians[0] / medians[1]
        print(f"   {name}: ours {medians[0]:.0f} tokens/s, the server's {medians[1]:.0f}")
    engine.close()
    least = min(ratios.values())
    return Line(
        f"tokens a second against {' and '.join(ratios)}, {PARALLEL} requests at a time",
        f"{least:.2f}x",
        "at least 1x",
        least >= 1,
    )


def _commands(port: int) -> dict[str, list[str]]:
    model = str(embedded_model())
    commands = {}
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        print(f"   llama_cpp.server: skipped, not installed: {', '.join(missing)}")
    else:
        command = [sys.executable, "-m", "llama_cpp.server", "--model", model, "--n_ctx", "1024"]
        command += ["--n_threads", str(THREADS), "--n_threads_batch", str(THREADS)]
        commands["llama_cpp.server"] = [*command, "--flash_attn", "true", "--port", str(port)]
    program = shutil.which("llama-server")
    if program is None:
        print("   llama-server: skipped, it is not on PATH")
    else:
        command = [program, "-m", model, "-c", str(1024 * PARALLEL), "-np", str(PARALLEL)]
        commands["llama-server"] = [*command, "-t", str(THREADS), "--port", str(port)]
    return commands


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def _running(command: list[str], port: int) -> Any:
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            ends = time.monotonic() + PATIENCE
            while True:
                try:
                    _post(port, "x", 1, 1)
                    break
                except (urllib.error.URLError, ConnectionError):
                    if process.poll() is not None or time.monotonic() > ends:
                        log.seek(0)
                        raise SystemExit(log.read().decode()[-500:]) from None
                    time.sleep(0.3)
            yield
        finally:
            process.terminate()
            process.wait()


def _rate(port: int, text: str) -> float:
    started = time.perf_counter()
    with ThreadPoolExecutor(PARALLEL) as pool:
        tokens = sum(pool.map(lambda seed: _post(port, text, TOKENS, seed), range(1, SAMPLES + 1)))
    return tokens / (time.perf_counter() - started)


def _post(port: int, text: str, tokens: int, seed: int) -> int:
    """Ask for one completion; how many tokens it has."""
    body = {"prompt": text, "max_tokens": tokens, "seed": seed, "temperature": 0.8}
    body |= {"top_p": 0.95, "min_p": 0.05}
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/completions",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310 -- loopback
        return int(json.load(answer)["usage"]["completion_tokens"])
