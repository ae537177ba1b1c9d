"""Bring a model from the hub into the cache; the only place that fetches anything.

A file grows aside, is checked against its sum, and only then moved to where models are looked
for. The sum is the table's for a model of the table; for any other it is the one that the hub
states for the file, which guards against damage on the way but not against the hub.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from pytest_genx.errors import PullError
from pytest_genx.models.hub import Access, Remote, fetch, files, kept
from pytest_genx.models.resolve import HUB, is_file_name, listed, named, one_of
from pytest_genx.models.store import Place, file_hash, missing, parts, pulled, size
from pytest_genx.models.table import Entry, entry


@dataclass(frozen=True, slots=True)
class Pulled:
    """Where a model lies, and which sum it was checked against: `table`, `hub`, or "" before."""

    path: Path
    checked: str


def pull(model: str, access: Access, *, offline: bool = False) -> Pulled:
    """Fetch a model, or find that it is there.

    Args:
        model: a name of the table or `hf:OWNER/NAME[:FILE]`.
        access: to the hub.
        offline: do not use the network.

    Raises:
        MissingDependency: huggingface_hub is not installed.
        ModelError: the name is malformed, or stands for several models.
        PullError: it cannot be had, and why.
    """
    name = named(model)
    if name is None:
        raise PullError(
            model, f"it is no name; expected one of genx models list, or {HUB}OWNER/NAME"
        )
    repository, file = name
    there = _there(repository, file)
    if there is not None:
        return Pulled(there.path, "")
    if offline:
        raise PullError(model, "it is not in the cache, and offline the hub is not asked")
    known = entry(model)
    remotes = _chosen(model, repository, file, files(model, repository, access), known)
    place = Place(repository, remotes[0].name)
    _room(model, place, remotes)
    # The first part last: without it the others are no model.
    for remote in reversed(remotes):
        _bring(model, remote, access)
    return Pulled(place.path, "table" if known else "hub")


def _there(repository: str, file: str | None) -> Place | None:
    """Find a model that was pulled; one without a name only where there is no doubt."""
    if file is not None:
        place = Place(repository, parts(file)[0])
        return None if missing(place.path) else place
    found = [place for place in pulled() if place.repository == repository]
    return found[0] if len(found) == 1 else None


def _chosen(
    model: str, repository: str, file: str | None, there: list[Remote], known: Entry | None
) -> list[Remote]:
    """Choose the files of one model, each with its size and sum; the first part first."""
    by_name = {remote.name: remote for remote in there if is_file_name(remote.name)}
    if file is None:
        file = one_of(model, sorted(by_name), f"{HUB}{repository}:{{}}")
    elif file not in by_name:
        raise PullError(
            model, f"{repository} has no file {file}; it has: {listed(sorted(by_name))}"
        )
    chosen = []
    for name in parts(file):
        remote = by_name.get(name)
        if remote is None or remote.sha256 is None or remote.size is None:
            lacks = "no such file" if remote is None else "no size and sum for it"
            raise PullError(model, f"the hub has {lacks}: {repository}, {name}")
        if known is not None and remote.sha256 != known.sha256:
            raise PullError(
                model,
                f"the hub has another file than the table: SHA-256 {remote.sha256} instead of "
                f"{known.sha256}",
            )
        chosen.append(remote)
    return chosen


def _room(model: str, place: Place, remotes: list[Remote]) -> None:
    """Refuse before anything is fetched that the disk cannot hold."""
    folder = next(path for path in place.path.parents if path.exists())
    begun = sum(path.stat().st_size for path in place.partials())
    needed = sum(remote.size or 0 for remote in remotes) - begun
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise PullError(model, f"it takes {size(needed)} more, and {folder} has {size(free)} free")


def _bring(model: str, remote: Remote, access: Access) -> None:
    """Fetch one file, check it, and put it where models are looked for."""
    import filelock  # noqa: PLC0415 -- comes with huggingface_hub

    assert remote.sha256 is not None, "only files with a sum are chosen"
    place = Place(remote.repository, remote.name)
    if place.path.is_file():
        return
    part = place.partial(remote.sha256)
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        place.path.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(f"{part}.lock", timeout=0):
            if part.is_file() and part.stat().st_size > (remote.size or 0):
                part.unlink()
            fetch(model, remote, part, access)
            _check(model, remote, part)
            part.replace(place.path)
    except filelock.Timeout:
        raise PullError(model, "another process is pulling it") from None
    except OSError as error:
        raise PullError(model, f"{error.filename}: {error.strerror}{kept(part)}") from None


def _check(model: str, remote: Remote, part: Path) -> None:
    """Compare a file's sum, and delete the file if it is another: no more bytes would mend it."""
    found = file_hash(part)
    if found != remote.sha256:
        part.unlink()
        raise PullError(
            model,
            f"what came has SHA-256 {found}, not {remote.sha256}, and was deleted",
        )
