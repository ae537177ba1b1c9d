from __future__ import annotations

import pytest

from pytest_genx.domain import Edit
from pytest_genx.pipeline import verify
from pytest_genx.pipeline.verify import failing, take_back


@pytest.fixture
def project(tmp_path):
    """A project of its own, out of reach of this one's configuration."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    return tmp_path


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("def test_it(): pass\n", ""),
        ("def test_it(): assert False\n", "its tests fail there"),
        ("import no_such_package\n", "collecting it fails there"),
        ("x = 1\n", "pytest collects nothing from it there"),
    ],
)
def test_written_file_is_judged_by_plain_pytest(project, text, reason):
    """Passing is silence; anything else is a reason."""
    path = project / "test_it.py"
    path.write_text(text)
    assert failing(path, project) == reason


def test_the_users_configuration_applies(project):
    """A conftest that breaks the test breaks it here too."""
    path = project / "test_it.py"
    path.write_text("def test_it(number): assert number == 1\n")
    assert failing(path, project) != ""
    conftest = "import pytest\n\n@pytest.fixture\ndef number(): return 1\n"
    (project / "conftest.py").write_text(conftest)
    assert failing(path, project) == ""


def test_our_own_entries_in_the_users_configuration_do_no_harm(project):
    """Strict about unknown entries, and told to generate on every run: the file is just run."""
    (project / "pytest.ini").write_text(
        "[pytest]\naddopts = --strict-config --genx-generate=nowhere.py --ff\ngenx_samples = 4\n"
    )
    path = project / "test_it.py"
    path.write_text("def test_it(): pass\n")
    assert failing(path, project) == ""


def test_working_directory_is_not_importable_by_accident(project):
    """What only `python -m pytest` could import fails, as it would for the user."""
    (project / "tests").mkdir()
    (project / "module.py").write_text("")
    path = project / "tests" / "test_it.py"
    path.write_text("import module\n\ndef test_it(): pass\n")
    assert failing(path, project) == "collecting it fails there"


def test_nothing_is_left_behind(project):
    """No cache, no byte code, no coverage data."""
    path = project / "test_it.py"
    path.write_text("def test_it(): pass\n")
    before = sorted(project.rglob("*"))
    failing(path, project)
    assert sorted(project.rglob("*")) == before


def test_endless_tests_are_given_up(project, monkeypatch):
    """A file that never ends is a reason, not a hang."""
    monkeypatch.setattr(verify, "SECONDS", 2)
    path = project / "test_it.py"
    path.write_text("import time\n\ndef test_it(): time.sleep(60)\n")
    assert failing(path, project) == "its tests take more than 2 s there"


def test_take_back_restores_what_was_there(tmp_path):
    """A new file goes, an old one gets its text back."""
    path = tmp_path / "test_it.py"
    path.write_text("new")
    take_back(Edit(path, "old\n", "new"))
    assert path.read_bytes() == b"old\n"
    take_back(Edit(path, None, "new"))
    assert not path.exists()
