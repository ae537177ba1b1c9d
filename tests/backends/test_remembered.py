from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import replace

import pytest

from pytest_genx.backends.remembered import Remembered, remembered
from pytest_genx.config import Config
from pytest_genx.domain import Prompt, Role, Sample

SOURCE = "def f(x):\n    return x\n"
NAME = "samples-1.sqlite"


class Counting:
    """A model that says its seed, and which samples it was asked for."""

    name = "counting"
    digest = "abc"
    notes = ("it counts",)

    def __init__(self):
        self.asked = []
        self.closed = False

    def sample(self, request):
        for i in range(request.first, request.first + request.n):
            self.asked.append(i)
            role, text = request.prompt.role, f"f({request.seed + i}) \udcff"
            yield Sample(role, text, self.name, request.seed + i, 3, -1.5, ("imports",))

    def close(self):
        self.closed = True


@pytest.fixture
def ask(tmp_path):
    """Ask a fresh backend with a memory; gives the samples, what it was asked, and the notes."""

    def ask(request, digest="abc", directory=tmp_path / "cache"):
        backend = Counting()
        with contextlib.closing(Remembered(backend, digest, directory)) as one:
            samples = list(one.sample(request))
            assert one.drawn + one.remembered == len(samples)
            assert one.drawn == len(backend.asked)
        assert backend.closed
        return samples, backend.asked, one.late_notes

    return ask


@pytest.fixture
def request_(target_of, request_of):
    """For four samples of the tester."""
    return request_of(target_of(SOURCE), n=4, seed=10, temperatures=(0.4, 0.8))


def test_the_same_request_is_free(ask, request_):
    """And gives the same samples, with all that they hold."""
    first, asked, _ = ask(request_)
    assert asked == [0, 1, 2, 3]
    assert ask(request_) == (first, [], ())


def test_more_samples_cost_only_those_that_are_missing(ask, request_):
    """In whatever requests the others came."""
    ask(replace(request_, first=1, n=2))
    samples, asked, _ = ask(replace(request_, n=6))
    assert asked == [0, 3, 4, 5]
    assert [sample.seed for sample in samples] == [10, 11, 12, 13, 14, 15]


@pytest.mark.parametrize(
    "changed",
    [
        {"prompt": Prompt(Role.TESTER, "def g(", stop=("\ndef ",))},
        {"prompt": Prompt(Role.TESTER, "def f(")},
        {"prompt": Prompt(Role.TESTER, "def f(", stop=("\ndef ",), grammar="root ::= x")},
        {"seed": 20},
        {"max_tokens": 64},
        {"temperatures": (0.5,)},
        {"top_p": 0.5},
        {"min_p": 0.0},
    ],
)
def test_what_decides_over_a_sample_is_part_of_its_key(ask, request_, changed):
    """Nothing is remembered for a request that differs in it."""
    ask(request_)
    assert ask(replace(request_, **changed))[1] == [0, 1, 2, 3]


def test_another_model_gives_other_samples(ask, request_):
    """Its digest is part of the key."""
    ask(request_)
    assert ask(request_, digest="abd")[1] == [0, 1, 2, 3]


def test_the_likeliest_sample_of_the_coder_is_no_drawn_one(ask, request_):
    """Its first sample is greedy; the same seed at another index is not."""
    coder = replace(request_, prompt=Prompt(Role.CODER, "def f("), temperatures=(0.8,))
    ask(coder)
    assert ask(replace(coder, seed=11))[1] == [0, 3]


def test_what_was_drawn_before_an_end_is_kept(request_, tmp_path, ask):
    """Each sample is in the file when it is given."""
    backend = Remembered(Counting(), "abc", tmp_path / "cache")
    samples = backend.sample(request_)
    next(samples), next(samples)
    assert ask(request_)[1] == [2, 3]
    samples.close()
    backend.close()


def test_a_damaged_row_is_drawn_again_with_a_note(ask, request_, tmp_path):
    """Once; the fresh sample takes its place."""
    first, _, _ = ask(request_)
    with contextlib.closing(sqlite3.connect(tmp_path / "cache" / NAME)) as db, db:
        db.execute("UPDATE row SET body = CAST('{' AS BLOB) WHERE id = 2")
    note = f"{tmp_path / 'cache' / NAME} holds damaged samples, which are drawn again"
    assert ask(request_) == (first, [1], (note,))
    assert ask(request_) == (first, [], ())


def test_a_file_that_is_no_database_is_left_alone(ask, request_, tmp_path):
    """With a note, and another one beside it is used."""
    path = tmp_path / "cache" / NAME
    path.parent.mkdir()
    path.write_bytes(b"mine\n" * 100)
    _, asked, (note,) = ask(request_)
    assert len(asked) == 4
    assert note.startswith(f"{path} is left alone, it cannot be used for samples: ")
    assert ask(request_)[1] == []
    assert path.read_bytes() == b"mine\n" * 100


def test_without_a_directory_everything_is_drawn(ask, request_):
    """And counted."""
    for _ in range(2):
        assert len(ask(request_, directory=None)[1]) == 4


def test_only_backends_that_name_their_model_are_remembered(tmp_path):
    """All else about them stays as it is."""
    backend = Counting()
    with contextlib.closing(remembered(backend, Config(tmp_path))) as one:
        assert (one.name, one.notes, one.digest) == ("counting", ("it counts",), "abc")
    backend.digest = ""
    assert remembered(backend, Config(tmp_path)) is backend


def test_what_the_backend_adds_to_a_request_counts(tmp_path, request_):
    """Its own preparation is part of the key: other additions are other samples."""
    for grammar, drawn in (("root ::= a", 4), ("root ::= b", 4), ("root ::= a", 0)):
        backend = Counting()
        backend.prepared = lambda r, g=grammar: replace(r, prompt=replace(r.prompt, grammar=g))
        with contextlib.closing(Remembered(backend, "abc", tmp_path / "cache")) as one:
            assert len(list(one.sample(request_))) == 4
            assert one.drawn == drawn
