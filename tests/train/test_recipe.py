"""Recipes are read strictly, and errors name what is known."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("yaml", reason="recipes are YAML")

from pytest_genx.errors import RecipeError
from pytest_genx.train.recipe import load_recipe

MINIMAL = "name: tiny\noutput: out\nexport: out/tiny.gguf\n"


@pytest.fixture
def write(tmp_path):
    """Write a recipe and return its path."""

    def write(text: str) -> Path:
        path = tmp_path / "recipe.yaml"
        path.write_text(text, "utf-8")
        return path

    return write


def test_missing_settings_take_their_defaults(write):
    """Only name, output and export are required."""
    recipe = load_recipe(write(MINIMAL))
    assert recipe.name == "tiny"
    assert recipe.export == Path("out/tiny.gguf")
    assert recipe.data.problems is None
    assert recipe.train.steps is None


def test_overrides_win_and_are_read_as_yaml(write):
    """A dotted override sets one setting with its YAML type."""
    recipe = load_recipe(write(MINIMAL), ["train.minutes=5", "model.layers=2", "data.problems=p"])
    assert recipe.train.minutes == 5.0
    assert recipe.model.layers == 2
    assert recipe.data.problems == Path("p")


@pytest.mark.parametrize(
    ("text", "overrides", "expected"),
    [
        (MINIMAL + "train: {minuts: 3}\n", [], r"unknown key 'train.minuts'.*'train.minutes'"),
        (MINIMAL + "modle: {}\n", [], r"unknown key 'modle'; the nearest is 'model'"),
        (MINIMAL + "train: {minutes: soon}\n", [], r"train.minutes is 'soon'; expected float"),
        (MINIMAL + "train: {batch: 2.5}\n", [], r"train.batch is 2.5; expected int"),
        (MINIMAL + "train: {batch: true}\n", [], r"train.batch is True; expected int"),
        (MINIMAL + "model: 3\n", [], r"model is 3; expected a mapping"),
        (MINIMAL + "model: {width: 100}\n", [], r"model.width is 100; expected a multiple of 32"),
        ("name: x\noutput: y\n", [], r"the key 'export' is missing"),
        ("- a\n", [], r"a mapping is expected at the top"),
        ("a: [\n", [], r"recipe .*recipe.yaml: while parsing"),
        (MINIMAL, ["train.minutes"], r"override 'train.minutes' is not of the form"),
        (MINIMAL, ["name.first=3"], r"override 'name.first' goes below a setting"),
        (MINIMAL, ["train.batch=0"], r"train.batch is 0; expected at least 1 token"),
    ],
)
def test_a_mistake_is_named_with_what_is_known(write, text, overrides, expected):
    """Every wrong recipe gives one sentence that names key and value."""
    with pytest.raises(RecipeError, match=expected):
        load_recipe(write(text), overrides)


def test_a_missing_file_is_a_recipe_error(tmp_path):
    """A path that does not exist is told like any other mistake."""
    with pytest.raises(RecipeError, match="No such file"):
        load_recipe(tmp_path / "absent.yaml")


def test_the_shipped_recipe_is_valid():
    """The recipe beside the weights parses, and exports to where the weights are."""
    path = Path(__file__).parents[2] / "models" / "genx-nano.yaml"
    recipe = load_recipe(path)
    assert recipe.export == Path("models/genx-nano.gguf")
