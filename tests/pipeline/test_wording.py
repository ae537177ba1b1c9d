"""Files with the words of prompts are checked before anyone is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_genx.errors import PromptError
from pytest_genx.pipeline.budget import PARTS
from pytest_genx.pipeline.wording import NEEDED, PLACEHOLDERS, read_wording

DOCS = Path(__file__).parents[2] / "docs" / "prompts.md"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("coder-chat.txt", b"$cod", "no placeholder $cod; nearest: code"),
        ("coder-chat.txt", b"Write it.", "it must hold $code or $definition"),
        ("tester-plain.txt", b"$code\n", "it must end in $prefix"),
        ("coder-plain.txt", b"$code\n\n$name", "it must end in $code or $definition"),
        ("tester-chat.txt", b"$code\n5 $ each", "line 2 has a $ that begins no name"),
        ("tester-chat.txt", b"$code \xff", "not UTF-8"),
        ("coder-chta.txt", b"$code", "no prompt has that name; nearest: coder-chat.txt"),
        ("system.txt", b"$code", "no placeholder $code"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_one_sentence(tmp_path, name, text, message):
    """The sentence names the file and what is wrong with it."""
    (tmp_path / name).write_bytes(text)
    with pytest.raises(PromptError) as caught:
        read_wording(tmp_path)
    assert message in str(caught.value)
    assert name in str(caught.value)


def test_a_directory_that_is_not_there_is_refused(tmp_path):
    """It is not taken for an empty one."""
    with pytest.raises(PromptError, match="no such directory"):
        read_wording(tmp_path / "none")


def test_files_are_replaced_one_by_one(tmp_path):
    """What a directory does not hold stays as it is; other files in it do not matter."""
    (tmp_path / "coder-chat.txt").write_text("Do $name for $$5:\n\n$callers\n\n$code\n")
    (tmp_path / "README.md").write_text("$nothing")
    wording = read_wording(tmp_path)
    assert wording.texts["tester-chat"] == read_wording(None).texts["tester-chat"]
    said = wording.write("coder-chat", {"name": "f", "code": "def f(): ...", "callers": ""})
    assert said == "Do f for $5:\n\ndef f(): ..."


def test_the_documentation_lists_files_placeholders_and_budgets():
    """Each as the code has it."""
    text = DOCS.read_text(encoding="utf-8")
    assert all(f"`{name}.txt`" in text for name in NEEDED)
    assert all(f"| `${name}` | {what} |\n" in text for name, what in PLACEHOLDERS.items())
    assert "".join(f"| {part.words} | {part.tokens} |\n" for part in PARTS) in text
