"""Levels of isolation, and the mechanisms that give them; nothing here does anything."""

from __future__ import annotations

import enum
import sys
from dataclasses import dataclass


class Level(enum.Enum):
    """How much a program under test is shut in, strongest first."""

    CONTAINER = "container"  # its own namespaces: nothing else is there
    LANDLOCK = "landlock"  # the kernel refuses what is there
    PROCESS = "process"  # limits, and a guard inside the interpreter

    @property
    def rank(self) -> int:
        """0 for the strongest."""
        return list(Level).index(self)


@dataclass(frozen=True, slots=True)
class Mechanism:
    """What gives a level on this machine; `name` is what reports show.

    `program` is the path of bubblewrap, None for everything else. `user_namespace` says whether
    a container makes one, which only root can do without.
    """

    level: Level
    name: str
    program: str | None = None
    user_namespace: bool = False


LANDLOCK = Mechanism(Level.LANDLOCK, "landlock")
# Nobody has run our tests on another system than Linux yet, and the name says so.
PROCESS = Mechanism(
    Level.PROCESS,
    "process"
    if sys.platform == "linux"
    else f"process (no kernel isolation, untested on {sys.platform})",
)
