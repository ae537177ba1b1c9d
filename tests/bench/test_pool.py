from __future__ import annotations

import gzip
import json
import re

import pytest

from pytest_genx.bench import pool as pools
from pytest_genx.errors import RecordError, TargetNotFound

TASK = {
    "task_id": "t/1",
    "entry_point": "f",
    "prompt": "def f(n):\n    # one more\n",
    "code_samples": ["    return n + 1"],
    "test_samples": ["assert f(1) == 2"],
}
FIRST = {**TASK, "task_id": "t/0"}


def written(path, *records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def test_optional_fields_may_be_missing_and_unknown_ones_are_left_alone(tmp_path):
    """A pool without labels is a pool."""
    pool = pools.read(written(tmp_path / "p.jsonl", {**TASK, "label": "by hand"}))
    (task,) = pool.tasks
    assert (pool.name, task.task_id, task.code_samples) == ("p", "t/1", ("    return n + 1",))
    assert task.test_prompt is task.reference is task.label_test is None


def test_gzipped_and_plain_files_read_alike(tmp_path):
    """What a file is, its first bytes say, whatever its name."""
    plain = written(tmp_path / "p.jsonl", TASK)
    packed = tmp_path / "q.jsonl"
    packed.write_bytes(gzip.compress(b"\n" + plain.read_bytes()))
    assert pools.read(packed).tasks == pools.read(plain).tasks


def test_a_prompt_that_defines_the_entry_point_is_continued(double, half):
    """Otherwise the samples are whole programs."""
    assert double.continues
    assert not half.continues


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "Expecting property name"),
        ("[]", "expected an object"),
        (json.dumps({**TASK, "prompt": 3}), "field 'prompt' must be a string, got 3"),
        (json.dumps({**TASK, "task_id": None}), "field 'task_id' must be a string, got None"),
        (json.dumps({**TASK, "test_samples": "x"}), "'test_samples' must be a list of strings"),
        (json.dumps({**TASK, "code_samples": [1]}), "'code_samples' must be a list of strings"),
        (json.dumps({**TASK, "label_test": []}), "field 'label_test' must be a string, got []"),
        (json.dumps(FIRST), "a second task named 't/0'"),
    ],
)
def test_a_bad_line_is_named_by_its_number(tmp_path, line, reason):
    """File, line and reason, in one sentence; empty lines count."""
    path = written(tmp_path / "p.jsonl", FIRST)
    with path.open("a") as file:
        file.write("\n" + line + "\n")
    with pytest.raises(
        RecordError, match=re.escape(f"{path}, line 3: ") + f".*{re.escape(reason)}"
    ):
        pools.read(path)


@pytest.mark.parametrize("content", [b"", b"\n\n"])
def test_an_empty_pool_is_refused(tmp_path, content):
    """There is nothing to measure on."""
    path = tmp_path / "p.jsonl"
    path.write_bytes(content)
    with pytest.raises(RecordError, match="the pool holds no tasks"):
        pools.read(path)


def test_a_damaged_archive_is_refused(tmp_path):
    """Cut off in the middle."""
    path = tmp_path / "p.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(TASK).encode() * 50)[:-20])
    with pytest.raises(RecordError, match=re.escape(str(path))):
        pools.read(path)


def test_text_that_is_not_utf_8_is_refused(tmp_path):
    """As a bad line."""
    path = tmp_path / "p.jsonl"
    path.write_bytes(b"\xff\xfe{}\n")
    with pytest.raises(RecordError, match="utf-8"):
        pools.read(path)


def test_a_missing_file_is_named_with_what_is_there(tmp_path):
    """A misspelt name gets the close one as a hint."""
    written(tmp_path / "pool.jsonl", TASK)
    with pytest.raises(TargetNotFound, match=r"does not exist; close matches: .*pool\.jsonl"):
        pools.read(tmp_path / "poool.jsonl")
