"""From facts to lines: what is there, what is missing, and the command that puts it right."""

from __future__ import annotations

import enum
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pytest_genx.backends.threads import idle, threads
from pytest_genx.doctor.facts import Cores, Facts, Library, Model, Package
from pytest_genx.models.store import size

OLDEST, NEWEST = (3, 10), (3, 14)  # Pythons that the tests are run with
_PROMPTED = "pytest --genx-generate=FILE.py"


class Status(enum.Enum):
    """What a line says at its front."""

    OK = "ok"
    WARNING = "warning"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at.

    `fix` is the command that puts it right, empty where there is none or nothing to be done;
    `stops` says that no tests can be generated before.
    """

    subject: str
    status: Status
    text: str
    fix: str = ""
    stops: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """All lines, whether tests can be generated, and the command to type next."""

    lines: tuple[Line, ...]
    ready: bool
    following: str


def report(facts: Facts) -> Report:
    """Judge the facts; nothing else is looked at."""
    lines = (
        _python(facts),
        Line("pytest-genx", Status.OK, facts.version),
        _library(facts.library, facts.packages),
        _model(facts.model),
        _memory(facts.model, facts.free),
        _cores(facts.cores),
        *_isolation(facts),
        *_packages(facts),
        *_folders(facts),
    )
    stopping = [line for line in lines if line.stops]
    fixes = [line.fix for line in stopping if line.fix]
    model = facts.model
    named = "" if model.embedded else f" {shlex.quote(f'--genx-model={model.path}')}"
    if not stopping:
        following = _PROMPTED + named
    else:
        following = fixes[0] if fixes else f"{_PROMPTED} --genx-backend=heuristic"
    return Report(lines, not stopping, following)


def _python(facts: Facts) -> Line:
    version = ".".join(map(str, facts.python))
    known = f"{_dotted(OLDEST)} to {_dotted(NEWEST)}"
    if facts.python[:2] < OLDEST:
        text = f"{version} is too old; supported: {known}"
        return Line("python", Status.MISSING, text, f"python{_dotted(NEWEST)} -m venv .venv", True)
    if facts.python[:2] > NEWEST:
        return Line("python", Status.WARNING, f"{version} is untested; supported: {known}")
    return Line("python", Status.OK, f"{version} (supported: {known})")


def _dotted(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))


def _library(library: Library, packages: Sequence[Package]) -> Line:
    subject = "llama-cpp-python"
    if library.version is None and any(p.name == "xllamacpp" and p.version for p in packages):
        text = "not installed; xllamacpp is, and runs the same models, slower"
        return Line(subject, Status.WARNING, text, "pip install llama-cpp-python")
    if library.version is None:
        text = (
            "not installed; without a compiler, pip install 'pytest-genx[xllamacpp]' runs the same"
            " models, slower, and without both only --genx-backend=heuristic generates"
        )
        return Line(subject, Status.MISSING, text, "pip install llama-cpp-python", True)
    if library.fault:
        # Built here, it suits this machine's processor and libraries.
        again = "pip install --force-reinstall --no-cache-dir --no-binary llama-cpp-python"
        text = f"{library.version}, but {library.fault}"
        return Line(subject, Status.MISSING, text, f"{again} llama-cpp-python", True)
    where = "can use a GPU" if library.offload else "processor only, no GPU"
    built = f", built with {' '.join(library.features)}" if library.features else ""
    return Line(subject, Status.OK, f"{library.version}, {where}{built}")


def _model(model: Model) -> Line:
    if model.fault:
        fix = (
            "pip install --force-reinstall --no-deps pytest-genx"
            if model.embedded
            else "genx models list"
        )
        return Line("model", Status.MISSING, model.fault, fix, True)
    kind = "embedded" if model.embedded else "given"
    chat = "chat" if model.chat else "no chat"
    text = (
        f"{kind}, {model.path}: {size(model.size)}, sha256 {model.digest[:12]}, "
        f"{model.architecture}, {_count(model.parameters)} parameters, "
        f"context of {model.context} tokens, {chat}"
    )
    if model.embedded:
        text += "; larger ones: genx models list"
    return Line("model", Status.OK, text)


def _memory(model: Model, free: int | None) -> Line:
    if model.need is None:
        has = "unknown" if free is None else size(free)
        return Line("memory", Status.WARNING, f"{has} free; what the model needs is not known")
    need = model.need
    text = (
        f"32 sequences of 512 tokens take {size(need.total)} over the weights "
        f"(cache {size(need.cache)} for {model.together} at a time, step {size(need.step)}, "
        f"the rest {size(need.odds + need.rest)})"
    )
    if free is None:
        return Line("memory", Status.WARNING, f"{text}; this system does not say what is free")
    if need.total + model.size > free:
        text += f", with the weights {size(need.total + model.size)}, and {size(free)} are free"
        fewer = f"{_PROMPTED} --genx-samples=4"
        return Line("memory", Status.WARNING, text, fewer)
    return Line("memory", Status.OK, f"{text}; {size(free)} are free")


def _cores(cores: Cores) -> Line:
    taken = threads(cores.usable, cores.load, worker=cores.worker)
    text = f"{cores.usable} usable"
    text += ", load unknown" if cores.load is None else f", load {cores.load:.1f}"
    text += f": the model takes {taken} thread{'s' if taken > 1 else ''}"
    if cores.worker:
        text += " (in a worker of xdist always 1)"
    elif cores.xdist is not None:
        text += f" (pytest-xdist {cores.xdist}: only the controlling process generates)"
    if idle(cores.usable, cores.load) < 1:
        return Line("cores", Status.WARNING, f"{text}; all are busy, and sampling will be slow")
    return Line("cores", Status.OK, text)


def _isolation(facts: Facts) -> Iterator[Line]:
    """One line for each level; a weaker one that is missing matters only without a stronger."""
    stronger = False
    for level in facts.isolation:
        subject = f"sandbox {level.level}"
        if level.mechanism is None:
            fix = ""
            if level.level == "container" and not facts.bubblewrap and facts.installer:
                fix = f"{facts.installer} bubblewrap"
            status = Status.WARNING if stronger else Status.MISSING
            yield Line(subject, status, level.missing, fix)
        elif level.level == "process" and not stronger:
            text = f"{level.mechanism}: generated code can read your files; no level is stronger"
            yield Line(subject, Status.WARNING, text)
        else:
            yield Line(subject, Status.OK, level.mechanism)
            stronger = True


def _packages(facts: Facts) -> Iterator[Line]:
    for package in facts.packages:
        subject = f"optional {package.name}"
        if package.version is None:
            fix = f"pip install 'pytest-genx[{package.extra}]'"
            yield Line(subject, Status.MISSING, f"extra {package.extra!r} is not installed", fix)
        else:
            note = f" ({package.note})" if package.note else ""
            yield Line(subject, Status.OK, package.version + note)


def _folders(facts: Facts) -> Iterator[Line]:
    for folder in facts.folders:
        subject = f"cache {folder.purpose}"
        text = f"{folder.path}: {size(folder.size)}"
        if folder.writable:
            yield Line(subject, Status.OK, text)
        else:
            fix = f"{_PROMPTED} --genx-cache=DIR" if folder.purpose == "outcomes" else ""
            yield Line(subject, Status.WARNING, f"{text}, cannot be written to", fix)


def _count(n: int) -> str:
    """Write a number of parameters, such as `2.8M`."""
    for unit, step in (("B", 10**9), ("M", 10**6), ("k", 10**3)):
        if n >= step:
            return f"{n / step:.1f}{unit}"
    return str(n)
