"""A tiny untrained model and five problems: whole rounds of seconds."""

from __future__ import annotations

import json
import random
from pathlib import Path

PROBLEMS = (
    ("add", "Add two numbers.", "return a + b", "a, b", "add(1, 2) == 3"),
    ("larger", "Find the larger of two numbers.", "return a if a > b else b", "a, b",
     "larger(1, 2) == 2"),
    ("first", "Return the first item.", "return items[0]", "items", "first([4, 5]) == 4"),
    ("double", "Double every item.", "return [2 * i for i in items]", "items",
     "double([1]) == [2]"),
    ("sign", "Tell the sign of a number.", "return (n > 0) - (n < 0)", "n", "sign(-3) == -1"),
)  # fmt: skip
SETS = {"some": PROBLEMS[:4], "other": PROBLEMS[4:]}
RECIPE = """\
name: tiny
base: {folder}/base
output: {folder}/out
rounds: 1
data: {{folder: {folder}, train: [some], test: [other]}}
sampling: {{tester: 2, coder: 2, max_tokens: 24}}
execution: {{workers: 1}}
filter: {{mutants: 2}}
train: {{epochs: 8, batch: 256, checkpoint: 0.0}}
eval: {{tester: 2, coder: 2, mutants: 2}}
"""


def write_tiny(folder: Path) -> Path:
    """Write model, problems and recipe into a folder; returns the recipe's path."""
    import torch  # noqa: PLC0415

    from pytest_genx.train.documents import function_documents  # noqa: PLC0415
    from pytest_genx.train.families.catalogue import load_families  # noqa: PLC0415
    from pytest_genx.train.families.functions import draw_function  # noqa: PLC0415
    from pytest_genx.train.model import build_model  # noqa: PLC0415
    from pytest_genx.train.recipe import ModelRecipe, TokenizerRecipe  # noqa: PLC0415
    from pytest_genx.train.tokenizer import save_tokenizer, train_tokenizer  # noqa: PLC0415

    rng, families = random.Random(0), load_families()
    functions = [draw_function(rng, families) for _ in range(60)]
    texts = [d.prompt + d.answer for f in functions for d in function_documents(f, rng)]
    tokenizer = train_tokenizer(texts, TokenizerRecipe(vocabulary=640))
    torch.manual_seed(0)
    dimensions = ModelRecipe(
        width=64, layers=2, heads=2, kv_heads=1, head_width=32, feed_forward=96, context=256
    )
    save_tokenizer(tokenizer, folder / "base")
    build_model(dimensions, tokenizer.get_vocab_size(), 0, 1).save_pretrained(folder / "base")
    for name, problems in SETS.items():
        lines = [
            json.dumps(
                {
                    "id": f"own/{entry}", "statement": statement, "entry_point": entry,
                    "setup": "", "solutions": [f"def {entry}({arguments}):\n    {body}\n"],
                    "tests": [f"assert {test}"],
                }
            )
            for entry, statement, body, arguments, test in problems
        ]  # fmt: skip
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    recipe = folder / "tiny.yaml"
    recipe.write_text(RECIPE.format(folder=folder), "utf-8")
    return recipe
