"""What `genx bench` measured, as plain JSON types: every number, nothing rounded.

Nothing but what is named `seconds` differs between runs over the same executions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from pytest_genx.bench.calibration import Calibrated
from pytest_genx.bench.compare import Line, Table
from pytest_genx.bench.curves import Curves
from pytest_genx.bench.rank import PoolResult


def of_ranking(
    results: Sequence[PoolResult], compared: Sequence[Table], curves: Sequence[Curves]
) -> dict[str, Any]:
    """Return pools with tables and tasks, the comparison over pools, and the curves."""
    return {
        "pools": [_pool(result) for result in results],
        "over_pools": [_table(table) for table in compared],
        "curves": [asdict(of_pool) for of_pool in curves],
    }


def of_calibration(results: Sequence[Calibrated]) -> dict[str, Any]:
    """Return reliability tables and scores of each pool and ranker."""
    return {"pools": [asdict(result) for result in results]}


def _pool(result: PoolResult) -> dict[str, Any]:
    return {
        "pool": result.pool,
        "tasks": len(result.executed),
        "candidates": result.n_candidates,
        "cases": result.n_cases,
        "pairs": result.n_pairs,
        "seconds": result.seconds,
        "warnings": list(result.warnings),
        "tables": [_table(table) for table in result.tables],
        "per_task": [_task(result, i) for i in range(len(result.executed))],
    }


def _table(table: Table) -> dict[str, Any]:
    return {
        "tasks": table.tasks,
        "n_tasks": table.n_tasks,
        "n_pools": table.n_pools,
        "rankers": {
            line.ranker: {
                **{f"pass@{k}": asdict(span) for k, span in line.pass_at.items()},
                **_lead(table.baseline, line),
                "seconds": line.seconds,
            }
            for line in table.lines
        },
    }


def _lead(baseline: str | None, line: Line) -> dict[str, Any]:
    return {} if baseline is None else {f"lead over {baseline}": line.lead and asdict(line.lead)}


def _task(result: PoolResult, i: int) -> dict[str, Any]:
    task = result.executed[i]
    n_candidates, n_cases = task.matrix.passed.shape
    return {
        "task_id": task.task_id,
        "candidates": n_candidates,
        "cases": n_cases,
        "pass_rate": None if task.correct is None else task.pass_rate,
        "seconds": task.seconds,
        "scores": {one.ranker: one.scores[i].tolist() for one in result.ranked},
        "pass_at": {
            one.ranker: {str(k): float(values[i]) for k, values in one.pass_at.items()}
            for one in result.ranked
        },
    }
