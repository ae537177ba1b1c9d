"""Several processes write the same lines as one, and what goes wrong in them is one sentence."""

from __future__ import annotations

from contextlib import closing

import pytest

pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("gguf", reason="needs the train extra")
pytest.importorskip("llama_cpp", reason="needs llama-cpp-python")

from pytest_genx.train.gguf_file import write_gguf
from pytest_genx.train.rounds.formats import Task
from pytest_genx.train.rounds.problems import make_problem
from pytest_genx.train.rounds.recipe import SamplingPart
from pytest_genx.train.rounds.roles import Version
from pytest_genx.train.rounds.sample import SampleError, Sampler, sample
from pytest_genx.train.rounds.store import Part


def sampled(model, path, processes):
    """Sample two problems, and return the lines."""
    problems = [
        make_problem(Task(name, "Do.", "f", (f"def f(x):\n    return {name}\n",), ("assert f(1)",)))
        for name in ("1", "2")
    ]
    recipe = SamplingPart(processes=processes, max_tokens=8)
    part = Part(path)
    with closing(part):
        sample(problems, Sampler(Version.of(model), recipe, 0, 2, 1), part)
    return part.lines


def test_processes_do_not_change_what_is_sampled(tiny, tmp_path):
    """Seeds belong to problems, so one process or two give the same lines."""
    folder, _ = tiny
    model = tmp_path / "tiny.gguf"
    write_gguf(folder, model)
    one, two = (sampled(model, tmp_path / f"{n}.part", n) for n in (1, 2))
    assert one == two
    assert [len(one["1"]["tester"]), len(one["1"]["coder"])] == [2, 1]


def test_a_model_that_is_not_there_is_told_by_the_parent(tmp_path):
    """The worker's sentence arrives."""
    with pytest.raises(SampleError, match=r"cannot load model .*none\.gguf"):
        sampled(tmp_path / "none.gguf", tmp_path / "x.part", 2)
