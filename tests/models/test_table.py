from __future__ import annotations

import re

import pytest

from pytest_genx.backends.gguf_header import Header
from pytest_genx.backends.llama_memory import need
from pytest_genx.models.resolve import is_file_name, named
from pytest_genx.models.table import OVER_WEIGHTS, TABLE


@pytest.mark.parametrize("known", TABLE, ids=lambda known: known.name)
def test_every_row_is_whole(known):
    """Its name is found, its file may lie in the cache, its sum is one."""
    assert named(known.name) == (known.repository, known.file)
    assert named(f"hf:{known.repository}:{known.file}") == (known.repository, known.file)
    assert is_file_name(known.file)
    assert re.fullmatch("[0-9a-f]{64}", known.sha256)
    assert known.license
    assert known.size is None or known.size > 10**8


def test_names_and_sums_are_no_copies():
    """A row that was copied and half changed would show."""
    assert len({known.name for known in TABLE}) == len(TABLE)
    assert len({known.sha256 for known in TABLE}) == len(TABLE)


# Layers, heads, heads of the cache, width, width of the feed-forward layer: of models with 0.5 to
# 14 billion parameters, and of one without grouped heads.
@pytest.mark.parametrize(
    ("layers", "heads", "kv", "width", "forward"),
    [(24, 14, 2, 896, 4864), (28, 28, 4, 3584, 18944), (48, 40, 8, 5120, 13824),
     (24, 16, 16, 2048, 5504)],
)  # fmt: skip
def test_sampling_takes_no_more_than_is_stated(layers, heads, kv, width, forward):
    """Full sequences, as many as are decoded together."""
    metadata = {
        "general.architecture": "x",
        "x.block_count": layers,
        "x.attention.head_count": heads,
        "x.attention.head_count_kv": kv,
        "x.embedding_length": width,
        "x.feed_forward_length": forward,
        "x.context_length": 32768,
        "x.vocab_size": 152064,
    }
    header = Header(3, metadata, 0)
    assert need(header, sequences=32, length=4096).total <= OVER_WEIGHTS
