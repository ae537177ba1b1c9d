from __future__ import annotations

import subprocess
import sys
from contextlib import nullcontext

import pytest

from pytest_genx.bench.calibration import calibrate, judge
from pytest_genx.bench.curves import draw_curves
from pytest_genx.bench.plot import check, plot_calibration, plot_ranking
from pytest_genx.bench.pool import Pool
from pytest_genx.bench.rank import compare, measure
from pytest_genx.errors import BadOption, MissingDependency, WriteRefused
from pytest_genx.rankers.codet import codet
from pytest_genx.rankers.majority import majority

RANKERS = {"majority": majority, "codet": codet}


def unwatched(*_):
    return nullcontext(lambda _: None)


@pytest.fixture
def results(pool, double, sandbox):
    """Two pools, ranked."""
    pools = (pool, Pool("doubles", (double,)))
    return [
        measure(one, RANKERS, sandbox, cpu=0.25, seed=0, watch=unwatched, baseline="codet")
        for one in pools
    ]


@pytest.fixture
def calibrated(pool, sandbox):
    """A pool, calibrated."""
    return calibrate([judge(pool, RANKERS, sandbox, cpu=0.25, watch=unwatched)], seed=0)


def test_the_ranking_chart_names_rankers_pools_tasks_and_units(results, tmp_path):
    """As text, so that an SVG can be searched."""
    path = tmp_path / "rank.svg"
    compared = compare(results, baseline="codet", seed=0)
    plot_ranking(path, results, compared, ())
    text = path.read_text(encoding="utf-8")
    for word in (*RANKERS, "ceiling", "numbers", "2 tasks", "doubles", "mean of 2 pools"):
        assert f">{word}<" in text, word
    assert ">pass@1 (%)<" in text


def test_curves_have_a_panel_for_each_number_of_cases(results, tmp_path):
    """Below the chart of pass@1."""
    curves = draw_curves(
        "doubles",
        results[1].executed,
        RANKERS,
        baseline="codet",
        seed=0,
        draws=1,
        on_ranked=lambda _: None,
    )
    path = tmp_path / "rank.svg"
    plot_ranking(path, results, (), [curves])
    text = path.read_text(encoding="utf-8")
    assert ">3 cases<" in text
    assert ">candidates (samples)<" in text
    assert "band: 95% intervals of codet" in text


def test_the_calibration_chart_shows_both_sides(calibrated, tmp_path):
    """With their numbers."""
    path = tmp_path / "calibration.svg"
    plot_calibration(path, calibrated)
    text = path.read_text(encoding="utf-8")
    assert "majority on numbers, 2 tasks" in text
    assert ">4 candidates of 2 tasks<" in text
    assert ">score of cases<" in text
    assert "ECE 0." in text


def test_a_png_is_a_picture_of_some_size(calibrated, tmp_path):
    """By its signature and the size that its header gives."""
    path = tmp_path / "calibration.PNG"
    plot_calibration(path, calibrated)
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    assert int.from_bytes(data[16:20], "big") > 800
    assert len(data) > 10_000


def test_equal_numbers_give_equal_files(calibrated, tmp_path):
    """No dates, no random names."""
    paths = [tmp_path / "one.svg", tmp_path / "two.svg"]
    for path in paths:
        plot_calibration(path, calibrated)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_other_suffixes_are_refused(tmp_path):
    """By name."""
    with pytest.raises(
        BadOption, match=r"chart'; expected a file name that ends in \.png or \.svg"
    ):
        check(tmp_path / "chart")
    check(tmp_path / "chart.SVG")
    check(None)


def test_without_matplotlib_the_extra_is_named(tmp_path, monkeypatch):
    """Before anything is run."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingDependency, match=r'pip install "pytest-genx\[plot\]"'):
        check(tmp_path / "chart.svg")


def test_a_file_that_cannot_be_written_is_named(calibrated, tmp_path):
    """A directory that is not there."""
    with pytest.raises(WriteRefused, match=r"will not write .*chart\.svg: No such file"):
        plot_calibration(tmp_path / "no" / "chart.svg", calibrated)


def test_matplotlib_is_not_loaded_until_something_is_drawn():
    """Nor by the commands."""
    code = "import sys, pytest_genx.bench.command\nassert 'matplotlib' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
