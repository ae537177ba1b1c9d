"""The facts that a report is made from; nothing here looks at the machine."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_genx.backends.llama_memory import Need


@dataclass(frozen=True, slots=True)
class Library:
    """What llama-cpp-python is; without a version it is not installed."""

    version: str | None
    fault: str = ""  # why it does not load
    offload: bool = False  # built for a GPU
    features: tuple[str, ...] = ()  # of the processor, that it was built for


@dataclass(frozen=True, slots=True)
class Model:
    """A GGUF file; `fault` says why it cannot be used, and the rest may then be unknown."""

    path: str
    embedded: bool
    fault: str = ""
    size: int = 0  # bytes
    digest: str = ""  # SHA-256
    architecture: str = ""
    parameters: int = 0
    context: int = 0  # tokens that it was trained for
    chat: bool = False
    together: int = 0  # sequences decoded together
    need: Need | None = None  # over the weights


@dataclass(frozen=True, slots=True)
class Cores:
    """Processor cores: that this process may use, and how busy they are."""

    usable: int
    load: float | None  # runnable processes, mean of a minute; None: the system does not say
    xdist: str | None = None  # version
    worker: bool = False  # this process is a worker of xdist


@dataclass(frozen=True, slots=True)
class Isolation:
    """One level of sandboxes: the mechanism that gives it, or what is missing."""

    level: str
    mechanism: str | None
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Package:
    """An optional package, as its metadata has it; no version: not installed."""

    name: str
    extra: str  # of pytest-genx
    version: str | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Folder:
    """A directory that is written to."""

    purpose: str
    path: str
    size: int  # bytes in it
    writable: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """All that was found out."""

    python: tuple[int, int, int]
    version: str  # of pytest-genx
    library: Library
    model: Model
    free: int | None  # bytes of memory; None: the system does not say
    cores: Cores
    isolation: tuple[Isolation, ...]
    bubblewrap: bool  # installed
    installer: str | None  # the command that installs a system's package, without its name
    packages: tuple[Package, ...]
    folders: tuple[Folder, ...]
