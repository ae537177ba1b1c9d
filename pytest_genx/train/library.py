"""Functions with docstrings from the standard library, for the fluency of the surface.

The library belongs to the interpreter that trains (PSF licence), so its functions depend on
the version; they are only continued, never run.
"""

from __future__ import annotations

import ast
import random
import sysconfig
import textwrap
from pathlib import Path

SKIPPED = frozenset(
    {"test", "tests", "idlelib", "lib2to3", "site-packages", "turtledemo", "__pycache__", "tkinter"}
)
_LONGEST = 1000  # characters of a function


def library_definitions(n: int, rng: random.Random) -> list[tuple[str, str | None]]:
    """Read the source of up to `n` documented functions and methods, each with its class."""
    root = Path(sysconfig.get_path("stdlib"))
    files = sorted(
        path for path in root.rglob("*.py") if not SKIPPED & set(path.relative_to(root).parts)
    )
    rng.shuffle(files)
    found: list[tuple[str, str | None]] = []
    for path in files:
        if len(found) >= n:
            break
        found += _definitions(path)
    return found[:n]


def _definitions(path: Path) -> list[tuple[str, str | None]]:
    try:
        text = path.read_text("utf-8")
        tree = ast.parse(text)
    except (SyntaxError, UnicodeDecodeError):
        return []
    found = []
    holders: list[ast.Module | ast.ClassDef] = [tree]
    holders += [node for node in tree.body if isinstance(node, ast.ClassDef)]
    for holder in holders:
        owner = holder.name if isinstance(holder, ast.ClassDef) else None
        for node in holder.body:
            if not isinstance(node, ast.FunctionDef) or not ast.get_docstring(node):
                continue
            source = textwrap.dedent(ast.get_source_segment(text, node, padded=True) or "")
            if node.decorator_list or len(source) > _LONGEST or len(node.body) < 2:
                continue
            found.append((source, owner))
    return found
