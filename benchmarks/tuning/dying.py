"""A process whose children run a tiny recipe; each is killed in a stage and the next goes on.

Run as a script: `dying.py FOLDER`. Prints one line a child: output, stage, and the signal that
ended it. The children fork before any model is open, so that torch is imported once.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tuning.tiny import write_tiny

from pytest_genx.train.rounds import stages
from pytest_genx.train.rounds.recipe import load_rounds
from pytest_genx.train.rounds.run import run
from pytest_genx.train.rounds.work import Watch

UNDISTURBED, KILLED = "undisturbed", "killed"
ROUND = 1
# What progress calls the stage, and how far it is when it is killed; a filter tells no progress.
PLACES = {
    f"round {ROUND}, sample": ("sample", 2),
    f"round {ROUND}, execute": ("execute", 2),
    f"round {ROUND}, train": ("train", 10),
    f"version {ROUND + 1}, evaluate": ("evaluate", 1),
}


def _child(recipe: Path, output: Path, stage: str, *, resume: bool) -> None:
    """Run, or go on, until the place in `stage`; to the end if that is ""."""

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def progress(what: str, done: int, _total: int) -> None:
        if PLACES.get(what, ("", 0)) == (stage, done):
            die()

    if stage == "filter":
        real = stages.accept.accept
        before = 0

        def accept(line, recipe, number):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            nonlocal before
            before += number == ROUND
            if before == 2:
                die()
            return real(line, recipe, number)

        stages.accept.accept = accept
    given = load_rounds(recipe, [f"output={output}"])
    run(given, Watch(progress=progress), resume=resume)


def main() -> int:
    """Run the recipe without a break, then with a kill in each stage."""
    folder = Path(sys.argv[1])
    pid = os.fork()
    if not pid:
        write_tiny(folder)
        os._exit(0)
    os.waitpid(pid, 0)
    for name, kills in ((UNDISTURBED, ("",)), (KILLED, (*stages.STAGES, ""))):
        for number, stage in enumerate(kills):
            pid = os.fork()
            if not pid:
                _child(folder / "tiny.yaml", folder / name, stage, resume=number > 0)
                os._exit(0)
            status = os.waitpid(pid, 0)[1]
            print(name, stage or "-", os.WTERMSIG(status) or os.WEXITSTATUS(status), flush=True)
    return 0


if __name__ == "__main__":
    import torch  # noqa: F401 -- the children have it then
    import transformers  # noqa: F401

    sys.exit(main())
