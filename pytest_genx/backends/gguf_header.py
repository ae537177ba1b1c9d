"""The header of a GGUF file, read without loading the model.

It tells a truncated or foreign file from a whole one before llama.cpp sees it. Arrays of the
metadata (the vocabulary) are passed over.
Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import difflib
import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from pytest_genx.errors import ModelError

_MAGIC = b"GGUF"
_VERSIONS = (2, 3)
# Value types of metadata that have one size: type -> struct format.
_SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q",
            11: "<q", 12: "<d"}  # fmt: skip
_STRING, _ARRAY = 8, 9
# Types of tensors: type -> (elements in a block, bytes of a block). An unknown one counts nothing.
_BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210),
    15: (256, 292), 16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18),
    21: (256, 110), 22: (256, 82), 23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4),
    27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2), 34: (256, 54), 35: (256, 66), 39: (32, 17),
    40: (64, 36), 41: (128, 18),
}  # fmt: skip

Value = int | float | bool | str


@dataclass(frozen=True, slots=True)
class Header:
    """What a GGUF file says of itself: its metadata without arrays."""

    version: int
    metadata: Mapping[str, Value]
    needed: int  # bytes that the file must have
    parameters: int = 0  # elements of all tensors

    @property
    def architecture(self) -> str:
        """The family of the model, which prefixes its other keys."""
        return str(self.metadata.get("general.architecture", ""))

    @property
    def chat_template(self) -> str | None:
        """The template of a chat model; None for a plain one."""
        template = self.metadata.get("tokenizer.chat_template")
        return template if isinstance(template, str) and template else None

    def number(self, key: str, default: int = 0) -> int:
        """A number of the architecture, such as `context_length`."""
        value = self.metadata.get(f"{self.architecture}.{key}", default)
        return int(value) if isinstance(value, int | float) else default


def read_header(path: Path) -> Header:
    """Check that a file is a whole GGUF file, and read its header.

    Args:
        path: of the file.

    Raises:
        ModelError: it is missing, a directory, no GGUF, of another version, or cut off.
    """
    name = str(path)
    if path.is_dir():
        raise ModelError(name, "it is a directory, not a GGUF file")
    if not path.is_file():
        raise ModelError(name, f"there is no such file{_close(path)}")
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(8)
        if start[:4] != _MAGIC:
            raise ModelError(name, "it is not a GGUF file: it does not start with 'GGUF'")
        version = int.from_bytes(start[4:8], "little")
        if version not in _VERSIONS:
            known = ", ".join(map(str, _VERSIONS))
            raise ModelError(name, f"it has GGUF version {version}; supported: {known}")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            try:
                header = _parse(data, version)
            except (struct.error, IndexError, UnicodeDecodeError, MemoryError, OverflowError):
                raise ModelError(name, f"it is cut off or damaged after {size} bytes") from None
    if header.needed > size:
        raise ModelError(name, f"it is cut off: {size} bytes of {header.needed}")
    return header


def _close(path: Path) -> str:
    """Name files that may have been meant."""
    if not path.parent.is_dir():
        return f", nor the directory {str(path.parent)!r}"
    models = sorted(other.name for other in path.parent.glob("*.gguf"))
    close = difflib.get_close_matches(path.name, models, n=3, cutoff=0.5) or models[:3]
    return f"; close files: {', '.join(close)}" if close else ""


def _parse(data: mmap.mmap, version: int) -> Header:
    tensors, pairs = struct.unpack_from("<QQ", data, 8)
    offset = 24
    metadata: dict[str, Value] = {}
    for _ in range(pairs):
        key, offset = _string(data, offset)
        value, offset = _value(data, offset)
        if value is not None:
            metadata[key] = value
    extents, parameters = [0], 0
    for _ in range(tensors):
        end, elements, offset = _tensor(data, offset)
        extents.append(end)
        parameters += elements
    alignment = int(metadata.get("general.alignment", 32)) or 1
    begin = -(-offset // alignment) * alignment if tensors else offset
    return Header(version, MappingProxyType(metadata), begin + max(extents), parameters)


def _string(data: mmap.mmap, offset: int) -> tuple[str, int]:
    (length,) = struct.unpack_from("<Q", data, offset)
    end = offset + 8 + length
    if end > len(data):
        raise IndexError
    return data[offset + 8 : end].decode(), end


def _value(data: mmap.mmap, offset: int) -> tuple[Value | None, int]:
    """Read a typed value; None for an array, which is passed over."""
    (kind,) = struct.unpack_from("<I", data, offset)
    offset += 4
    if kind == _STRING:
        return _string(data, offset)
    if kind == _ARRAY:
        return None, _after_array(data, offset)
    if kind not in _SCALARS:
        raise IndexError
    (value,) = struct.unpack_from(_SCALARS[kind], data, offset)
    return value, offset + struct.calcsize(_SCALARS[kind])


def _after_array(data: mmap.mmap, offset: int) -> int:
    kind, count = struct.unpack_from("<IQ", data, offset)
    offset += 12
    if kind == _STRING:
        for _ in range(count):
            (length,) = struct.unpack_from("<Q", data, offset)
            offset += 8 + int(length)
        return offset
    if kind not in _SCALARS:
        raise IndexError
    return offset + int(count) * struct.calcsize(_SCALARS[kind])


def _tensor(data: mmap.mmap, offset: int) -> tuple[int, int, int]:
    """Read where a tensor's data ends, from the begin of all data, and how many elements it has.

    The last number is the offset of what follows.
    """
    _, offset = _string(data, offset)
    (dimensions,) = struct.unpack_from("<I", data, offset)
    shape = struct.unpack_from(f"<{dimensions}Q", data, offset + 4)
    offset += 4 + 8 * dimensions
    kind, begin = struct.unpack_from("<IQ", data, offset)
    count = 1
    for length in shape:
        count *= length
    elements, size = _BLOCKS.get(kind, (1, 0))
    return begin + count // elements * size, count, offset + 12
