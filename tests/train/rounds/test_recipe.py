"""A recipe of rounds is read strictly, and the template is one."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_genx.errors import RecipeError, UnknownName, WriteRefused

pytest.importorskip("yaml", reason="needs the train extra")

from pytest_genx.train.rounds.recipe import load_rounds
from pytest_genx.train.rounds.run import find_bases
from pytest_genx.train.rounds.template import TEMPLATE, write_template

MODELS = Path(__file__).parents[3] / "models"


@pytest.fixture
def path(tmp_path):
    """A short recipe."""
    file = tmp_path / "r.yaml"
    file.write_text(
        f"name: r\nbase: {tmp_path}/base.gguf\noutput: {tmp_path}/out\ndata: {{train: [some]}}\n"
    )
    return file


def test_overrides_and_defaults_come_together(path):
    """A dotted override wins over the default, and lists are lists."""
    recipe = load_rounds(path, ["sampling.tester=3", "data.test=[a, b]"])
    assert recipe.sampling.tester == 3
    assert recipe.data.test == ("a", "b")
    assert recipe.filter.replay == "union"


@pytest.mark.parametrize(
    ("override", "error", "message"),
    [
        ("sampling.testers=3", RecipeError, "'sampling.testers'; the nearest is 'sampling.tester'"),
        ("sampling.tester=many", RecipeError, "sampling.tester is 'many'; expected int"),
        ("sampling.tester=0", RecipeError, "sampling.tester is 0; expected more than 0"),
        ("data.train=mbpp", RecipeError, "data.train is 'mbpp'; expected a list of names"),
        ("data.train=[]", RecipeError, "data.train is empty"),
        ("filter.replay=uniom", UnknownName, "'uniom'"),
        ("filter.share=2", RecipeError, "filter.share is 2.0; expected 0 to 1"),
        ("rounds=-1", RecipeError, "rounds is -1; expected 0 or more"),
        ("train.threads=0", RecipeError, "train.threads is 0; expected more than 0"),
        ("train.epochs=.nan", RecipeError, "train.epochs is nan; expected more than 0"),
        ("tracking=[wandb]", UnknownName, "no tracker named 'wandb'; known: tensorboard, trackio"),
        (f"output={__file__}", RecipeError, "which is no folder"),
        ("roles=three", UnknownName, "no roles named 'three'; known: adapters, one, two"),
        ("train.trainer=mine", UnknownName, "no trainer named 'mine'"),
        ("peft.r=4", RecipeError, "peft is only for roles: adapters"),
        ("trl.packing=true", RecipeError, "trl is only for train.trainer: trl"),
        ("tester_base=x.gguf", RecipeError, "tester_base is only for roles: two"),
        ("peft=[1]", RecipeError, "peft is [1]; expected dict"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_one_sentence(path, override, error, message):
    """The setting is named, with its value."""
    with pytest.raises(error) as caught:
        load_rounds(path, [override])
    assert message in str(caught.value)


def test_a_base_that_is_nowhere_says_how_to_get_it(path):
    """A file is told from a name on the hub."""
    with pytest.raises(RecipeError, match=r"base is 'nowhere\.gguf', where nothing is"):
        find_bases(load_rounds(path, ["base=nowhere.gguf"]))
    pytest.importorskip("huggingface_hub", reason="needs the hub extra")
    named = ["roles=two", "base=owner/none-1b", "tester_base=owner/none-2b"]
    with pytest.raises(RecipeError, match=r"tester_base is .*`hf download owner/none-2b`"):
        find_bases(load_rounds(path, named))


def test_only_what_changes_results_decides(path):
    """Paths, processes and the number of rounds may differ when a run goes on."""
    same = ["rounds=5", "output=else", "sampling.processes=4", "execution.workers=3"]
    assert load_rounds(path, same).digest() == load_rounds(path).digest()
    assert load_rounds(path, ["seed=1"]).digest() != load_rounds(path).digest()


def test_the_template_is_the_recipe_in_the_repository():
    """`init` writes what is measured with."""
    assert (MODELS / "rounds-nano.yaml").read_text("utf-8") == TEMPLATE


def test_the_template_is_read_without_complaint(tmp_path, path):
    """All its keys are known ones, and it is written into new files only."""
    file = tmp_path / "new.yaml"
    write_template(file)
    recipe = load_rounds(file, [f"base={tmp_path}/base.gguf"])
    assert recipe.data.train == ("mbpp-train", "codeio-train")
    with pytest.raises(WriteRefused, match="exists"):
        write_template(file)
    assert file.read_text("utf-8") == TEMPLATE
