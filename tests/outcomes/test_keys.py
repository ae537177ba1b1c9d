from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pytest_genx.domain import Case, CaseForm, Expectation, Limits
from pytest_genx.outcomes import keys
from pytest_genx.outcomes.closure import Closure, Files
from pytest_genx.outcomes.keys import case_digests, row_keys, sandbox_version
from pytest_genx.sandboxes.process import ProcessSandbox


def rows(batch, sandbox):
    return row_keys(batch, sandbox, Closure(batch.module, batch.path, batch.sys_path, Files()))


def columns(batch):
    closure = Closure(batch.module, batch.path, batch.sys_path, Files())
    return case_digests(batch, closure)


def test_the_same_has_the_same_keys(batch, sandbox):
    """Whatever else is in the batch, and however paths are written."""
    first, second = rows(batch, sandbox)
    assert first != second
    assert rows(replace(batch, programs=batch.programs[1:]), sandbox) == [second]
    odd = batch.path.replace("maths", "./maths")
    assert rows(replace(batch, path=odd), sandbox) == [first, second]
    assert [len(key) for key in (first, second, *columns(batch))] == [16, 16, 8, 8]


@pytest.mark.parametrize(
    "change",
    [
        {"programs": ("a = 1\nx = 1 \n", "b = 1\ny = 1 \n")},
        {"module": "other"},
        {"path": "elsewhere/maths.py"},
        {"sys_path": ()},
        {"hash_seed": 1},
        {"limits": Limits(cpu=2.0)},
        {"limits": Limits(wall=2.0)},
        {"limits": Limits(memory=64)},
        {"limits": Limits(file_size=1)},
        {"limits": Limits(processes=1)},
        {"limits": Limits(output=1)},
    ],
    ids=lambda change: " ".join(f"{k}={v!r:.40}" for k, v in change.items()),
)
def test_each_part_of_a_batch_is_in_the_keys(batch, sandbox, change):
    """No row of the one is a row of the other."""
    assert not set(rows(batch, sandbox)) & set(rows(replace(batch, **change), sandbox))


def test_what_programs_import_is_in_the_keys(batch, sandbox):
    """Of that program alone."""
    batch = replace(batch, programs=("import helper", "x = 1"))
    importing, other = rows(batch, sandbox)
    Path(batch.sys_path[0], "helper.py").write_text("")
    assert rows(batch, sandbox)[0] != importing
    assert rows(batch, sandbox)[1] == other


def test_the_interpreter_is_in_the_keys(batch, sandbox, monkeypatch):
    """Its version, its place, and what is installed."""
    before = rows(batch, sandbox)
    for change in (
        lambda patch: patch.setattr(keys.sys, "version", "3.99"),
        lambda patch: patch.setattr(keys.sys, "executable", "/other/python"),
        lambda patch: patch.setattr(keys.platform, "machine", lambda: "other"),
        lambda patch: patch.setattr(Closure, "installed", lambda _: [("/site", 1)]),
    ):
        with monkeypatch.context() as patch:
            change(patch)
            assert not set(rows(batch, sandbox)) & set(before)


def test_the_sandbox_and_its_code_are_in_the_keys(batch, sandbox, monkeypatch):
    """Another level, or another version of it."""
    before = rows(batch, sandbox)
    with monkeypatch.context() as patch:
        patch.setattr(keys, "sandbox_version", lambda _: "other")
        assert not set(rows(batch, sandbox)) & set(before)
    sandbox.name = "stronger"
    assert not set(rows(batch, sandbox)) & set(before)


def test_the_version_of_a_sandbox_is_its_code(sandbox):
    """Its file, or its package with the worker."""
    version = sandbox_version(ProcessSandbox(1))
    assert version == sandbox_version(ProcessSandbox(2))
    assert version != sandbox_version(sandbox)


def test_a_sandbox_without_source_has_a_version():
    """One typed at a prompt is known by its name."""
    kind = type("Typed", (), {"name": "typed", "__module__": "nowhere"})
    assert sandbox_version(kind()) == "Typed"


def test_each_part_of_a_case_is_in_its_digest(batch):
    """What is not executed is not: where it was found, and how often."""
    case = Case("assert f(1) == 2", "a", Expectation("f(1)", "2"))
    changes = [
        {"source": "assert f(1)==2"},
        {"expectation": None},
        {"expectation": Expectation("f(2)", "2")},
        {"expectation": Expectation("f(1)", "3")},
        {"expectation": Expectation("f(1)", raises="E")},
        {"imports": ("import math",)},
        {"form": CaseForm.DOCTEST},
    ]
    cases = [case, *(replace(case, **change) for change in changes)]
    assert len(set(columns(replace(batch, cases=tuple(cases))))) == len(cases)
    same = replace(case, origin="b", count=7, corrected=True, anchor=True)
    assert len(set(columns(replace(batch, cases=(case, same))))) == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("tests/conftest.py", "# changed\n"),
        ("tests/helper.py", "# imported by the conftest file\n"),
        ("tests/other.py", "# imported by the test function\n"),
        ("pytest.ini", "[pytest]\n"),
        ("pyproject.toml", "[tool.pytest.ini_options]\nxfail_strict = true\n"),
    ],
)
def test_fixtures_and_settings_are_in_the_digest_of_test_functions_alone(batch, name, text):
    """A snippet has none."""
    root = Path(batch.path).parent
    (root / "tests").mkdir()
    (root / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    conftest = root / "tests" / "conftest.py"
    conftest.write_text("import helper\n")
    function = Case("import other\ndef test_a(x): ...", "t", form=CaseForm.FUNCTION)
    batch = replace(
        batch,
        cases=(function, Case("import other", "t")),
        rootdir=str(root),
        conftests=(str(conftest),),
    )
    before = columns(batch)
    (root / name).write_text(text)
    after = columns(batch)
    assert after[0] != before[0]
    assert after[1] == before[1]


@pytest.mark.parametrize("change", [{"rootdir": "/elsewhere"}, {"conftests": ("/conftest.py",)}])
def test_where_pytest_looks_is_in_the_digest_of_test_functions_alone(batch, change):
    """A test can ask for the root, and which fixtures there are depends on the list of files."""
    function = Case("def test_a(x): ...", "t", form=CaseForm.FUNCTION)
    batch = replace(batch, cases=(function, Case("x", "t")))
    before, after = columns(batch), columns(replace(batch, **change))
    assert after[0] != before[0]
    assert after[1] == before[1]
