"""Functions of other people's source, with calls of them that run.

Reads folders of Python source whose licence permits it, and the standard library. A function
counts when it and what it uses of its module stand alone; its inputs are those of its
doctests, those that the heuristic backend guesses, and changes of both. Only calls that
return a literal are kept.
"""

from __future__ import annotations

import ast
import doctest
import random
import re
import sysconfig
from collections.abc import Iterator, Sequence
from pathlib import Path

from pytest_genx.backends.inputs.calls import calls_of
from pytest_genx.domain import Context, Target, TargetKind
from pytest_genx.train.execute import Executor
from pytest_genx.train.families.functions import Function
from pytest_genx.train.library import SKIPPED
from pytest_genx.train.mutate import mutate_call, tidy_call
from pytest_genx.train.problems import above_of, fitting_calls, is_standard

_LONGEST = 2500  # characters of a function
_GUESSED = 14  # calls of the heuristic backend
_MUTATIONS = 14
_FEWEST = 4  # distinct calls that run, for a function to count
# What reaches out of the process is not run.
_REACHES_OUT = frozenset(
    {
        "os", "sys", "subprocess", "socket", "shutil", "pathlib", "urllib", "requests", "http",
        "threading", "multiprocessing", "signal", "ctypes", "tempfile", "asyncio", "ssl", "time",
        "select", "importlib", "gc", "tkinter", "turtle", "webbrowser", "smtplib", "ftplib", "io",
        "getpass", "logging", "random", "secrets", "uuid", "platform", "locale", "site", "warnings",
        "inspect", "types", "weakref", "traceback", "pickle", "shelve", "sqlite3", "zipfile",
    }
)  # fmt: skip
_OPENS = re.compile(r"\b(open|input|exec|eval|exit|quit|breakpoint|__import__|globals)\(")


def standard_library() -> Path:
    """Return the folder of the interpreter's own library (PSF licence)."""
    return Path(sysconfig.get_path("stdlib"))


def source_functions(
    folder: Path, executor: Executor, rng: random.Random, *, limit: int | None = None
) -> Iterator[Function]:
    """Yield the functions of a folder that stand alone and can be called.

    Args:
        folder: searched for `.py` files, in an order that `rng` chooses.
        executor: runs the calls.
        rng: the source of chance.
        limit: how many functions at most.
    """
    files = sorted(
        path for path in folder.rglob("*.py") if not SKIPPED & set(path.relative_to(folder).parts)
    )
    rng.shuffle(files)
    found = 0
    for path in files:
        for function in _functions(path, executor, rng):
            yield function
            found += 1
            if limit is not None and found >= limit:
                return


def _functions(path: Path, executor: Executor, rng: random.Random) -> Iterator[Function]:
    try:
        text = path.read_text("utf-8")
        tree = ast.parse(text)
    except (SyntaxError, UnicodeDecodeError, ValueError):
        return
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef) or node.decorator_list or len(node.body) < 2:
            continue
        arguments = node.args
        if not arguments.args or arguments.vararg or arguments.kwarg or node.name.startswith("__"):
            continue
        source, above = ast.unparse(node), above_of(tree, node)
        program = f"{above}\n\n\n{source}\n" if above else f"{source}\n"
        if len(program) > _LONGEST or _OPENS.search(program) or not is_standard(program):
            continue
        if _REACHES_OUT & _imported(program) or "yield" in source:
            continue
        function = Function(f"{path.name}/{node.name}", node.name, source, None, above, ())
        calls = _inputs(function, path, rng)
        ran = executor.run(program, calls).calls if len(calls) >= _FEWEST else ()
        kept = fitting_calls([c for c in ran if c is not None and c.value is not None])
        if len(kept) >= _FEWEST and len({c.value for c in kept}) > 1:
            yield Function(function.key, node.name, source, None, above, kept)


def _inputs(function: Function, path: Path, rng: random.Random) -> list[str]:
    """Gather calls with literal arguments: of doctests, guessed, and changed."""
    shown = doctest_calls(function.source, function.name)
    target = Target(
        path, path.parent, path.stem, function.name, TargetKind.FUNCTION, False, False, 1,
        function.source.count("\n") + 1, function.source, function.program,
    )  # fmt: skip
    try:
        guessed = calls_of(target, Context(), n=_GUESSED, seed=rng.randrange(1 << 30))
    except (ValueError, TypeError, RecursionError, AssertionError, SyntaxError, OverflowError):
        guessed = []  # a guess about odd source is no reason to stop
    guessed = [g for g in guessed if literal_call(g, function.name)]
    seeds = [*shown, *shown, *guessed]
    varied = [mutate_call(rng.choice(seeds), rng) for _ in range(_MUTATIONS)] if seeds else []
    return list(dict.fromkeys(map(tidy_call, [*shown, *guessed, *filter(None, varied)])))


def doctest_calls(source: str, name: str) -> list[str]:
    """Return the calls of `name` with literal arguments in the doctests of a definition."""
    text = ast.get_docstring(ast.parse(source).body[0]) or ""  # type: ignore[arg-type]
    try:
        examples = doctest.DocTestParser().get_examples(text)
    except ValueError:
        return []
    found: dict[str, None] = {}
    for example in examples:
        try:
            tree = ast.parse(example.source)
        except (SyntaxError, ValueError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and literal_call(call := ast.unparse(node), name):
                found[call] = None
    return list(found)


def literal_call(call: str, name: str) -> bool:
    """Tell whether an expression calls `name` with nothing but literals.

    >>> literal_call("f(1, [2])", "f"), literal_call("f(x)", "f")
    (True, False)
    """
    try:
        node = ast.parse(call, mode="eval").body
    except (SyntaxError, ValueError):
        return False
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return False
    values = [*node.args, *(k.value for k in node.keywords)]
    return node.func.id == name and all(map(_is_literal, values))


def _is_literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True


def _imported(program: str) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(program)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found


def bare(source: str, *, docstring: bool, hints: bool) -> str:
    """Write a definition anew without its docstring, its annotations, or both.

    Args:
        source: one definition.
        docstring: keep it.
        hints: keep them.
    """
    node = ast.parse(source).body[0]
    assert isinstance(node, ast.FunctionDef)
    if not docstring and ast.get_docstring(node) is not None and len(node.body) > 1:
        node.body = node.body[1:]
    if not hints:
        node.returns = None
        for argument in ast.walk(node.args):
            if isinstance(argument, ast.arg):
                argument.annotation = None
    return ast.unparse(node)


def distinct(functions: Sequence[Function]) -> list[Function]:
    """Keep the first of functions with the same source."""
    return list({function.source: function for function in functions}.values())
