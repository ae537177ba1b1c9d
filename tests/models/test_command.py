from __future__ import annotations

import json

from pytest_genx.cli import main
from pytest_genx.models.store import Place
from pytest_genx.models.table import TABLE

KNOWN = TABLE[0]
PLACE = Place(KNOWN.repository, KNOWN.file)


def run(capsys, *argv):
    status = main(["models", *argv])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def put(path, content=b"GGUF"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def test_the_list_has_a_row_for_each_model_of_the_table(capsys):
    """None of them was pulled."""
    status, out, _ = run(capsys, "list")
    assert status == 0
    for known in TABLE:
        (row,) = [line for line in out.splitlines() if f" {known.name} " in line]
        assert row.rstrip().endswith(" no")


def test_the_list_says_where_models_are_and_what_has_come(capsys):
    """Those of the hub are listed, too, under the name that finds them."""
    put(PLACE.path)
    put(Place(TABLE[1].repository, TABLE[1].file).partial(TABLE[1].sha256), b"12345")
    put(Place("acme/m", "q8/m.gguf").path, b"123")
    put(Place("acme/m", "half-00001-of-00002.gguf").path)
    _, out, _ = run(capsys, "list", "--json")
    rows = json.loads(out)
    assert [row["name"] for row in rows[: len(TABLE)]] == [known.name for known in TABLE]
    assert rows[0]["path"] == str(PLACE.path)
    assert rows[0]["size"] == KNOWN.size
    assert (rows[1]["path"], rows[1]["begun"]) == (None, 5)
    (other,) = rows[len(TABLE) :]
    assert (other["name"], other["size"], other["license"]) == ("hf:acme/m:q8/m.gguf", 3, None)
    assert run(capsys, "path", other["name"])[1] == other["path"] + "\n"
    assert "in part, 5 bytes" in run(capsys, "list")[1]


def test_path_prints_the_path_alone(capsys):
    """For scripts; without it the status is 1 and the sentence elsewhere."""
    status, out, err = run(capsys, "path", KNOWN.name)
    assert (status, out) == (1, "")
    assert err.endswith(f"run: genx models pull {KNOWN.name}\n")
    put(PLACE.path)
    assert run(capsys, "path", KNOWN.name) == (0, f"{PLACE.path}\n", "")


def test_remove_says_what_it_freed(capsys):
    """With what was begun; the second time nothing is there."""
    put(PLACE.path, b"12345")
    put(PLACE.partial("ab" * 32), b"123")
    assert run(capsys, "remove", KNOWN.name) == (
        0,
        f"{KNOWN.name}: 8 bytes (8 bytes) are free\n",
        "",
    )
    assert not PLACE.path.exists()
    assert PLACE.partials() == []
    status, out, err = run(capsys, "remove", KNOWN.name)
    assert (status, out) == (1, "")
    assert err == f"genx: {KNOWN.name} was not pulled, nothing was removed\n"


def test_remove_takes_all_parts_of_a_split_model(capsys):
    """And leaves other models of the repository."""
    for name in ("m-00001-of-00002.gguf", "m-00002-of-00002.gguf", "n.gguf"):
        put(Place("acme/m", name).path)
    status, out, _ = run(capsys, "remove", "hf:acme/m:m-00001-of-00002.gguf")
    assert (status, "8 bytes" in out) == (0, True)
    assert [path.name for path in Place("acme/m", "n.gguf").path.parent.iterdir()] == ["n.gguf"]
    assert run(capsys, "remove", "hf:acme/m")[0] == 0


def test_only_pulled_models_are_removed(capsys, tmp_path):
    """A file of the user's own is not touched."""
    path = tmp_path / "m.gguf"
    put(path)
    status, _, err = run(capsys, "remove", str(path))
    assert status == 2
    assert "only what genx models pull brought is removed" in err
    assert path.exists()


def test_without_a_verb_help_is_shown(capsys):
    """It lists the verbs."""
    status, out, _ = run(capsys)
    assert status == 0
    assert all(verb in out for verb in ("list", "pull", "path", "remove"))
