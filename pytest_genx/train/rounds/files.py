"""A set's name -> its files -> rows: JSON lines, JSON, Parquet, Arrow, folders of APPS, the hub.

A row that cannot be read is None and the rest goes on; a file that is missing or cut off stops.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pytest_genx.errors import GenxError, MissingDependency

Row = Mapping[str, Any]

HUB = "hub:"
SUFFIXES = (".parquet", ".arrow", ".jsonl", ".jsonl.gz", ".json", ".json.gz")
_DIGITS = 4000  # of an integer; Python reads no more than 4300 of them
_SHARD = re.compile(r"-\d{5}-of-(\d{5})(-[0-9a-f]{16})?$")
_NUMBERED = re.compile(r"/(\d{4}|data|partial)$")  # shards as the hub's own converter names them


class DataError(GenxError):
    """A set of problems is missing or is not what its format says."""

    def __init__(self, place: Path | str, reason: str) -> None:
        super().__init__(f"problems {place}: {reason}")


def find(folder: Path, name: str, *, download: bool = False) -> list[Path]:
    """Find the files of a set, or the folders of one in APPS' layout.

    Args:
        folder: where a name is looked for, as itself or with one of `SUFFIXES`.
        name: a file, a folder of files, or `hub:OWNER/NAME[@REVISION][:SPLIT or FILE]`.
        download: whether the hub may be asked for what is not on this machine.

    Raises:
        DataError: nothing is there, or several sets are.
        MissingDependency: huggingface_hub is not installed.
    """
    if name.startswith(HUB):
        from pytest_genx.train.rounds.hub import hub_files  # noqa: PLC0415

        return hub_files(name.removeprefix(HUB), download=download)
    for suffix in ("", *SUFFIXES):
        path = folder / (name + suffix)
        if path.is_file():
            return [path]
        if path.is_dir():
            if any(path.glob("*/question.txt")):
                return sorted(one.parent for one in path.glob("*/question.txt"))
            names = [p.relative_to(path).as_posix() for p in sorted(path.rglob("*")) if p.is_file()]
            try:
                return [path / one for one in choose(names, "")]
            except ValueError as error:
                raise DataError(path, str(error)) from None
    known = ", ".join(SUFFIXES)
    raise DataError(folder / name, f"no such file or folder, nor with one of {known} after it")


def choose(names: Sequence[str], part: str) -> list[str]:
    """Choose the files of one split among those of a repository.

    Args:
        names: paths in the repository, with slashes.
        part: a file, `SPLIT`, `CONFIG/SPLIT`, or "" where there is but one.

    Returns:
        All shards of the split, in order.

    Raises:
        ValueError: there is no such part, a shard of it is missing, or several fit; the known
            ones are named.

    >>> choose(["README.md", "data/test.jsonl", "data/train-00000-of-00001.parquet"], "train")
    ['data/train-00000-of-00001.parquet']
    """
    if part in names:
        return [part]
    parts: dict[str, list[str]] = {}
    for name in sorted(names):
        if name.endswith(SUFFIXES):
            parts.setdefault(_part(name), []).append(name)
    fitting = [p for p in parts if not part or p == part or p.endswith(f"/{part}")]
    if len(fitting) != 1:
        what = f"{len(fitting)} parts fit {part!r}" if fitting else f"no part {part!r}"
        raise ValueError(f"{what}; there are: {', '.join(parts) or 'no files of data'}")
    found = parts[fitting[0]]
    shard = _SHARD.search(_stem(found[0]))
    if shard and len(found) != int(shard[1]):
        raise ValueError(f"{len(found)} of {int(shard[1])} files of {fitting[0]!r} are there")
    return found


def _stem(name: str) -> str:
    return next(name.removesuffix(s) for s in reversed(SUFFIXES) if name.endswith(s))


def _part(name: str) -> str:
    """`data/train-00000-of-00002.parquet`, `main/train/0000.parquet` -> `train`, `main/train`."""
    text = _NUMBERED.sub("", _SHARD.sub("", _stem(name)))
    return text.removeprefix("data/")


def rows(path: Path) -> Iterator[Row | None]:
    """Read the rows of a file, or the one row of a folder; None for one that cannot be read.

    Raises:
        DataError: the file is damaged, or is of another kind than its name says.
        MissingDependency: it is Parquet or Arrow and pyarrow is not installed.
    """
    name = path.name.removesuffix(".gz")
    try:
        if path.is_dir():
            yield _of_folder(path)
        elif name.endswith((".parquet", ".arrow")):
            yield from _columns(path)
        elif name.endswith(".json"):
            with _open(path) as file:
                found = decoded(file.read())
            # What is no list is one row that is no record.
            listed = found if isinstance(found, list) else [None]
            yield from (row if isinstance(row, dict) else None for row in listed)
        else:
            with _open(path) as lines:
                for line in lines:
                    if line.strip():
                        yield _row(line)
    except (OSError, EOFError, ValueError) as error:
        raise DataError(path, " ".join(str(error).split())) from None


def decoded(text: str) -> Any:
    """Decode JSON; integers that Python would not read stay text.

    Raises:
        ValueError: it is no JSON.
    """
    return json.loads(
        text, parse_int=lambda digits: int(digits) if len(digits) < _DIGITS else digits
    )


def _open(path: Path) -> Any:
    opening = gzip.open if path.suffix == ".gz" else open
    return opening(path, "rt", encoding="utf-8")


def _row(line: str) -> Row | None:
    try:
        row = decoded(line)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None


def _columns(path: Path) -> Iterator[Row]:
    try:
        import pyarrow as pa  # noqa: PLC0415
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError:
        raise MissingDependency(
            "genx-train", "pyarrow", "pip install 'pytest-genx[train]'"
        ) from None
    if path.suffix == ".parquet":
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=256, use_threads=False):
                yield from batch.to_pylist()
        return
    with pa.OSFile(str(path)) as file:
        for batch in pa.ipc.open_stream(file):
            yield from batch.to_pylist()


def _of_folder(path: Path) -> Row:
    """One problem of APPS as it was published: a folder with a file for each field."""
    texts = {
        key: file.read_text("utf-8")
        for key, file in (
            ("question", path / "question.txt"),
            ("solutions", path / "solutions.json"),
            ("input_output", path / "input_output.json"),
            ("starter_code", path / "starter_code.py"),
        )
        if file.is_file()
    }
    return {"problem_id": path.name, **texts}
