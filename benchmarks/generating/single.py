"""Our engine against the library's class: speed, the same tokens, memory."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import islice
from typing import Any

from common import Line
from generating.setting import (
    PROMPT,
    SAMPLES,
    THREADS,
    TOKENS,
    Setting,
    endless,
    open_engine,
    open_library,
    prompts,
    samplings,
)

from pytest_genx.backends.embedded import embedded_model
from pytest_genx.backends.gguf_header import read_header
from pytest_genx.backends.llama_memory import STEP, need

GOAL = 3.0


def rate(sample: Callable[[], int]) -> float:
    """Tokens a second of one turn."""
    started = time.perf_counter()
    return sample() / (time.perf_counter() - started)


def speed(setting: Setting) -> Line:
    """32 samples of 128 tokens of one prompt of 256, against calls one after the other."""
    engine = open_engine()
    (prompt,) = prompts(engine, 1)

    def ours() -> int:
        # decoded anew, as the library's first call does
        engine.forget()
        found = engine.complete(prompt, samplings(SAMPLES), max_tokens=TOKENS, stop=())
        return sum(completion.tokens for completion in found)

    def calls(library: Any) -> Callable[[], int]:
        def sample() -> int:
            library.reset()
            return sum(
                library.create_completion(
                    prompt, max_tokens=TOKENS, temperature=0.8, top_p=0.95, min_p=0.05, seed=i + 1
                )["usage"]["completion_tokens"]
                for i in range(SAMPLES)
            )

        return sample

    threads = {"n_threads": THREADS, "n_threads_batch": THREADS}
    sides = {
        "ours": ours,
        "2 threads, flash attention": calls(open_library(flash_attn=True, **threads)),
        "2 threads": calls(open_library(**threads)),
        "library's defaults": calls(open_library()),
    }
    rates: dict[str, list[float]] = {name: [] for name in sides}
    with endless():
        for turn in range(4 if setting.quick else 8):
            for name, sample in sides.items():
                figure = rate(sample)
                if turn:  # the first warms up
                    rates[name].append(figure)
    medians = {name: statistics.median(found) for name, found in rates.items()}
    for name, found in rates.items():
        print(f"   {name}: {medians[name]:.0f} tokens/s, {min(found):.0f} to {max(found):.0f}")
    engine.close()
    best = max(figure for name, figure in medians.items() if name != "ours")
    ratio = medians["ours"] / best
    return Line(
        "tokens a second against the library's best settings",
        f"{ratio:.2f}x",
        f"at least {GOAL:g}x",
        ratio >= GOAL,
    )


def agreement(setting: Setting) -> Line:
    """Temperature 0 over some prompts: 16 at once, one alone, and the library's own loop."""
    n = 12 if setting.quick else 24
    engine = open_engine()
    library = open_library(flash_attn=True, n_threads=1, n_threads_batch=1, n_batch=STEP)
    same = library_same = 0
    for prompt in prompts(engine, n):
        batch = samplings(8, 0.0) + samplings(8)
        together = list(engine.complete(prompt, batch, max_tokens=TOKENS, stop=()))
        (alone,) = engine.complete(prompt, samplings(1, 0.0), max_tokens=TOKENS, stop=())
        same += all(c.text == alone.text and c.logprob == alone.logprob for c in together[:8])
        end = library.token_eos()
        library.reset()
        library.eval(prompt[:-1])  # the prompt in the same parts as ours
        text = b""
        for token in islice(library.generate(prompt, temp=0.0, repeat_penalty=1.0), TOKENS):
            if token == end:
                break
            text += engine._piece(token) or b""  # noqa: SLF001
        library_same += text.decode("utf-8", "ignore") == alone.text
    engine.close()
    print(f"   as the library's own loop: {library_same} of {n} prompts")
    return Line(
        "temperature 0, batched as unbatched, and as the library's loop",
        f"{same} and {library_same} of {n} prompts of {PROMPT} tokens",
        "all",
        same == library_same == n,
    )


CHILD = """
import re, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from generating.setting import endless, open_engine, prompts, samplings
import llama_cpp
llama_cpp.llama_backend_init()
def status(name):
    return int(re.search(name + r":\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) << 10
before = status("VmRSS")
engine = open_engine()
(prompt,) = prompts(engine, 1)
with endless():
    found = list(engine.complete(prompt, samplings(32), max_tokens=256, stop=()))
assert all(completion.tokens == 256 for completion in found)
print(status("VmHWM") - before)
"""


def memory(setting: Setting) -> Line | None:
    """32 sequences of 512 tokens, over the weights: what is stated against what is taken."""
    if sys.platform != "linux":
        print("   memory: skipped, it is read from /proc")
        return None
    stated = need(read_header(embedded_model()), sequences=32, length=512).total
    folder = str(embedded_model().parents[1] / "benchmarks")
    line = [sys.executable, "-c", CHILD, folder]
    taken = statistics.median(
        int(subprocess.run(line, capture_output=True, text=True, check=True).stdout)
        - embedded_model().stat().st_size
        for _ in range(1 if setting.quick else 3)
    )
    off = stated / taken - 1
    return Line(
        "memory over the weights, stated against taken",
        f"{stated / 1e6:.1f} MB against {taken / 1e6:.1f} MB, {off:+.0%}",
        "within 15 %",
        abs(off) <= 0.15,
    )
