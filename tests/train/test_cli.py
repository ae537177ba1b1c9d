"""What the command says when something it needs is not there."""

from __future__ import annotations

import sys

import pytest

from pytest_genx.train.cli import main


@pytest.mark.parametrize(("module", "package"), [("torch", "torch"), ("yaml", "pyyaml")])
def test_missing_package_of_the_extra_is_one_sentence(
    module, package, tmp_path, monkeypatch, capsys
):
    """The package is named, and the command that installs it."""
    recipe = tmp_path / "tiny.yaml"
    recipe.write_text(f"name: tiny\noutput: {tmp_path}/out\nexport: {tmp_path}/tiny.gguf\n")
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.delitem(sys.modules, "pytest_genx.train.recipe", raising=False)
    assert main(["pretrain", str(recipe)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"training needs the package {package!r}, which is missing; run: pip" in line


def test_other_missing_modules_are_not_explained_away(tmp_path, monkeypatch):
    """A bug of ours stays a bug."""
    monkeypatch.setitem(sys.modules, "pytest_genx.train.recipe", None)
    with pytest.raises(ModuleNotFoundError):
        main(["pretrain", str(tmp_path / "tiny.yaml")])
