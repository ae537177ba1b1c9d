"""`genx models`: its verbs and what they print."""

# ruff: noqa: PLC0415 -- a verb imports what it needs when it is run

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DONE, NOT_THERE, INTERRUPTED = 0, 1, 130
_NAME = "a name of `genx models list`, or hf:OWNER/NAME[:FILE]"


@dataclass(frozen=True, slots=True)
class Row:
    """One model of the list; sizes in bytes, None: not known."""

    name: str
    license: str | None
    size: int | None
    memory: int | None  # needed at most
    path: str | None  # None: not pulled
    begun: int = 0  # bytes of it that have come


def add_models(verbs: Any) -> None:
    """Add `models` and its verbs to those of `genx`."""
    parser = verbs.add_parser("models", help="models by name: list, pull, path, remove")
    parser.set_defaults(run=lambda _: parser.print_help())
    inner = parser.add_subparsers(title="verbs", metavar="VERB")
    line = inner.add_parser("list", help="well-known models and all that were pulled")
    line.add_argument("--json", action="store_true", help="print the list as JSON")
    line.set_defaults(run=run_list)
    line = inner.add_parser(
        "pull",
        help="fetch a model from the Hugging Face hub into the cache",
        description=(
            "Fetch a model and check its SHA-256. An interrupted pull goes on where it was. "
            "A token is taken from HF_TOKEN, the hub's address from HF_ENDPOINT."
        ),
    )
    line.add_argument("model", metavar="NAME", help=_NAME)
    line.add_argument("--offline", action="store_true", help="do not use the network")
    line.set_defaults(run=run_pull)
    line = inner.add_parser("path", help="print where a pulled model lies")
    line.add_argument("model", metavar="NAME", help=_NAME)
    line.set_defaults(run=run_path)
    line = inner.add_parser("remove", help="delete a pulled model")
    line.add_argument("model", metavar="NAME", help=_NAME)
    line.set_defaults(run=run_remove)


def run_list(arguments: argparse.Namespace) -> int:
    """Print the list."""
    found = list(rows())
    if arguments.json:
        import dataclasses
        import json

        body = json.dumps([dataclasses.asdict(row) for row in found], indent=2, ensure_ascii=False)
        sys.stdout.write(body + "\n")
        return DONE
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD)
    table.add_column("name", overflow="fold")
    table.add_column("licence")
    for title in ("size", "memory"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("pulled", overflow="fold")
    for row in found:
        cells = (row.license or "", _size(row.size), _size(row.memory), _state(row))
        table.add_row(row.name, *cells)
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = 300  # a path that is cut in two is of no use in a file
    console.print(table)
    console.print("memory: file and sampling at most; genx doctor --genx-model=NAME says more")
    return DONE


def rows() -> Iterator[Row]:
    """Yield the models of the table, then all others that were pulled."""
    from pytest_genx.models.resolve import HUB
    from pytest_genx.models.store import Place, parts, pulled
    from pytest_genx.models.table import TABLE

    there = list(pulled())
    for known in TABLE:
        place = Place(known.repository, known.file)
        path = str(place.path) if place in there else None
        begun = sum(part.stat().st_size for part in place.partials())
        yield Row(known.name, known.license, known.size, known.memory, path, begun)
    in_table = {(known.repository, known.file) for known in TABLE}
    for place in there:
        if (place.repository, place.file) not in in_table:
            files = [place.path.with_name(Path(name).name) for name in parts(place.file)]
            size = sum(file.stat().st_size for file in files)
            name = f"{HUB}{place.repository}:{place.file}"
            yield Row(name, None, size, None, str(place.path))


def run_pull(arguments: argparse.Namespace) -> int:
    """Fetch a model, and print where it lies."""
    from pytest_genx.models.hub import Access
    from pytest_genx.models.pull import pull

    variables = os.environ
    offline = arguments.offline or variables.get("HF_HUB_OFFLINE", "").upper() in {
        "1", "ON", "YES", "TRUE",
    }  # fmt: skip
    access = Access(variables.get("HF_ENDPOINT") or None, variables.get("HF_TOKEN", "").strip())
    try:
        done = pull(arguments.model, access, offline=offline)
    except KeyboardInterrupt:
        sys.stderr.write("genx: interrupted; what has come is kept, the same command goes on\n")
        return INTERRUPTED
    checked = {
        "": "it was there",
        "table": "its SHA-256 is that of the table",
        "hub": "its SHA-256 is the one that the hub states",
    }[done.checked]
    sys.stderr.write(f"{arguments.model}: {checked}\n")
    sys.stdout.write(f"{done.path}\n")
    return DONE


def run_path(arguments: argparse.Namespace) -> int:
    """Print where a model lies, and nothing else."""
    from pytest_genx.errors import ModelError
    from pytest_genx.models.resolve import find

    try:
        path = find(arguments.model, Path.cwd())
        if not path.is_file():
            raise ModelError(arguments.model, "there is no such file")  # noqa: TRY301
    except ModelError as error:
        sys.stderr.write(f"genx: {error}\n")
        return NOT_THERE
    sys.stdout.write(f"{path}\n")
    return DONE


def run_remove(arguments: argparse.Namespace) -> int:
    """Delete a model, and say what that freed."""
    from pytest_genx.errors import PullError
    from pytest_genx.models.resolve import find, named
    from pytest_genx.models.store import Place, models_folder, parts, remove, size

    name = named(arguments.model)
    if name is None:
        raise PullError(arguments.model, "only what genx models pull brought is removed")
    repository, file = name
    if file is None:
        path = find(arguments.model, Path.cwd())
        file = path.relative_to(models_folder() / repository).as_posix()
    freed = remove(Place(repository, parts(file)[0]))
    if not freed:
        sys.stderr.write(f"genx: {arguments.model} was not pulled, nothing was removed\n")
        return NOT_THERE
    sys.stdout.write(f"{arguments.model}: {freed} bytes ({size(freed)}) are free\n")
    return DONE


def _size(n: int | None) -> str:
    from pytest_genx.models.store import size

    return "" if n is None else size(n)


def _state(row: Row) -> str:
    if row.path is not None:
        return row.path
    return f"in part, {_size(row.begun)}" if row.begun else "no"
