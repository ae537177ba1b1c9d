"""From what `--genx-model` says to a GGUF file on this machine; nothing is fetched here.

It says one of these, tried in this order:

    hf:OWNER/NAME[:FILE]   a file of a repository on the hub, pulled before
    NAME                   a model of the table, pulled before
    DIRECTORY              the one model in it
    FILE                   itself
"""

from __future__ import annotations

import difflib
import os
import re
from pathlib import Path

from pytest_genx.config import Config
from pytest_genx.errors import ModelError
from pytest_genx.models.store import Place, is_first, missing, parts, pulled
from pytest_genx.models.table import TABLE, entry

HUB = "hf:"
_WORD = r"[A-Za-z0-9][\w.-]*"
_REPOSITORY = re.compile(f"{_WORD}/{_WORD}", re.ASCII)
_FILE = re.compile(r"([\w][\w.+ -]*/)*[\w][\w.+ -]*\.gguf", re.ASCII)


def resolve(config: Config) -> Path:
    """Find the file of `config.model`, which is not None.

    Raises:
        ModelError: as `find`.
    """
    assert config.model is not None, "the embedded model has no name"
    return find(config.model, config.rootdir)


def find(model: str, rootdir: Path) -> Path:
    """Find the GGUF file of a model; for one that was split, its first part.

    A file that does not exist is returned as it is, for its reader to complain of.

    Args:
        model: what `--genx-model` says.
        rootdir: relative paths are taken from here.

    Raises:
        ModelError: it was not pulled, parts of it are missing, or a directory has none or several.
    """
    place = named(model)
    if place is not None:
        return _pulled(model, *place)
    try:
        path = rootdir / Path(model).expanduser()
    except RuntimeError as error:  # ~NAME of nobody
        raise ModelError(model, str(error)) from None
    if path.is_dir():
        path = _only(model, path)
    elif not path.exists() and not (model.endswith(".gguf") or os.sep in model or "/" in model):
        close = difflib.get_close_matches(model, [known.name for known in TABLE], n=1)
        meant = f"; close: {close[0]}" if close else ""
        reason = f"there is no such file, nor a model of that name{meant}; run: genx models list"
        raise ModelError(model, reason)
    first = parts(path.name)[0]
    if path.is_file() and first != path.name:
        raise ModelError(model, f"it is a part of a model; name the first one, {first}")
    gone = missing(path)
    if path.is_file() and gone:
        raise ModelError(model, f"it was split, and parts are missing: {listed(gone)}")
    return path


def named(model: str) -> tuple[str, str | None] | None:
    """Take a name apart: repository and file, which is None for the only one.

    None means that it is no name but a path.

    Raises:
        ModelError: it starts with `hf:` but does not go on as it has to.
    """
    known = entry(model)
    if known is not None:
        return known.repository, known.file
    if not model.startswith(HUB):
        return None
    repository, colon, file = model[len(HUB) :].partition(":")
    if not _REPOSITORY.fullmatch(repository) or (colon and not is_file_name(file)):
        raise ModelError(model, "expected hf:OWNER/NAME or hf:OWNER/NAME:FILE.gguf")
    return repository, file or None


def is_file_name(file: str) -> bool:
    """Whether a repository's file may lie in the cache: a GGUF file, and nowhere outside."""
    return _FILE.fullmatch(file) is not None


def one_of(model: str, files: list[str], hint: str) -> str:
    """Take the only model of several files.

    Args:
        model: what was asked for.
        files: GGUF files; later parts of a model are passed over.
        hint: how to say which one is meant, with `{}` for its name.

    Raises:
        ModelError: there are none or several.
    """
    firsts = [file for file in files if is_first(file)]
    if not firsts:
        raise ModelError(model, "no GGUF file is in it")
    if len(firsts) > 1:
        how = hint.format(firsts[0])
        raise ModelError(
            model, f"{len(firsts)} models are in it: {listed(firsts)}; name one: {how}"
        )
    return firsts[0]


def _pulled(model: str, repository: str, file: str | None) -> Path:
    if file is None:
        there = [place.file for place in pulled() if place.repository == repository]
        file = one_of(model, there, f"{HUB}{repository}:{{}}") if there else None
    else:
        file = parts(file)[0]
    if file is None or missing(Place(repository, file).path):
        raise ModelError(model, f"it was not pulled yet; run: genx models pull {model}")
    return Place(repository, file).path


def _only(model: str, folder: Path) -> Path:
    files = sorted(path.name for path in folder.glob("*.gguf"))
    if not files and (folder / "config.json").is_file():
        reason = "it has a config.json and no GGUF file: it is for --genx-backend=transformers"
        raise ModelError(model, reason)
    return folder / one_of(model, files, str(Path(model) / "{}"))


def listed(names: list[str]) -> str:
    """Name the first of many, and how many more there are."""
    shown = ", ".join(names[:8])
    return shown if len(names) <= 8 else f"{shown} and {len(names) - 8} more"
