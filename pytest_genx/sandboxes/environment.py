"""The environment variables of a worker, which outcomes must not depend on: most are fixed."""

from __future__ import annotations

import os
import site
from pathlib import Path

# Without these some interpreters do not start; no other variable of the user's is passed on.
_KEPT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def environment(home: Path, hash_seed: int) -> dict[str, str]:
    """Return all variables of a worker.

    Args:
        home: its own directory.
        hash_seed: order of sets of strings.
    """
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    user = {"PYTHONUSERBASE": site.getuserbase()} if site.ENABLE_USER_SITE else {}
    places = {"HOME": str(home), "TMPDIR": str(home), "PWD": str(home), "LOGNAME": "user"}
    if os.name == "nt":
        places["USERPROFILE"] = str(home)  # what HOME is there
    return {**kept, **user, **_fixed(hash_seed), **places}


def recorded(hash_seed: int = 0) -> tuple[str, ...]:
    """List, as `NAME=value`, what is the same on every machine; the seed is a batch's default."""
    return tuple(f"{name}={value}" for name, value in _fixed(hash_seed).items())


def _fixed(hash_seed: int) -> dict[str, str]:
    """Return hash seed, locale, time zone, and one thread for libraries that compute."""
    chosen = {"PYTHONHASHSEED": str(hash_seed), "LANG": "C.UTF-8", "TZ": "UTC"}
    return {**chosen, **dict.fromkeys(_ONE_THREAD, "1")}
