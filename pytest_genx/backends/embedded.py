"""Where the model is that comes with the package."""

from __future__ import annotations

from pathlib import Path

from pytest_genx.errors import ModelError

NAME = "genx-nano.gguf"


def embedded_model() -> Path:
    """Find the embedded model: inside an installed package, or in `models/` of a checkout.

    Raises:
        ModelError: this installation has none.
    """
    package = Path(__file__).parents[1]
    for folder in (package / "_models", package.parent / "models"):
        if (folder / NAME).is_file():
            return folder / NAME
    raise ModelError(NAME, "this installation has no embedded model; name a GGUF file instead")
