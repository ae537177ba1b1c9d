from __future__ import annotations

import pytest

from pytest_genx.backends import embedded
from pytest_genx.errors import ModelError


@pytest.mark.parametrize("folder", ["package/_models", "models"])
def test_the_model_is_found_in_a_wheel_and_in_a_checkout(tmp_path, monkeypatch, folder):
    """A wheel has it inside the package, a checkout beside it."""
    module = tmp_path / "package" / "backends" / "embedded.py"
    model = tmp_path / folder / embedded.NAME
    for path in (module, model):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    monkeypatch.setattr(embedded, "__file__", str(module))
    assert embedded.embedded_model() == model


def test_an_installation_without_the_model_says_so(tmp_path, monkeypatch):
    """The message tells what to do instead."""
    monkeypatch.setattr(embedded, "__file__", str(tmp_path / "package" / "backends" / "x.py"))
    with pytest.raises(ModelError, match="no embedded model; name a GGUF file"):
        embedded.embedded_model()
