"""Ranked tests and code for a Python function, from a local model. Importing this loads nothing."""

from __future__ import annotations

from pytest_genx.hookspecs import hookimpl

__version__ = "0.1.0"
__all__ = ["__version__", "hookimpl"]
