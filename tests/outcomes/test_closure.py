from __future__ import annotations

import os

import pytest

from pytest_genx.outcomes.closure import Closure, Files
from pytest_genx.outcomes.importing import imports_of

PROJECT = {
    "shop/__init__.py": "from .tax import RATE\n",
    "shop/tax.py": "import rates\nRATE = 2\n",
    "shop/cart.py": "",
    "shop/other.py": "import json\n",
    "rates.py": "import os\n",
    "unused.py": "",
    "lazy.py": "",
    "spaces/deep/inner.py": "",
    "conftest.py": "import fixtures\n",
    "fixtures.py": "",
    "pytest.ini": "",
}


@pytest.fixture
def project(tmp_path):
    """Files of a project."""
    for name, text in PROJECT.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


@pytest.fixture
def closure(project):
    """Look at the project as it is now; what is remembered of files stays."""
    files = Files()

    def look():
        path = str(project / "shop" / "cart.py")
        return Closure("shop.cart", path, [str(project)], files)

    return look


@pytest.mark.parametrize(
    ("program", "name", "seen"),
    [
        ("", "shop/__init__.py", True),
        ("", "shop/tax.py", True),  # which the package imports
        ("", "rates.py", True),  # which that imports
        ("", "shop/cart.py", False),  # what the program stands in for
        ("", "shop/other.py", False),
        ("", "unused.py", False),
        ("", "conftest.py", False),
        ("from . import other", "shop/other.py", True),
        ("from .other import x", "shop/other.py", True),
        ("from shop import (\n    other,\n)", "shop/other.py", True),
        ("from shop import \\\n    other", "shop/other.py", True),
        ("import shop.other as o", "shop/other.py", True),
        ("def f():\n    import unused", "unused.py", True),
        ("try: import unused\nexcept ImportError: pass", "unused.py", True),
        ("x = 'unused'", "unused.py", False),
        ("import importlib\nx = 'unused'\nimportlib.import_module(x)", "unused.py", True),
        ("__import__('unused')", "unused.py", True),
        ("import spaces.deep.inner", "spaces/deep/inner.py", True),
        ("def f(:", "rates.py", True),  # no program, but its package is imported
        ("from ....nowhere import x\nimport unused", "unused.py", True),
    ],
)
def test_changes_of_what_is_imported_are_seen(project, closure, program, name, seen):
    """Of that and nothing else."""
    before = closure().of_program(program)
    assert closure().of_program(program) == before
    (project / name).write_text(PROJECT[name] + "# changed\n")
    assert (closure().of_program(program) != before) is seen


@pytest.mark.parametrize("name", ["json.py", "json/__init__.py", "shop/other/__init__.py"])
def test_a_file_that_appears_in_the_way_is_seen(project, closure, name):
    """A module of the user's may hide one that is installed, or another of their own."""
    program = "from . import other\n"
    before = closure().of_program(program)
    (project / name).parent.mkdir(exist_ok=True)
    (project / name).write_text("")
    assert closure().of_program(program) != before


def test_a_line_in_a_text_does_not_hide_a_statement(project, closure):
    """Two programs with the same lines, of which one is an example in a docstring."""
    one = closure()
    quoted = "def f():\n    '''\n    import unused\n    '''\n"
    stated = "def f():\n    import unused\n"
    before = one.of_program(quoted), one.of_program(stated)
    (project / "unused.py").write_text("# changed\n")
    other = closure()
    assert other.of_program(quoted) != before[0]
    assert other.of_program(stated) != before[1]


def test_cases_import_too(project, closure):
    """What a case imports counts for that case."""
    before = closure().of_case("import unused\nassert unused"), closure().of_case("assert 1")
    (project / "unused.py").write_text("# changed\n")
    assert closure().of_case("import unused\nassert unused") != before[0]
    assert closure().of_case("assert 1") == before[1]


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("conftest.py", True),
        ("fixtures.py", True),  # imported from the root
        ("checks/conftest.py", True),
        ("checks/beside.py", True),  # imported from beside a conftest file
        ("checks/plugged.py", True),  # as one of pytest_plugins
        ("checks/strange.py", False),
        ("shop/conftest.py", False),  # not among those that are listed
    ],
)
def test_fixtures_are_those_of_the_conftest_files(project, closure, name, seen):
    """With what they import, from where pytest puts them on the path."""
    (project / "checks").mkdir()
    for file in ("beside", "plugged", "strange"):
        (project / "checks" / f"{file}.py").write_text("")
    inner = project / "checks" / "conftest.py"
    inner.write_text("import beside\npytest_plugins = ['plugged']\n")
    conftests = [str(project / "conftest.py"), str(inner)]

    def fixtures():
        return closure().beside(conftests).of_fixtures(conftests)

    before = fixtures()
    (project / name).write_text("# changed\n")
    assert (fixtures() != before) == seen


def test_conftest_files_in_a_package_import_as_parts_of_it(project, closure):
    """`from .sibling import x`, and the package's own file."""
    package = project / "checks"
    package.mkdir()
    for name, text in (("__init__", ""), ("sibling", ""), ("conftest", "from .sibling import x")):
        (package / f"{name}.py").write_text(text)
    conftests = [str(package / "conftest.py")]
    seen = []
    for name in ("sibling", "__init__"):
        before = closure().beside(conftests).of_fixtures(conftests)
        (package / f"{name}.py").write_text("# changed\n")
        seen.append(closure().beside(conftests).of_fixtures(conftests) != before)
    assert seen == [True, True]


def test_an_installed_package_is_seen(closure, tmp_path, monkeypatch):
    """By the time of change of the directory that it is put into."""
    place = tmp_path / "site-packages"
    place.mkdir()
    monkeypatch.setattr("site.getsitepackages", lambda: [str(place)])
    before = closure().installed()
    assert str(place) in dict(before)
    os.utime(place, (1, 1))
    assert closure().installed() != before


def test_projects_that_are_installed_in_place_are_looked_at(closure, tmp_path, monkeypatch):
    """A .pth file names their directories."""
    place, elsewhere = tmp_path / "site-packages", tmp_path / "elsewhere"
    place.mkdir()
    elsewhere.mkdir()
    (elsewhere / "linked.py").write_text("")
    (place / "linked.pth").write_text(f"# a comment\nimport sys\n\n{elsewhere}\n")
    monkeypatch.setattr("site.getsitepackages", lambda: [str(place)])
    before = closure().of_program("import linked")
    (elsewhere / "linked.py").write_text("# changed\n")
    assert closure().of_program("import linked") != before


def test_installed_modules_are_not_followed(closure, tmp_path, monkeypatch):
    """Even when their directory is among those given."""
    (tmp_path / "rates.py").write_text("")
    monkeypatch.setattr("site.getsitepackages", lambda: [str(tmp_path)])
    before = closure().of_program("import unused")
    (tmp_path / "unused.py").write_text("# changed\n")
    assert closure().of_program("import unused") == before


def test_circles_end(project, closure):
    """Modules may import one another."""
    (project / "rates.py").write_text("import shop.tax, shop.cart\n")
    assert closure().of_program("import rates")


def test_relative_imports_are_read_from_the_package():
    """One dot is the package, each more its parent; beyond the top there is nothing."""
    imports = imports_of("from . import a\nfrom ..b import c\nfrom .... import d\nimport e.f")
    assert imports.names("x.y") == {"x.y", "x.y.a", "x.b", "x.b.c", "e.f"}
