"""What the operating system offers to a sandbox beyond what Python has everywhere.

A value, so that a test can take something away and see that the rest still holds.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class System:
    """The facts that decide how workers are run and heard.

    Args:
        forks: processes can fork. Otherwise a worker carries out one order by itself and ends,
            no timer or resource limit is used, and wall time ends what does not end.
        selects: pipes can be waited for, and written to without waiting. Otherwise each has a
            thread.
    """

    forks: bool
    selects: bool


HERE = System(forks=hasattr(os, "fork"), selects=sys.platform != "win32")
