"""What a worker may import once for all programs."""

from __future__ import annotations

from pytest_genx.domain import Batch, Case
from pytest_genx.sandboxes.shared_imports import shared_imports


def names(programs, *, module="pkg.sub.mod", path="/pkg/sub/mod.py", imports=()):
    """List the shared imports of a batch."""
    cases = (Case("", "x", imports=tuple(imports)),)
    return shared_imports(Batch(module, path, (), tuple(programs), cases))


def test_only_what_all_programs_import_is_shared():
    """A program cannot lean on the imports of another."""
    programs = ["import math, os as o\nimport re\n", "from re import match\nimport os\n"]
    assert names(programs) == ("pkg.sub", "os", "re")


def test_relative_imports_are_resolved():
    """They stand in a package, which `__init__.py` itself is."""
    assert names(["from ..near import x\n"]) == ("pkg.sub", "pkg.near")
    assert names(["from .near import x\n"], module="pkg", path="/pkg/__init__.py") == ("pkg.near",)
    assert names(["from ....far import x\n"], module="mod", path="/mod.py") == ()


def test_imports_of_cases_are_shared():
    """Every case pays for them otherwise."""
    assert names([""], module="mod", imports=["import math", "from a.b import c"]) == (
        "a.b",
        "math",
    )


def test_the_module_itself_is_not_shared():
    """It is what the candidates stand in for."""
    assert names(["import mod\nfrom mod import x\n"], module="mod") == ()


def test_indented_and_bogus_imports_are_left_out():
    """Only the left margin counts, and only names."""
    program = "def f():\n    import math\n'''\nfrom the beginning\nimport - no\n'''\n"
    assert names([program], module="mod") == ()
