"""Pulling from a hub on loopback, over the command line."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
from dataclasses import replace

import pytest

from pytest_genx.cli import main
from pytest_genx.models import pull as pulling
from pytest_genx.models import resolve, table
from pytest_genx.models.store import Place, models_folder

NAME = "hf:acme/coder-GGUF"
PLACE = Place("acme/coder-GGUF", "coder.gguf")


def pull(capsys, *argv):
    """Run `genx models pull`; return its status, output and errors."""
    status = main(["models", "pull", *argv])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def refusal(capsys, name=NAME, *argv):
    """The one sentence that a pull ends with."""
    status, out, err = pull(capsys, name, *argv)
    assert (status, out) == (2, "")
    (line,) = [line for line in err.splitlines() if line.startswith("genx: ")]
    assert "Traceback" not in err
    assert not PLACE.path.exists()
    return line


def begun():
    """The bytes that have come of the model."""
    return sum(path.stat().st_size for path in PLACE.partials())


def test_a_pulled_file_lies_in_the_cache_and_its_path_is_printed(hub, capsys):
    """Byte for byte, with nothing left over; whose sum it was is said."""
    status, out, err = pull(capsys, NAME)
    assert (status, out) == (0, f"{PLACE.path}\n")
    assert PLACE.path.read_bytes() == hub.files["coder.gguf"]
    assert "its SHA-256 is the one that the hub states" in err
    assert begun() == 0


def test_nothing_is_asked_but_the_list_and_the_file(hub, tmp_path):
    """No telemetry, even where the library has not asked yet; in a process of its own."""
    environment = {**os.environ, "HF_HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    line = [sys.executable, "-m", "pytest_genx.cli", "models", "pull", NAME]
    done = subprocess.run(line, capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, done.stdout) == (0, f"{PLACE.path}\n"), done.stderr
    listing, file = (asked[0] for asked in hub.asked)
    assert listing == "/api/models/acme/coder-GGUF"
    assert file == f"/acme/coder-GGUF/resolve/{'0' * 40}/coder.gguf"
    assert not any(tmp_path.iterdir())


def test_a_model_that_is_there_is_not_asked_for(hub, capsys):
    """Neither with its file's name nor without."""
    pull(capsys, NAME)
    hub.asked.clear()
    assert pull(capsys, NAME)[0] == pull(capsys, f"{NAME}:coder.gguf", "--offline")[0] == 0
    assert hub.asked == []


@pytest.mark.parametrize("ranges", [True, False])
def test_a_broken_pull_goes_on_where_it_was(ranges, hub, capsys):
    """The second one asks for the rest alone; a hub that sends all again is understood."""
    data = hub.files["coder.gguf"]
    part = PLACE.partial(hashlib.sha256(data).hexdigest())
    part.parent.mkdir(parents=True)
    part.write_bytes(data[:70_000])
    hub.ranges = ranges
    assert pull(capsys, NAME)[0] == 0
    assert hub.asked[-1][1] == "bytes=70000-"
    assert PLACE.path.read_bytes() == data


def test_a_connection_that_breaks_is_taken_up_again(hub, capsys):
    """Within one pull, as long as something comes."""
    hub.sent = 40_000
    assert pull(capsys, NAME)[0] == 0
    assert [asked[1] for asked in hub.asked[1:]] == [None, "bytes=40000-", "bytes=80000-"]


def test_what_came_before_the_connection_broke_is_kept(hub, capsys):
    """And the sentence says how much; no model is to be seen."""
    data = hub.files["coder.gguf"]
    part = PLACE.partial(hashlib.sha256(data).hexdigest())
    part.parent.mkdir(parents=True)
    part.write_bytes(data[:50_000])
    hub.sent = 0
    line = refusal(capsys)
    assert line.endswith(
        "the connection broke off; 50.0 kB are kept, and the same command goes on from there"
    )
    assert begun() == 50_000
    assert main(["models", "path", NAME]) == 1


def test_a_short_file_is_no_model(hub, capsys):
    """The hub states more bytes than it sends."""
    whole = hub.files["coder.gguf"]
    hub.list = hub.listing()
    hub.files["coder.gguf"] = whole[:1000]
    line = refusal(capsys)
    assert "it did not come whole; 1.0 kB are kept" in line


def test_a_wrong_sum_deletes_what_came(hub, capsys):
    """No more bytes would mend it."""
    hub.sums["coder.gguf"] = "ab" * 32
    line = refusal(capsys)
    assert f", not {'ab' * 32}, and was deleted" in line
    assert begun() == 0


@pytest.fixture
def listed(hub, monkeypatch):
    """A table with the hub's model, called `acme`."""
    known = replace(
        table.TABLE[0],
        name="acme",
        repository=PLACE.repository,
        file=PLACE.file,
        sha256=hashlib.sha256(hub.files["coder.gguf"]).hexdigest(),
    )

    def make(**changes):
        entries = (replace(known, **changes),)
        monkeypatch.setattr(table, "TABLE", entries)
        monkeypatch.setattr(resolve, "TABLE", entries)

    make()
    return make


def test_a_model_of_the_table_is_checked_against_the_table(listed, capsys):
    """And says so."""
    status, _, err = pull(capsys, "acme")
    assert status == 0
    assert "its SHA-256 is that of the table" in err


def test_a_file_that_was_exchanged_on_the_hub_is_not_fetched(hub, listed, capsys):
    """The table's sum is known before the first byte."""
    listed(sha256="cd" * 32)
    assert "the hub has another file than the table: SHA-256" in refusal(capsys, "acme")
    assert len(hub.asked) == 1


@pytest.mark.parametrize(
    ("status", "code", "sentence"),
    [
        (401, "", "the hub refuses (401): no such repository, or HF_TOKEN"),
        (404, "RepoNotFound", "the hub has no repository acme/coder-GGUF, or it is private"),
        (404, "", "the hub does not have it (404)"),
        (403, "GatedRepo", "accept them at https://huggingface.co/acme/coder-GGUF"),
        (403, "", "the hub forbids it (403)"),
        (429, "", "the hub asks to wait (429)"),
        (500, "", "the hub answers with status 500"),
    ],
)
def test_a_refusal_is_one_sentence(status, code, sentence, hub, capsys, monkeypatch):
    """It says what to do, and never shows the token."""
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    hub.status, hub.code = status, code
    line = refusal(capsys)
    assert sentence in line
    assert "hf_secret" not in line


@pytest.mark.parametrize("status", [401, 403, 404, 503])
def test_a_refused_file_is_one_sentence(status, hub, capsys):
    """Terms of a publisher may show only then."""
    hub.file_status = status
    assert f"{status}" in refusal(capsys)


@pytest.mark.parametrize("body", [b"<html>", b"[1]", b"{}", b'{"id": "a/b", "siblings": [{}]}'])
def test_garbage_for_a_list_is_one_sentence(body, hub, capsys):
    """Whatever answers there is no hub."""
    hub.list = body
    line = refusal(capsys)
    assert "does not answer as a hub does" in line


def test_without_a_network_the_sentence_asks_for_one(hub, capsys, monkeypatch):
    """Nothing listens on that port."""
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert "the hub cannot be reached" in refusal(capsys)


@pytest.mark.parametrize("url", ["foo", "http://", "http://[", "ftp://host"])
def test_an_address_that_is_none_is_named(url, hub, capsys, monkeypatch):
    """It came from the environment, so its name is given."""
    monkeypatch.setenv("HF_ENDPOINT", url)
    assert f"HF_ENDPOINT is {url!r}; expected an http or https URL" in refusal(capsys)


@pytest.mark.parametrize("how", ["flag", "variable"])
def test_offline_nothing_is_asked(how, hub, capsys, monkeypatch):
    """By the flag or by the hub's own variable."""
    if how == "variable":
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    line = refusal(capsys, NAME, *(["--offline"] if how == "flag" else []))
    assert line.endswith("it is not in the cache, and offline the hub is not asked")
    assert hub.asked == []


def test_the_token_goes_to_the_hub_and_not_elsewhere(hub, start_hub, capsys, monkeypatch):
    """Files lie on other hosts, which are no concern of it."""
    other = start_hub()
    other.files = hub.files
    hub.elsewhere = other.url
    monkeypatch.setenv("HF_TOKEN", "hf_secret\n")
    _, out, err = pull(capsys, NAME)
    assert [asked[2] for asked in hub.asked] == ["Bearer hf_secret"] * 2
    assert [asked[2] for asked in other.asked] == [None]
    assert "hf_secret" not in out + err
    assert PLACE.path.is_file()


def test_without_a_token_none_is_sent(hub, capsys, tmp_path, monkeypatch):
    """Not the one that the hub's own program keeps in a file either."""
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "token"))
    (tmp_path / "token").write_text("hf_kept")
    pull(capsys, NAME)
    assert {asked[2] for asked in hub.asked} == {None}


def test_an_odd_token_is_refused_unseen(hub, capsys, monkeypatch):
    """The library would show it."""
    monkeypatch.setenv("HF_TOKEN", "hf_gehe\u00efm")
    line = refusal(capsys)
    assert "HF_TOKEN has characters that are in no token" in line
    assert "gehe" not in line


def test_a_disk_without_room_is_seen_before_the_first_byte(hub, capsys, monkeypatch):
    """With how much is lacking."""

    class Usage:
        free = 1000

    monkeypatch.setattr(pulling.shutil, "disk_usage", lambda _: Usage)
    assert "it takes 102.4 kB more, and " in refusal(capsys)
    assert len(hub.asked) == 1


def test_a_disk_that_fills_up_keeps_what_came(hub, capsys, monkeypatch):
    """Others may write, too."""

    def http_get(url, file, **_):
        file.write(b"GGUF1")
        file.flush()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("huggingface_hub.file_download.http_get", http_get)
    line = refusal(capsys)
    assert "the disk is full" in line
    assert "5 bytes are kept" in line
    assert begun() == 5


def test_an_interrupted_pull_says_that_it_can_go_on(hub, capsys, monkeypatch):
    """With the status that shells report."""

    def http_get(url, file, **_):
        file.write(b"GGUF1")
        raise KeyboardInterrupt

    monkeypatch.setattr("huggingface_hub.file_download.http_get", http_get)
    status, _, err = pull(capsys, NAME)
    assert status == 130
    assert err == "genx: interrupted; what has come is kept, the same command goes on\n"
    assert begun() == 5


@pytest.mark.skipif(sys.platform == "win32", reason="directories are locked otherwise there")
def test_a_cache_that_is_a_file_is_one_sentence(hub, capsys):
    """As is one without permission, which root cannot show."""
    models_folder().parent.mkdir(parents=True)
    models_folder().write_text("")
    status, _, err = pull(capsys, NAME)
    assert status == 2
    assert "Not a directory" in err or "File exists" in err
    assert "Traceback" not in err


def test_two_pulls_of_one_file_do_not_mix(hub, capsys):
    """The second one says why it does not wait."""
    import filelock

    part = PLACE.partial(hashlib.sha256(hub.files["coder.gguf"]).hexdigest())
    part.parent.mkdir(parents=True)
    with filelock.FileLock(f"{part}.lock"):
        assert "another process is pulling it" in refusal(capsys)


def test_a_repository_with_several_models_names_them(hub, capsys):
    """And how to choose one; adapters for images are none."""
    hub.files.update({"other.gguf": b"GGUF", "mmproj-coder.gguf": b"GGUF"})
    line = refusal(capsys)
    assert "2 models are in it: coder.gguf, other.gguf; name one: hf:acme/coder-GGUF:coder" in line
    assert pull(capsys, f"{NAME}:coder.gguf")[0] == 0


def test_a_file_that_the_repository_lacks_is_named_with_those_it_has(hub, capsys):
    """Another one is not taken for it."""
    line = refusal(capsys, f"{NAME}:code.gguf")
    assert "has no file code.gguf; it has: coder.gguf" in line


def test_a_hub_cannot_write_outside_of_the_cache(hub, capsys):
    """A name that leads away is no file of a model."""
    hub.files = {"../../../evil.gguf": b"GGUF", "/evil.gguf": b"GGUF"}
    assert "no GGUF file is in it" in refusal(capsys)


def test_all_parts_of_a_split_model_come_and_the_first_one_is_it(hub, capsys):
    """The first comes last: until then there is no model."""
    names = [f"q8/coder-0000{i}-of-00003.gguf" for i in (1, 2, 3)]
    hub.files = {name: b"GGUF" + name.encode() for name in names}
    status, out, _ = pull(capsys, NAME)
    assert status == 0
    assert out.strip().endswith("q8/coder-00001-of-00003.gguf")
    fetched = [path.rpartition("/")[2] for path, _, _ in hub.asked[1:]]
    assert fetched == [name.rpartition("/")[2] for name in reversed(names)]


def test_without_the_library_the_command_that_installs_it_is_named(capsys, monkeypatch):
    """It is an extra."""
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    assert "pip install 'pytest-genx[hub]'" in refusal(capsys)
