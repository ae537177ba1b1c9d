"""Sets are found by name in files, folders and the hub's cache, and read row by row."""

from __future__ import annotations

import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pytest_genx.train.rounds.files import DataError, choose, find, rows
from pytest_genx.train.rounds.formats import read_set

ROWS = [{"id": str(i), "n": i, "texts": ["a", "é"], "none": None} for i in range(3)]


def lines(records):
    """JSON lines as bytes."""
    return "".join(json.dumps(r) + "\n" for r in records).encode()


def write(path, records):
    """Write records in the format that the path's suffix names."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = json.dumps(records).encode() if ".json" in path.suffixes else lines(records)
    if path.suffix in {".parquet", ".arrow"}:
        pa = pytest.importorskip("pyarrow", reason="needs the train extra")
        from pyarrow import parquet

        table = pa.Table.from_pylist(records)
        if path.suffix == ".parquet":
            parquet.write_table(table, path)
        else:
            with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, table.schema) as out:
                out.write_table(table)
    else:
        path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


@pytest.mark.parametrize(
    "suffix", [".jsonl", ".jsonl.gz", ".json", ".json.gz", ".parquet", ".arrow"]
)
def test_a_set_is_found_with_any_suffix_and_read(suffix, tmp_path):
    """All formats give the same records."""
    write(tmp_path / f"set{suffix}", ROWS)
    (path,) = find(tmp_path, "set")
    assert list(rows(path)) == ROWS


def test_a_line_that_is_no_record_does_not_stop_the_others(tmp_path):
    """Broken JSON, a list, and a nest too deep are rows that cannot be read."""
    deep = b"[" * 100_000
    (tmp_path / "s.jsonl").write_bytes(b'{"a": 1}\n{"a": \n[1]\n' + deep + b'\n\n{"a": 2}\n')
    found = list(rows(tmp_path / "s.jsonl"))
    assert found == [{"a": 1}, None, None, None, {"a": 2}]


def test_integers_that_python_does_not_read_stay_text(tmp_path):
    """A number of 5000 digits is no error."""
    (tmp_path / "s.jsonl").write_text('{"a": ' + "7" * 5000 + ', "b": -12}\n')
    assert list(rows(tmp_path / "s.jsonl")) == [{"a": "7" * 5000, "b": -12}]


def test_damaged_tables_are_one_sentence(tmp_path):
    """The file is named."""
    pytest.importorskip("pyarrow", reason="needs the train extra")
    for suffix in (".parquet", ".arrow"):
        (tmp_path / f"bad{suffix}").write_bytes(b"no table")
        with pytest.raises(DataError, match=rf"bad\{suffix}"):
            list(rows(tmp_path / f"bad{suffix}"))


NAMES = [
    "README.md", "full/train-00000-of-00002.parquet", "full/train-00001-of-00002.parquet",
    "full/test-00000-of-00001-0123456789abcdef.parquet", "sanitized/test-00000-of-00001.parquet",
    "plain/validation/0000.parquet", "ALL/valid/data-00000-of-00001.arrow",
]  # fmt: skip


@pytest.mark.parametrize(
    ("part", "found"),
    [
        ("full/train", NAMES[1:3]),
        ("train", NAMES[1:3]),
        ("full/test", NAMES[3:4]),
        ("validation", NAMES[5:6]),
        ("valid", NAMES[6:7]),
        (NAMES[1], NAMES[1:2]),
    ],
)
def test_parts_are_named_as_on_the_hub(part, found):
    """A split, a configuration with one, or a file; all shards come along."""
    assert choose(NAMES, part) == found


@pytest.mark.parametrize(
    ("names", "part", "message"),
    [
        (NAMES, "test", "2 parts fit 'test'; there are: ALL/valid, full/test"),
        (NAMES, "dev", "no part 'dev'; there are: ALL/valid"),
        (NAMES[:2], "train", "1 of 2 files of 'full/train' are there"),
        (["README.md"], "", "no part ''; there are: no files of data"),
    ],
)
def test_a_part_that_is_not_clear_is_one_sentence(names, part, message):
    """What there is, is named; half of a split is none."""
    with pytest.raises(ValueError, match="there") as caught:
        choose(names, part)
    assert message in str(caught.value)


def test_folders_hold_shards_or_one_problem_each(tmp_path):
    """APPS was published as folders of four files, of which some may be missing."""
    write(tmp_path / "shards" / "train-00000-of-00002.jsonl", ROWS[:2])
    write(tmp_path / "shards" / "train-00001-of-00002.jsonl", ROWS[2:])
    assert [r for path in find(tmp_path, "shards") for r in rows(path)] == ROWS
    for name, solutions in (("0000", '["print(input())"]'), ("0001", None)):
        folder = tmp_path / "apps" / name
        folder.mkdir(parents=True)
        (folder / "question.txt").write_text("Echo the line.")
        (folder / "input_output.json").write_text('{"inputs": ["a\\n"], "outputs": ["a\\n"]}')
        if solutions:
            (folder / "solutions.json").write_text(solutions)
    tasks, dropped = read_set("apps:apps", tmp_path)
    assert [(t.id, t.solutions) for t in tasks] == [("0000", ("print(input())",)), ("0001", ())]
    assert not dropped


class Handler(BaseHTTPRequestHandler):
    """The three requests for a file of a data set."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked.append(self.path)
        if self.path.startswith("/api/"):
            siblings = [{"rfilename": name} for name in self.server.files]
            self.answer(json.dumps({"id": "acme/set", "sha": "0" * 40, "siblings": siblings}))
        else:
            self.answer(self.server.files[self.path.partition("/resolve/main/")[2]])

    def do_HEAD(self):
        self.do_GET()

    def answer(self, data):
        data = data if isinstance(data, bytes) else data.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Content-Type", "application/json")
        self.send_header("ETag", f'"{len(data)}"')
        self.send_header("X-Repo-Commit", "0" * 40)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def log_message(self, *_):
        pass


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """A hub on loopback with one data set, and an empty cache."""
    pytest.importorskip("httpx2", reason="huggingface_hub 2 is not installed")
    pytest.importorskip("huggingface_hub", reason="huggingface_hub is not installed")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.asked = []
    server.files = {"README.md": b"", "data/train.jsonl": lines(ROWS), "data/test.jsonl": b""}
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}).start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    yield server
    server.shutdown()
    server.server_close()


def test_the_hub_is_not_asked_unless_the_recipe_allows_it(hub, tmp_path):
    """The sentence says what to set, and what is downloaded once is taken from the cache."""
    with pytest.raises(DataError, match=r"unless the recipe says `data\.download: true`"):
        read_set("apps:hub:acme/set:train", tmp_path)
    assert hub.asked == []
    (path,) = find(tmp_path, "hub:acme/set:train", download=True)
    assert list(rows(path)) == ROWS
    assert not [asked for asked in hub.asked if "test.jsonl" in asked]
    hub.asked.clear()
    assert find(tmp_path, "hub:acme/set@main:train") == [path]
    assert hub.asked == []


def test_what_the_hub_does_not_have_is_one_sentence(hub, tmp_path):
    """A part that is not there names those that are; a place that is none shows its form."""
    with pytest.raises(DataError, match=r"no part 'dev'; there are: test, train"):
        find(tmp_path, "hub:acme/set:dev", download=True)
    with pytest.raises(DataError, match=r"expected hub:OWNER/NAME"):
        find(tmp_path, "hub:set", download=True)


def test_offline_stays_offline(hub, tmp_path, monkeypatch):
    """The environment's word weighs more than the recipe's."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(DataError, match="HF_HUB_OFFLINE"):
        find(tmp_path, "hub:acme/set:train", download=True)
    assert hub.asked == []
