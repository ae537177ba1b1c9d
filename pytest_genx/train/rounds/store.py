"""The files of a run: lines that survive a kill, and a manifest that says what is done.

While a stage works it appends a JSON line a problem to a `.part` file; a line that was cut off is
dropped when it goes on. A finished file is Parquet, written under a temporary name and renamed,
and only then listed in the manifest with its hash.
"""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from pytest_genx.errors import GenxError
from pytest_genx.models.store import file_hash
from pytest_genx.train.rounds.parquet import read_table, write_table

MANIFEST = "manifest.json"
FORMAT = 2
_PACKAGES = (
    "torch", "transformers", "peft", "trl", "llama-cpp-python", "gguf", "numpy", "pyarrow",
)  # fmt: skip

Line = dict[str, Any]


class RunError(GenxError):
    """The output folder of a run is not what the command needs."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"run {folder}: {reason}")


@contextmanager
def keeping(folder: Path, what: str) -> Iterator[None]:
    """Say in one sentence what the system says of a disk that is full, above all.

    Raises:
        RunError: something could not be read or written; what was written before stays.
    """
    try:
        yield
    except OSError as error:
        cause = error.strerror or " ".join(str(error).split())
        if error.filename:
            cause += f": {error.filename}"
        raise RunError(folder, _stopped(what, cause)) from error
    except _weights_errors() as error:
        raise RunError(folder, _stopped(what, " ".join(str(error).split()))) from error


def _stopped(what: str, cause: str) -> str:
    return f"{what} stopped ({cause}); what is done is kept for resume"


def _weights_errors() -> tuple[type[Exception], ...]:
    """How safetensors, where it is installed, says that a file cannot be written."""
    try:
        import safetensors  # noqa: PLC0415
    except ModuleNotFoundError:
        return ()
    return (safetensors.SafetensorError,)


@dataclass(frozen=True, slots=True)
class Place:
    """The folder of one round; `head` is what its manifest begins with."""

    folder: Path
    head: Mapping[str, Any]

    def manifest(self) -> dict[str, Any]:
        """What is done so far."""
        try:
            found: dict[str, Any] = json.loads((self.folder / MANIFEST).read_text("utf-8"))
        except FileNotFoundError:
            return {**self.head, "stages": {}}
        except ValueError:
            raise RunError(self.folder, f"{MANIFEST} is damaged") from None
        return found

    def done(self, stage: str) -> bool:
        """Whether a stage is finished and its files are there."""
        files = self.manifest()["stages"].get(stage, {}).get("files")
        return files is not None and all((self.folder / name).exists() for name in files)

    def finish(self, stage: str, files: Iterable[str], facts: Mapping[str, Any]) -> None:
        """List a stage, with the hashes of its files."""
        manifest = self.manifest()
        hashes = {name: file_hash(self.folder / name) for name in files}
        manifest["stages"][stage] = {"files": hashes, **facts}
        write_text(self.folder / MANIFEST, json.dumps(manifest, indent=1) + "\n")

    def write(self, name: str, lines: Iterable[Line]) -> None:
        """Write a finished file; rows that do not say where they come from come from here."""
        origin = {"round": self.head.get("round")}
        write_lines(self.folder / name, ({**origin, **line} for line in lines))

    def read(self, name: str) -> list[Line]:
        """Read a finished file."""
        return read_lines(self.folder / name)

    def clean(self) -> None:
        """Remove what a stage that is finished needed to go on."""
        for pattern in ("*.part", "*.new", "checkpoint*.pt"):
            for path in list(self.folder.rglob(pattern)):
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink(missing_ok=True)

    def part(self, name: str) -> Part:
        """Open the unfinished file of a stage."""
        return Part(self.folder / f"{name}.part")


class Part:
    """Lines of an unfinished stage, one a problem; what is there already is kept."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.lines: dict[str, Line] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            whole, newline, _cut = path.read_bytes().rpartition(b"\n")
            with path.open("r+b") as file:
                file.truncate(len(whole) + len(newline))
            for text in whole.splitlines():
                line = json.loads(text)
                self.lines[line["problem"]] = line
        self._file = path.open("a", encoding="utf-8")

    def add(self, line: Line) -> None:
        """Append one problem's line; it is on its way to the disk when this returns."""
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._file.flush()
        self.lines[line["problem"]] = line

    def close(self) -> None:
        """Close the file; it stays."""
        self._file.close()


def versions() -> dict[str, str]:
    """Versions of what decides results, as far as it is installed."""
    found = {"python": platform.python_version()}
    for package in ("pytest-genx", *_PACKAGES):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def write_text(path: Path, text: str) -> None:
    """Write a file under a temporary name and rename it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".new")
    partial.write_text(text, "utf-8")
    partial.replace(path)


def write_lines(path: Path, lines: Iterable[Line]) -> None:
    """Write a Parquet file under a temporary name and rename it; as `write_table`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".new")
    write_table(partial, lines)
    partial.replace(path)


def read_lines(path: Path) -> list[Line]:
    """Read a Parquet file.

    Raises:
        RunError: there is no such file, or it is damaged.
    """
    try:
        return read_table(path)
    except FileNotFoundError:
        raise RunError(path.parent, f"{path.name} is missing; run the stage before") from None
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise RunError(path.parent, f"{path.name} is damaged: {reason}") from None
