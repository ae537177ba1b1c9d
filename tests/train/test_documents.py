"""Training documents have exactly the form that the product prompts with."""

from __future__ import annotations

import ast
import random

from pytest_genx.pipeline import prompt
from pytest_genx.train import documents
from pytest_genx.train.families.catalogue import load_families
from pytest_genx.train.families.functions import draw_function

SOURCE = 'def add(a, b):\n    """Return the sum."""\n    return a + b'


def test_a_coder_document_continues_the_head():
    """Prompt and answer together are the module."""
    document = documents.coder_document(SOURCE, None, "import math")
    assert document.prompt == prompt.coder_text(
        'def add(a, b):\n    """Return the sum."""', "import math"
    )
    assert document.prompt + document.answer == f"import math\n\n\n{SOURCE}"


def test_a_tester_document_continues_the_first_assertion():
    """The prompt ends in the prefix, which the answer does not repeat."""
    document = documents.tester_document(
        SOURCE, "add", None, "", ["assert add(1, 2) == 3", "assert add(0, 0) == 0"], show_body=True
    )
    assert document.prompt == prompt.tester_text(SOURCE, "add", "assert add(")
    assert document.answer == "1, 2) == 3\nassert add(0, 0) == 0"


def test_a_hidden_body_is_not_in_the_document():
    """With the body hidden the tester reads `pass`."""
    document = documents.tester_document(
        SOURCE, "add", None, "", ["assert add(1, 2) == 3"], show_body=False
    )
    assert "return a + b" not in document.prompt
    assert "    pass\n" in document.prompt


def test_a_method_stands_in_its_class_and_is_called_on_an_instance():
    """Methods have the prefix `assert ` alone."""
    source = "def twice(self, x):\n    return 2 * x"
    document = documents.tester_document(
        source, "twice", "Shop", "", ["assert Shop().twice(2) == 4"], show_body=True
    )
    assert document.prompt.startswith("class Shop:\n    def twice(self, x):\n        return 2 * x")
    assert document.prompt.endswith("\nassert ")
    assert document.answer == "Shop().twice(2) == 4"


def test_every_composed_document_parses():
    """Prompt and answer of any document make a module."""
    rng = random.Random(0)
    families = load_families()
    made = [
        document
        for _ in range(100)
        for document in documents.function_documents(draw_function(rng, families), rng)
    ]
    assert len(made) > 100
    for document in made:
        ast.parse(document.prompt + document.answer)
