from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_genx import __version__
from pytest_genx.cli import main

DOCS = Path(__file__).resolve().parent.parent / "docs" / "bench.md"
TASK = {
    "task_id": "double",
    "entry_point": "double",
    "prompt": "def double(n):\n",
    "code_samples": [
        "    return 2 * n",
        "    return 2 * n",
        "    return n * n",
        "    while n: pass",
    ],
    "test_prompt": "def double(n):\n    pass\n\nassert ",
    "test_samples": ["double(3) == 6\nassert double(2) == 4", "double(1) == 2"],
    "reference": "def double(n):\n    return n + n",
    "label_test": "assert double(5) == 10",
}


@pytest.fixture
def pool(tmp_path):
    """A pool of one task, one sample of which never ends."""
    path = tmp_path / "double.jsonl"
    path.write_text(json.dumps(TASK) + "\n", encoding="utf-8")
    return path


def status_and_output(capsys, *argv):
    status = main([str(word) for word in argv])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_version_is_the_packages(capsys):
    """On standard output, status 0."""
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"genx {__version__}\n"


@pytest.mark.parametrize("argv", [[], ["bench"]])
def test_without_a_verb_help_is_shown(argv, capsys):
    """It lists what there is."""
    status, out, _ = status_and_output(capsys, *argv)
    assert status == 0
    assert ("bench" if not argv else "rank") in out


@pytest.mark.parametrize("verb", ["rank", "calibration"])
def test_help_names_every_field_of_a_pool(verb, capsys):
    """So that a user can write one."""
    with pytest.raises(SystemExit):
        main(["bench", verb, "--help"])
    text = capsys.readouterr().out
    assert all(field in text for field in TASK)
    assert "CPU seconds for one case (default: 0.25" in " ".join(text.split())


def test_rank_runs_a_pool_in_the_sandbox_from_end_to_end(pool, tmp_path, capsys):
    """An endless sample costs its limit, and is wrong."""
    target = tmp_path / "all.json"
    status, out, err = status_and_output(
        capsys, "bench", "rank", pool, "--timeout", "0.1", "--json", target
    )
    assert status == 0
    assert "double: 1 tasks, 3 candidates, 3 cases, 9 pairs" in out
    assert "12 of 12 pairs" in err
    (body,) = json.loads(target.read_text())["pools"]
    assert body["per_task"][0]["pass_rate"] == 0.5
    pass_at_1 = {name: row["pass@1"]["mean"] for name, row in body["tables"][0]["rankers"].items()}
    assert pass_at_1.pop("random") == 0.5
    assert {"majority", "codet", "mbr_exec", "dual_critic", "ceiling"} <= set(pass_at_1)
    assert set(pass_at_1.values()) == {1.0}


def test_rank_executes_nothing_twice(pool, tmp_path, capsys):
    """Unless it is told to keep nothing; the numbers are the same."""
    cache = ("--timeout", "0.1", "--cache", tmp_path / "kept")
    first = status_and_output(capsys, "bench", "rank", pool, *cache)
    second = status_and_output(capsys, "bench", "rank", pool, *cache)
    assert first[2].endswith("pairs executed, 0 from the cache\n")
    executed = first[2].splitlines()[-1].split()[0]
    assert second[2].endswith(f"\n0 pairs executed, {executed} from the cache\n")
    tables = [
        re.sub(r"[\d.]+ s\b|\d+\.\d+ *$", "", text, flags=re.MULTILINE)
        for _, text, _ in (first, second)
    ]
    assert tables[0] == tables[1]
    cache = ("--timeout", "0.1", "--cache", "none")
    for _ in range(2):
        third = status_and_output(capsys, "bench", "rank", pool, *cache)
        assert third[2].endswith(f"\n{executed} pairs executed, 0 from the cache\n")


def _without_times(text):
    """What is printed, without seconds: those of execution, and the last column of tables."""
    return re.sub(r"[\d.]+ s\b|\d+\.\d+ *$", "", text, flags=re.MULTILINE)


def test_a_mistake_is_one_sentence_and_status_2(tmp_path, capsys):
    """No traceback."""
    missing = tmp_path / "none.jsonl"
    status, out, err = status_and_output(capsys, "bench", "rank", missing)
    assert (status, out) == (2, "")
    assert err == f"genx: pool '{missing}' does not exist\n"


@pytest.mark.parametrize(
    ("option", "value"),
    [("--timeout", "0"), ("--timeout", "nan"), ("--seed", "-1"), ("--draws", "0")],
)
def test_numbers_out_of_range_are_refused(option, value, pool, capsys):
    """By name and value, with argparse's status."""
    with pytest.raises(SystemExit) as stop:
        main(["bench", "rank", str(pool), f"{option}={value}"])
    assert stop.value.code == 2
    assert f"argument {option}: expected" in capsys.readouterr().err


def test_an_interrupt_ends_with_the_status_shells_know(pool, capsys, monkeypatch):
    """One line, no traceback."""

    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("pytest_genx.bench.command.bench_rank", interrupted)
    status, _, err = status_and_output(capsys, "bench", "rank", pool)
    assert (status, err) == (130, "genx: interrupted\n")


def test_calibration_runs_a_pool_in_the_sandbox_from_end_to_end(pool, tmp_path, capsys):
    """With the reference as judge of the cases; what rank ran before is not run again."""
    cache = ("--timeout", "0.1", "--cache", tmp_path / "kept")
    status_and_output(capsys, "bench", "rank", pool, *cache)
    target, chart = tmp_path / "all.json", tmp_path / "chart.png"
    status, out, err = status_and_output(
        capsys, "bench", "calibration", pool, *cache, "--json", target, "--plot", chart
    )
    assert status == 0
    assert "double: 1 tasks" in out
    assert err.endswith("\n3 pairs executed, 13 from the cache\n")
    (body,) = json.loads(target.read_text())["pools"]
    (found,) = body["rankers"]
    assert (found["ranker"], found["cases"]["share_right"]) == ("dual_critic", 1.0)
    assert (found["candidates"]["number"], found["candidates"]["n_tasks"]) == (3, 1)
    assert chart.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("line", re.findall(r"^genx .+$", DOCS.read_text("utf-8"), re.MULTILINE))
def test_commands_of_the_page_run(line, pool, tmp_path, capsys, monkeypatch):
    """Each as it stands there, with pools by these names."""
    monkeypatch.chdir(tmp_path)
    _, *words = line.split()
    for word in words:
        if word.endswith(".jsonl.gz"):
            (tmp_path / word).write_bytes(pool.read_bytes())
    status, out, err = status_and_output(capsys, *words, "--cache", tmp_path / "kept")
    assert status == 0, err
    assert "double" in out or "POOL" in out
    for option in ("--json", "--plot"):
        if option in words:
            assert (tmp_path / words[words.index(option) + 1]).stat().st_size > 500


def test_help_loads_neither_numpy_nor_rich():
    """A verb imports what it needs when it is run."""
    code = (
        "import sys\nfrom pytest_genx.cli import main\nmain([])\n"
        "assert not {'numpy', 'rich'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
