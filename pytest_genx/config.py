"""The frozen `Config`, made from the text of options: checked here for every front end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_genx.domain import Oracle, Role
from pytest_genx.errors import BadOption
from pytest_genx.options import DEFAULT_BACKENDS, OPTIONS

_HOTTEST = 2.0  # what servers allow, too


@dataclass(frozen=True, slots=True)
class Config:
    """Everything a run needs to know, checked."""

    rootdir: Path
    targets: tuple[str, ...] = ()
    sys_path: tuple[str, ...] = ()  # the user's own additions to the import path
    test_paths: tuple[str, ...] = ()  # where the user's tests are; () means: look for them
    oracle: Oracle = Oracle.CONSENSUS
    backends: tuple[str, ...] = DEFAULT_BACKENDS
    model: str | None = None
    quantize: str = "none"  # or "8bit", "4bit"
    adapters: tuple[tuple[str, str], ...] = ()  # (role, directory)
    replay: Path | None = None
    server: str | None = None  # a URL
    server_model: str | None = None  # None: the only one that the server has
    prompts: Path | None = None
    structured: bool = False
    second_round: bool = False
    repair: bool = False
    ranker: str = "dual_critic"
    sandbox: str = "process"
    workers: int = 0  # processes of the sandbox on this machine; 0: as many as cores
    ray: str | None = None  # HOST:PORT of the Ray cluster that runs them, "" for a local one
    samples: int = 16
    budget: float = 0.0  # seconds of sampling for one target, 0 for as long as it takes
    temperatures: tuple[float, ...] = (0.8,)
    seed: int = 0
    max_tests: int = 8
    timeout: float = 1.0
    threads: int = 0
    gpu_layers: int = -1  # of the llama backend; -1: all
    write: str = "report"
    cache: str = ""  # a directory, "none" for nothing kept, "" for the user's own
    ask: bool = False
    test_dir: Path | None = None
    reports: tuple[tuple[str, str], ...] = ()  # (reporter name, destination)
    color: bool | None = None  # None: as the terminal allows
    verbosity: int = 0

    def destination(self, reporter: str) -> Path:
        """Where a reporter that writes a file was told to write it."""
        return self.rootdir / dict(self.reports)[reporter]


def from_strings(
    values: Mapping[str, str | None],
    *,
    rootdir: Path,
    targets: tuple[str, ...] = (),
    reports: tuple[str, ...] = (),
    sys_path: tuple[str, ...] = (),
    test_paths: tuple[str, ...] = (),
    color: bool | None = None,
    verbosity: int = 0,
) -> Config:
    """Check option values and make a `Config`.

    Args:
        values: option name to text; missing, None and empty mean the default.
        rootdir: relative paths are taken from here.
        targets: `PATH` or `PATH::NAME`.
        reports: `NAME:FILE`.
        sys_path: directories that go before the interpreter's own.
        test_paths: files and directories with the user's tests.
        color: whether to colour the terminal; None decides by the terminal.
        verbosity: pytest's: below 0 shows less, above 0 more.

    Raises:
        BadOption: a value is not one the option can have.
    """
    text = {o.name: values.get(o.name) or o.default for o in OPTIONS}
    for option in OPTIONS:
        if option.choices and text[option.name] not in option.choices:
            raise BadOption(option.flag, text[option.name], "one of " + ", ".join(option.choices))
    backends = tuple(name.strip() for name in text["backend"].split(",") if name.strip())
    if not backends:
        raise BadOption("--genx-backend", text["backend"], "at least one name")
    workers, ray = worker_option(text["workers"])
    return Config(
        rootdir=rootdir,
        targets=targets,
        sys_path=sys_path,
        test_paths=test_paths,
        oracle=Oracle(text["oracle"]),
        backends=backends,
        model=text["model"] or None,
        quantize=text["quantize"],
        adapters=_adapters(text["adapter"]),
        replay=_path(rootdir, text["replay"]),
        server=text["server"] or None,
        server_model=text["server-model"] or None,
        prompts=_path(rootdir, text["prompts"]),
        structured=text["structured"] == "yes",
        second_round=text["second-round"] == "yes",
        repair=text["repair"] == "yes",
        ranker=text["ranker"],
        sandbox=text["sandbox"],
        workers=workers,
        ray=ray,
        samples=_number(text, "samples", int, 1),
        budget=_number(text, "budget", float, 0.0),
        temperatures=_temperatures(text["temperature"]),
        seed=_number(text, "seed", int, 0),
        max_tests=_number(text, "max-tests", int, 1),
        timeout=_number(text, "timeout", float, 0.01),
        threads=_number(text, "threads", int, 0),
        gpu_layers=_number(text, "gpu-layers", int, -1),
        write=text["write"],
        cache=text["cache"],
        ask=text["ask"] == "yes",
        test_dir=_path(rootdir, text["test-dir"]),
        reports=_reports(reports),
        color=color,
        verbosity=verbosity,
    )


def _number(text: Mapping[str, str], name: str, kind: Callable[[str], Any], least: float) -> Any:
    """Read a number that must not be below `least`."""
    try:
        value = kind(text[name])
    except ValueError:
        value = None
    # `not >=` rather than `<`, so that NaN is refused too
    if value is None or not value >= least:
        noun = "a whole number" if kind is int else "a number"
        raise BadOption(f"--genx-{name}", text[name], f"{noun} of at least {least:g}")
    return value


def _temperatures(text: str) -> tuple[float, ...]:
    """Read one temperature or more, with commas between them."""
    try:
        found = tuple(float(one) for one in text.split(","))
    except ValueError:
        found = ()
    if not found or not all(0.0 <= one <= _HOTTEST for one in found):
        expected = f"numbers from 0 to {_HOTTEST:g} with commas between them"
        raise BadOption("--genx-temperature", text, expected)
    return found


def worker_option(text: str) -> tuple[int, str | None]:
    """Read a number of local workers, or the address of a Ray cluster.

    Raises:
        BadOption: it is neither.
    """
    kind, colon, address = text.partition(":")
    host, _, port = address.rpartition(":")
    if kind == "ray" and (not colon or (host and "/" not in host and port.isdecimal())):
        return 0, address
    if not (text.isascii() and text.isdecimal()):
        expected = "a whole number of at least 0, ray or ray:HOST:PORT"
        raise BadOption("--genx-workers", text, expected)
    return int(text), None


def _adapters(text: str) -> tuple[tuple[str, str], ...]:
    """Split `coder:DIR,tester:DIR`; a directory alone is for both."""
    roles = tuple(role.value for role in Role)
    if not text or not text.startswith(tuple(f"{role}:" for role in roles)):
        return tuple((role, text) for role in roles if text)
    pairs = [part.strip().partition(":") for part in text.split(",")]
    named = {role: path for role, _, path in pairs if path and role in roles}
    if len(named) != len(pairs):
        raise BadOption("--genx-adapter", text, "DIR, or coder:DIR,tester:DIR, each role once")
    return tuple(named.items())


def _path(rootdir: Path, text: str) -> Path | None:
    return rootdir / text if text else None


def _reports(texts: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Split each `NAME:FILE`; a name may stand once."""
    reports: dict[str, str] = {}
    for text in texts:
        name, colon, destination = text.partition(":")
        if not (name and colon and destination) or name in reports:
            raise BadOption("--genx-report", text, "NAME:FILE, each name once: jsonl:genx.jsonl")
        reports[name] = destination
    return tuple(reports.items())
