"""The commands `genx bench rank` and `calibration`, from paths and names to tables and files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pluggy

from pytest_genx.bench import as_json, calibration_table, plot, table
from pytest_genx.bench import pool as pools
from pytest_genx.bench.calibration import calibrate, judge
from pytest_genx.bench.compare import BASELINE
from pytest_genx.bench.curves import Curves, draw_curves, sizes
from pytest_genx.bench.rank import PoolResult, compare, measure
from pytest_genx.bench.session import (
    known_rankers,
    open_rankers,
    open_session,
    refuse_unlabelled,
    settings,
    write_json,
)
from pytest_genx.config import Config
from pytest_genx.interfaces import Ranker


def bench_rank(
    paths: Sequence[Path],
    config: Config,
    manager: pluggy.PluginManager,
    *,
    names: Sequence[str] = (),
    baseline: str | None = None,
    passes_only: bool = False,
    draws: int = 0,
    json_path: Path | None = None,
    plot_path: Path | None = None,
) -> None:
    """Measure rankers on pools, printing as each pool is done.

    Args:
        paths: the pools.
        config: its timeout, seed, sandbox and cache are used.
        manager: knows rankers and sandboxes by name.
        names: rankers to show; none means all there are.
        baseline: the ranker that leads are over, shown too; None takes `BASELINE`, if shown.
        passes_only: whether rankers see nothing but passes and counts.
        draws: subsamples of each task for the small-n curves; 0 for no curves.
        json_path: where every number goes, None for nowhere.
        plot_path: where the chart goes, a PNG or SVG file; None for nowhere.

    Raises:
        GenxError: a pool, a name, a path or the sandbox is not usable; `Unlabelled`, after
            ranking, when a pool has no labels.
    """
    plot.check(plot_path)
    loaded = [pools.read(path) for path in paths]
    shown = [*(names or known_rankers(manager)), *([baseline] if baseline else [])]
    rankers = open_rankers(shown, config, manager, passes_only=passes_only)
    baseline = baseline or BASELINE
    results: list[PoolResult] = []
    curves: list[Curves] = []
    with open_session(config, manager) as session:
        described = settings(config, session.sandbox)
        for pool in loaded:
            result = measure(
                pool,
                rankers,
                session.sandbox,
                cpu=config.timeout,
                seed=config.seed,
                watch=table.progress,
                cache=session.cache,
                baseline=baseline,
            )
            table.show(result)
            results.append(result)
    compared = compare(results, baseline=baseline, seed=config.seed)
    table.show_compared(compared)
    if draws:
        for result in results:
            if result.labelled:
                curves.append(_curves(result, rankers, baseline, config.seed, draws))
                table.show_curves(curves[-1])
    if json_path is not None:
        numbers = as_json.of_ranking(results, compared, curves)
        write_json(
            json_path, {**described, "baseline": baseline, "passes_only": passes_only, **numbers}
        )
    for pool in loaded:
        refuse_unlabelled(pool, "pass@k")
    if plot_path is not None:
        plot.plot_ranking(plot_path, results, compared, curves)


def bench_calibration(
    paths: Sequence[Path],
    config: Config,
    manager: pluggy.PluginManager,
    *,
    names: Sequence[str] = (BASELINE,),
    json_path: Path | None = None,
    plot_path: Path | None = None,
) -> None:
    """Measure on pools how far scores are probabilities.

    Args:
        paths: the pools; every task needs a label, and a reference if its cases shall count.
        config: its timeout, seed, sandbox and cache are used.
        manager: knows rankers and sandboxes by name.
        names: rankers to judge.
        json_path: where every number goes, None for nowhere.
        plot_path: where the chart goes, a PNG or SVG file; None for nowhere.

    Raises:
        GenxError: a pool, a name, a path or the sandbox is not usable; `Unlabelled`, before
            anything is run, when a pool has no labels.
    """
    plot.check(plot_path)
    loaded = [pools.read(path) for path in paths]
    for pool in loaded:
        refuse_unlabelled(pool, "calibration")
    rankers = open_rankers(names, config, manager)
    with open_session(config, manager) as session:
        described = settings(config, session.sandbox)
        judged = [
            judge(
                pool,
                rankers,
                session.sandbox,
                cpu=config.timeout,
                watch=table.progress,
                cache=session.cache,
            )
            for pool in loaded
        ]
    results = calibrate(judged, seed=config.seed)
    calibration_table.show(results)
    if json_path is not None:
        write_json(json_path, {**described, **as_json.of_calibration(results)})
    if plot_path is not None:
        plot.plot_calibration(plot_path, results)


def _curves(
    result: PoolResult, rankers: dict[str, Ranker], baseline: str, seed: int, draws: int
) -> Curves:
    total = len(sizes(result.executed)) * len(result.executed)
    with table.progress(f"{result.pool}, curves", total, "subsampled tasks") as on_ranked:
        return draw_curves(
            result.pool,
            result.executed,
            rankers,
            baseline=baseline,
            seed=seed,
            draws=draws,
            on_ranked=on_ranked,
        )
