"""A definition is put in a target's place, and what it needs where it works."""

from __future__ import annotations

import ast
import textwrap

import pytest

from pytest_genx.pipeline.program import place
from pytest_genx.pipeline.target import find_targets

MODULE = '''\
#!/usr/bin/env python
"""Doc."""

from __future__ import annotations

import os
X = 1


@decorated
class A:
    """A class."""

    @staticmethod
    def f(n):
        """Doc.

        More.
        """
        return """
text
"""


def g():
    return 2
'''


@pytest.fixture
def target_in(tmp_path):
    """Find the target of a name in a module of that text."""

    def find(source, name):
        (tmp_path / "a.py").write_text(source)
        return find_targets([f"a.py::{name}"], tmp_path)[0]

    return find


@pytest.mark.parametrize("name", ["A.f", "g"])
def test_placing_a_targets_own_source_changes_nothing(target_in, name):
    """Decorators, docstrings and strings over several lines come back as they were."""
    target = target_in(MODULE, name)
    assert place(target, target.source) == MODULE


def test_a_definition_replaces_decorators_too(target_in):
    """All lines of the target go, and no others."""
    placed = place(target_in(MODULE, "A.f"), "def f(n):\n    return 1")
    start, end = MODULE.index("    @static"), MODULE.index("\n\n\ndef g")
    assert placed == MODULE[:start] + "    def f(n):\n        return 1" + MODULE[end:]


def test_imports_go_below_the_imports_and_helpers_before_the_class(target_in):
    """Both are bound before the class is made."""
    extra = "import math\ndef h():\n    return math.pi\nK = 2"
    placed = place(target_in(MODULE, "A.f"), "def f(n):\n    return h()", extra)
    assert "import os\nimport math\nX = 1" in placed
    assert "X = 1\n\n\ndef h():\n    return math.pi\n\n\nK = 2\n\n\n@decorated\nclass A:" in placed
    ast.parse(placed)


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    return 1\n",
        "# comment\ndef f():\n    return 1\n",
        '"""Doc."""\ndef f():\n    return 1\n',
        "import os; b = [\n1]\ndef f():\n    return 1\n",
        "from __future__ import annotations\ndef f():\n    return 1",
        "if True:\n    def f():\n        return 1\n",
        "try:\n    import os\nexcept OSError:\n    pass\nelse:\n    def f():\n        return 1\n",
        "class A:\n    class B:\n        pass\n\n\ndef f():\n    return 1\n",
    ],
)
def test_what_is_added_works_wherever_the_target_stands(target_in, source):
    """The module still runs, with the additions bound before the definition is used."""
    placed = place(target_in(source, "f"), "def f():\n    return math.pi + k", "import math\nk = 1")
    space = {}
    exec(placed, space)
    assert space["f"]() > 4


def test_tabs_are_kept(target_in):
    """A method is indented as its class is."""
    placed = place(
        target_in("class A:\n\tdef f(self):\n\t\treturn 1\n", "A.f"), "def f(self):\n\treturn 2"
    )
    assert placed == "class A:\n\tdef f(self):\n\t\treturn 2\n"


def test_strings_over_several_lines_keep_their_text(target_in):
    """The value of a moved definition's string does not change."""
    definition = textwrap.dedent(
        '''\
        def f(n):
            return """
        left
            right"""'''
    )
    placed = place(target_in(MODULE, "A.f"), definition)
    assert 'return """\nleft\n    right"""' in placed
