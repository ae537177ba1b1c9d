"""Cases -> the text of a test file, and back: which tests a file holds, and whose they are.

One function for each case, in sections by target. The first line tells a file of ours from a
user's, and by its digest one that was edited by hand from one that was not. Nothing here
reads or writes a file.
"""

from __future__ import annotations

import ast
import hashlib
import io
import re
import tokenize
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pytest_genx import __version__
from pytest_genx.domain import Case, Target
from pytest_genx.pipeline.imports import (
    LINE,
    Import,
    free_names,
    import_block,
    imports_in,
    offered_by,
    read_before_bound,
    resolve,
)
from pytest_genx.pipeline.naming import name_for

MARK = "# pytest-genx:"
CORRECTED = "# expected value taken from the current code"

_HEADER = re.compile(
    rf"{MARK} tests of (?P<source>.+), written by version \S+, content (?P<digest>[0-9a-f]{{12}})"
)
_SECTION = re.compile(r"# --- (?P<qualname>\S+) ---")


@dataclass(frozen=True, slots=True)
class Function:
    """One test function, and the import that each of its outer names needs."""

    name: str
    text: str
    needs: Mapping[str, Import] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a file of ours says: whose tests it holds, and whether it is as it was written."""

    source: str
    pristine: bool
    sections: Mapping[str, tuple[Function, ...]]


def parse(text: str) -> Parsed | None:
    """Read a test file back.

    Args:
        text: all of it.

    Returns:
        None when the file is not of our making. A file edited by hand has no sections: it is
        not going to be written again.
    """
    first, _, body = text.partition("\n")
    header = _HEADER.fullmatch(first)
    if header is None:
        return None
    if header["digest"] != _digest(body):
        return Parsed(header["source"], pristine=False, sections={})
    tree, lines = ast.parse(text), text.split("\n")
    imports = {found.bound: found for found in imports_in(tree.body)}
    sections: dict[str, tuple[Function, ...]] = {}
    qualname, previous = "", 0
    for node in tree.body:
        for line in lines[previous : node.lineno - 1]:
            marker = _SECTION.fullmatch(line)
            qualname = marker["qualname"] if marker else qualname
        previous = node.end_lineno or node.lineno
        if isinstance(node, ast.FunctionDef):
            function_text = "\n".join(lines[node.lineno - 1 : previous])
            needs = {n: imports[n] for n in free_names(function_text) if n in imports}
            function = Function(node.name, function_text, needs)
            sections[qualname] = (*sections.get(qualname, ()), function)
    return Parsed(header["source"], pristine=True, sections=sections)


def functions_for(target: Target, cases: Sequence[Case], taken: set[str]) -> list[Function]:
    """Make a test function of each case that can stand in one.

    Args:
        target: what the cases test.
        cases: each becomes one function, except a case that does not compile there or that
            makes the compiler warn, which would stop a suite that treats warnings as errors.
        taken: names in use; those of the new functions are added.
    """
    package = target.path.name == "__init__.py"
    offered = offered_by(target.module, target.module_source, is_package=package)
    functions = []
    for case in cases:
        name = name_for(case, target, taken)
        comment = f"    {CORRECTED}\n" if case.corrected else ""
        source = re.sub("\r\n?", "\n", case.source).strip()  # as Python itself reads it
        text = f"def {name}():\n{comment}{_indented(_broken(source))}"
        if _compiles(text) and text.count("\n") > bool(comment):
            functions.append(_with_imports(Function(name, text), case, offered, target))
            taken.add(name)
    return functions


def render(
    source: str, sections: Mapping[str, Sequence[Function]], import_root: Path, renew: str
) -> str:
    """Write the whole file.

    Args:
        source: path of the module under test, as the user knows it.
        sections: functions by the qualified name of their target, in order.
        import_root: where the user's own modules are.
        renew: the command that makes the file anew.
    """
    table: dict[str, Import] = {}
    parts: list[str] = []
    for qualname, functions in sections.items():
        parts.append(f"# --- {qualname} ---")
        for function in functions:
            local = [
                need
                for name, need in sorted(function.needs.items())
                # pytest would take an imported `test_connection` for a test of this file
                if name.lower().startswith("test") or table.setdefault(name, need) != need
            ]
            parts.append(_insert(function.text, local))
    body = (
        f"# Renew with: {renew}\n"
        "# Edited by hand, the file is yours: it is not written again.\n\n"
        + "\n\n\n".join(filter(None, [import_block(table.values(), import_root), *parts]))
        + "\n"
    )
    digest = _digest(body)
    return f"{MARK} tests of {source}, written by version {__version__}, content {digest}\n{body}"


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode("utf-8", "surrogateescape")).hexdigest()[:12]


def _with_imports(
    function: Function, case: Case, offered: Mapping[str, Import], target: Target
) -> Function:
    """Work out what the function needs from outside."""
    statements = [node for text in case.imports for node in ast.parse(text).body]
    stated = {found.bound: found for found in imports_in(statements)}
    found = {n: resolve(n, stated, offered, target.module) for n in free_names(function.text)}
    early = sorted(read_before_bound(function.text))
    local = [stated.get(name) or offered[name] for name in early if name in {**offered, **stated}]
    needs = {name: need for name, need in sorted(found.items()) if need is not None}
    return Function(function.name, _insert(function.text, local), needs)


def _insert(function: str, imports: Sequence[Import]) -> str:
    """Put import statements at the start of a function."""
    if not imports:
        return function
    head, _, body = function.partition("\n")
    lines = "".join(f"    {found.statement}\n" for found in imports)
    return f"{head}\n{lines}\n{body}"


def _broken(source: str) -> str:
    """Break a long comparison at its operator, as formatters do; leave all else as it is."""
    tree = ast.parse(source)
    statement = tree.body[0] if len(tree.body) == 1 else None
    if len(source) + 4 <= LINE or "\n" in source or not isinstance(statement, ast.Assert):
        return source
    test = statement.test
    if not isinstance(test, ast.Compare) or len(test.ops) != 1 or statement.msg is not None:
        return source
    left = ast.get_source_segment(source, test.left) or ""
    right = ast.get_source_segment(source, test.comparators[0]) or ""
    operator = source[source.index(left) + len(left) : source.rindex(right)].strip(" ()")
    text = f"assert (\n    {left}\n    {operator} {right}\n)"
    # Parentheses around an operand are not part of it, and may be needed.
    return text if _same(text, tree) else source


def _same(text: str, tree: ast.Module) -> bool:
    try:
        return ast.dump(ast.parse(text)) == ast.dump(tree)
    except SyntaxError:
        return False


def _indented(source: str) -> str:
    """Indent by one level, the inside of strings that span lines excepted."""
    inside: set[int] = set()
    starts: list[int] = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        kind = tokenize.tok_name[token.type]
        if kind.endswith("STRING_START"):  # f-strings are several tokens since Python 3.12
            starts.append(token.start[0])
        elif kind.endswith("STRING_END"):
            inside.update(range(starts.pop() + 1, token.end[0] + 1))
        elif kind == "STRING":
            inside.update(range(token.start[0] + 1, token.end[0] + 1))
    lines = enumerate(source.split("\n"), 1)
    return "\n".join(f"    {line}" if line and n not in inside else line for n, line in lines)


def _compiles(text: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            compile(text, "<test>", "exec")
        except (SyntaxError, ValueError, Warning):
            return False
    return True
