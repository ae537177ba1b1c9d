"""Planning and writing test files: what they say, what is never touched, and that they pass."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_genx import __version__
from pytest_genx.domain import Case, Edit, Expectation, Target, TargetKind
from pytest_genx.pipeline.write import apply, plan

GOLDEN = Path(__file__).parent / "golden_write"


def target_at(path: Path, import_root: Path, qualname: str) -> Target:
    """Describe a definition in a file, as finding targets does."""
    source = path.read_text(encoding="utf-8")
    node: ast.AST = ast.parse(source)
    for name in qualname.split("."):
        node = next(n for n in ast.iter_child_nodes(node) if getattr(n, "name", None) == name)
    assert isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    parts = path.relative_to(import_root).with_suffix("").parts
    return Target(
        path=path,
        import_root=import_root,
        module=".".join(part for part in parts if part != "__init__"),
        qualname=qualname,
        kind=TargetKind.METHOD if "." in qualname else TargetKind.FUNCTION,
        is_async=False,
        is_stub=False,
        start=node.lineno,
        end=node.end_lineno or node.lineno,
        source=ast.get_source_segment(source, node) or "",
        module_source=source,
    )


def equals(
    call: str, value: str, *, corrected: bool = False, imports: tuple[str, ...] = ()
) -> Case:
    """Make a case of the form "call and compare"."""
    return Case(
        f"assert {call} == {value}",
        "test",
        Expectation(call, value),
        imports=imports,
        corrected=corrected,
    )


def raises(call: str, exception: str) -> Case:
    """Make a case that expects an exception."""
    return Case(
        f"with pytest.raises({exception}):\n    {call}",
        "test",
        Expectation(call, raises=exception),
        imports=("import pytest",),
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with the module `shop.cart`."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/__init__.py").touch()
    for name in ("cart", "money"):
        shutil.copy(GOLDEN / f"{name}.txt", tmp_path / f"shop/{name}.py")
    return tmp_path


def planned(root: Path, *kept: tuple[Target, list[Case]]) -> list[Edit]:
    """Plan with the defaults."""
    return plan(kept, rootdir=root, test_dir=None, test_paths=[])


def slugify_tests(root: Path) -> tuple[Target, list[Case]]:
    """One target with two cases."""
    target = target_at(root / "shop/cart.py", root, "slugify")
    return target, [equals('slugify("A b")', '"a-b"'), equals('slugify("")', '""')]


def cart_tests(root: Path) -> list[tuple[Target, list[Case]]]:
    """Cases of every form that needs care."""
    cart = root / "shop/cart.py"
    return [
        (
            target_at(cart, root, "Cart.total"),
            [
                equals("Cart().total()", "Decimal('0.00')", corrected=True),
                equals('Cart().add("1.005").add("2.50").total(tax=19)', 'Decimal("4.17")'),
                equals(
                    'Cart().add("19.99").total(tax=-5)', 'Decimal("18.99") + rounded(0) * LIMIT'
                ),
            ],
        ),
        (
            target_at(cart, root, "Cart.add"),
            [
                raises('Cart().add("x" * LIMIT)', "ArithmeticError"),
                Case(
                    "cart = Cart()\nfor _ in '12':\n    cart.add(1)\nassert len(cart.items) == 2",
                    "t",
                ),
            ],
        ),
        (
            target_at(cart, root, "slugify"),
            [
                *slugify_tests(root)[1],
                equals('slugify("A b")', '"".join(["a", "-b"])'),
                Case("slugify = slugify('A')\nassert slugify == 'a'", "t"),
            ],
        ),
        (target_at(cart, root, "test_mode"), [Case('assert test_mode("test")', "t")]),
        (
            target_at(cart, root, "to_text"),
            [
                Case('text = """1\n2\n"""\nassert to_text(Cart().add("1").add("2")) == text', "t"),
                equals(
                    "to_text(Cart())",
                    "str(Decimal('2')).strip('2')",
                    imports=("from decimal import Decimal",),
                ),
                equals(
                    "to_text(Cart().add('2'))",
                    "str(decimal.Decimal('2')) + '\\n'",
                    imports=("import decimal",),
                ),
                equals(
                    "to_text(Cart().add(str(datetime(2024, 2, 29).year)))",
                    "'2024\\n'",
                    imports=("from datetime import datetime",),
                ),
                equals(
                    "to_text(Cart().add(str(datetime.date(2024, 2, 29).year)).add('1'))",
                    "to_text(Cart().add('2024')) + '1\\n'",
                    imports=("import datetime",),
                ),
                Case("assert toml and to_text(Cart()) == ''", "t"),
            ],
        ),
    ]


def test_written_file_is_as_recorded(root: Path) -> None:
    """Header, imports, names, comments and bodies are byte for byte those of the golden file."""
    (edit,) = planned(root, *cart_tests(root))
    assert edit.path == root / "test_shop_cart_genx.py"
    assert edit.before is None
    expected = (GOLDEN / "test_shop_cart_genx.golden").read_text(encoding="utf-8")
    assert edit.after == expected.replace("VERSION", __version__)


def test_written_tests_pass_without_the_plugin(root: Path) -> None:
    """Every form of case passes as a test function, with warnings as errors."""
    apply(planned(root, *cart_tests(root)), root)
    run_pytest(root, passed=16)


def run_pytest(root: Path, *, passed: int) -> None:
    """Run the project's suite as its user would, without the plugin.

    From the directory above: `python -m` puts the current one on the path, plain `pytest` not.
    """
    flags = ["-q", "-p", "no:genx", "-p", "no:cacheprovider", "-W", "error"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *flags, str(root)],
        cwd=root.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"{passed} passed" in done.stdout, done.stdout
    assert done.returncode == 0


def test_second_plan_changes_nothing(root: Path) -> None:
    """What was written is what would be written again."""
    apply(planned(root, *cart_tests(root)), root)
    (edit,) = planned(root, *cart_tests(root))
    assert edit.before == edit.after
    (record,) = apply([edit], root)
    assert record.status == "unchanged"
    assert record.cases == 16


def test_another_version_alone_changes_nothing(root: Path) -> None:
    """A file that differs in the version of its first line only is left as it is."""
    apply(planned(root, slugify_tests(root)), root)
    path = root / "test_shop_cart_genx.py"
    path.write_text(path.read_text().replace(f"version {__version__}", "version 0.0.1"))
    (edit,) = planned(root, slugify_tests(root))
    assert edit.before == edit.after


def test_targets_of_another_run_keep_their_tests(root: Path) -> None:
    """A run for one function replaces its own tests and leaves those of the others."""
    apply(planned(root, *cart_tests(root)), root)
    target, cases = slugify_tests(root)
    (edit,) = planned(root, (target, cases[1:]))
    apply([edit], root)
    assert "test_slugify_a_b" not in edit.after
    assert edit.after.count("\ndef test_") == 13
    run_pytest(root, passed=13)


def test_tests_of_a_removed_function_go(root: Path) -> None:
    """Tests that would no longer import do not stay in the way of the others."""
    apply(planned(root, *cart_tests(root)), root)
    module = root / "shop/cart.py"
    module.write_text(module.read_text().replace("def to_text", "def to_lines"))
    (edit,) = planned(root, slugify_tests(root))
    assert "to_text" not in edit.after
    assert "Cart.total" in edit.after


def test_target_without_kept_cases_changes_nothing(root: Path) -> None:
    """A run that found nothing plans nothing."""
    assert planned(root, (slugify_tests(root)[0], [])) == []


def test_case_that_cannot_stand_in_a_function_is_left_out(root: Path) -> None:
    """What does not compile there, or makes the compiler warn, would break the whole file."""
    target = slugify_tests(root)[0]
    bad = ["from math import *", "assert slugify('1') is 1", "# nothing"]
    good = Case("assert slugify('x') == 'x'", "t")
    (edit,) = planned(root, (target, [*(Case(text, "t") for text in bad), good]))
    assert edit.after.count("def test_") == 1


def test_modules_of_one_name_get_files_of_their_own(root: Path) -> None:
    """Two modules called `text` in different import roots do not share a file."""
    kept = []
    for name in ("a", "b"):
        (root / name).mkdir()
        (root / name / "text.py").write_text("def up(s):\n    return s.upper()\n")
        target = target_at(root / name / "text.py", root / name, "up")
        kept.append((target, [equals("up('x')", "'X'")]))
    edits = plan(kept, rootdir=root, test_dir=root / "checks", test_paths=[])
    assert [edit.path.name for edit in edits] == ["test_text_genx.py", "test_b_text_genx.py"]
    apply(edits, root)
    later = plan(kept[1:], rootdir=root, test_dir=root / "checks", test_paths=[])
    assert [edit.path.name for edit in later] == ["test_b_text_genx.py"]
