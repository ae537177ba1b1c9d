"""Modules that cannot be imported, or that do odd things: each is reported, and the run goes on."""

from __future__ import annotations

import pytest

FUNCTION = '''
def f(x: int) -> int:
    """
    >>> f(1)
    2
    """
    return x + 1
'''
# What a module does at import, and the reason that is reported; "" where cases are kept.
MODULES = {
    "aborts": ("import os\nos._exit(0)", "the process ended with status 0 before its verdict"),
    "asks": ("NAME = input('name? ')", "EOFError: EOF when reading a line"),
    "chdirs": ("import os\nos.chdir('/')", ""),
    "connects": (
        "import socket\nsocket.create_connection(('127.0.0.1', 9), timeout=1)",
        "PermissionError: the sandbox refuses socket.getaddrinfo",
    ),
    "extends": ("import numpy, _decimal\nN = int(numpy.arange(3).sum())", ""),
    "fails": ("raise RuntimeError('not today')", "RuntimeError: not today"),
    "lacks": (
        "import no_such_package",
        "ModuleNotFoundError: No module named 'no_such_package'",
    ),
    "loops": ("while True: pass", "does not end within 0.5 s of CPU time"),
    "prints": ("for _ in range(100): print('x' * 100_000)", ""),
    "spawns": (
        "import threading, time\nthreading.Thread(target=time.sleep, args=(600,)).start()", "",
    ),
    "zealous": ("", ""),
}  # fmt: skip


def test_each_module_is_reported_with_its_reason_and_the_run_goes_on(
    project: pytest.Pytester,
) -> None:
    """No module keeps another from its cases."""
    (project.path / "words.py").unlink()
    for name, (does, _) in MODULES.items():
        (project.path / f"{name}.py").write_text(f"{does}\n{FUNCTION}")
    result = project.runpytest_subprocess(
        *(f"--genx-generate={name}.py" for name in MODULES),
        "--genx-sandbox=process",
        "--genx-backend=heuristic",
        "--genx-ranker=majority",
        "--genx-timeout=0.5",
        "-p",
        "no:cacheprovider",
    )
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    output = " ".join(str(result.stdout).split())
    for name, (_, reason) in MODULES.items():
        if reason:
            assert f"{name}.py::f: import: {reason}" in output
        else:
            assert f"{name}.py::f ──" in output
    assert f"{sum(not reason for _, reason in MODULES.values())} targets, " in output
    assert "INTERNALERROR" not in output
