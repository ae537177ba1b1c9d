"""Each method makes version 2 of the tiny model, on planted samples, and tells no one."""

from __future__ import annotations

import json
import socket
import subprocess
import sys

import pytest

pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("gguf", reason="needs the train extra")
pytest.importorskip("trl", reason="needs the extra trl")
pytest.importorskip("datasets", reason="needs the extra trl")

from pytest_genx.domain import Role
from pytest_genx.errors import MissingDependency, RecipeError
from pytest_genx.train.loop import OutOfMemory
from pytest_genx.train.rounds import run as running
from pytest_genx.train.rounds.bases import Words
from pytest_genx.train.rounds.methods.round import NothingContested
from pytest_genx.train.rounds.methods.settings import check_method
from pytest_genx.train.rounds.methods.trainers import encode
from pytest_genx.train.rounds.preferences import Answer
from pytest_genx.train.rounds.recipe import load_rounds
from pytest_genx.train.rounds.report import write_report
from pytest_genx.train.rounds.work import Watch

# A sampler without a model: right and wrong answers to the problems of the fixtures.
PLANTED = r"""
from contextlib import nullcontext

from pytest_genx.train.rounds import sample
from pytest_genx.train.rounds.finetune import body_of

class Nothing:
    def close(self):
        pass

def line(self, problem, backend):
    right = body_of(problem.target.source)
    tests = [test.source for test in problem.tests]
    wrong = tests[0].split("==")[0] + "== 77"
    return {
        "problem": problem.id,
        "coder": planted(right, "    return None", "    )("),
        "tester": planted(tests[0], wrong),
    }

def planted(*texts):
    return [{"text": text, "seed": i, "tokens": 9} for i, text in enumerate(texts)]

sample.Sampler.open = lambda self: Nothing()
sample.Sampler.line = line
"""
SETTINGS = {
    "kto": "kto: {per_device_train_batch_size: 4, save_steps: 1}",
    "dpo": "dpo: {per_device_train_batch_size: 4, save_steps: 1, max_steps: 2}",
    "grpo": "grpo: {per_device_train_batch_size: 4, num_generations: 2, max_steps: 2, "
    "gradient_accumulation_steps: 1, max_completion_length: 8}",
}


@pytest.fixture
def planted(monkeypatch):
    """Plant the samples, and refuse every connection."""
    from pytest_genx.train.rounds.sample import Sampler

    names: dict = {}
    for attribute in ("open", "line"):
        monkeypatch.setattr(Sampler, attribute, getattr(Sampler, attribute))
    exec(PLANTED, names)

    def refuse(self, address):
        raise AssertionError(f"connects to {address}")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture
def paid(monkeypatch):
    """Pay every other answer of a batch more, since the tiny model writes nothing of worth."""
    from pytest_genx.train.rounds.methods import trainers

    made = trainers.reward_functions

    def uneven(function):
        def rewards(**columns):
            found = function(**columns)
            return [r if r is None else r + i % 2 for i, r in enumerate(found)]

        rewards.__name__ = function.__name__
        return rewards

    monkeypatch.setattr(
        trainers, "reward_functions", lambda *a, **options: [uneven(f) for f in made(*a, **options)]
    )


@pytest.fixture
def recipe(recipe_text, folder, tmp_path):
    """Make a recipe for a method."""

    def make(method, *overrides, settings=""):
        path = tmp_path / f"{method}.yaml"
        path.write_text(recipe_text + (settings or SETTINGS.get(method, "")) + "\n")
        return load_rounds(
            path, [f"train.method={method}", f"output={tmp_path}/{method}", *overrides]
        )

    return make


@pytest.mark.parametrize("method", ["kto", "dpo", "grpo"])
def test_a_method_makes_the_next_version(recipe, planted, paid, method):
    """Version 2 is another model than version 1, the log has its steps, checkpoints are gone."""
    made = recipe(method)
    running.run(made, Watch())
    manifests = [json.loads((made.output / f"round-{k}/manifest.json").read_text()) for k in (0, 1)]
    first, second = (one["stages"]["train"] for one in manifests)
    assert "method" not in first
    assert second["method"] == method
    assert second["steps"] >= 2
    weights = "model/model.safetensors"
    assert second["files"][weights] != first["files"][weights]
    assert not list((made.output / "round-1").glob("*.part"))
    log = [json.loads(line) for line in (made.output / "log.jsonl").read_text().splitlines()]
    steps = [e for e in log if e["event"] == "step" and e["round"] == 1]
    assert {1, 2} <= {e["step"] for e in steps}
    assert any("loss" in e for e in steps)
    text, _ = (path.read_text() for path in write_report(made.output)[:2])
    assert "v2" in text
    if method == "kto":
        assert (second["answers"], second["right"]) == (20, 8)
        assert second["rows"] == {"round 1": 20}
        assert (second["coder rows"], second["tester rows"]) == ({"round 1": 12}, {"round 1": 8})
    elif method == "dpo":
        assert second["pairs"] == 12
    else:
        assert second["prompts"] == 8
        assert any("rewards/coder/mean" in e for e in steps)


def test_nothing_between_the_limits_is_one_sentence(recipe, planted):
    """The sentence gives the limits and how many answers are right."""
    with pytest.raises(NothingContested, match=r"lowest = 0\.6.*4 of 12 coder's answers"):
        running.run(recipe("dpo", "preferences.lowest=0.6"), Watch())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("kto: {bata: 0.1}", "unknown key 'kto.bata'; the nearest is 'kto.beta'"),
        ("kto: {seed: 3}", "kto.seed is set by genx-train itself"),
        ("kto: {learning_rate: fast}", "kto.learning_rate is 'fast'; expected float"),
        ("kto: {disable_dropout: 1}", "kto.disable_dropout is 1; expected bool"),
        ("kto: {lr_scheduler_type: nope}", "kto: nope is not a valid Scheduler"),
        ("kto: 3", "kto is 3; expected dict"),
    ],
)  # fmt: skip
def test_a_setting_that_trl_does_not_have_is_one_sentence(recipe, settings, message):
    """The setting is named, with its value or what is near it."""
    with pytest.raises(RecipeError) as caught:
        check_method(recipe("kto", settings=settings))
    assert message in str(caught.value)


def test_numbers_as_people_write_them(recipe):
    """YAML takes 1e-6 for a text."""
    from pytest_genx.train.rounds.methods.settings import make_config

    made = recipe("kto", settings="kto: {learning_rate: 1e-6, gradient_checkpointing: true}")
    config = make_config(made, made.output)
    assert config.learning_rate == 1e-6
    assert config.gradient_checkpointing
    assert config.report_to == []


def test_without_trl_check_says_so(recipe, monkeypatch):
    """What to install is told before anything is sampled; sft needs nothing."""
    made = recipe("kto")
    monkeypatch.setitem(sys.modules, "trl", None)
    with pytest.raises(MissingDependency, match=r"'trl'.*pip install 'pytest-genx\[trl\]'"):
        check_method(made)
    check_method(recipe("sft"))


def test_tokens_are_those_of_the_product(tokenizer):
    """A prompt's last token never merges with the answer's first; the end comes where it ended."""
    prompt, completion = "assert f(", "[1]) == 1"
    whole = tokenizer.encode(prompt + completion).ids
    answer = Answer("p", Role.TESTER, prompt, completion, ended=True, right=True)
    words = Words(tokenizer, tokenizer.token_to_id("<|endoftext|>"), 0)
    given, written = encode(words, answer)
    assert given == tokenizer.encode(prompt).ids
    assert [*given, *written] != [*whole, written[-1]], "this text merges when encoded at once"
    assert tokenizer.decode(given) + tokenizer.decode(written) == prompt + completion
    assert written[-1] == tokenizer.token_to_id("<|endoftext|>")
    cut = Answer("p", Role.TESTER, prompt, completion, ended=False, right=True)
    assert encode(words, cut)[1] == written[:-1]


def test_memory_that_runs_out_halves_the_batch(recipe, planted, monkeypatch):
    """It is said in the log, and the model is trained all the same."""
    import torch
    import trl

    train, sizes = trl.KTOTrainer.train, []

    def scarce(self, **options):
        sizes.append((self.args.per_device_train_batch_size, self.args.gradient_accumulation_steps))
        if sizes[-1][0] > 2:
            raise torch.OutOfMemoryError
        return train(self, **options)

    monkeypatch.setattr(trl.KTOTrainer, "train", scarce)
    made = recipe("kto")
    running.run(made, Watch())
    assert sizes == [(4, 1), (2, 2)]
    assert "a step passes in 2 parts of 2 rows" in (made.output / "log.jsonl").read_text()
    monkeypatch.setattr(trl.DPOTrainer, "train", lambda self, **_: throw(torch.OutOfMemoryError))
    with pytest.raises(OutOfMemory, match="one row"):
        running.run(recipe("dpo"), Watch())


def throw(error):
    """Raise in an expression."""
    raise error


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")  # peft's
@pytest.mark.parametrize(
    ("form", "method"), [("two", "kto"), ("adapters", "kto"), ("adapters", "grpo")]
)
def test_each_role_of_its_own_goes_on_from_its_own_weights(recipe, planted, paid, form, method):
    """Both parts are other ones than before; a reference adapter is not kept."""
    if form == "adapters":
        pytest.importorskip("peft", reason="needs the extra trl")
    made = recipe(method, f"roles={form}")
    running.run(made, Watch())
    manifests = [json.loads((made.output / f"round-{k}/manifest.json").read_text()) for k in (0, 1)]
    first, second = (one["stages"]["train"] for one in manifests)
    assert second["coder rows"] == {"round 1": 12 if method == "kto" else 4}
    assert second["tester rows"] == {"round 1": 8 if method == "kto" else 4}
    for name, digest in second["files"].items():
        assert first["files"][name] != digest
    assert len(second["files"]) == 4
    assert not (made.output / "round-1/coder/ref").exists()


def test_a_part_without_answers_of_use_stays_as_it_is(recipe, planted, monkeypatch):
    """The other one is trained, and the log says so."""
    from pytest_genx.train.rounds.sample import Sampler

    planted_line = Sampler.line

    def line(self, problem, backend):
        made = planted_line(self, problem, backend)
        return {**made, "tester": made["tester"][1:]}

    monkeypatch.setattr(Sampler, "line", line)
    made = recipe("dpo", "roles=two")
    running.run(made, Watch())
    files = [
        json.loads((made.output / f"round-{k}/manifest.json").read_text())["stages"]["train"][
            "files"
        ]
        for k in (0, 1)
    ]
    weights = "model.safetensors"
    assert files[0][f"tester/{weights}"] == files[1][f"tester/{weights}"]
    assert files[0][f"coder/{weights}"] != files[1][f"coder/{weights}"]
    assert "tester stays as it is" in (made.output / "log.jsonl").read_text()


SCRIPT = r"""
import os, signal, sys
from pathlib import Path
import datasets, torch, transformers
from trl import KTOTrainer  # once, before the forks
from pytest_genx.train.rounds import run as running
from pytest_genx.train.rounds import finetune
from pytest_genx.train.rounds.recipe import load_rounds
from pytest_genx.train.rounds.work import Watch

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def child(path, output, kill, resume):
    recipe = load_rounds(path, ["train.method=kto", f"output={output}"])
    keep, export = transformers.Trainer._save_checkpoint, finetune.write_gguf

    def dying_keep(self, model, trial):
        if kill == "step" and self.state.global_step == 3:
            half = Path(self.args.output_dir) / "checkpoint-3"
            half.mkdir()
            (half / "model.safetensors").write_text("half")
            die()
        keep(self, model, trial)

    def dying_export(source, target, **options):
        export(source, target, **options)
        if kill == "model":
            die()

    transformers.Trainer._save_checkpoint, finetune.write_gguf = dying_keep, dying_export
    running.run(recipe, Watch(), resume=resume)

path = Path(sys.argv[1])
for output, kills in (("straight", [None]), ("killed", ["step", "model", None])):
    for i, kill in enumerate(kills):
        pid = os.fork()
        if pid == 0:
            child(path, path.parent / output, kill, i > 0)
            os._exit(0)
        print(output, kill, os.waitpid(pid, 0)[1], flush=True)
"""


def test_a_killed_training_goes_on_from_its_last_whole_checkpoint(recipe_text, tmp_path):
    """The model is the same to the byte as that of a run without a break."""
    path = tmp_path / "kto.yaml"
    path.write_text(recipe_text + SETTINGS["kto"] + "\n")
    done = subprocess.run(
        [sys.executable, "-c", PLANTED + SCRIPT, str(path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    statuses = [line.rsplit(" ", 1)[1] for line in done.stdout.splitlines()]
    assert statuses == ["0", "9", "9", "0"], (done.stdout, done.stderr)
    one, other = (
        json.loads((tmp_path / name / "round-1/manifest.json").read_text())["stages"]["train"]
        for name in ("straight", "killed")
    )
    assert {**one, "seconds": 0} == {**other, "seconds": 0}
    log = [json.loads(line) for line in (tmp_path / "killed/log.jsonl").read_text().splitlines()]
    steps = [e["step"] for e in log if e["event"] == "step" and e["round"] == 1 and "loss" in e]
    assert steps == [1, 2, 3, 3, 4, 5]
