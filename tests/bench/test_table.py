from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace

from pytest_genx.bench.pool import Pool
from pytest_genx.bench.rank import measure
from pytest_genx.bench.table import progress, show
from pytest_genx.rankers.codet import codet
from pytest_genx.rankers.majority import majority


def shown(pool, sandbox, capsys):
    rankers = {"majority": majority, "codet": codet}
    watch = nullcontext(lambda _: None)
    result = measure(
        pool, rankers, sandbox, cpu=0.25, seed=0, watch=lambda *_: watch, baseline="codet"
    )
    show(result)
    return capsys.readouterr()


def test_tables_show_means_intervals_and_leads(pool, sandbox, capsys):
    """One line a ranker, the ceiling last."""
    text = shown(pool, sandbox, capsys).out
    assert "numbers: 2 tasks, 4 candidates, 4 cases, 10 pairs, executed in " in text
    _, everything, mixed = text.split(" (", 2)[0], *text.split("tasks with 0 < pass rate < 1 (1)")
    assert "all tasks (2)" in everything
    names = [line.split()[0] for line in mixed.splitlines() if "[" in line]
    assert names[:3] == ["majority", "codet", "ceiling"]
    assert "66.7 [66.7, 66.7]" in mixed
    assert "-33.3 [-33.3, -33.3]" in mixed
    assert "100.0 [100.0, 100.0]" in mixed
    assert "95% intervals from 2,000 paired resamples" in " ".join(mixed.split())


def test_warnings_go_to_standard_error(half, sandbox, capsys):
    """Named by pool and task."""
    pool = Pool("p", (replace(half, reference="def half(n):\n    return n"),))
    err = shown(pool, sandbox, capsys).err
    assert err == "warning: p: half: the reference fails its label_test (FAIL)\n"


def test_without_labels_no_pass_at_k_is_shown(half, sandbox, capsys):
    """The times of ranking are."""
    text = shown(Pool("p", (replace(half, label_test=None),)), sandbox, capsys).out
    assert "pass@" not in text
    assert "ranked, without labels to judge by: majority 0.0" in text


def test_progress_off_a_terminal_is_a_line_a_tenth(capsys):
    """Ten lines for a hundred pairs, on standard error, however they are told."""
    with progress("p", 100) as on_pairs:
        for n in [1] * 25 + [50, 25]:
            on_pairs(n)
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = [line.split(",")[0] for line in captured.err.splitlines()]
    assert lines == [f"p: {n} of 100 pairs" for n in (10, 20, 75, 100)]


def test_progress_with_nothing_to_do_is_silent(capsys):
    """An empty pool's total is 0."""
    with progress("p", 0) as on_pairs:
        on_pairs(0)
    assert capsys.readouterr().err == ""
