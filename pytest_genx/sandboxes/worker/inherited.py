"""What an instance has from a built-in class, its own or one that its class inherits from.

Child side: standard library only, imports nothing of ours. The methods are those of the
built-in class, so that what a subclass overrides does not run.
"""

from __future__ import annotations

import collections
import types
from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeAlias

_BIG = 2048  # bits; decimal digits are limited and take quadratic time


class Writer(Protocol):
    """What `canonical` writes with."""

    room: int

    def put(self, text: str) -> None:
        """Add a piece of text."""

    def write(self, value: Any) -> None:
        """Add the text of a value."""

    def all(self, start: str, items: Iterable[Any], end: str) -> None:
        """Write items in their order."""

    def unordered(self, start: str, entries: Iterable[tuple[Any, ...]], size: int) -> None:
        """Write items, or pairs, in the order of their texts."""


Put: TypeAlias = Callable[[Writer, Any], None]


def integer(value: int, room: int) -> str:
    """Write an integer; of a huge one the leading digits and how many bits it has."""
    bits = value.bit_length()
    if bits <= _BIG:
        return repr(value)
    if bits <= 4 * room:
        return hex(value)
    return f"{hex(value >> (bits - 4 * room))}...{bits}"


def _text(text: Callable[[Any], str]) -> Put:
    return lambda writer, value: writer.put(f"({text(value)})")


def _plain(value: Callable[[Any], Any]) -> Put:
    return lambda writer, instance: writer.write(value(instance))


def _ordered(items: Callable[[Any], Iterable[Any]]) -> Put:
    return lambda writer, value: writer.all("(", items(value), ")")


def _unordered(items: Callable[[Any], Iterable[Any]], size: Callable[[Any], int]) -> Put:
    return lambda writer, value: writer.unordered("{", zip(items(value)), size(value))


def _pairs(items: Callable[[Any], Iterable[Any]], size: Callable[[Any], int]) -> Put:
    return lambda writer, value: writer.unordered("{", items(value), size(value))


def _put_integer(writer: Writer, value: Any) -> None:
    writer.put(f"({integer(int.__add__(value, 0), writer.room)})")


_arguments: Any = BaseException.__dict__["args"].__get__
INHERITED: dict[type, Put] = {
    bool: _text(repr),
    int: _put_integer,
    float: _text(float.__repr__),
    complex: _text(complex.__repr__),
    str: _plain(lambda v: str.__getitem__(v, slice(None))),
    bytes: _plain(lambda v: bytes.__getitem__(v, slice(None))),
    bytearray: _plain(bytes),
    memoryview: _ordered(lambda v: (v.format, v.shape, v.tobytes())),
    list: _ordered(list.__iter__),
    tuple: _ordered(tuple.__iter__),
    slice: _ordered(lambda v: (v.start, v.stop, v.step)),
    set: _unordered(set.__iter__, set.__len__),
    frozenset: _unordered(frozenset.__iter__, frozenset.__len__),
    collections.OrderedDict: _ordered(collections.OrderedDict.items),
    collections.defaultdict: _ordered(lambda v: (v.default_factory, dict(dict.items(v)))),
    dict: _pairs(dict.items, dict.__len__),
    types.MappingProxyType: _plain(dict),
    type({}.keys()): _unordered(iter, len),
    type({}.items()): _pairs(iter, len),
    type({}.values()): _ordered(iter),
    collections.deque: _ordered(lambda v: (v.maxlen, list(collections.deque.__iter__(v)))),
    BaseException: _ordered(_arguments),
}
