"""Lines of a round's files <-> Parquet, a typed table for each kind of file.

A row is a problem, but in `accepted`, where it is a case or a code; `round` is where the row comes
from. Rows go to the disk as they come, in groups. Equal rows give equal bytes under the same
version of pyarrow, which the manifest has: nothing of the time or the machine is in a file.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any

from pytest_genx.errors import MissingDependency

_GROUP = 512  # rows that are written together
_FIGURES = "figures"  # the one column that is a map


def write_table(path: Path, lines: Iterable[dict[str, Any]]) -> None:
    """Write a Parquet file in place; the stem of its name is its kind.

    Raises:
        MissingDependency: pyarrow is not installed.
        ValueError: a line has a key or a value that its kind of file has no column for.
    """
    parquet = _parquet()
    import pyarrow as pa  # noqa: PLC0415

    kind = path.name.partition(".")[0]
    schema = _schema(kind)
    left = iter(lines)
    with parquet.ParquetWriter(path, schema, compression="zstd", version="2.6") as writer:
        while group := list(islice(left, _GROUP)):
            for line in group:
                if unknown := line.keys() - set(schema.names):
                    raise ValueError(f"{kind} has no column {min(unknown)!r}")
            writer.write_table(pa.Table.from_pylist(list(map(_pairs, group)), schema))


def read_table(path: Path) -> list[dict[str, Any]]:
    """Read a Parquet file; a line has all columns.

    Raises:
        MissingDependency: pyarrow is not installed.
        ValueError, OSError: the file is damaged, or is none.
    """
    # One thread and no memory map: the file may be replaced while it is read.
    table = _parquet().ParquetFile(path).read(use_threads=False)
    return [
        {**line, _FIGURES: dict(line[_FIGURES])} if _FIGURES in line else line
        for line in table.to_pylist()
    ]


def _pairs(line: dict[str, Any]) -> dict[str, Any]:
    """Maps are lists of pairs to older versions of pyarrow, and to those that read them."""
    return {**line, _FIGURES: list(line[_FIGURES].items())} if _FIGURES in line else line


def _parquet() -> Any:
    try:
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError:
        raise MissingDependency(
            "genx-train", "pyarrow", "pip install 'pytest-genx[train]'"
        ) from None
    return parquet


def _schema(kind: str) -> Any:
    """Columns of a kind of file."""
    import pyarrow as pa  # noqa: PLC0415

    text, count, texts = pa.string(), pa.int32(), pa.list_(pa.string())
    samples = pa.list_(pa.struct({"text": text, "seed": pa.int64(), "tokens": count}))
    cases = {"written": text, "count": count, "outcome": text, "call": text, "corrected": text,
             "status": text}  # fmt: skip
    kinds = {
        "samples": {"tester": samples, "coder": samples},
        "cases": {"cases": pa.list_(pa.struct(cases)), "silent": count},
        "codes": {
            "codes": pa.list_(pa.struct({"source": text, "count": count})), "unreadable": count,
        },
        # A letter for each column of the pass matrix: useful cases, original tests, the rest.
        "outcomes": {
            "useful": count, "tests": count, "reference": text, "mutants": texts,
            "code_rows": texts,
        },
        "accepted": {"role": text, "source": text, "kills": pa.list_(count)},
        "measured": {"set": text, _FIGURES: pa.map_(text, pa.float64())},
    }  # fmt: skip
    return pa.schema({"problem": text, "round": count, **kinds[kind]})
