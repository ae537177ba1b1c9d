"""What huggingface_hub (version 2) does for us: list a repository, fetch a file, say what failed.

Its `hf_hub_download` starts a broken download over in the next process; its `http_get` takes the
bytes that are there, so files are fetched with that. Errors become one sentence here.
"""

# ruff: noqa: PLC0415 -- the library is optional, and imported when something is pulled

from __future__ import annotations

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pytest_genx.errors import MissingDependency, PullError

_PATIENCE = 30.0  # seconds for the list of files


@dataclass(frozen=True, slots=True)
class Access:
    """How the hub is reached; None is the library's own default, for a token: none is sent."""

    endpoint: str | None = None
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Remote:
    """A file on the hub, with the size and the sum that the hub has for it, if it has any."""

    repository: str
    revision: str
    name: str
    size: int | None
    sha256: str | None


def files(model: str, repository: str, access: Access) -> list[Remote]:
    """List the GGUF files of a repository.

    Raises:
        MissingDependency: huggingface_hub is not installed.
        PullError: the hub cannot be reached, refuses, or does not know the repository.
    """
    try:
        import httpx2  # noqa: F401 -- an older library has another client
        from huggingface_hub import HfApi, constants
    except ImportError:
        raise MissingDependency(
            "genx models pull", "huggingface_hub", "pip install 'pytest-genx[hub]'"
        ) from None
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # failures are told by us, once
    # Otherwise it asks the hub for a list of coding agents, to report the one at work.
    constants.HF_HUB_DISABLE_TELEMETRY = True
    token = _checked(model, access.token)
    if access.endpoint and not _is_address(access.endpoint):
        raise PullError(model, f"HF_ENDPOINT is {access.endpoint!r}; expected an http or https URL")
    api = HfApi(endpoint=access.endpoint, token=token or False)
    with sentences(model, repository):
        try:
            info = api.model_info(repository, files_metadata=True, timeout=_PATIENCE)
            siblings = [
                Remote(
                    repository,
                    info.sha or "main",
                    one.rfilename,
                    one.lfs.size if one.lfs else one.size,
                    one.lfs.sha256.lower() if one.lfs else None,
                )
                for one in info.siblings or ()
            ]
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            if isinstance(error, OSError):  # the library's own errors are both
                raise
            raise PullError(model, f"{api.endpoint} does not answer as a hub does") from None
    return [one for one in siblings if one.name.endswith(".gguf")]


def fetch(model: str, remote: Remote, to: Path, access: Access) -> None:
    """Fetch what is missing of a file, with a progress bar on standard error.

    Args:
        model: what was asked for.
        remote: what to fetch; its size is known.
        to: what has come of it so far, or where to begin.
        access: to the hub.

    Raises:
        PullError: it did not come whole; what came is kept.
    """
    from huggingface_hub import hf_hub_url
    from huggingface_hub.file_download import http_get

    url = hf_hub_url(
        remote.repository, remote.name, revision=remote.revision, endpoint=access.endpoint
    )
    headers = {"authorization": f"Bearer {access.token}"} if access.token else {}
    with sentences(model, remote.repository, to), to.open("ab") as file:
        http_get(
            url,
            file,
            resume_size=file.tell(),
            headers=headers,
            expected_size=remote.size,
            displayed_filename=Path(remote.name).name,
        )


@contextmanager
def sentences(model: str, repository: str, part: Path | None = None) -> Iterator[None]:
    """Turn what the library and the system raise into one sentence; a token is never in it.

    Args:
        model: what was asked for.
        repository: on the hub.
        part: what has come so far.
    """
    import httpx2
    from huggingface_hub.errors import (
        EntryNotFoundError,
        GatedRepoError,
        HfHubHTTPError,
        RepositoryNotFoundError,
    )

    try:
        yield
    except GatedRepoError:
        reason = (
            f"its publisher has terms: accept them at https://huggingface.co/{repository}, "
            "and set HF_TOKEN to a token of yours"
        )
    except RepositoryNotFoundError:
        reason = f"the hub has no repository {repository}, or it is private and needs HF_TOKEN"
    except EntryNotFoundError:
        reason = f"{repository} has no such file"
    except HfHubHTTPError as error:
        reason = _refused(error.response.status_code)
    except httpx2.TimeoutException:
        reason = "the hub did not answer in time"
    except httpx2.ConnectError as error:
        reason = f"the hub cannot be reached ({error}); is there a network?"
    except httpx2.HTTPError:
        reason = "the connection broke off"
    except OSError as error:
        reason = _system(error, part)
    else:
        return
    raise PullError(model, reason + kept(part)) from None


def kept(part: Path | None) -> str:
    """Say that what has come so far is of use."""
    from pytest_genx.models.store import size

    have = part.stat().st_size if part is not None and part.is_file() else 0
    return f"; {size(have)} are kept, and the same command goes on from there" if have else ""


def _refused(status: int) -> str:
    if status == 401:
        return "the hub refuses (401): no such repository, or HF_TOKEN holds no token for it"
    if status == 403:
        return "the hub forbids it (403): the token in HF_TOKEN has no access"
    if status == 404:
        return "the hub does not have it (404)"
    if status == 429:
        return "the hub asks to wait (429): try again later"
    return f"the hub answers with status {status}"


def _system(error: OSError, part: Path | None) -> str:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"the disk is full ({part.parent if part else error.filename})"
    if error.errno is None:  # the library's check of the size
        return "it did not come whole"
    return f"{error.filename or part}: {error.strerror}"


def _checked(model: str, token: str | None) -> str | None:
    if token and not (token.isascii() and token.isprintable()):
        # The library would show it in an error.
        raise PullError(model, "HF_TOKEN has characters that are in no token")
    return token


def _is_address(url: str) -> bool:
    try:
        parsed = urlsplit(url)
    except ValueError:
        return False
    return parsed.scheme in {"http", "https"} and bool(parsed.hostname)
