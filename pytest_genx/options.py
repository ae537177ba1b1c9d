"""The one option table: names, help, defaults and choices, for every front end.

Each row yields a pytest flag `--genx-NAME` and its ini twin `genx_NAME`. It stands apart from
`config`, which checks the values, because pytest reads it at each start: no enum, no dataclass.
"""

from __future__ import annotations

from typing import NamedTuple

DEFAULT_BACKENDS = ("llama", "heuristic")


class Option(NamedTuple):
    """One option, as every front end shows it."""

    name: str
    help: str
    default: str = ""
    choices: tuple[str, ...] = ()
    metavar: str | None = None
    switch: bool = False  # the flag takes no value and stands for the last choice

    @property
    def flag(self) -> str:
        """The pytest flag."""
        return f"--genx-{self.name}"

    @property
    def ini(self) -> str:
        """The ini twin."""
        return "genx_" + self.name.replace("-", "_")


OPTIONS: tuple[Option, ...] = (
    Option(
        "oracle",
        "what is trusted: the current code (code), your own tests (tests), or neither (consensus)",
        "consensus",
        choices=("code", "tests", "consensus"),
    ),
    Option("backend", "who writes samples, a comma-separated list", ",".join(DEFAULT_BACKENDS)),
    Option(
        "model",
        "a model for the llama backend: a GGUF file, a directory, hf:OWNER/NAME[:FILE]"
        " or a name of genx models list (default: the embedded model); for transformers a directory"
        " or OWNER/NAME in the Hugging Face cache",
    ),
    Option(
        "quantize",
        "how the transformers backend loads weights",
        "none",
        choices=("none", "8bit", "4bit"),
    ),
    Option(
        "adapter",
        "LoRA adapters for the transformers backend: a directory, or coder:DIR,tester:DIR",
        metavar="DIR",
    ),
    Option("replay", "JSON lines with recorded samples for the replay backend", metavar="FILE"),
    Option(
        "server",
        "the URL of an OpenAI-compatible server for the server backend,"
        " such as http://127.0.0.1:8080/v1",
        metavar="URL",
    ),
    Option(
        "server-model",
        "which of the server's models (default: the only one it has)",
        metavar="NAME",
    ),
    Option(
        "prompts",
        "a directory with files that replace built-in prompts, such as tester-chat.txt",
        metavar="DIR",
    ),
    Option(
        "structured",
        "hold testers to a grammar (plain models) or a JSON schema (chat models)",
        "no",
        choices=("no", "yes"),
        switch=True,
    ),
    Option(
        "second-round",
        "ask again where candidates compete, or where none passes what testers agree on",
        "no",
        choices=("no", "yes"),
        switch=True,
    ),
    Option(
        "repair",
        "send a few samples that were no use back once, with the error",
        "no",
        choices=("no", "yes"),
        switch=True,
    ),
    Option("ranker", "how candidates and cases are scored", "dual_critic"),
    Option(
        "sandbox",
        "the weakest level allowed (container, landlock, process); the strongest one here is used",
        "process",
    ),
    Option(
        "workers",
        "who runs the candidates: so many processes (0: one for each core that pytest may use),"
        " or a Ray cluster: ray, ray:HOST:PORT",
        "0",
        metavar="N",
    ),
    Option("samples", "samples for each role and target at most", "16", metavar="N"),
    Option(
        "budget",
        "seconds of sampling for one target at most (0: no limit)",
        "0",
        metavar="SECONDS",
    ),
    Option(
        "temperature",
        "how freely models choose; several, as 0.4,0.8,1.1, are taken in turn",
        "0.8",
        metavar="T[,T]",
    ),
    Option("seed", "the same seed, model and inputs give the same report", "0", metavar="N"),
    Option("max-tests", "cases kept for one target at most", "8", metavar="N"),
    Option("timeout", "CPU seconds for one case", "1.0", metavar="SECONDS"),
    Option(
        "threads",
        "threads for the model (0: one for each core that pytest may use)",
        "0",
        metavar="N",
    ),
    Option(
        "gpu-layers",
        "layers of the model that go to the GPU, where llama.cpp was built for one (-1: all)",
        "-1",
        metavar="N",
    ),
    Option(
        "write",
        "report writes nothing, accept puts kept cases into new test files",
        "report",
        choices=("report", "accept"),
    ),
    Option(
        "cache",
        "where samples and outcomes are kept between runs; none keeps nothing "
        "(default: the user's cache directory)",
        metavar="DIR",
    ),
    Option(
        "ask",
        "where candidates compete, ask on the terminal which value is right, rank again with it",
        "no",
        choices=("no", "yes"),
        switch=True,
    ),
    Option("test-dir", "where new test files go (default: where your tests are)", metavar="DIR"),
)
