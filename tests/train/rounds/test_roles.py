"""Each form of the roles makes its versions, also when it is killed while the second one trains."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec

import pytest

pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("transformers", reason="needs the train extra")
pytest.importorskip("gguf", reason="needs the train extra")
pytest.importorskip("llama_cpp", reason="needs llama-cpp-python")

from pytest_genx.domain import Role
from pytest_genx.errors import RecipeError
from pytest_genx.train.cli import main
from pytest_genx.train.rounds.recipe import load_rounds
from pytest_genx.train.rounds.roles import lora_config
from pytest_genx.train.rounds.run import find_bases, open_work
from pytest_genx.train.rounds.work import Watch

# Dies while the second part of round 1 saves a checkpoint, and goes on.
SCRIPT = r"""
import os, signal, sys, warnings
from pathlib import Path
import torch
from pytest_genx.train.rounds import run as running, work
from pytest_genx.train.rounds.recipe import load_rounds


def child(kill, resume):
    save = torch.save

    def dying(state, path, **options):
        if kill and "round-1" in str(path) and "coder" in str(path):
            Path(path).write_text("half")
            os.kill(os.getpid(), signal.SIGKILL)
        save(state, path, **options)

    torch.save = dying
    output = "killed" if kill or resume else "straight"
    recipe = load_rounds(Path(sys.argv[1]), [*sys.argv[3:], f"output={sys.argv[2]}/{output}"])
    running.run(recipe, work.Watch(), resume=resume)


kills = [] if "sampling.backend=llama" in sys.argv and "roles=adapters" in sys.argv else [
    (True, False), (False, True)
]
for kill, resume in [(False, False), *kills]:
    pid = os.fork()
    if pid == 0:
        child(kill, resume)
        os._exit(0)
    print(os.waitpid(pid, 0)[1], flush=True)
"""
FORMS = {
    "two": ["roles=two", "sampling.backend=llama"],
    "adapters": ["roles=adapters", "sampling.backend=transformers", "peft.r=2"],
    "merged": ["roles=adapters", "sampling.backend=llama", "peft.r=2"],
    "trl": ["roles=adapters", "sampling.backend=transformers", "train.trainer=trl",
            "trl.save_steps=2", "train.gradient_accumulation_steps=2"],
}  # fmt: skip


@pytest.fixture(scope="module", params=FORMS)
def runs(request, recipe_text, folder):
    """Run one form without a break, and with a kill; return its name and folder."""
    form = request.param
    if "roles=adapters" in FORMS[form]:
        pytest.importorskip("peft", reason="needs peft")
    if form == "trl":
        pytest.importorskip("trl", reason="needs the trl extra")
    path = folder / "roles.yaml"
    path.write_text(recipe_text)
    output = folder / f"form-{form}"
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(path), str(output), *FORMS[form]],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    expected = ["0"] if form == "merged" else ["0", "9", "0"]
    assert done.stdout.split() == expected, done.stderr[-3000:]
    return form, output


def manifest(path):
    """Read a manifest without its times."""
    found = json.loads(path.read_text())
    for stage in found["stages"].values():
        stage.pop("seconds", None)
    return found


def test_a_killed_training_goes_on_with_the_second_role(runs):
    """Hashes and counts are those of the run without a break, and the tester trained once."""
    form, output = runs
    if form == "merged":
        pytest.skip("trained as the adapters are; this form is not killed")
    for name in ("base", "round-0", "round-1"):
        one, other = (manifest(output / run / name / "manifest.json")
                      for run in ("straight", "killed"))  # fmt: skip
        assert one == other
        left = [p.name for p in (output / "killed" / name).rglob("*")]
        assert not [n for n in left if n.endswith((".part", ".new", ".pt"))]
    trained = one["stages"]["train"]
    assert {role.value for role in Role} <= trained.keys()
    assert trained["coder"]["documents"] + trained["tester"]["documents"] > 0
    log = (output / "killed" / "log.jsonl").read_text().splitlines()
    steps = [json.loads(line) for line in log if '"event": "step"' in line]
    assert steps


def test_each_role_is_played_by_its_own_weights(runs, recipe_text, folder):
    """The files of a version are of the form that the backend takes."""
    form, output = runs
    recipe = load_rounds(folder / "roles.yaml", [*FORMS[form], f"output={output}/straight"])
    work = open_work(recipe, Watch(), find_bases(recipe))
    version = work.version(2)
    if form in {"two", "merged"}:
        assert {role: path.name for role, path in version.models.items()} == {
            "coder": "coder.gguf", "tester": "tester.gguf",
        }  # fmt: skip
        assert not version.adapters
        files = [path.read_bytes() for path in version.models.values()]
        assert files[0] != files[1]
    else:
        assert len(set(version.models.values())) == 1
        assert {path.name for path in version.adapters.values()} == {"coder", "tester"}
    stage = manifest(output / "straight" / "round-1" / "manifest.json")["stages"]["train"]
    assert any(name.startswith("coder") for name in stage["files"])


def test_a_key_that_peft_does_not_know_names_the_nearest(recipe_text, folder):
    """The keys of the part are those of LoraConfig."""
    pytest.importorskip("peft", reason="needs peft")
    path = folder / "peft.yaml"
    path.write_text(recipe_text)
    with pytest.raises(RecipeError, match=r"'peft.lora_alhpa'; the nearest is 'peft.lora_alpha'"):
        lora_config(load_rounds(path, ["roles=adapters", "peft.lora_alhpa=4"]))
    with pytest.raises(RecipeError, match=r"^recipe .*: peft: "):
        lora_config(load_rounds(path, ["roles=adapters", "peft.r=0", "peft.use_dora=true",
                                       "peft.layers_to_transform=[]", "peft.layer_replication=x",
                                       "peft.layers_pattern=a"]))  # fmt: skip
    given = lora_config(load_rounds(path, ["roles=adapters", "peft.r=4", "peft.lora_alpha=8"]))
    assert (given.r, given.lora_alpha, given.target_modules) == (4, 8, "all-linear")


@pytest.mark.filterwarnings("ignore::FutureWarning")  # peft's, about transformers
def test_both_roles_are_exported(runs, tmp_path, capsys, monkeypatch):
    """A folder for each role, each of which llama.cpp runs."""
    from pytest_genx.train.export import smoke

    form, output = runs
    if form not in {"two", "adapters"}:
        pytest.skip("the files are of the kind of the other forms")
    monkeypatch.setattr(smoke, "_LENGTH", 2)
    to = tmp_path / "to"
    assert main(["export", str(output / "straight"), "--to", str(to)]) == 0
    for role in ("coder", "tester"):
        assert (to / role / f"tiny-v2-{role}.gguf").is_file()
        assert "The licence of the base is not known" in (to / role / "README.md").read_text()
    assert capsys.readouterr().out.count("smoke test: token ids the same") == 2


def test_the_train_stage_is_launched_by_the_words_of_the_recipe(recipe_text, folder, capsys):
    """What it ends with is told, and a launcher that is not there too."""
    pytest.importorskip("trl", reason="needs the trl extra")
    path = folder / "launch.yaml"
    path.write_text(recipe_text)
    given = ["roles=one", "train.trainer=trl", "data.test=[]", "sampling.backend=llama"]
    for words, said in (
        (f"[{sys.executable}, -c, raise SystemExit(3)]", "ended with status 3"),
        ("[no-such-launcher]", "cannot start no-such-launcher"),
    ):
        output = folder / f"launch-{len(words)}"
        verb = ["run", str(path), *given, f"output={output}", f"train.launch={words}"]
        assert main(verb) == 2
        assert said in capsys.readouterr().err
    help_ = subprocess.run(
        [sys.executable, "-m", "pytest_genx.train.cli", "train", "--help"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "--round" in help_.stdout


@pytest.mark.parametrize("workers", ["ray", "ray:localhost:6379"])
def test_a_cluster_is_asked_for_by_the_workers(recipe_text, folder, workers, monkeypatch):
    """The sandbox gets the address; what is no number and no cluster is refused."""
    from pytest_genx.errors import BadOption
    from pytest_genx.train.rounds import stages

    seen = []

    class Nothing:
        def close(self):
            pass

    def sandbox(_manager, _name):
        return lambda config: seen.append(config.ray) or Nothing()

    monkeypatch.setattr(stages.plugins, "sandbox", sandbox)
    path = folder / "ray.yaml"
    path.write_text(recipe_text)
    recipe = load_rounds(path, [f"execution.workers={workers}"])
    with stages.open_runner(open_work(recipe, Watch(), {})):
        pass
    assert seen == [workers.partition(":")[2]]
    with pytest.raises(BadOption, match="ray:HOST:PORT"):
        open_work(load_rounds(path, ["execution.workers=rai"]), Watch(), {})


@pytest.mark.skipif(find_spec("ray") is None, reason='needs ray: pip install "pytest-genx[ray]"')
def test_references_run_on_a_cluster(recipe_text, folder, capsys):
    """A dry run executes there."""
    path = folder / "cluster.yaml"
    path.write_text(recipe_text)
    assert main(["check", str(path), "execution.workers=ray", f"output={folder}/cluster"]) == 0
    assert "passes 1 of 1 tests" in capsys.readouterr().out
