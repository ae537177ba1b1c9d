"""What can be wrong with what is stored; none of it ends a run."""

from __future__ import annotations


class Damaged(Exception):
    """The body of a row is not what was written."""


class StoreFault(Exception):
    """The file cannot be read or written any more; the message says why."""
