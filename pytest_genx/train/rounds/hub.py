"""Files of a data set on the hub, out of huggingface_hub's cache; fetched only when allowed.

Nothing leaves the machine without `data.download: true` in the recipe, not even a question for
the list of files.
"""

# ruff: noqa: PLC0415 -- the library is optional, and imported when a set names the hub

from __future__ import annotations

import os
import re
from pathlib import Path

from pytest_genx.errors import MissingDependency, PullError
from pytest_genx.models.hub import sentences
from pytest_genx.train.rounds.files import DataError, choose

_PLACE = re.compile(r"([\w.-]+/[\w.-]+)(?:@([\w./-]+))?(?::(.+))?")


def hub_files(place: str, *, download: bool) -> list[Path]:
    """Find the files of one split of a data set.

    Args:
        place: `OWNER/NAME[@REVISION][:SPLIT or FILE]`.
        download: whether the hub may be asked for what the cache lacks.

    Raises:
        DataError: the cache lacks it and nothing may be fetched, the hub does not have it, or
            `place` does not say which split is meant.
        MissingDependency: huggingface_hub is not installed.
    """
    match = _PLACE.fullmatch(place)
    if match is None:
        raise DataError(f"hub:{place}", "expected hub:OWNER/NAME[@REVISION][:SPLIT or FILE]")
    repository, revision, part = match[1], match[2] or "main", match[3] or ""
    try:
        from huggingface_hub import constants
    except ImportError:
        raise MissingDependency(
            "a set on the hub", "huggingface_hub", "pip install 'pytest-genx[hub]'"
        ) from None
    constants.HF_HUB_DISABLE_TELEMETRY = True
    try:
        return _cached(repository, revision, part)
    except ValueError as error:
        reason = str(error)
    if not download:
        raise DataError(
            f"hub:{place}",
            f"{reason} in the local cache ({constants.HF_HUB_CACHE}), and nothing is downloaded "
            "unless the recipe says `data.download: true`",
        )
    if constants.HF_HUB_OFFLINE:
        raise DataError(f"hub:{place}", f"{reason}, and HF_HUB_OFFLINE forbids to download")
    try:
        return _fetched(repository, revision, part)
    except ValueError as error:
        raise DataError(f"hub:{place}", str(error)) from None


def _cached(repository: str, revision: str, part: str) -> list[Path]:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    found: str | None
    try:
        found = snapshot_download(
            repository, repo_type="dataset", revision=revision, local_files_only=True
        )
    except LocalEntryNotFoundError as error:
        # Some files of the repository may do.
        found = getattr(error, "snapshot_path", None)
        if found is None:
            raise ValueError("it is not") from None
    folder = Path(found)
    names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    return [folder / name for name in choose(names, part)]


def _fetched(repository: str, revision: str, part: str) -> list[Path]:
    from huggingface_hub import HfApi, hf_hub_download

    token = os.environ.get("HF_TOKEN", "").strip() or False
    endpoint = os.environ.get("HF_ENDPOINT") or None
    try:
        with sentences(repository, repository):
            info = HfApi(endpoint=endpoint, token=token).dataset_info(repository, revision=revision)
            names = choose([one.rfilename for one in info.siblings or ()], part)
            return [
                Path(
                    hf_hub_download(
                        repository, name, repo_type="dataset", revision=revision, token=token,
                        endpoint=endpoint,
                    )
                )
                for name in names
            ]  # fmt: skip
    except PullError as error:
        raise ValueError(str(error)) from None
