"""Where test files go: each layout is tried with a real pytest run, started as users start it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pytest_genx.domain import Case, Target, TargetKind
from pytest_genx.pipeline.place import place
from pytest_genx.pipeline.write import apply, plan

UP = "def up(text):\n    return text.upper()\n"


def target_in(root: Path, import_root: str, module: str) -> Target:
    """Write a module into a project, and describe its function."""
    path = root / import_root / (module.replace(".", "/") + ".py")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(UP)
    return Target(
        path=path,
        import_root=root / import_root,
        module=module,
        qualname="up",
        kind=TargetKind.FUNCTION,
        is_async=False,
        is_stub=False,
        start=1,
        end=2,
        source=UP,
        module_source=UP,
    )


def touch(root: Path, *names: str) -> None:
    """Make empty files and the directories they are in."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def placed(
    root: Path, target: Target, *, test_paths: tuple[str, ...] = (), sys_path: tuple[str, ...] = ()
) -> str:
    """Place, write and run one test; say where it went."""
    paths = [root / path for path in test_paths]
    case = Case("assert up('x') == 'X'", "t")
    edits = plan(
        [(target, [case])], rootdir=root, test_dir=None, test_paths=paths, sys_path=sys_path
    )
    apply(edits, root)
    flags = ["-q", "-p", "no:genx", "-p", "no:cacheprovider"]
    # `-m` puts the current directory on the path, plain `pytest` does not: start elsewhere.
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *flags, str(root)],
        cwd=root.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
    return edits[0].path.relative_to(root).as_posix()


def test_flat_layout_without_tests_goes_beside_the_module(tmp_path: Path) -> None:
    """Pytest puts the directory of a test file on the path, so the module imports from there."""
    assert placed(tmp_path, target_in(tmp_path, "", "words")) == "test_words_genx.py"


def test_flat_layout_with_unreachable_tests_goes_beside_the_module(tmp_path: Path) -> None:
    """A tests directory from which the module does not import is not taken."""
    touch(tmp_path, "tests/data.txt")
    assert placed(tmp_path, target_in(tmp_path, "", "words")) == "test_words_genx.py"


def test_tests_package_reaches_the_rootdir(tmp_path: Path) -> None:
    """With `tests/__init__.py` pytest puts the directory above on the path."""
    touch(tmp_path, "tests/__init__.py")
    assert placed(tmp_path, target_in(tmp_path, "", "words")) == "tests/test_words_genx.py"


def test_conftest_in_the_rootdir_reaches_it(tmp_path: Path) -> None:
    """Pytest puts the directory of each conftest file on the path."""
    touch(tmp_path, "conftest.py", "tests/data.txt")
    assert placed(tmp_path, target_in(tmp_path, "", "words")) == "tests/test_words_genx.py"


def test_src_layout_with_pythonpath_makes_a_tests_directory(tmp_path: Path) -> None:
    """With the import root on `pythonpath`, new tests go to tests/ in the rootdir."""
    (tmp_path / "pytest.ini").write_text("[pytest]\npythonpath = src\n")
    target = target_in(tmp_path, "src", "shop.words")
    where = placed(tmp_path, target, sys_path=(str(tmp_path / "src"),))
    assert where == "tests/test_shop_words_genx.py"


def test_src_layout_without_pythonpath_goes_into_the_import_root(tmp_path: Path) -> None:
    """Nothing makes the package importable from elsewhere."""
    touch(tmp_path, "src/shop/__init__.py")
    target = target_in(tmp_path, "src", "shop.words")
    assert placed(tmp_path, target) == "src/test_shop_words_genx.py"


def test_package_with_tests_inside_goes_there(tmp_path: Path) -> None:
    """The nearest tests directory wins, when it is part of the package."""
    touch(tmp_path, "shop/__init__.py", "shop/tests/__init__.py", "tests/__init__.py")
    target = target_in(tmp_path, "", "shop.words")
    assert placed(tmp_path, target) == "shop/tests/test_shop_words_genx.py"


def test_existing_tests_show_that_the_package_imports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However the user makes it work, it works for a file beside theirs."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "lib"))
    touch(tmp_path, "checks/test_old.py")
    (tmp_path / "checks/test_old.py").write_text("from shop.words import up\n")
    target = target_in(tmp_path, "lib", "shop.words")
    where = placed(tmp_path, target, test_paths=("checks",))
    assert where == "checks/test_shop_words_genx.py"


def test_tests_beside_the_module_are_joined(tmp_path: Path) -> None:
    """Where tests stand beside the code, a new directory would be a second place."""
    touch(tmp_path, "conftest.py", "shop/__init__.py", "shop/test_old.py")
    target = target_in(tmp_path, "", "shop.words")
    assert placed(tmp_path, target) == "shop/test_shop_words_genx.py"


def test_nearest_of_several_test_paths_is_taken(tmp_path: Path) -> None:
    """In a repository of several projects, tests stay with their project."""
    touch(tmp_path, "a/conftest.py", "a/checks/x.txt", "b/conftest.py", "b/checks/x.txt")
    target = target_in(tmp_path, "b", "words")
    where = placed(tmp_path, target, test_paths=("a/checks", "b/checks"))
    assert where == "b/checks/test_words_genx.py"


def test_test_path_that_holds_the_module_is_no_tests_directory(tmp_path: Path) -> None:
    """`testpaths = .` says nothing about where new tests belong."""
    touch(tmp_path, "tests/__init__.py")
    target = target_in(tmp_path, "", "words")
    assert placed(tmp_path, target, test_paths=("",)) == "tests/test_words_genx.py"


def test_file_of_an_earlier_run_stays_where_it_is(tmp_path: Path) -> None:
    """A tests directory that came later does not make a second file."""
    target = target_in(tmp_path, "", "words")
    assert placed(tmp_path, target) == "test_words_genx.py"
    touch(tmp_path, "tests/__init__.py")
    assert placed(tmp_path, target) == "test_words_genx.py"


def test_directory_named_by_the_user_is_taken_as_it_is(tmp_path: Path) -> None:
    """Whoever names a directory knows why."""
    target = target_in(tmp_path, "", "words")
    path = place(
        target, "test_words_genx.py", rootdir=tmp_path, test_dir=tmp_path / "new", test_paths=[]
    )
    assert path == tmp_path / "new/test_words_genx.py"
