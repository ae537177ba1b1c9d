"""Options: one table, checked once, for every front end."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from pytest_genx.config import OPTIONS, Config, from_strings
from pytest_genx.domain import Oracle
from pytest_genx.errors import BadOption

ROOT = Path("/project")


def config(**values: str) -> Config:
    """A configuration from option texts; underscores stand for dashes."""
    return from_strings({k.replace("_", "-"): v for k, v in values.items()}, rootdir=ROOT)


def test_no_values_give_the_defaults() -> None:
    """The table's defaults and those of `Config` are the same."""
    assert config() == Config(ROOT)


def test_empty_values_give_the_defaults() -> None:
    """An ini entry that is set to nothing is not set."""
    assert config(**{option.name.replace("-", "_"): "" for option in OPTIONS}) == Config(ROOT)


def test_every_option_arrives() -> None:
    """Each row of the table changes its own field."""
    assert config(
        oracle="code",
        backend=" replay , heuristic",
        model="m.gguf",
        quantize="4bit",
        adapter="coder:a,tester:b",
        replay="r.jsonl",
        server="http://h/v1",
        server_model="coder",
        prompts="words",
        structured="yes",
        second_round="yes",
        repair="yes",
        ranker="codet",
        sandbox="none",
        workers="3",
        samples="3",
        budget="2.5",
        temperature="0.4,1.1",
        seed="4",
        max_tests="5",
        timeout="0.5",
        threads="2",
        gpu_layers="7",
        write="accept",
        cache="kept",
        ask="yes",
        test_dir="checks",
    ) == Config(
        ROOT,
        oracle=Oracle.CODE,
        backends=("replay", "heuristic"),
        model="m.gguf",
        quantize="4bit",
        adapters=(("coder", "a"), ("tester", "b")),
        replay=ROOT / "r.jsonl",
        server="http://h/v1",
        server_model="coder",
        prompts=ROOT / "words",
        structured=True,
        second_round=True,
        repair=True,
        ranker="codet",
        sandbox="none",
        workers=3,
        samples=3,
        budget=2.5,
        temperatures=(0.4, 1.1),
        seed=4,
        max_tests=5,
        timeout=0.5,
        threads=2,
        gpu_layers=7,
        write="accept",
        cache="kept",
        ask=True,
        test_dir=ROOT / "checks",
    )
    assert len(OPTIONS) == 27


def test_absolute_paths_stay_absolute() -> None:
    """Only relative paths are taken from the rootdir."""
    assert config(replay="/elsewhere/r.jsonl").replay == Path("/elsewhere/r.jsonl")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("oracle", "truth", "one of code, tests, consensus"),
        ("write", "yes", "one of report, accept"),
        ("ask", "maybe", "one of no, yes"),
        ("quantize", "2bit", "one of none, 8bit, 4bit"),
        ("adapter", "coder:", "DIR, or coder:DIR,tester:DIR, each role once"),
        ("adapter", "coder:a,coder:b", "DIR, or coder:DIR,tester:DIR, each role once"),
        ("adapter", "coder:a,b", "DIR, or coder:DIR,tester:DIR, each role once"),
        ("backend", " , ", "at least one name"),
        ("samples", "0", "a whole number of at least 1"),
        ("samples", "1.5", "a whole number of at least 1"),
        ("seed", "-1", "a whole number of at least 0"),
        ("max-tests", "many", "a whole number of at least 1"),
        ("timeout", "0", "a number of at least 0.01"),
        ("timeout", "nan", "a number of at least 0.01"),
        ("threads", "-2", "a whole number of at least 0"),
    ],
)
def test_bad_values_are_refused_in_one_sentence(name: str, value: str, expected: str) -> None:
    """The flag, the value, and what it could have been."""
    with pytest.raises(BadOption) as caught:
        from_strings({name: value}, rootdir=ROOT)
    assert str(caught.value) == f"--genx-{name} is {value!r}; expected {expected}"


@pytest.mark.parametrize(
    ("text", "workers", "ray"),
    [("", 0, None), ("0", 0, None), ("3", 3, None), ("ray", 0, ""), ("ray:h:63", 0, "h:63")],
)
def test_workers_are_a_number_or_a_cluster(text: str, workers: int, ray: str | None) -> None:
    """A number is of processes here; `ray` alone starts or joins a local Ray."""
    found = from_strings({"workers": text}, rootdir=ROOT)
    assert (found.workers, found.ray) == (workers, ray)


@pytest.mark.parametrize(
    "text",
    ["-1", "1.5", "\u0663", "many", "rays", "ray:", "ray:host", "ray:host:", "ray:ray://h:1"],
)
def test_bad_workers_are_refused_in_one_sentence(text: str) -> None:
    """What could have been given is said, with the form of an address."""
    with pytest.raises(BadOption) as caught:
        from_strings({"workers": text}, rootdir=ROOT)
    expected = "a whole number of at least 0, ray or ray:HOST:PORT"
    assert str(caught.value) == f"--genx-workers is {text!r}; expected {expected}"


@pytest.mark.parametrize(
    ("text", "adapters"),
    [
        ("", {}),
        ("lora", {"coder": "lora", "tester": "lora"}),
        ("tester:C:/lora", {"tester": "C:/lora"}),
        ("C:/lora", {"coder": "C:/lora", "tester": "C:/lora"}),
    ],
)
def test_adapters_are_for_both_roles_or_for_named_ones(text: str, adapters: dict[str, str]) -> None:
    """A drive's letter is no role."""
    assert dict(from_strings({"adapter": text}, rootdir=ROOT).adapters) == adapters


def test_reports_are_names_and_files() -> None:
    """A relative file is in the rootdir; colons may stand in it."""
    found = from_strings({}, rootdir=ROOT, reports=("jsonl:out/a.jsonl", "html:C:/b.html"))
    assert found.reports == (("jsonl", "out/a.jsonl"), ("html", "C:/b.html"))
    assert found.destination("jsonl") == ROOT / "out/a.jsonl"


@pytest.mark.parametrize("reports", [("jsonl",), ("jsonl:",), (":a",), ("jsonl:a", "jsonl:b")])
def test_bad_reports_are_refused(reports: tuple[str, ...]) -> None:
    """Both parts are needed, and a name can write to one file only."""
    with pytest.raises(BadOption, match="NAME:FILE, each name once"):
        from_strings({}, rootdir=ROOT, reports=reports)


def test_names_of_an_option_follow_from_one_another() -> None:
    """A flag and its ini twin."""
    option = next(option for option in OPTIONS if option.name == "max-tests")
    assert (option.flag, option.ini) == ("--genx-max-tests", "genx_max_tests")


def test_choices_of_an_option_hold_its_default() -> None:
    """The table does not contradict itself."""
    for option in OPTIONS:
        assert not option.choices or option.default in option.choices


def test_config_cannot_be_changed() -> None:
    """What travels is frozen."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        Config(ROOT).seed = 1  # type: ignore[misc]


def test_temperatures_are_a_list(tmp_path):
    """One or several, with commas between them."""
    assert from_strings({}, rootdir=tmp_path).temperatures == (0.8,)
    ladder = from_strings({"temperature": "0.4, 0.8,1.1"}, rootdir=tmp_path)
    assert ladder.temperatures == (0.4, 0.8, 1.1)


@pytest.mark.parametrize("text", ["hot", "0.8,", "-1", "nan", "2.5"])
def test_temperature_that_is_none_is_refused(text, tmp_path):
    """The message says what is expected."""
    with pytest.raises(BadOption, match=r"--genx-temperature is .*numbers from 0 to 2"):
        from_strings({"temperature": text}, rootdir=tmp_path)
