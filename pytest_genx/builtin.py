"""The parts that come with the package: hook implementations like anybody's, name to factory.

A factory imports its part when it is called; importing this module loads none of them.
"""

# ruff: noqa: PLC0415 -- a factory that imports late is what this file is made of

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from pytest_genx.hookspecs import hookimpl

if TYPE_CHECKING:
    from pytest_genx.config import Config
    from pytest_genx.interfaces import Backend, Ranker, Reporter, Sandbox


@hookimpl
def genx_backends() -> Mapping[str, Callable[[Config], Backend]]:
    """The embedded model or any GGUF file, recorded samples, and calls made up without a model."""
    return {"llama": _llama, "replay": _replay, "heuristic": _heuristic}


@hookimpl
def genx_sandboxes() -> Mapping[str, Callable[[Config], Sandbox]]:
    """Child processes with limits; a name is the weakest level allowed, see `levels`."""
    return {"container": _container, "landlock": _landlock, "process": _process}


@hookimpl
def genx_rankers() -> Mapping[str, Callable[[Config], Ranker]]:
    """The dual critic, and what it is compared with."""
    return {
        "dual_critic": _dual_critic,
        "codet": _codet,
        "majority": _majority,
        "random": _random,
    }


@hookimpl
def genx_reporters() -> Mapping[str, Callable[[Config], Reporter]]:
    """Text for a person, and JSON lines for a program."""
    return {"terminal": _terminal, "jsonl": _jsonl}


def _llama(config: Config) -> Backend:
    from pytest_genx.backends.llama import llama_backend

    return llama_backend(config)


def _replay(config: Config) -> Backend:
    from pytest_genx.backends.replay import replay_backend

    return replay_backend(config)


def _heuristic(config: Config) -> Backend:
    from pytest_genx.backends.heuristic import heuristic_backend

    return heuristic_backend(config)


def _container(config: Config) -> Sandbox:
    return _at_least("container", config)


def _landlock(config: Config) -> Sandbox:
    return _at_least("landlock", config)


def _process(config: Config) -> Sandbox:
    return _at_least("process", config)


def _at_least(level: str, config: Config) -> Sandbox:
    if config.ray is not None:
        from pytest_genx.sandboxes.ray import ray_sandbox

        return ray_sandbox(config, functools.partial(_at_least, level))
    from pytest_genx.sandboxes.mechanism import Level
    from pytest_genx.sandboxes.process import process_sandbox

    return process_sandbox(config, Level(level))


def _dual_critic(_config: Config) -> Ranker:
    from pytest_genx.rankers.dual_critic import dual_critic

    return dual_critic


def _codet(_config: Config) -> Ranker:
    from pytest_genx.rankers.codet import codet

    return codet


def _majority(_config: Config) -> Ranker:
    from pytest_genx.rankers.majority import majority

    return majority


def _random(_config: Config) -> Ranker:
    from pytest_genx.rankers.random import random

    return random


def _terminal(config: Config) -> Reporter:
    from pytest_genx.reporters.terminal import terminal_reporter

    return terminal_reporter(config)


def _jsonl(config: Config) -> Reporter:
    from pytest_genx.reporters.jsonl import jsonl_reporter

    return jsonl_reporter(config)
