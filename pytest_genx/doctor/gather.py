"""Looks at the machine: the only place where the doctor does. The network is not touched."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from pytest_genx import __version__
from pytest_genx.backends.embedded import NAME, embedded_model
from pytest_genx.backends.gguf_header import read_header
from pytest_genx.backends.llama_memory import need, together
from pytest_genx.doctor.facts import Cores, Facts, Folder, Isolation, Library, Model, Package
from pytest_genx.doctor.probe import probe
from pytest_genx.errors import ModelError, SandboxError
from pytest_genx.models.resolve import find
from pytest_genx.models.store import file_hash, models_folder

SEQUENCES, LENGTH = 32, 512  # what memory is stated for
_INSTALLERS = (
    ("apt-get", "sudo apt-get install"),
    ("dnf", "sudo dnf install"),
    ("zypper", "sudo zypper install"),
    ("pacman", "sudo pacman -S"),
    ("apk", "sudo apk add"),
)
_PACKAGES = (
    ("xllamacpp", "xllamacpp"),
    ("torch", "transformers"),
    ("transformers", "transformers"),
    ("ray", "ray"),
    ("matplotlib", "plot"),
    ("huggingface_hub", "hub"),
)


def gather(model: str | None = None) -> Facts:
    """Find out what there is.

    Args:
        model: as `--genx-model` has it; None takes the embedded one.
    """
    import platformdirs  # noqa: PLC0415

    described = _model(model)
    library, described = _tried(described)
    programs = (command for program, command in _INSTALLERS if shutil.which(program))
    cache = platformdirs.user_cache_path("pytest-genx")
    return Facts(
        python=sys.version_info[:3],
        version=__version__,
        library=library,
        model=described,
        free=_free_memory(),
        cores=_cores(),
        isolation=tuple(_isolation()),
        bubblewrap=shutil.which("bwrap") is not None,
        installer=next(programs, None),
        packages=tuple(Package(n, extra, _version(n), _note(n)) for n, extra in _PACKAGES),
        folders=(
            _folder("outcomes", cache, without="models"),
            _folder("models", models_folder()),
        ),
    )


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _note(name: str) -> str:
    """Say what torch was built for; its metadata tell, and importing it takes seconds."""
    version = _version(name)
    if name != "torch" or version is None:
        return ""
    if "+cpu" in version:
        return "no GPU"
    if sys.platform == "darwin":
        return "MPS" if platform.machine() == "arm64" else "no GPU"
    names = (found.name.lower() for found in importlib.metadata.distributions())
    if "+cu" in version or any(name.startswith("nvidia-cuda-runtime") for name in names):
        driver = Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi")
        return "CUDA" if driver else "CUDA, but there is no driver"
    return ""


def _model(given: str | None) -> Model:
    """Describe a model without loading it."""
    embedded = given is None
    try:
        path = embedded_model() if given is None else find(given, Path())
        header = read_header(path)
        size, digest = path.stat().st_size, file_hash(path)
    except ModelError as error:
        return Model(given or NAME, embedded, str(error))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return Model(given or NAME, embedded, str(ModelError(given or NAME, reason)))
    return Model(
        path=str(path),
        embedded=embedded,
        size=size,
        digest=digest,
        architecture=header.architecture,
        parameters=header.parameters,
        context=header.number("context_length"),
        chat=header.chat_template is not None,
        together=together(header, SEQUENCES),
        need=need(header, sequences=SEQUENCES, length=LENGTH),
    )


def _tried(model: Model) -> tuple[Library, Model]:
    """Load the library, and the model where its header is good."""
    version = _version("llama-cpp-python")
    if version is None:
        return Library(None), model
    found = probe(None if model.fault else Path(model.path))
    library = Library(
        version,
        found.get("library", ""),
        bool(found.get("offload")),
        tuple(found.get("features", ())),
    )
    return library, replace(model, fault=model.fault or found.get("model", ""))


def _free_memory() -> int | None:
    """Bytes that can be had without swapping, within what the control group allows."""
    free = None
    try:
        for line in Path("/proc/meminfo").read_text("ascii").splitlines():
            name, _, value = line.partition(":")
            if name == "MemAvailable":
                free = int(value.split()[0]) * 1024
    except (OSError, ValueError):
        pass
    if free is None and hasattr(os, "sysconf") and "SC_AVPHYS_PAGES" in os.sysconf_names:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    group = Path("/sys/fs/cgroup")
    try:
        limit, used = ((group / f"memory.{name}").read_text() for name in ("max", "current"))
        left = max(int(limit) - int(used), 0)
    except (OSError, ValueError):  # there is none, or it has the limit "max"
        return free
    return left if free is None else min(free, left)


def _cores() -> Cores:
    from pytest_genx.sandboxes.process import usable_cores  # noqa: PLC0415

    try:
        load = os.getloadavg()[0]
    except (AttributeError, OSError):
        load = None
    worker = bool(os.environ.get("PYTEST_XDIST_WORKER"))
    return Cores(usable_cores(), load, _version("pytest-xdist"), worker)


def _isolation() -> Iterator[Isolation]:
    from pytest_genx.sandboxes import levels  # noqa: PLC0415
    from pytest_genx.sandboxes.mechanism import Level  # noqa: PLC0415

    for level in Level:
        try:
            found = levels.probe(level)
        except SandboxError as error:
            yield Isolation(level.value, None, str(error))
            continue
        name = None if found.mechanism is None else found.mechanism.name
        yield Isolation(level.value, name, found.missing)


def _folder(purpose: str, path: Path, *, without: str = "") -> Folder:
    """Measure a directory, leaving out those of one name."""
    size = 0
    for top, inner, names in os.walk(path):
        inner[:] = [name for name in inner if name != without]
        for name in names:
            try:
                size += Path(top, name).lstat().st_size
            except OSError:  # just deleted
                continue
    there = next(place for place in (path, *path.parents) if place.exists())
    return Folder(purpose, str(path), size, there.is_dir() and os.access(there, os.W_OK | os.X_OK))
