"""A tiny tokenizer and a tiny untrained model, made once for all training tests."""

from __future__ import annotations

import random

import pytest

TEXTS = (
    "def f(x):\n    return x + 1\n",
    "def größe(name: str) -> str:\n\treturn f'{name}…'  # naïve 日本\n",
    "class A:\r\n    def m(self):\r\n        return [1, 22, 333]\r\n",
    "assert f(-1) == 0\nassert f(12345) == 12346<|endoftext|>",
    "   leading,  double   spaces   \n\n\n\ttabs\t\tand trailing   ",
    "it's we'll I'M don't x_1 __init__ 3.14e-10 0x1F",
    "emoji 👩‍👩‍👧 and é (combining é) \u00a0nbsp \u200bzw",
    "",
    "<|pad|><|endoftext|><|endoftext",
    "a" * 200 + " " * 70 + "b",
)  # fmt: skip


@pytest.fixture(scope="session")
def texts():
    """Texts that tokenizers disagree about."""
    return TEXTS


@pytest.fixture(scope="session")
def tokenizer():
    """Train a small tokenizer on composed documents."""
    pytest.importorskip("tokenizers", reason="needs the train extra")
    from pytest_genx.train.recipe import TokenizerRecipe
    from pytest_genx.train.tokenizer import train_tokenizer

    return train_tokenizer(
        [d.prompt + d.answer for d in _documents(150)], TokenizerRecipe(vocabulary=640)
    )


@pytest.fixture(scope="session")
def tiny(tmp_path_factory, tokenizer, small_model):
    """Save an untrained model in the transformers format; return folder and model."""
    torch = pytest.importorskip("torch", reason="needs the train extra")
    pytest.importorskip("transformers", reason="needs the train extra")
    from pytest_genx.train.model import build_model
    from pytest_genx.train.tokenizer import save_tokenizer

    folder = tmp_path_factory.mktemp("tiny") / "hf"
    torch.manual_seed(0)
    model = build_model(small_model, tokenizer.get_vocab_size(), 0, 1)
    # Larger weights than at the start of training, so that greedy choices are no near ties.
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 2:
                parameter.mul_(4)
    save_tokenizer(tokenizer, folder)
    model.save_pretrained(folder)
    return folder, model.eval()


@pytest.fixture(scope="session")
def small_model():
    """Dimensions that train in a second."""
    from pytest_genx.train.recipe import ModelRecipe

    return ModelRecipe(
        width=64, layers=2, heads=2, kv_heads=1, head_width=32, feed_forward=96, context=256
    )


@pytest.fixture(scope="session")
def composed():
    """Compose the documents of 60 functions."""
    return _documents(60)


def _documents(n):
    from pytest_genx.train.documents import function_documents
    from pytest_genx.train.families.catalogue import load_families
    from pytest_genx.train.families.functions import draw_function

    rng = random.Random(0)
    families = load_families()
    return [d for _ in range(n) for d in function_documents(draw_function(rng, families), rng)]
