"""What is recorded as fixed is what cases see."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from pytest_genx.config import Config
from pytest_genx.domain import Batch, Case, Outcome
from pytest_genx.sandboxes.environment import environment, recorded
from pytest_genx.sandboxes.process import process_sandbox


def test_what_is_recorded_is_what_a_case_has(tmp_path: Path) -> None:
    """Hash seed, locale and time zone, as a batch has them that says nothing of a seed."""
    wanted = dict(entry.split("=") for entry in recorded())
    assert wanted.items() >= {"PYTHONHASHSEED": "0", "LANG": "C.UTF-8", "TZ": "UTC"}.items()
    cases = [
        Case(f"import os\nassert os.environ[{name!r}] == {value!r}", "test")
        for name, value in wanted.items()
    ]
    cases += [
        Case("import sys\nassert sys.flags.hash_randomization == 0", "test"),
        Case("import time\nassert time.tzname[0] == 'UTC'", "test"),
        Case("import locale\nassert locale.getpreferredencoding().upper() == 'UTF-8'", "test"),
    ]
    batch = Batch("m", str(tmp_path / "m.py"), (str(tmp_path),), ("",), tuple(cases))
    found: dict[int, Outcome] = {}
    with closing(process_sandbox(Config(tmp_path))) as sandbox:
        assert sandbox.environment == recorded()
        sandbox.run(batch, lambda _, j, execution: found.__setitem__(j, execution.outcome))
    assert [found[j] for j in range(len(cases))] == [Outcome.PASS] * len(cases)


def test_another_hash_seed_is_another_variable(tmp_path: Path) -> None:
    """And nothing else."""
    first, second = (environment(tmp_path, seed) for seed in (0, 1))
    assert set(second.items()) - set(first.items()) == {("PYTHONHASHSEED", "1")}
