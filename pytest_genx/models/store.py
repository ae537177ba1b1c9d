"""The models that were pulled, in the user's cache directory: OWNER/NAME/FILE, as on the hub.

What is not yet whole lies in a directory of its own and is never taken for a model. A model that
was split is its first part, `…-00001-of-000NN.gguf`, with all others beside it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PARTIAL = ".partial"
_BLOCK = 1 << 20  # bytes read at a time
_PART = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Place:
    """A file of a repository on the hub; for a model that was split, its first part."""

    repository: str  # OWNER/NAME
    file: str

    @property
    def path(self) -> Path:
        """Where it lies once it was pulled."""
        return models_folder() / self.repository / self.file

    def partial(self, sha256: str) -> Path:
        """Where it grows; another content grows elsewhere."""
        return models_folder() / _PARTIAL / self.repository / f"{self.file}.{sha256[:16]}"

    def partials(self) -> list[Path]:
        """All that was begun of it and of its other parts."""
        top = models_folder() / _PARTIAL / self.repository
        starts = tuple(f"{name}." for name in parts(self.file))
        found = (path for path in top.rglob("*") if path.is_file())
        return [path for path in found if path.relative_to(top).as_posix().startswith(starts)]


def models_folder() -> Path:
    """Where models are kept."""
    import platformdirs  # noqa: PLC0415 -- only who names a pulled model needs it

    return platformdirs.user_cache_path("pytest-genx") / "models"


def parts(file: str) -> tuple[str, ...]:
    """Name all files of a model, by any one of them."""
    match = _PART.fullmatch(file)
    if match is None:
        return (file,)
    count = int(match["count"])
    return tuple(f"{match['stem']}-{i:05}-of-{count:05}.gguf" for i in range(1, count + 1))


def is_first(file: str) -> bool:
    """Whether a file stands for a model: it is no later part of one, and no adapter for images."""
    return parts(file)[0] == file and not Path(file).name.startswith("mmproj")


def missing(path: Path) -> list[str]:
    """Name the files of a model that are not there."""
    return [name for name in parts(path.name) if not path.with_name(name).is_file()]


def pulled() -> Iterator[Place]:
    """Find all models that were pulled and are whole."""
    top = models_folder()
    for path in sorted(top.glob("*/*/**/*.gguf")):
        owner, name, *file = path.relative_to(top).parts
        if owner != _PARTIAL and is_first(path.name) and not missing(path):
            yield Place(f"{owner}/{name}", "/".join(file))


def remove(place: Place) -> int:
    """Delete a model and what was begun of it; return how many bytes are free now.

    Raises:
        OSError: a file cannot be deleted.
    """
    freed = 0
    # The first part goes first: without it the others are no model.
    files = [place.path.with_name(Path(name).name) for name in parts(place.file)]
    for path in [*files, *place.partials()]:
        if path.is_file():
            size = path.stat().st_size
            path.unlink()
            freed += size
    return freed


def size(n: int) -> str:
    """Write a number of bytes for people, such as `38.0 MB`."""
    for unit, step in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if n >= step:
            return f"{n / step:.1f} {unit}"
    return f"{n} bytes"


def file_hash(path: Path) -> str:
    """SHA-256 of a file, as 64 hexadecimal digits.

    Raises:
        OSError: it cannot be read.
    """
    total = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            total.update(block)
    return total.hexdigest()
