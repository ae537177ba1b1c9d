"""A report says what was measured on what, with arms, pictures and examples, in one page."""

from __future__ import annotations

import json
import re

import pytest

pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("transformers", reason="needs the train extra")

from pytest_genx.errors import GenxError
from pytest_genx.train.rounds import lines, plot, score
from pytest_genx.train.rounds.arms import difference, read_arms, shown
from pytest_genx.train.rounds.examples import examples
from pytest_genx.train.rounds.report import write_report
from pytest_genx.train.rounds.stages import ACCEPTED, MEASURED, METRICS, SAMPLES
from pytest_genx.train.rounds.store import Place
from pytest_genx.train.rounds.tables import work_table

SETS = {"mbpp-test": ("a", "b", "c"), "codeio-test": ("d", "e")}
CASES = (
    ("assert f(1) == 9", "assert f(1) == 2", ""),
    ("assert f(2) == 3", "assert f(2) == 3", ""),
    ("assert f(3) == 4", "assert f(3) == 4", ""),
    ("assert f('x') == 1", None, "raises an error"),
)
CODES = ("def f(x):\n    return 1 + x", "def f(x):\n    return x", "def f(x):\n    return x + 1")


def make_run(folder, *, better=0.0, versions=3, **filter_part):
    """Write what a run leaves: figures of some versions, and one sampled round."""
    settings = {"seed": 5, "filter": {"kind": "execution", "replay": "union", **filter_part}}
    for version in range(versions + 1):
        place = Place(folder / (f"round-{version - 1}" if version else "base"), {
            "name": "small", "seed": 5, "recipe": "abc", "base": "def", "versions": {"python": "3"},
            "data": {"train some": {"problems": 4, "no tests": 2}},
        })  # fmt: skip
        rows = [
            {"problem": problem, "set": name, "figures": figures(0.1 * version + better)}
            for name, problems in SETS.items()
            for problem in problems
        ]
        place.write(MEASURED, rows)
        found = {
            name: score.summary([r["figures"] for r in rows if name in (r["set"], "all")], 5)
            for name in (*SETS, "all")
        }
        (place.folder / METRICS).write_text(json.dumps({"version": version, "sets": found}))
        if version:
            work(place, version - 1)
        place.finish("evaluate", [MEASURED, METRICS], {"problems": 5})
    (folder / "recipe.json").write_text(json.dumps(settings))
    return folder


def figures(share):
    """One problem's figures."""
    return {
        "tester pass rate": share, "tester pass num": 4.0, "tester runs rate": share,
        "tester runs num": 5.0, "mutants killed": share, "coder pass rate": share,
        "coder pass num": 2.0, "coder pass@1": share, "coder pass@16": share,
        "ranking dual_critic": 1.0, "ranking codet": 0.0, "ranking majority": None,
    }  # fmt: skip


def work(place, number):
    """Write the files of a round."""
    head = {"problem": "p"}
    cases = [
        {"written": w, "count": 1, "outcome": "F", "call": "f", "corrected": c, "status": s}
        for w, c, s in CASES
    ]
    samples = {
        role: [{"text": text, "seed": 1, "tokens": 9}]
        for role, text in (("tester", "x"), ("coder", "no code"))
    }
    place.write(SAMPLES, [{**head, **samples}])
    place.write(lines.CASES, [{**head, "cases": cases, "silent": 0}])
    codes = [{"source": source, "count": 1} for source in CODES]
    place.write(lines.CODES, [{**head, "codes": codes, "unreadable": 1}])
    # Columns: three cases of use, one test. Mutants: the second case kills none.
    outcomes = {"useful": 3, "tests": 1, "reference": "PPPP", "mutants": ["FPFP", "FPPP", "PPPP"]}
    place.write(lines.OUTCOMES, [{**head, **outcomes, "code_rows": ["PPPP", "FFPF", "PPPP"]}])
    kept = [("coder", CODES[2])] if not number else [("tester", CASES[0][1]), ("coder", CODES[0])]
    place.write(ACCEPTED, [{**head, "round": number, "role": r, "source": s} for r, s in kept])
    place.finish("sample", [SAMPLES], {"samples": 2, "tokens": 18, "seconds": 2.0})
    rejected = {"tester: raises an error": 1, "coder: wrong value": 1} if number else {}
    facts = {"accepted tester": 1, "accepted coder": 1, "rejected": rejected}
    place.finish("filter", [ACCEPTED], facts)
    origins = {f"round {n}": 7 + n for n in range(number + 1)}
    place.finish("train", [ACCEPTED], {
        "documents": 9, "rows": origins, "tester rows": origins, "coder rows": {"round 0": 3},
    })  # fmt: skip


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A run, one without replay and one without filter."""
    tmp_path = tmp_path_factory.mktemp("runs")
    return (
        make_run(tmp_path / "whole", better=0.2),
        make_run(tmp_path / "no-replay", replay="none"),
        make_run(tmp_path / "no-filter", kind="none", versions=2),
    )


@pytest.fixture(scope="module")
def written(runs):
    """The files of the report on all three."""
    return write_report(runs[0], runs[1:])


def test_the_page_needs_nothing_else(runs, written):
    """It loads nothing, has a dark scheme, and its ids are its own."""
    pytest.importorskip("matplotlib", reason="needs the plot extra")
    assert runs[0] / "report.html" in written
    text = (runs[0] / "report.html").read_text("utf-8")
    assert "prefers-color-scheme:dark" in text
    assert not re.search(r"(?:src|href)=\"(?!#)|@import|<script|url\((?!#)", text)
    assert plot.INK not in text.partition("</style>")[2]
    assert text.count("<svg ") == text.count("<figure>") == 4
    outer = re.findall(r'<svg[^>]*>.*? id="([\w-]+)"', text, re.DOTALL)
    assert len(outer) == len(set(outer)) == 4


def test_pictures_lie_beside_the_report(runs, written):
    """Markdown names them, as PNG and SVG; that of replay needs a run without."""
    pytest.importorskip("matplotlib", reason="needs the plot extra")
    names = ["curves", "versions", "replay", "rejected"]
    assert [p.name for p in written[2:]] == [f"{n}.{k}" for n in names for k in ("png", "svg")]
    text = (runs[0] / "report.md").read_text("utf-8")
    for target in re.findall(r"!\[.*?\]\((.*?)\)", text):
        assert (runs[0] / target).stat().st_size > 1000
    assert "replay" not in plot.pictures(read_arms(runs[0], runs[2:]))


def test_all_that_is_asked_for_is_told(written):
    """Sets and sizes, versions, arms, data versions, causes, speed, hashes."""
    text = written[0].read_text("utf-8")
    for line in (
        "| mbpp-test | measured on | 3 |",
        "| some | trained on | 4; left out: 2 no tests |",
        "| figure | problems | v0 | v1 | v2 | v3 | v3 - v1 |",
        "| no-replay | filter.replay = 'none' (not 'union') |",
        "| no-filter | v2 | 20.0 % [20.0, 20.0] |",
        "| v3 | tester | 7 | 8 | 9 | 24 |",
        "| v3 | coder | 3 | 0 | 0 | 3 |",
        "| tester: raises an error | 0 | 1 | 1 |",
        "| base, SHA-256 | `def` |",
        "p, coder: rejected, wrong value (3 of 4 cases and tests)",
        "p, tester: accepted (written as `assert f(1) == 9`, kills 2 of 2 mutants)",
    ):
        assert line in text, line
    assert "| 1 | 2 | 9 |" in text  # 18 tokens in 2 seconds


def test_differences_of_runs_are_paired(runs, written):
    """Runs that differ by as much on every problem have an interval of one point."""
    one, other, _ = read_arms(runs[0], runs[1:])
    found = difference(one, other, 2, "all")["tester pass rate"]
    assert (found["mean"], found["low"], found["high"]) == pytest.approx((0.2, 0.2, 0.2))
    assert found["problems"] == 5
    assert difference(one, other, 9, "all") == {}
    text = written[0].read_text("utf-8")
    assert "| tester pass rate | 5 | +20.0 % [+20.0, +20.0] |" in text


def test_examples_have_the_causes_that_the_filter_counts(runs):
    """Cases and codes, accepted and rejected, each with its cause."""
    number, found = examples(read_arms(runs[0])[0])
    assert number == 2
    told = {(one.role, one.cause, one.source.splitlines()[-1].strip()) for one in found}
    assert told == {
        ("tester", "", "assert f(1) == 2"),
        ("tester", "unhelpful, kills no mutant", "assert f(2) == 3"),
        ("tester", "above the cap", "assert f(3) == 4"),
        ("tester", "raises an error", "assert f('x') == 1"),
        ("coder", "", "return 1 + x"),
        ("coder", "wrong value", "return x"),
        ("coder", "equals a known solution", "return x + 1"),
        ("coder", "nothing in the sample", "no code"),
    }


def test_speed_is_left_out_where_a_stage_was_broken_off(tmp_path):
    """Its seconds are those since it went on."""
    events = [{"event": "stage", "round": 1, "stage": "sample"}] * 2
    make_run(tmp_path)
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(e) + "\n" for e in events))
    text = work_table(read_arms(tmp_path)[0])
    assert "| 1 | 2 |  | 0 |" in text
    assert "over 0.0" in text


def test_pass_at_k_is_shown_for_each_k():
    """Smaller ones first."""
    assert shown(["coder pass@16", "coder pass@1", "unknown"]) == ["coder pass@1", "coder pass@16"]


def test_a_folder_without_figures_is_one_sentence(tmp_path):
    """Nothing was measured, or what there is is damaged."""
    with pytest.raises(GenxError, match="no version is measured yet"):
        write_report(tmp_path)
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / METRICS).write_text("{")
    with pytest.raises(GenxError, match=r"metrics\.json is damaged"):
        write_report(tmp_path)
