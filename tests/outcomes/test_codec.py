from __future__ import annotations

import pytest

from pytest_genx.domain import Execution, Outcome
from pytest_genx.outcomes.codec import pack, segment, storable, unpack
from pytest_genx.store.faults import Damaged

EXECUTIONS = [
    Execution(Outcome.PASS),
    Execution(Outcome.PASS, "", "[1]", None, "d", "list"),
    Execution(Outcome.ERROR, "ValueError: \x00 \ud800 ü", raised="ValueError"),
    Execution(Outcome.FAIL, "AssertionError"),
    Execution(Outcome.PASS, digest=""),
    Execution(Outcome.TIMEOUT, "more than 1 s of CPU time"),
    Execution(Outcome.CRASH, "the process ended with status 3 before its verdict", "x" * 70_000),
]
DIGESTS = [bytes([i]) * 8 for i in range(len(EXECUTIONS))]
COLUMNS = {digest: i for i, digest in enumerate(DIGESTS)}


def body(*executions: int) -> bytes:
    """Write one segment."""
    return segment(part for i in executions for part in (DIGESTS[i], pack(EXECUTIONS[i])))


def test_what_is_packed_is_unpacked():
    """Every field, NUL bytes and lone surrogates included, over several segments."""
    found = unpack(body(0, 1, 2) + body(3, 4, 5, 6), COLUMNS, {})
    assert found == dict(enumerate(EXECUTIONS))


def test_equal_executions_are_one_object():
    """Rows of a large matrix are mostly equal."""
    interned: dict[bytes, Execution] = {}
    first, second = (unpack(body(1), COLUMNS, interned) for _ in range(2))
    assert first[1] is second[1]


def test_the_later_record_counts_and_unknown_cases_are_passed_over():
    """Two processes may have executed the same pair."""
    again = segment([DIGESTS[0], pack(EXECUTIONS[3])])
    assert unpack(body(0, 1) + again, {DIGESTS[0]: 5}, {}) == {5: EXECUTIONS[3]}


@pytest.mark.parametrize("cut", [1, 5, 12, 20])
def test_a_cut_body_is_damaged(cut):
    """Nothing is made of half a segment."""
    with pytest.raises(Damaged):
        unpack(body(0, 1, 2)[:-cut], COLUMNS, {})


def test_a_flipped_bit_is_noticed():
    """A pass must not become something else."""
    for at in range(len(body(0, 3))):
        flipped = bytearray(body(0, 3))
        flipped[at] ^= 1
        with pytest.raises(Damaged):
            unpack(bytes(flipped), COLUMNS, {})


@pytest.mark.parametrize(
    ("execution", "kept"),
    [
        (Execution(Outcome.PASS), True),
        (Execution(Outcome.TIMEOUT, "more than 1 s of CPU time"), True),
        (Execution(Outcome.TIMEOUT, "import: more than 1 s of CPU time"), True),
        (Execution(Outcome.TIMEOUT, "not run: 5 cases before it timed out"), False),
        (Execution(Outcome.TIMEOUT, "nothing happened for 10 s"), False),
        (Execution(Outcome.TIMEOUT, "import: nothing happened for 10 s"), False),
        (Execution(Outcome.CRASH, "the process ended by signal 9 before its verdict"), False),
        (Execution(Outcome.CRASH, "the process ended by signal 11 before its verdict"), True),
        (Execution(Outcome.CRASH, "the process ended with status 9 before its verdict"), True),
        (Execution(Outcome.ERROR, "ValueError: not run, nothing happened for signal 9"), True),
    ],
)
def test_only_what_belongs_to_the_pair_is_kept(execution, kept):
    """What the wall clock, a killer or an earlier case decided may end otherwise next time."""
    assert storable(execution) is kept
