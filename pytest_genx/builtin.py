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
    """A model here or on a server, recorded samples, and calls made up without a model."""
    return {
        "llama": _llama,
        "xllamacpp": _xllamacpp,
        "transformers": _transformers,
        "server": _server,
        "replay": _replay,
        "heuristic": _heuristic,
    }


@hookimpl
def genx_sandboxes() -> Mapping[str, Callable[[Config], Sandbox]]:
    """Child processes with limits; a name is the weakest level allowed, see `levels`."""
    return {"container": _container, "landlock": _landlock, "process": _process}


@hookimpl
def genx_rankers() -> Mapping[str, Callable[[Config], Ranker]]:
    """What the dual critic is compared with, from the simplest on, and the dual critic."""
    return {
        "random": _random,
        "majority": _majority,
        "codet": _codet,
        "b4": _b4,
        "mutual": _mutual,
        "aces_c": _aces_c,
        "aces_o": _aces_o,
        "mpsc": _mpsc,
        "srank": _srank,
        "mbr_exec": _mbr_exec,
        "dual_critic": _dual_critic,
    }


@hookimpl
def genx_reporters() -> Mapping[str, Callable[[Config], Reporter]]:
    """Text for a person, and JSON lines for a program."""
    return {"terminal": _terminal, "jsonl": _jsonl}


def _llama(config: Config) -> Backend:
    from pytest_genx.backends.llama import llama_backend

    return llama_backend(config)


def _xllamacpp(config: Config) -> Backend:
    from pytest_genx.backends.xllamacpp import xllamacpp_backend

    return xllamacpp_backend(config)


def _transformers(config: Config) -> Backend:
    from pytest_genx.backends.transformers import transformers_backend

    return transformers_backend(config)


def _server(config: Config) -> Backend:
    from pytest_genx.backends.server import server_backend

    return server_backend(config)


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


def _random(_config: Config) -> Ranker:
    from pytest_genx.rankers.random import random

    return random


def _majority(_config: Config) -> Ranker:
    from pytest_genx.rankers.majority import majority

    return majority


def _codet(_config: Config) -> Ranker:
    from pytest_genx.rankers.codet import codet

    return codet


def _b4(_config: Config) -> Ranker:
    from pytest_genx.rankers.b4 import b4

    return b4


def _mutual(_config: Config) -> Ranker:
    from pytest_genx.rankers.mutual import mutual

    return mutual


def _aces_c(_config: Config) -> Ranker:
    from pytest_genx.rankers.aces_c import aces_c

    return aces_c


def _aces_o(_config: Config) -> Ranker:
    from pytest_genx.rankers.aces_o import aces_o

    return aces_o


def _mpsc(_config: Config) -> Ranker:
    from pytest_genx.rankers.mpsc import mpsc

    return mpsc


def _srank(_config: Config) -> Ranker:
    from pytest_genx.rankers.srank import srank

    return srank


def _mbr_exec(_config: Config) -> Ranker:
    from pytest_genx.rankers.mbr_exec import mbr_exec

    return mbr_exec


def _dual_critic(_config: Config) -> Ranker:
    from pytest_genx.rankers.dual_critic import dual_critic

    return dual_critic


def _terminal(config: Config) -> Reporter:
    from pytest_genx.reporters.terminal import terminal_reporter

    return terminal_reporter(config)


def _jsonl(config: Config) -> Reporter:
    from pytest_genx.reporters.jsonl import jsonl_reporter

    return jsonl_reporter(config)
