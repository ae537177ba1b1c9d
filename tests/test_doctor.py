from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_genx.backends.embedded import embedded_model
from pytest_genx.backends.llama_memory import Need
from pytest_genx.cli import main
from pytest_genx.doctor import probe
from pytest_genx.doctor.command import as_json, as_text
from pytest_genx.doctor.facts import Cores, Facts, Folder, Isolation, Library, Model, Package
from pytest_genx.doctor.report import NEWEST, OLDEST, Status, report

PROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"
GOOD = Facts(
    python=(3, 12, 1),
    version="9.9",
    library=Library("0.3.36", features=("AVX2",)),
    model=Model(
        "/models/a b.gguf",
        embedded=True,
        size=3_000_000,
        digest="ab" * 32,
        architecture="qwen3",
        parameters=2_755_776,
        context=1024,
        together=16,
        need=Need(25_165_824, 6_291_456, 262_144, 6_291_456),
    ),
    free=8 * 10**9,
    cores=Cores(4, 0.4),
    isolation=(
        Isolation("container", "container (bubblewrap)"),
        Isolation("landlock", "landlock"),
        Isolation("process", "process"),
    ),
    bubblewrap=True,
    installer="sudo apt-get install",
    packages=(Package("torch", "transformers", "2.9+cpu", "no GPU"),),
    folders=(Folder("outcomes", "/cache", 5000, writable=True),),
)


def line(facts, subject):
    """The line of a report about one thing."""
    (found,) = [line for line in report(facts).lines if line.subject == subject]
    return found


def test_a_machine_with_everything_is_ready_and_all_is_ok():
    """Nothing is to be fixed; the next command generates."""
    found = report(GOOD)
    assert found.ready
    assert {line.status for line in found.lines} == {Status.OK}
    assert not any(line.fix for line in found.lines)
    assert found.following == "pytest --genx-generate=FILE.py"


def test_without_llama_the_next_command_installs_it():
    """And tests cannot be generated."""
    found = report(replace(GOOD, library=Library(None)))
    assert not found.ready
    assert found.following == "pip install llama-cpp-python"


def test_xllamacpp_does_instead_of_llama():
    """Tests can be generated, if slower, and the line says so."""
    instead = Package("xllamacpp", "xllamacpp", "2026.10")
    facts = replace(GOOD, library=Library(None), packages=(instead,))
    assert report(facts).ready
    found = line(facts, "llama-cpp-python")
    assert (found.status, found.stops) == (Status.WARNING, False)
    assert "slower" in found.text


def test_a_library_for_another_processor_is_to_be_built_again():
    """With the reason that the probe gave."""
    facts = replace(GOOD, library=Library("0.3.36", "loading it kills the process (SIGILL)"))
    found = line(facts, "llama-cpp-python")
    assert (found.status, found.stops) == (Status.MISSING, True)
    assert found.text == "0.3.36, but loading it kills the process (SIGILL)"
    assert found.fix.endswith("--no-binary llama-cpp-python llama-cpp-python")


def test_a_broken_model_stops_and_its_sentence_is_shown():
    """What is wrong stands in the line; memory is then unknown."""
    facts = replace(GOOD, model=Model("x.gguf", embedded=False, fault="cannot load model 'x.gguf'"))
    assert line(facts, "model").text == "cannot load model 'x.gguf'"
    assert line(facts, "memory").status is Status.WARNING
    assert not report(facts).ready


def test_a_given_model_stands_quoted_in_the_next_command():
    """So that it can be pasted into a shell."""
    facts = replace(GOOD, model=replace(GOOD.model, embedded=False))
    assert report(facts).following.endswith(" '--genx-model=/models/a b.gguf'")


@pytest.mark.parametrize(
    ("free", "status"),
    [(41_010_879, Status.WARNING), (41_010_880, Status.OK), (None, Status.WARNING)],
)
def test_memory_must_hold_weights_and_sequences(free, status):
    """To the byte; where the system does not say what is free, that is said."""
    found = line(replace(GOOD, free=free), "memory")
    assert found.status is status
    assert "38.0 MB over the weights" in found.text
    assert report(replace(GOOD, free=free)).ready


@pytest.mark.parametrize(
    ("installer", "fix"), [(None, ""), ("sudo dnf install", "sudo dnf install bubblewrap")]
)
def test_without_bubblewrap_it_is_to_be_installed(installer, fix):
    """By the system's own installer, if that is known; tests can be generated all the same."""
    weaker = (
        Isolation("container", None, "bubblewrap is not installed"), *GOOD.isolation[1:]
    )  # fmt: skip
    facts = replace(GOOD, isolation=weaker, bubblewrap=False, installer=installer)
    found = line(facts, "sandbox container")
    assert (found.status, found.fix) == (Status.MISSING, fix)
    assert report(facts).ready


def test_a_missing_level_is_no_loss_below_a_stronger_one():
    """It is a warning; and the weakest one warns when it is the strongest there is."""
    container, _, process = GOOD.isolation
    none = Isolation("landlock", None, "too old")
    facts = replace(GOOD, isolation=(container, none, process))
    assert line(facts, "sandbox landlock").status is Status.WARNING
    assert line(facts, "sandbox process").status is Status.OK
    facts = replace(GOOD, isolation=(Isolation("container", None, "no"), none, process))
    assert line(facts, "sandbox process").status is Status.WARNING


@pytest.mark.parametrize(
    ("cores", "status", "threads"),
    [
        (Cores(4, 1.7), Status.OK, "takes 3 threads"),
        (Cores(2, 5.5), Status.WARNING, "takes 1 thread;"),
        (Cores(4, None), Status.OK, "load unknown: the model takes 4 threads"),
        (Cores(4, 0.0, "3.8", worker=True), Status.OK, "takes 1 thread (in a worker"),
    ],
)
def test_cores_are_those_that_are_idle(cores, status, threads):
    """As the llama backend counts them."""
    found = line(replace(GOOD, cores=cores), "cores")
    assert found.status is status
    assert threads in found.text


@pytest.mark.parametrize(
    ("version", "status", "ready"),
    [
        ((3, 9, 2), Status.MISSING, False),
        ((3, 10, 0), Status.OK, True),
        ((3, 15, 0), Status.WARNING, True),
    ],
)
def test_old_pythons_stop_and_new_ones_warn(version, status, ready):
    """What lies between is supported."""
    facts = replace(GOOD, python=version)
    assert line(facts, "python").status is status
    assert report(facts).ready is ready


def test_supported_pythons_are_those_of_the_package():
    """Its classifiers name the same range."""
    named = re.findall(r"Python :: 3\.(\d+)", PROJECT.read_text("utf-8"))
    assert (3, min(map(int, named))) == OLDEST
    assert (3, max(map(int, named))) == NEWEST


def test_an_absent_extra_and_a_locked_cache_do_not_stop():
    """Each has its fix."""
    facts = replace(
        GOOD,
        packages=(Package("ray", "ray", None),),
        folders=(Folder("outcomes", "/cache", 0, writable=False),),
    )
    assert line(facts, "optional ray").fix == "pip install 'pytest-genx[ray]'"
    assert line(facts, "cache outcomes").fix.endswith("--genx-cache=DIR")
    assert report(facts).ready


def test_text_and_json_say_the_same():
    """Every line stands in both."""
    facts = replace(GOOD, library=Library(None))
    found = report(facts)
    text, body = as_text(found), json.loads(as_json(facts, found))
    assert body["ready"] is False
    assert text.endswith(f"No tests can be generated yet. Next: {body['next']}\n")
    assert all(row["text"] in text and row["fix"] in text for row in body["lines"])
    assert body["facts"]["model"]["need"]["cache"] == 25_165_824


def test_the_command_finds_this_machine_ready(capsys):
    """It generates tests, these ones among others; the embedded model is loaded."""
    assert main(["doctor", "--json"]) == 0
    body = json.loads(capsys.readouterr().out)
    facts = body["facts"]
    assert facts["python"] == list(sys.version_info[:3])
    assert facts["model"]["size"] == embedded_model().stat().st_size
    assert facts["library"]["version"]
    assert facts["model"]["parameters"] > 10**6
    assert facts["folders"][0]["path"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"no model", "does not start with 'GGUF'"),
        (None, "there is no such file"),
        (b"GGUF\3\0\0\0", "cut off or damaged"),
    ],
)
def test_a_bad_file_is_one_sentence_and_status_1(content, sentence, tmp_path, capsys):
    """The sentence is that of the header's reader."""
    path = tmp_path / "bad.gguf"
    if content is not None:
        path.write_bytes(content)
    assert main(["doctor", "--genx-model", str(path)]) == 1
    out = capsys.readouterr().out
    assert sentence in out
    assert "Traceback" not in out


@pytest.mark.parametrize(
    ("code", "found"),
    [
        (
            "import os; os.kill(os.getpid(), 4)",
            {"library": "loading it kills the process (SIGILL)"},
        ),
        (
            "print('{\"offload\": false}', flush=True); import os; os.abort()",
            {"model": "(SIGABRT)"},
        ),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_a_process_that_is_killed_names_what_killed_it(code, found, monkeypatch):
    """The library before its first answer, the model after it."""
    ran = subprocess.run

    def instead(line, **options):
        return ran([sys.executable, "-c", code], **options)

    monkeypatch.setattr(probe.subprocess, "run", instead)
    ((part, text),) = found.items()
    assert text in probe.probe(Path("any.gguf"))[part]


MEASURE = """
import sys
import threading
import time
from pathlib import Path

import llama_cpp

from pytest_genx.backends.gguf_header import read_header
from pytest_genx.backends.llama_engine import LlamaEngine
from pytest_genx.backends.llama_sampling import Sampling

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

import resource
path = Path(sys.argv[1])
llama_cpp.llama_backend_init()
# Every sequence is to have its full length, whatever the model has to say.
llama_cpp.llama_vocab_is_eog = lambda *_: False
before = resident()
engine = LlamaEngine(path, read_header(path), threads=1, sequences=32)
peak, done = 0, threading.Event()

def watch():
    global peak
    while not done.wait(0.005):
        peak = max(peak, resident())

watcher = threading.Thread(target=watch)
watcher.start()
samplings = [Sampling(i, 0.8, 0.95, 0.05) for i in range(32)]
tokens = sum(c.tokens for c in engine.complete([9] * 128, samplings, max_tokens=384, stop=()))
done.set()
watcher.join()
assert tokens == 32 * 384, tokens
print(peak - before - path.stat().st_size)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="resident memory is read from /proc")
def test_stated_memory_is_what_sampling_takes():
    """32 sequences of 512 tokens of the embedded model, within 15 %."""
    from pytest_genx.backends.gguf_header import read_header
    from pytest_genx.backends.llama_memory import need

    path = embedded_model()
    line = [sys.executable, "-c", MEASURE, str(path)]
    done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    stated = need(read_header(path), sequences=32, length=512).total
    assert stated == pytest.approx(int(done.stdout), rel=0.15)
