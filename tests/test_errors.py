from __future__ import annotations

from pathlib import Path

import pytest

from pytest_genx import errors

EXAMPLES = [
    (
        errors.UnknownName("backend", "nope", ["replay", "llama"]),
        "no backend named 'nope'; known: llama, replay",
    ),
    (errors.DuplicateName("ranker", "x"), "two plugins offer a ranker named 'x'"),
    (
        errors.TargetNotFound("path", "shp.py", ["shop.py", "unlike"]),
        "path 'shp.py' does not exist; close matches: shop.py",
    ),
    (errors.TargetNotFound("path", "zzz", ["shop.py"]), "path 'zzz' does not exist"),
    (errors.SourceError(Path("a.py"), "line 3: bad"), "cannot read a.py: line 3: bad"),
    (errors.ModelError("m.gguf", "no such file"), "cannot load model 'm.gguf': no such file"),
    (errors.PullError("m", "no network"), "cannot pull 'm': no network"),
    (errors.ServerError("http://h/v1", "it is down"), "server http://h/v1: it is down"),
    (
        errors.MissingDependency("the llama backend", "llama-cpp-python", "pip install it"),
        (
            "the llama backend needs the package 'llama-cpp-python', which is missing; "
            "run: pip install it"
        ),
    ),
    (errors.RecordError(Path("r.jsonl"), 7, "not JSON"), "r.jsonl, line 7: not JSON"),
    (errors.WriteRefused(Path("t.py"), "it changed"), "will not write t.py: it changed"),
    (
        errors.BadOption("--genx-seed", "x", "a whole number"),
        "--genx-seed is 'x'; expected a whole number",
    ),
    (errors.SandboxError("process", "no fork"), "sandbox 'process': no fork"),
    (
        errors.PromptError(Path("p.txt"), "no placeholder $cod", near="cod", known=["code"]),
        "prompt p.txt: no placeholder $cod; nearest: code",
    ),
    (errors.RecipeError(Path("r.yaml"), "unknown key"), "recipe r.yaml: unknown key"),
]


@pytest.mark.parametrize(("error", "sentence"), EXAMPLES, ids=lambda x: type(x).__name__)
def test_error_is_one_sentence_with_the_facts(error, sentence):
    """What, the value, and what is known."""
    assert str(error) == sentence


def test_no_targets_names_the_places_searched_or_what_to_give():
    """Searched places are listed; without any, the two ways to give one are."""
    assert "no targets in a.py, b" in str(errors.NoTargets(["a.py", "b"]))
    assert "genx_targets" in str(errors.NoTargets([]))


def test_every_error_is_a_genx_error_with_its_meaning():
    """Front ends catch one class, and each subclass says what it means."""
    kinds = [k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, Exception)]
    assert len(kinds) == len({type(error) for error, _ in EXAMPLES}) + 2  # NoTargets, the base
    assert all(issubclass(kind, errors.GenxError) and kind.__doc__ for kind in kinds)
