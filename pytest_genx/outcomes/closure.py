# ruff: noqa: PTH100, PTH110, PTH112, PTH113, PTH116, PTH118, PTH119, PTH120, PTH123, PTH208
# (thousands of paths are looked at, and pathlib takes its time)
"""What a program may import of the user's own: files, found without importing any of them.

Import statements are followed from file to file through the directories that the user's
modules come from. Modules that are installed are not followed: the names and times of
the directories that hold them stand for all of them. In a file that imports by `__import__` or
`import_module`, or lists `pytest_plugins`, every string that names a module of the user's
counts as imported.

Not seen: names put together while running, what `exec` imports, and files that are no modules
(data that a function reads). Who changes those runs with the cache turned off.
"""

from __future__ import annotations

import hashlib
import os
import re
import site
import sysconfig
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from pytest_genx.outcomes.importing import Imports, imports_of

_SUFFIXES = (".so", ".pyd")
_LINES = re.compile(r"^.*import.*$", re.MULTILINE)
_GOES_ON = re.compile(r"import\s*\(|\\$")  # the statement does not end with the line
_NOTHING = Imports()


class Files:
    """What files hold, remembered for as long as they look the same."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[tuple[int, int, int], bytes, Imports]] = {}

    def look(self, path: str) -> tuple[bytes, Imports]:
        """Return the digest of a file, and what it imports; of one that is gone, nothing."""
        try:
            status = os.stat(path)
            looks = (status.st_mtime_ns, status.st_size, status.st_ino)
            known = self._known.get(path)
            if known is None or known[0] != looks:
                with open(path, "rb") as file:
                    data = file.read()
                source = data.decode("utf-8", "replace") if path.endswith(".py") else ""
                known = (looks, hashlib.blake2b(data, digest_size=16).digest(), imports_of(source))
                self._known[path] = known
        except OSError:
            return b"", _NOTHING
        return known[1], known[2]


@dataclass(frozen=True, slots=True)
class _Node:
    """A module of the user's: its file, "" for a mere directory, and where its parts are."""

    file: str
    inside: tuple[str, ...] = ()


class Closure:
    """The modules within reach of one batch, as they are now."""

    def __init__(self, module: str, path: str, sys_path: Iterable[str], files: Files) -> None:
        """Look at nothing yet.

        Args:
            module: the name that programs are imported as; its own file is never read.
            path: where they believe they stand.
            sys_path: directories that go before the interpreter's own.
            files: shared by all batches of a run.
        """
        self.module = module
        self.path = os.path.abspath(path)
        self.files = files
        is_package = os.path.basename(path) == "__init__.py"
        self._package = module if is_package else module.rpartition(".")[0]
        self._roots = [os.path.abspath(p) for p in sys_path]
        self._nodes: dict[str, _Node | None] = {}
        self._digests: dict[frozenset[str], bytes] = {}
        self._by_lines: dict[tuple[str, tuple[str, ...]], bytes] = {}

    def of_program(self, program: str) -> bytes:
        """Digest what a program imports, and the packages around it."""
        return self._of_source(program, self._package)

    def of_case(self, source: str) -> bytes:
        """Digest what a case imports by itself."""
        return self._of_source(source, "") if "import" in source else b""

    def beside(self, conftests: Sequence[str]) -> Closure:
        """Return the closure of test functions: pytest puts conftest files on the path."""
        found = dict.fromkeys(_import_name(file)[0] for file in conftests)
        roots = [*reversed(found), *self._roots]  # the innermost goes to the front last
        return Closure(self.module, self.path, roots, self.files)

    def of_fixtures(self, conftests: Sequence[str]) -> bytes:
        """Digest conftest files, and what they import."""
        digest = hashlib.blake2b(digest_size=16)
        for file in conftests:
            content, imports = self.files.look(file)
            package = _import_name(file)[1].rpartition(".")[0]
            digest.update(f"{file}\0".encode("utf-8", "surrogatepass") + content)
            digest.update(self._reach(self._around(imports.names(package), package)))
        return digest.digest()

    def of_file(self, path: str) -> bytes:
        """Digest what a file holds; of one that is gone, nothing."""
        return self.files.look(path)[0]

    def installed(self) -> list[tuple[str, int]]:
        """Name the directories with installed modules, and their times of change."""
        return [(path, _changed(path)) for path in self._installed]

    def _of_source(self, source: str, package: str) -> bytes:
        """Programs mostly share the lines that import; those are parsed once."""
        lines = _LINES.findall(source)
        if "import_module" in source or "__import__" in source or any(map(_GOES_ON.search, lines)):
            return self._reach(self._around(imports_of(source).names(package), package))
        key = (package, tuple(lines))
        found = self._by_lines.get(key)
        if found is None:
            # Of another program with these lines one may be a statement that is text here.
            names = {n for line in lines for n in imports_of(line.strip()).names(package)}
            names |= imports_of(source).names(package)
            found = self._by_lines[key] = self._reach(self._around(frozenset(names), package))
        return found

    @staticmethod
    def _around(names: frozenset[str], package: str) -> frozenset[str]:
        return names | {package} if package else names

    def _reach(self, names: frozenset[str]) -> bytes:
        """Digest the modules with these names, and all that they import in turn."""
        found = self._digests.get(names)
        if found is None:
            digest = hashlib.blake2b(digest_size=16)
            for name, content in sorted(self._walk(names)):
                digest.update(f"{name}\0".encode("utf-8", "surrogatepass") + content)
            found = self._digests[names] = digest.digest()
        return found

    def _walk(self, names: frozenset[str]) -> Iterator[tuple[str, bytes]]:
        waiting, seen = list(names), set(names)
        while waiting:
            name = waiting.pop()
            parent = name.rpartition(".")[0]
            more = {parent} if parent else set()
            node = self._node(name)
            if node is not None and name != self.module:
                content, imports = self.files.look(node.file) if node.file else (b"", _NOTHING)
                yield name, content
                is_package = bool(node.inside)
                more |= imports.names(name if is_package else parent)
            waiting += more - seen
            seen |= more

    def _node(self, name: str) -> _Node | None:
        """Find a module as the import system would; None when it is not the user's."""
        if name not in self._nodes:
            parent, _, last = name.rpartition(".")
            above = self._node(parent) if parent else _Node("", tuple(self._user_roots))
            self._nodes[name] = None if above is None else _find(above.inside, last)
        return self._nodes[name]

    @cached_property
    def _installed(self) -> list[str]:
        paths = sysconfig.get_paths()
        names = ("stdlib", "platstdlib", "purelib", "platlib")
        found = [paths[name] for name in names if name in paths]
        found += site.getsitepackages()
        if site.ENABLE_USER_SITE:
            found.append(site.getusersitepackages())
        return list(dict.fromkeys(found))

    @cached_property
    def _user_roots(self) -> list[str]:
        """Directories to look in: those given, and those that installed projects point to."""
        pointed = [line for path in self._installed for line in _pointers(path)]
        roots = dict.fromkeys([*self._roots, *pointed])
        return [root for root in roots if root not in self._installed]


def _import_name(conftest: str) -> tuple[str, str]:
    """Say from which directory pytest imports a conftest file, and under which name."""
    directory, name = os.path.dirname(conftest), "conftest"
    while os.path.exists(os.path.join(directory, "__init__.py")):
        directory, package = os.path.split(directory)
        name = f"{package}.{name}"
    return directory, name


def _find(directories: Iterable[str], last: str) -> _Node | None:
    parts = []
    for directory in directories:
        base = os.path.join(directory, last)
        package = os.path.join(base, "__init__.py")
        if os.path.isfile(package):
            return _Node(package, (base,))
        if os.path.isfile(base + ".py"):
            return _Node(base + ".py")
        extension = _extension(directory, last)
        if extension:
            return _Node(extension)
        if os.path.isdir(base):
            parts.append(base)
    return _Node("", tuple(parts)) if parts else None


def _extension(directory: str, last: str) -> str:
    try:
        names = os.listdir(directory)
    except OSError:
        return ""
    for name in names:
        if name.startswith(last + ".") and name.endswith(_SUFFIXES):
            return os.path.join(directory, name)
    return ""


def _pointers(directory: str) -> Iterator[str]:
    """Directories that the .pth files of a directory add to the path."""
    try:
        names = sorted(name for name in os.listdir(directory) if name.endswith(".pth"))
        for name in names:
            with open(os.path.join(directory, name), encoding="utf-8", errors="replace") as file:
                for line in map(str.strip, file):
                    path = os.path.abspath(os.path.join(directory, line))
                    if line and not line.startswith(("#", "import")) and os.path.isdir(path):
                        yield path
    except OSError:
        return


def _changed(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0
