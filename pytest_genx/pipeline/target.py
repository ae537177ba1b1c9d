"""Paths and names -> targets, by reading source; nothing is imported.

A module's import root is the first directory upwards without an `__init__.py`. So a module
in a directory without one is named by its file alone, even when a namespace package is meant.
"""

from __future__ import annotations

import ast
import os
import tokenize
from collections.abc import Iterator, Sequence
from pathlib import Path

from pytest_genx.domain import Target, TargetKind
from pytest_genx.errors import NoTargets, SourceError, TargetNotFound
from pytest_genx.syntax.definition import Definition, first_line, is_stub, walk_definitions
from pytest_genx.syntax.source import indentation, parse_known, shift

_NOT_CODE = frozenset({"__main__.py", "conftest.py", "setup.py"})
_NOT_SOURCE = frozenset(
    {"__pycache__", "build", "dist", "env", "node_modules", "test", "tests", "venv"}
)
# Last parts of decorators whose function is not called, or not meant to be.
_ATTRIBUTES = frozenset({"cached_property", "deleter", "getter", "property", "setter"})
_UNFINISHED = frozenset({"abstractmethod", "abstractproperty", "overload"})


def find_targets(specs: Sequence[str], rootdir: Path) -> list[Target]:
    """Find what is to be tested.

    A directory, a file or a class stands for its public functions and methods; what is
    named itself may be private. Test files count only when they are named.

    Args:
        specs: `PATH`, `PATH::NAME` or `PATH::CLASS::NAME`, relative to `rootdir`.
        rootdir: an absolute path.

    Returns:
        Targets by path, then line, each once.

    Raises:
        TargetNotFound: a path or a name does not exist.
        SourceError: a file cannot be read, does not parse, or cannot be imported.
        NoTargets: there is nothing to test in all of `specs`.
    """
    found: dict[tuple[Path, str], Target] = {}
    for spec in specs:
        place, _, name = spec.partition("::")
        path = Path(os.path.normpath(rootdir / place))
        if not path.exists():
            raise TargetNotFound("path", place, _siblings(place, path))
        if name and path.is_dir():
            raise TargetNotFound(f"in {place}, which is a directory, function or method", name)
        for file in [path] if path.is_file() else sorted(_files(path)):
            for target in _targets(file, name.replace("::", "."), rootdir):
                found[target.path, target.qualname] = target
    if not found:
        raise NoTargets(specs)
    return sorted(found.values(), key=lambda target: (target.path, target.start))


def _siblings(place: str, path: Path) -> list[str]:
    """What could have been meant instead of a path, written as the path was."""
    if not path.parent.is_dir():
        return []
    head = place[: len(place) - len(Path(place).name)]
    return [
        head + entry.name
        for entry in path.parent.iterdir()
        if entry.suffix == ".py" or (entry.is_dir() and not entry.name.startswith("."))
    ]


def _files(directory: Path) -> Iterator[Path]:
    """Source files below a directory that are no tests and that can be imported."""
    for here, directories, files in os.walk(directory):
        top = Path(here)
        directories[:] = [name for name in directories if _is_source(top / name)]
        for name in files:
            stem, _, suffix = name.rpartition(".")
            if suffix != "py" or not stem.isidentifier() or name in _NOT_CODE:
                continue
            if not stem.startswith("test_") and not stem.endswith("_test"):
                yield top / name


def _is_source(directory: Path) -> bool:
    """Say whether a directory may hold code of the user's."""
    name = directory.name
    if name.startswith(".") or name.endswith(".egg-info") or (directory / "pyvenv.cfg").exists():
        return False
    package = (directory / "__init__.py").exists() and name not in {"test", "tests"}
    return name not in _NOT_SOURCE or (package and name != "__pycache__")


def _targets(path: Path, name: str, rootdir: Path) -> Iterator[Target]:
    """Yield the public targets of a file, or those that a name stands for."""
    text = _read(path)
    try:
        tree = parse_known(text)
    except SyntaxError as error:
        where = f"line {error.lineno}: " if error.lineno else ""
        raise SourceError(path, where + error.msg) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise SourceError(path, str(error) or type(error).__name__) from None
    definitions = walk_definitions(tree.body)
    if not name:
        chosen = [n for n in definitions if _is_public(n, definitions)]
    elif name not in definitions:
        shown = path.relative_to(rootdir) if path.is_relative_to(rootdir) else path
        raise TargetNotFound(f"in {shown}, function or method", name, definitions)
    elif isinstance(definitions[name], ast.ClassDef):
        members = [n for n in definitions if n.startswith(f"{name}.")]
        chosen = [n for n in members if _is_public(n, definitions, below=name)]
    else:
        chosen = [name]
    for qualname in chosen:
        node = definitions[qualname]
        if isinstance(node, ast.ClassDef):
            continue
        if _marks(node) & _ATTRIBUTES:
            raise SourceError(path, f"{qualname} is a property; name a function or a method")
        yield _describe(path, text, qualname, node)


def _read(path: Path) -> str:
    """Read source as Python does: by its declared encoding, with any line ends."""
    if path.suffix != ".py":
        raise SourceError(path, "it is not a .py file")
    if not path.stem.isidentifier():
        raise SourceError(path, f"{path.stem!r} is not a name that can be imported")
    try:
        with tokenize.open(path) as file:
            return file.read()
    except (OSError, SyntaxError, UnicodeDecodeError) as error:
        raise SourceError(path, str(error)) from None


def _is_public(
    qualname: str, definitions: dict[str, Definition | ast.ClassDef], below: str = ""
) -> bool:
    """Say whether a name stands for something that users call and that can be run."""
    node = definitions[qualname]
    if isinstance(node, ast.ClassDef) or _marks(node) & (_ATTRIBUTES | _UNFINISHED):
        return False
    if any(part.startswith("_") for part in qualname[len(below) :].strip(".").split(".")):
        return False
    owner = definitions.get(qualname.rpartition(".")[0])
    bases = owner.bases if isinstance(owner, ast.ClassDef) else []
    return not any(_last_part(base) == "Protocol" for base in bases)


def _marks(node: Definition) -> set[str]:
    """Last parts of the names of all decorators."""
    return {_last_part(decorator) for decorator in node.decorator_list}


def _last_part(node: ast.expr) -> str:
    if isinstance(node, (ast.Call, ast.Subscript)):
        node = node.func if isinstance(node, ast.Call) else node.value
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _describe(path: Path, text: str, qualname: str, node: Definition) -> Target:
    lines = text.split("\n")
    start, end = first_line(node), node.end_lineno
    assert end is not None
    root = path.parent
    parts = [] if path.stem == "__init__" else [path.stem]
    while (root / "__init__.py").exists():
        parts.insert(0, root.name)
        root = root.parent
    return Target(
        path=path,
        import_root=root,
        module=".".join(parts) or path.stem,
        qualname=qualname,
        kind=_kind(qualname, node),
        is_async=isinstance(node, ast.AsyncFunctionDef),
        is_stub=is_stub(node),
        start=start,
        end=end,
        source=shift("\n".join(lines[start - 1 : end]), indentation(lines[start - 1]), ""),
        module_source=text,
        docstring=ast.get_docstring(node),
    )


def _kind(qualname: str, node: Definition) -> TargetKind:
    if "." not in qualname:
        return TargetKind.FUNCTION
    marks = _marks(node)
    if "staticmethod" in marks:
        return TargetKind.STATICMETHOD
    if "classmethod" in marks or node.name in {"__class_getitem__", "__init_subclass__"}:
        return TargetKind.CLASSMETHOD
    return TargetKind.METHOD
