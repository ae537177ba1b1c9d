"""Cases of other forms, through the whole pipeline and the strongest sandbox of this machine."""

from __future__ import annotations

import textwrap
from contextlib import closing

import pytest

from pytest_genx.config import from_strings
from pytest_genx.domain import Candidate, Case, CaseForm, Expectation, Outcome, Role, Sample
from pytest_genx.outcomes.cache import OutcomeCache
from pytest_genx.pipeline import run as spine
from pytest_genx.pipeline.crossrun import cross_run
from pytest_genx.pipeline.parts import Parts
from pytest_genx.pipeline.run import run_target
from pytest_genx.pipeline.target import find_targets
from pytest_genx.rankers.majority import majority
from pytest_genx.records import TargetDone
from pytest_genx.sandboxes.process import process_sandbox

P, F = Outcome.PASS, Outcome.FAIL
FILES = {
    "pyproject.toml": "[tool.pytest.ini_options]\n",
    "shop.py": """
        def total(prices):
            '''Add prices up.'''
            return sum(prices)
        """,
    "tests/conftest.py": """
        import pytest
        from prices import PRICES

        @pytest.fixture
        def prices():
            return list(PRICES)
        """,
    "tests/prices.py": "PRICES = (1, 2, 3)\n",
    "tests/test_shop.py": "from shop import total\n",
    "program.py": "def main():\n    print(sum(map(int, input().split())))\n\nmain()\n",
}
CASES = [
    Case("def test_total(prices):\n    assert total(prices) == 6\n", "t", form=CaseForm.FUNCTION),
    Case(">>> total([1, 2])\n3\n", "t", form=CaseForm.DOCTEST),
]


@pytest.fixture
def project(tmp_path):
    """A module, its tests directory with fixtures, and a program."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"))
    return tmp_path


class Scripted:
    """A backend that knows implementations and no cases."""

    name = "scripted"
    free = True

    def sample(self, request):
        if request.prompt.role is Role.CODER:
            yield Sample(Role.CODER, "    return sum(prices) + 0\n", self.name)
            yield Sample(Role.CODER, "    return sum(prices[1:])\n", self.name)

    def close(self):
        """Nothing is open."""


@pytest.fixture
def work(project, monkeypatch):
    """Run the pipeline with the cases given; gives its result and how many pairs it executed."""
    monkeypatch.setattr(spine, "extract_cases", lambda *_: CASES)

    def work():
        config = from_strings({"timeout": "5"}, rootdir=project)
        (target,) = find_targets(["shop.py"], project)
        records = []
        with (
            closing(process_sandbox(config)) as sandbox,
            closing(OutcomeCache(project / "cache")) as cache,
        ):
            parts = Parts(config, (Scripted(),), sandbox, majority, cache)
            run_target(target, parts, records.append)
        done = records[-1]
        assert isinstance(done, TargetDone), done
        return done, cache.executed

    return work


def test_test_functions_find_the_fixtures_of_the_user(work):
    """Of the file that the tests would be written to; and sessions are judged beside them."""
    done, _ = work()
    assert [row.incumbent for row in done.candidates] == [True, False, False]
    assert done.outcomes == ("PP", "PP", "FF")


def test_a_changed_fixture_has_test_functions_executed_again(work, project):
    """And nothing else: a session is known, and so is all when nothing changed."""
    work()
    again, executed = work()
    assert executed == 0
    assert again.outcomes == ("PP", "PP", "FF")
    (project / "tests" / "prices.py").write_text("PRICES = (0, 2, 4)\n")
    changed, executed = work()
    assert executed == 3
    assert changed.outcomes == ("PP", "PP", "PF")


def test_programs_exchange_text(project):
    """What is printed decides, token by token."""
    config = from_strings({"timeout": "5"}, rootdir=project)
    (target,) = find_targets(["program.py"], project)
    right = target.module_source
    wrong = right.replace("sum(", "max(")
    candidates = [Candidate(text, text, "t") for text in (right, wrong)]
    case = Case("1 2 3\n", "t", Expectation("", " 6\n"), form=CaseForm.EXCHANGE)
    with closing(process_sandbox(config)) as sandbox:
        matrix = cross_run(target, candidates, [case], sandbox, rootdir=str(project))
    assert [row[0].outcome for row in matrix] == [P, F]
