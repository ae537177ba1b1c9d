"""What the workers of a batch may read."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_genx.config import Config
from pytest_genx.domain import Batch, Case, CaseForm, Outcome
from pytest_genx.sandboxes.opening import places_of
from pytest_genx.sandboxes.process import process_sandbox

SNIPPET = Case("assert f() == 1", "t")
FUNCTION = Case("def test_it(one):\n    assert f() == one\n", "t", form=CaseForm.FUNCTION)


@pytest.fixture
def batch(tmp_path: Path) -> Batch:
    """A batch of test functions, with a conftest file outside of what is on the import path."""
    for name in ("project/src", "project/tests", "elsewhere"):
        (tmp_path / name).mkdir(parents=True)
    conftest = tmp_path / "project" / "tests" / "conftest.py"
    conftest.write_text("import pytest\n@pytest.fixture\ndef one(): return 1\n")
    return Batch(
        module="m",
        path=str(tmp_path / "project" / "src" / "m.py"),
        sys_path=(str(tmp_path / "project" / "src"),),
        programs=("def f(): return 1\n", "def f(): return 2\n"),
        cases=(SNIPPET, FUNCTION),
        rootdir=str(tmp_path / "project"),
        conftests=(str(conftest),),
    )


def test_the_root_and_its_fixtures_are_readable_for_test_functions_alone(batch, tmp_path):
    """Other cases have no use for them."""
    source = str(tmp_path / "project" / "src")
    assert places_of(batch) == (source, str(tmp_path / "project"))
    assert places_of(replace(batch, cases=(SNIPPET,))) == (source,)
    without_root = replace(batch, rootdir="")
    assert places_of(without_root) == (source, str(tmp_path / "project" / "tests"))


def test_what_lies_below_another_place_is_not_listed(batch, tmp_path):
    """Workers are for all batches that may read the same."""
    readable = [str(tmp_path / "project")]
    assert places_of(batch, readable) == tuple(readable)
    assert places_of(replace(batch, cases=(SNIPPET,)), readable) == tuple(readable)


def test_a_link_out_of_the_project_is_listed(batch, tmp_path):
    """Where it leads is not below the place that it is in."""
    link = tmp_path / "project" / "linked"
    link.symlink_to(tmp_path / "elsewhere")
    linked = replace(batch, sys_path=(str(link),))
    project = str(tmp_path / "project")
    assert places_of(linked, [project]) == (project, str(link))


def test_fixtures_and_linked_modules_are_read_in_the_strongest_level(batch, tmp_path):
    """By workers that were allowed nothing besides."""
    (tmp_path / "elsewhere" / "helper.py").write_text("ONE = 1\n")
    link = tmp_path / "project" / "linked"
    link.symlink_to(tmp_path / "elsewhere")
    imports = Case("import helper\nassert f() == helper.ONE", "t")
    changed = replace(
        batch, sys_path=(*batch.sys_path, str(link)), cases=(SNIPPET, FUNCTION, imports)
    )
    found: dict[tuple[int, int], Outcome] = {}
    with closing(process_sandbox(Config(tmp_path / "project"))) as sandbox:
        sandbox.run(changed, lambda i, j, execution: found.update({(i, j): execution.outcome}))
    rows = ["".join(found[i, j].value for j in range(3)) for i in range(2)]
    assert rows == ["PPP", "FFF"]
