"""The words of prompts: files with placeholders, each of which a user can replace.

A block of a file is what stands between empty lines. One whose placeholders are all without
content for a target is left out. White space at a file's end does not count.
"""

from __future__ import annotations

import functools
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from pytest_genx.errors import PromptError

PLACEHOLDERS: Mapping[str, str] = {
    "name": "the target's name",
    "noun": "`function` or `method`",
    "call": "how a test calls it, such as `Cart().total(...)`",
    "prefix": "how a plain tester's first assertion begins",
    "definition": "the target without what surrounds it; the body only where it may be seen",
    "surroundings": "imports and definitions of its module that it uses",
    "code": "both of them, as they stand in a file",
    "examples": "examples that hold, as assertions",
    "types": "classes of other modules that its annotations name",
    "callers": "functions that call it",
    "calls": "further calls of it",
    "fixtures": "fixtures that its existing tests use",
    "tests": "existing tests of it",
    "leader": "second round: the best candidate",
    "rival": "second round: the best one that does something else",
    "wanted": "second round: cases that no candidate passes together",
    "answer": "repair: the sample, or its case, that was no use",
    "error": "repair: what was wrong with it, on one line",
}
# What each file must hold: one of these; a plain model continues what such a file ends in.
NEEDED: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(
        (
            "coder-chat",
            "tester-chat",
            "tester-json",
            "coder-plain",
            "tester-plain",
            "second-coder-chat",
            "second-tester-chat",
            "second-coder-plain",
            "second-tester-plain",
            "repair-coder-chat",
            "repair-tester-chat",
            "repair-coder-plain",
            "repair-tester-plain",
        ),
        ("code", "definition"),
    ),
    "system": (),
}
_ENDS: Mapping[str, tuple[str, ...]] = {
    name: ("prefix",) if "tester" in name else NEEDED[name]
    for name in NEEDED
    if name.endswith("-plain")
}


@dataclass(frozen=True, slots=True)
class Wording:
    """Checked texts by name, without `.txt`."""

    texts: Mapping[str, str]

    def write(self, name: str, values: Mapping[str, str]) -> str:
        """Fill in one text.

        Args:
            name: one of `NEEDED`.
            values: for every placeholder; "" for what a target has none of.
        """
        blocks = re.split(r"(\n{2,})", self.texts[name])
        kept = ""
        for block, gap in zip(blocks[::2], [*blocks[1::2], ""], strict=True):
            used = _names(block)
            if not used or any(values.get(key) for key in used):
                kept += string.Template(block).substitute(values) + gap
        return kept.rstrip("\n")


def read_wording(directory: Path | None) -> Wording:
    """Read the built-in texts, and instead of them those that a directory holds.

    Args:
        directory: with files of the names in `NEEDED` and `.txt`; None for the built-in ones.

    Raises:
        PromptError: the directory is not there, or a file is none that can be used.
    """
    if directory is None:
        return _built_in()
    texts = dict(_built_in().texts)
    if not directory.is_dir():
        raise PromptError(directory, "no such directory")
    known = [f"{name}.txt" for name in NEEDED]
    for path in sorted(directory.iterdir()):
        if path.name.startswith(".") or path.suffix != ".txt":
            continue  # notes and what editors leave
        if path.name not in known:
            raise PromptError(path, "no prompt has that name", near=path.name, known=known)
        try:
            text = path.read_text(encoding="utf-8-sig")
        except OSError as error:
            raise PromptError(path, error.strerror or "cannot be read") from None
        except UnicodeDecodeError:
            raise PromptError(path, "not UTF-8") from None
        texts[path.stem] = _checked(path, text)
    return Wording(texts)


@functools.cache
def _built_in() -> Wording:
    folder = files("pytest_genx") / "prompts"
    texts = {name: (folder / f"{name}.txt").read_text(encoding="utf-8") for name in NEEDED}
    return Wording({name: text.rstrip() for name, text in texts.items()})


def _checked(path: Path, text: str) -> str:
    """Refuse a text with placeholders that nothing fills, or without those that it needs."""
    text = text.replace("\r\n", "\n").rstrip()
    for match in string.Template.pattern.finditer(text):
        if match["invalid"] is not None:
            line = text.count("\n", 0, match.start()) + 1
            raise PromptError(path, f"line {line} has a $ that begins no name; write $$ for a $")
    allowed = PLACEHOLDERS if NEEDED[path.stem] else {}
    used = _names(text)
    for name in used:
        if name not in allowed:
            raise PromptError(path, f"no placeholder ${name}", near=name, known=allowed)
    needed = NEEDED[path.stem]
    if needed and not set(needed) & set(used):
        raise PromptError(path, f"it must hold {' or '.join(f'${name}' for name in needed)}")
    ends = _ENDS.get(path.stem, ())
    spelt = [form for name in ends for form in (f"${name}", f"${{{name}}}")]
    if spelt and not text.endswith(tuple(spelt)):
        raise PromptError(path, f"it must end in {' or '.join(f'${name}' for name in ends)}")
    return text


def _names(text: str) -> list[str]:
    """The placeholders of a text, in its order."""
    matches = string.Template.pattern.finditer(text)
    return [name for match in matches if (name := match["named"] or match["braced"])]
