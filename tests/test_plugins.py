"""Plugins: where names come from, and what is said when one is wrong."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pluggy
import pytest

from pytest_genx import hookimpl, plugins
from pytest_genx.config import Config
from pytest_genx.errors import DuplicateName, UnknownName
from pytest_genx.plugins import BadPlugin


def offering(hook: str, value: object) -> SimpleNamespace:
    """A module with one hook implementation that returns `value`."""

    def implementation() -> object:
        return value

    implementation.__name__ = hook
    return SimpleNamespace(**{hook: hookimpl(implementation)})


Pick = Callable[[pluggy.PluginManager, str], object]

BUILT_IN: dict[Pick, list[str]] = {
    plugins.backend: ["heuristic", "llama", "replay", "server", "transformers", "xllamacpp"],
    plugins.sandbox: ["container", "landlock", "process"],
    plugins.ranker: [
        "aces_c",
        "aces_o",
        "b4",
        "codet",
        "dual_critic",
        "majority",
        "mbr_exec",
        "mpsc",
        "mutual",
        "random",
        "srank",
    ],
    plugins.reporter: ["jsonl", "terminal"],
}


@pytest.mark.parametrize("pick", BUILT_IN)
def test_unknown_name_lists_the_known_ones(pick: Pick) -> None:
    """The message says what could have been asked for."""
    with pytest.raises(UnknownName) as caught:
        pick(plugins.load(), "nope")
    known = ", ".join(BUILT_IN[pick])
    assert str(caught.value) == f"no {pick.__name__} named 'nope'; known: {known}"


@pytest.mark.parametrize(("pick", "name"), [(p, n) for p, names in BUILT_IN.items() for n in names])
def test_built_in_parts_are_found(pick: Pick, name: str) -> None:
    """What is picked is a factory; nothing has been imported or opened."""
    assert callable(pick(plugins.load(), name))


@pytest.mark.parametrize("name", BUILT_IN[plugins.ranker])
def test_built_in_rankers_are_made_of_a_configuration(name: str) -> None:
    """Each factory finds its module, and what it makes can be called."""
    assert callable(plugins.ranker(plugins.load(), name)(Config(Path())))


def test_built_in_sandbox_is_opened_and_closed(tmp_path: Path) -> None:
    """The factory finds its module."""
    sandbox = plugins.sandbox(plugins.load(), "process")(Config(tmp_path))
    assert sandbox.name
    sandbox.close()


def test_built_in_backends_are_opened_and_closed(tmp_path: Path) -> None:
    """The factories that need no model find their modules."""
    samples = tmp_path / "samples.jsonl"
    samples.touch()
    for name in ("heuristic", "replay"):
        backend = plugins.backend(plugins.load(), name)(Config(tmp_path, replay=samples))
        assert backend.name == name
        backend.close()


def test_built_in_reporters_are_opened_and_closed(tmp_path: Path) -> None:
    """The factories find their modules."""
    config = Config(tmp_path, reports=(("jsonl", "out.jsonl"),))
    for name in ("jsonl", "terminal"):
        plugins.reporter(plugins.load(), name)(config).close()
    assert (tmp_path / "out.jsonl").exists()


def test_conftest_offers_a_part() -> None:
    """A hook implementation in a conftest file is as good as a built-in one."""
    made = object()
    manager = plugins.load([("/p/conftest.py", offering("genx_backends", {"mine": made}))])
    assert plugins.backend(manager, "mine") is made
    assert callable(plugins.backend(manager, "heuristic"))


def test_two_conftests_do_not_collide() -> None:
    """Both are called `conftest`; their paths tell them apart."""
    made = object()
    first = offering("genx_rankers", {"a": object()})
    second = offering("genx_rankers", {"b": made})
    manager = plugins.load([("/p/conftest.py", first), ("/p/q/conftest.py", second)])
    assert plugins.ranker(manager, "b") is made


def test_duplicate_name_is_refused() -> None:
    """Which of two parts is meant cannot be guessed."""
    manager = plugins.load([("/p/conftest.py", offering("genx_sandboxes", {"process": 1}))])
    with pytest.raises(DuplicateName, match="two plugins offer a sandbox named 'process'"):
        plugins.sandbox(manager, "process")


def test_misspelt_hook_is_refused() -> None:
    """A hook that nobody would call is said to be unknown."""
    with pytest.raises(BadPlugin, match="genx_backend'") as caught:
        plugins.load([("/p/conftest.py", offering("genx_backend", {}))])
    assert "\n" not in str(caught.value)


def test_hook_that_returns_no_mapping_is_refused() -> None:
    """A list of names is the likeliest mistake."""
    manager = plugins.load([("/p/conftest.py", offering("genx_reporters", ["html"]))])
    with pytest.raises(BadPlugin, match=r"a hook for reporters returned \['html'\]"):
        plugins.reporter(manager, "html")


def test_entry_point_that_cannot_be_imported_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broken package is named by its import error, not by a traceback."""
    info = tmp_path / "broken-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[genx]\nbroken = no_such_module_anywhere\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(BadPlugin, match="no_such_module_anywhere"):
        plugins.load()


def test_loading_imports_no_part() -> None:
    """The manager knows names; what they need is imported when they are picked and called."""
    code = (
        "import sys\n"
        "from pytest_genx import plugins\n"
        "manager = plugins.load()\n"
        "for name in ['llama', 'heuristic']: plugins.backend(manager, name)\n"
        "heavy = {'numpy', 'torch', 'transformers', 'llama_cpp', 'rich'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
