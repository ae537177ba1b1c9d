"""Kept cases -> planned edits -> files: one new test file for each module, nothing else.

A file that is not of our making, or that was edited by hand, is left alone. Tests of targets
that this run did not touch stay in the file. Where a file goes is decided in `place`.
"""

from __future__ import annotations

import ast
import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

from pytest_genx.domain import Case, Edit, Target
from pytest_genx.errors import WriteRefused
from pytest_genx.pipeline.place import file_names, place
from pytest_genx.pipeline.render import Function, functions_for, parse, render
from pytest_genx.records import FileWritten

FOREIGN = "left alone: it was not written by pytest-genx"
EDITED = "left alone: it was edited by hand"


def plan(
    kept: Sequence[tuple[Target, Sequence[Case]]],
    *,
    rootdir: Path,
    test_dir: Path | None,
    test_paths: Sequence[Path],
    sys_path: Sequence[str] = (),
) -> list[Edit]:
    """Work out the text of each test file; writes nothing.

    Args:
        kept: cases by target; a target without any changes nothing.
        rootdir: pytest's.
        test_dir: where the user wants new test files, if they said.
        test_paths: where the user's tests are.
        sys_path: the user's own additions to the import path.

    Returns:
        One edit for each module with kept cases, in the order of the paths.

    Raises:
        WriteRefused: what stands at a path cannot be read.
    """
    by_module: dict[Path, list[tuple[Target, Sequence[Case]]]] = {}
    for target, cases in kept:
        if cases:
            by_module.setdefault(target.path, []).append((target, cases))
    edits: dict[Path, Edit] = {}
    for path, targets in sorted(by_module.items()):
        source = _relative(path, rootdir)
        for name in file_names(targets[0][0], rootdir):
            destination = place(
                targets[0][0],
                name,
                rootdir=rootdir,
                test_dir=test_dir,
                test_paths=test_paths,
                sys_path=sys_path,
            )
            before = _read(destination)
            known = parse(before) if before is not None else None
            if destination not in edits and (known is None or known.source == source):
                break
        sections = known.sections if known is not None else {}
        after = _text(source, targets, sections)
        if before is not None and before.partition("\n")[2] == after.partition("\n")[2]:
            after = before  # only the version in the first line differs
        edits[destination] = Edit(destination, before, after)
    return list(edits.values())


def apply(edits: Sequence[Edit], rootdir: Path) -> list[FileWritten]:
    """Write the planned files, each at once or not at all; all are checked before the first.

    Args:
        edits: from `plan`.
        rootdir: nothing is written outside it, symbolic links resolved.

    Returns:
        What became of each: "written", "unchanged", or why it was left alone.

    Raises:
        WriteRefused: a path is outside the rootdir, the file is no longer as it was when
            planned, or the file system refuses.
    """
    for edit in edits:
        refuse_outside(edit.path, rootdir)
        if _read(edit.path) != edit.before:
            raise WriteRefused(edit.path, "it changed in the meantime")
    written = []
    for edit in edits:
        status = _status(edit)
        if status == "written":
            _replace(edit.path.resolve(), edit.after)
        written.append(FileWritten(_relative(edit.path, rootdir), status, _count(edit.after)))
    return written


def refuse_outside(path: Path, rootdir: Path) -> None:
    """Check that a path is inside the rootdir, symbolic links resolved.

    Raises:
        WriteRefused: it is not.
    """
    if not path.resolve().is_relative_to(rootdir.resolve()):
        raise WriteRefused(path, f"it is outside the rootdir {rootdir}")


def _text(
    source: str,
    targets: Sequence[tuple[Target, Sequence[Case]]],
    sections: Mapping[str, tuple[Function, ...]],
) -> str:
    """Put the new tests in the place of those of the same targets, in the module's order."""
    module = targets[0][0]
    order = _definitions(ast.parse(module.module_source).body)
    fresh = {target.qualname for target, _ in targets}
    merged = {q: f for q, f in sections.items() if q in order and q not in fresh}
    taken = {function.name for functions in merged.values() for function in functions}
    for target, cases in sorted(targets, key=lambda pair: pair[0].start):
        merged[target.qualname] = tuple(functions_for(target, cases, taken))
    ordered = {q: merged[q] for q in dict.fromkeys([*order, *merged]) if merged.get(q)}
    renew = f"pytest --genx-generate={source} --genx-write=accept"
    return render(source, ordered, module.import_root, renew)


def _definitions(body: Sequence[ast.stmt], prefix: str = "") -> list[str]:
    """Qualified names of what a module defines, in order."""
    names = []
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.append(prefix + node.name)
            if isinstance(node, ast.ClassDef):
                names += _definitions(node.body, f"{prefix}{node.name}.")
        else:
            inner = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]
            names += _definitions(inner, prefix)
    return list(dict.fromkeys(names))


def _status(edit: Edit) -> str:
    if edit.before is None:
        return "written"
    if edit.after == edit.before:
        return "unchanged"
    known = parse(edit.before)
    if known is None:
        return FOREIGN
    return "written" if known.pristine else EDITED


def _read(path: Path) -> str | None:
    """The text of a file, None when there is none."""
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise WriteRefused(path, str(error.strerror)) from None


def _replace(path: Path, text: str) -> None:
    """Write a file so that nobody ever sees half of it; an existing one keeps its mode."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(text, encoding="utf-8", errors="surrogateescape", newline="\n")
        if path.exists():
            temporary.chmod(stat.S_IMODE(path.stat().st_mode))
        temporary.replace(path)
    except OSError as error:
        raise WriteRefused(path, str(error.strerror)) from None
    finally:
        temporary.unlink(missing_ok=True)


def _count(text: str) -> int:
    """How many tests a file of ours holds."""
    return sum(isinstance(node, ast.FunctionDef) for node in ast.parse(text).body)


def _relative(path: Path, rootdir: Path) -> str:
    """A path as records have it: from the rootdir, with slashes."""
    return (path.relative_to(rootdir) if path.is_relative_to(rootdir) else path).as_posix()
