"""Text to syntax trees and back, for text that may be anything at all.

Nothing here raises on bad text: what does not parse is left out. What it does not do: say
what the code means (`names`, `straight`), or find definitions (`definition`).
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from dataclasses import dataclass

MAX_LINES = 400  # of one text; more than any answer that is of use
MAX_CHARACTERS = 60_000
_MAX_PARSES = 250  # for one text, so that time stays bounded

_THOUGHT = re.compile(r"<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)
_FENCE = re.compile(r"\s*(?:```|~~~)")


@dataclass(frozen=True, slots=True)
class Chunk:
    """Statements that parse, and the lines that their positions count in, from 1."""

    lines: tuple[str, ...]
    body: tuple[ast.stmt, ...]


def parse(text: str) -> ast.Module | None:
    """Parse a text; None when it is not Python."""
    return _attempt(text)[0]


def parse_known(text: str) -> ast.Module:
    """Parse a text that should be Python, without the warnings that it deserves.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: as `ast.parse` does.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the code, which is not ours
        return ast.parse(text)


def compiles(text: str) -> bool:
    """Say whether a text is a program: some that parse have `return` or `break` astray."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, "<text>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def parse_expression(text: str) -> ast.expr | None:
    """Parse a text as one expression; None when it is not one."""
    tree = parse(text.strip())
    if tree is None or len(tree.body) != 1 or not isinstance(tree.body[0], ast.Expr):
        return None
    return tree.body[0].value


def unparse(node: ast.AST) -> str | None:
    """Write a tree as text; None when it is nested too deeply or holds too large a number."""
    try:
        return ast.unparse(ast.fix_missing_locations(node))
    except (RecursionError, ValueError):
        return None


def clean(text: str) -> str:
    """Cut a text to a bounded size and drop what no Python source may hold."""
    text = text[:MAX_CHARACTERS].encode("utf-8", "ignore").decode("utf-8").replace("\0", "")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.replace("\\_", "_")  # Markdown's way to write an underscore
    return "\n".join(text.split("\n")[:MAX_LINES])


def spoken(text: str) -> str:
    """Drop the reasoning that some models write before their answer, closed or not."""
    text = _THOUGHT.sub("", text)
    text = re.split(r"</think(?:ing)?>", text)[-1]
    return re.split(r"<think(?:ing)?>", text)[0]


def fenced(text: str) -> tuple[list[str], list[str]]:
    """Split a text at its code fences.

    Returns:
        What stands in fences (the last may be unclosed), and what stands outside.
    """
    parts: list[list[str]] = [[]]
    for line in text.split("\n"):
        if _FENCE.match(line):
            parts.append([])
        else:
            parts[-1].append(line)
    texts = ["\n".join(part) for part in parts]
    return texts[1::2], texts[::2]


def recover(text: str) -> list[Chunk]:
    """Find all that parses: from each line on the longest run of lines that is Python.

    Lines that no statement can begin with are skipped; an indented run is read as a block.
    """
    lines = text.split("\n")[:MAX_LINES]
    chunks: list[Chunk] = []
    start, left = 0, _MAX_PARSES
    while start < len(lines) and left > 0:
        if not lines[start].strip():
            start += 1
            continue
        chunk, used, parses = longest(lines[start:], left)
        left -= parses
        if chunk is not None and chunk.body:
            chunks.append(chunk)
        start += max(used, 1)
    return chunks


def longest(lines: list[str], left: int = _MAX_PARSES) -> tuple[Chunk | None, int, int]:
    """Parse as many of the first lines as possible, an indented start as a block.

    Returns:
        The chunk (None when not even one line parses), how many lines it took, how many
        times the parser ran.
    """
    opener = ["if 1:"] if lines[0][:1] in {" ", "\t"} else []
    numbered = [*opener, *lines]
    cut = len(numbered)
    for parses in range(1, left + 1):
        tree, failed = _attempt("\n".join(numbered[:cut]))
        if tree is not None:
            body = tree.body
            if opener:
                assert isinstance(body[0], ast.If)
                body = [*body[0].body, *body[1:]]
            return Chunk(tuple(numbered[:cut]), tuple(body)), cut - len(opener), parses
        # No more lines than those before the failing one can parse.
        cut = min(cut - 1, failed - 1) if failed else cut // 2
        if cut <= len(opener):
            return None, 0, parses
    return None, 0, left


def shift(text: str, old: str, new: str) -> str:
    """Move code that parses from one indentation to another.

    Strings over several lines keep their text, docstrings excepted.
    """
    lines = text.split("\n")
    fixed = _inside_strings(lines)
    for i, line in enumerate(lines):
        if i in fixed:
            continue
        if not line.strip():
            lines[i] = ""
        elif line.startswith(old):
            lines[i] = new + line[len(old) :]
        else:
            lines[i] = new + line.lstrip(" \t")
    return "\n".join(lines)


def indentation(line: str) -> str:
    """The white space that a line begins with."""
    return line[: len(line) - len(line.lstrip(" \t"))]


def _attempt(text: str) -> tuple[ast.Module | None, int]:
    """Parse, or say in which line that failed; 0 when the line is not known."""
    try:
        return parse_known(text), 0
    except SyntaxError as error:
        return None, error.lineno or 0
    except (ValueError, RecursionError, MemoryError):
        return None, 0


def _inside_strings(lines: list[str]) -> set[int]:
    """Indexes of lines that begin inside a string which is no docstring."""
    opener = "if 1:\n" if lines[0][:1] in {" ", "\t"} else ""
    base = 2 if opener else 1
    found: set[int] = set()
    opened: list[int] = []
    fresh = True  # at the beginning of a statement, where a string is a docstring
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for token in tokenize.generate_tokens(io.StringIO(opener + "\n".join(lines)).readline):
                name = tokenize.tok_name[token.type]
                first, last = token.start[0] - base, token.end[0] - base
                if name.endswith("STRING_START"):
                    opened.append(first)
                elif name.endswith("STRING_END"):
                    found.update(range(opened.pop() + 1, last + 1))
                elif name == "STRING" and not fresh:
                    found.update(range(first + 1, last + 1))
                if name in {"NEWLINE", "INDENT", "DEDENT"}:
                    fresh = True
                elif name not in {"NL", "COMMENT"}:
                    fresh = False
    except (tokenize.TokenError, SyntaxError):
        pass  # some versions complain about the end of a text that the parser accepts
    return found
