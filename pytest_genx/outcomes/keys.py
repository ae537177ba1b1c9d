"""What an outcome depends on, as digests: the key of a row, and of a case within it.

A row stands for a program, what it may import, where it believes it stands, the limits, the
hash seed, the interpreter with what is installed, and the sandbox with its own code. A case
of test functions stands for what pytest finds with them too: conftest files and settings.
"""

from __future__ import annotations

import dataclasses
import hashlib
import inspect
import json
import platform
import sys
from pathlib import Path
from typing import Any

from pytest_genx.domain import Batch, Case, CaseForm
from pytest_genx.interfaces import Sandbox
from pytest_genx.outcomes.closure import Closure
from pytest_genx.outcomes.codec import DIGEST
from pytest_genx.syntax.conftests import ini_file


def row_keys(batch: Batch, sandbox: Sandbox, closure: Closure) -> list[bytes]:
    """Return the key of each program of a batch, of 16 bytes."""
    surroundings = hashlib.blake2b(
        _text(
            batch.module,
            str(Path(batch.path).absolute()),
            [str(Path(path).absolute()) for path in batch.sys_path],
            dataclasses.asdict(batch.limits),
            batch.hash_seed % 2**32,
            [sys.version, sys.platform, platform.machine(), sys.executable],
            closure.installed(),
            [sandbox.name, sandbox_version(sandbox)],
        )
    ).digest()
    keys = []
    for program in batch.programs:
        key = hashlib.blake2b(surroundings, digest_size=16)
        key.update(closure.of_program(program))
        key.update(program.encode("utf-8", "surrogatepass"))
        keys.append(key.digest())
    return keys


def case_digests(batch: Batch, closure: Closure) -> list[bytes]:
    """Return the digest of each case; where it was found and how often does not count."""
    if not any(case.form is CaseForm.FUNCTION for case in batch.cases):
        return [_case_digest(case, closure) for case in batch.cases]
    wider = closure.beside(batch.conftests)
    settings = _test_settings(batch, wider)
    return [
        _case_digest(case, wider, settings)
        if case.form is CaseForm.FUNCTION
        else _case_digest(case, closure)
        for case in batch.cases
    ]


def sandbox_version(sandbox: Sandbox) -> str:
    """Digest the code of a sandbox: its file, or all of the package that the file is in."""
    kind = type(sandbox)
    try:
        file = Path(inspect.getfile(kind))
        files = sorted(file.parent.rglob("*.py")) if "." in kind.__module__ else [file]
        digest = hashlib.blake2b(digest_size=16)
        for path in files:
            digest.update(_text(str(path.relative_to(file.parent)), path.read_text("utf-8")))
        return digest.hexdigest()
    except (OSError, TypeError, ValueError):  # typed at a prompt, zipped, compiled
        return kind.__qualname__


def _test_settings(batch: Batch, closure: Closure) -> bytes:
    """Digest what pytest finds of the user's: its root, its configuration, the fixtures."""
    ini = ini_file(Path(batch.rootdir)) if batch.rootdir else ""
    digest = hashlib.blake2b(_text(batch.rootdir, ini), digest_size=16)
    digest.update(closure.of_file(ini))
    digest.update(closure.of_fixtures(batch.conftests))
    return digest.digest()


def _case_digest(case: Case, closure: Closure, settings: bytes = b"") -> bytes:
    expected = case.expectation
    described = _text(
        case.form.value,
        case.source,
        None if expected is None else [expected.call, expected.value, expected.raises],
        case.imports,
    )
    digest = hashlib.blake2b(described, digest_size=DIGEST)
    digest.update(closure.of_case("\n".join((*case.imports, case.source))))
    digest.update(settings)
    return digest.digest()


def _text(*parts: Any) -> bytes:
    """Write values so that no two lists of them look the same."""
    return json.dumps(parts, sort_keys=True).encode()
