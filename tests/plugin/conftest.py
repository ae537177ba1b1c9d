"""A user's project, in which the plugin is tried as users have it: through its entry point."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

# The session under test must not load these anew: numpy can be loaded once in a process only.
import pytest_genx.app
import pytest_genx.reporters.terminal  # noqa: F401

# Hypothesis' plugin would import it anew for each session under test, which takes a second.
INI = """\
[pytest]
addopts = -p no:hypothesispytest
genx_backend = scripted
genx_sandbox = inline
genx_ranker = count
"""
PARTS = Path(__file__).parent / "scripted_parts.txt"
TEXTS = {
    "shout tester": ["assert shout('a') == 'A'", "assert shout('Bc') == 'BC'"],
    "first tester": ["assert first([4, 5]) == 4", "assert first([7]) == 7"],
}

WORDS = '''\
def shout(text: str) -> str:
    """In capitals: shout("a") == "A"."""
    return text.upper()


def first(items: list[int]) -> int:
    """The first item."""
    if not items:
        raise ValueError("empty")
    return items[0]
'''


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A flat project with one module, one passing test and one failing test.

    It needs neither a model nor processes: what is sampled stands in `texts.json`, and is
    executed on the spot.
    """
    for name in ("COLUMNS", "FORCE_COLOR", "PYTEST_ADDOPTS", "CI"):
        monkeypatch.delenv(name, raising=False)
    pytester.makeini(INI)
    pytester.makeconftest(PARTS.read_text())
    (pytester.path / "texts.json").write_text(json.dumps(TEXTS))
    pytester.makepyfile(words=WORDS)
    pytester.makepyfile(test_good="def test_good():\n    pass\n")
    pytester.makepyfile(test_bad="def test_bad():\n    assert False\n")
    return pytester


@pytest.fixture
def refused(project: pytest.Pytester) -> Callable[..., str]:
    """Run pytest with a mistake, and give the one sentence that it ends in.

    Exit status 4, nothing else on standard error, and no test of the user's has run.
    """

    def run(*args: str) -> str:
        result = project.runpytest_inprocess(*args, "test_good.py", "-p", "no:cacheprovider")
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        everything = str(result.stdout) + str(result.stderr)
        assert "Traceback" not in everything
        assert "INTERNALERROR" not in everything
        assert "test_good.py" not in str(result.stdout)
        (line,) = [line for line in result.errlines if line]
        match = re.fullmatch("ERROR: (.+)", line)
        assert match is not None, line
        return match[1]

    return run
