"""Load the plugin manager, and pick backends, sandboxes, rankers and reporters by name.

Sources are the built-ins, installed packages with an entry point in the group `genx`, and the
conftest files a front end hands over. Nothing is opened here: what is picked is a factory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pluggy

from pytest_genx import builtin, hookspecs
from pytest_genx.errors import DuplicateName, GenxError, UnknownName

if TYPE_CHECKING:
    from pytest_genx.config import Config
    from pytest_genx.interfaces import Backend, Ranker, Reporter, Sandbox


class BadPlugin(GenxError):
    """A plugin cannot be imported, or does not implement the hooks as they are specified."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"a genx plugin is unusable: {reason}")


def load(conftests: Iterable[tuple[str, object]] = ()) -> pluggy.PluginManager:
    """Make a manager that knows every plugin.

    Args:
        conftests: path and module; the path is the plugin's name, since all of them are
            called `conftest`.

    Raises:
        BadPlugin: a plugin fails to import, or has a misspelt hook.
    """
    manager = pluggy.PluginManager("genx")
    manager.add_hookspecs(hookspecs)
    try:
        manager.register(builtin, "builtin")
        manager.load_setuptools_entrypoints("genx")
        for path, module in conftests:
            manager.register(module, path)
        manager.check_pending()
    except (ImportError, pluggy.PluginValidationError) as error:
        raise BadPlugin(" ".join(str(error).split())) from error
    return manager


def backend(manager: pluggy.PluginManager, name: str) -> Callable[[Config], Backend]:
    """Pick a backend's factory.

    Raises:
        UnknownName: no plugin offers it; the message lists the known names.
        DuplicateName: two plugins offer the same name.
    """
    factory: Callable[[Config], Backend] = _pick("backend", name, manager.hook.genx_backends())
    return factory


def sandbox(manager: pluggy.PluginManager, name: str) -> Callable[[Config], Sandbox]:
    """Pick a sandbox's factory; raises as `backend` does."""
    factory: Callable[[Config], Sandbox] = _pick("sandbox", name, manager.hook.genx_sandboxes())
    return factory


def ranker(manager: pluggy.PluginManager, name: str) -> Callable[[Config], Ranker]:
    """Pick a ranker's factory; raises as `backend` does."""
    factory: Callable[[Config], Ranker] = _pick("ranker", name, manager.hook.genx_rankers())
    return factory


def reporter(manager: pluggy.PluginManager, name: str) -> Callable[[Config], Reporter]:
    """Pick a reporter's factory; raises as `backend` does."""
    factory: Callable[[Config], Reporter] = _pick("reporter", name, manager.hook.genx_reporters())
    return factory


def _pick(kind: str, name: str, offers: Iterable[object]) -> Any:
    """Merge what the plugins offer, and find one name in it."""
    merged: dict[str, object] = {}
    for offer in offers:
        if not isinstance(offer, Mapping):
            raise BadPlugin(f"a hook for {kind}s returned {offer!r:.80} instead of a mapping")
        for offered, factory in offer.items():
            if offered in merged:
                raise DuplicateName(kind, offered)
            merged[offered] = factory
    if name not in merged:
        raise UnknownName(kind, name, merged)
    return merged[name]
