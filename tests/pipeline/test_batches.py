"""Sampling in batches, through the whole pipeline."""

from __future__ import annotations

from itertools import cycle, islice

import pytest

from pytest_genx.config import from_strings
from pytest_genx.domain import HOPELESS, Role, Sample
from pytest_genx.errors import ServerError
from pytest_genx.pipeline import run as spine
from pytest_genx.pipeline.memory import Memory
from pytest_genx.pipeline.parts import Parts
from pytest_genx.pipeline.run import run_target
from pytest_genx.pipeline.target import find_targets
from pytest_genx.rankers.dual_critic import dual_critic
from pytest_genx.records import SampleTaken, TargetDone, TargetFailed, encode
from pytest_genx.sandboxes.process import process_sandbox

SOURCE = """
def middle(values):
    '''The middle one of the values in order.

    >>> middle([3, 1, 2])
    2
    '''
    return sorted(values)[len(values) // 2]
"""
LOOP = "    while True: pass\n"
CODER = [
    "    return sorted(values)[len(values) // 2]\n",
    "    return values[len(values) // 2]\n",
    "    values.sort()\n    return values[len(values) // 2]\n",
    LOOP,
    "    return max(values)\n",
    "    return sorted(values)[0]\n",
    "    nonsense (\n",
]
TESTER = [
    f"assert middle([{i}, {i + 3}, {i + 1}]) == {i + 1 + i % 2}\nassert middle([{i}]) == {i}\n"
    for i in range(12)
]


class Model:
    """A backend that gives the samples that a request names, and counts them."""

    name = "model"

    def __init__(self, coder=CODER, tester=TESTER, most=99, fails=None):
        self.texts = {Role.CODER: coder, Role.TESTER: tester}
        self.most, self.fails, self.taken = most, fails, 0

    def sample(self, request):
        role = request.prompt.role
        texts = list(islice(cycle(self.texts[role]), self.most))
        for i in range(request.first, min(request.first + request.n, len(texts))):
            if i == self.fails:
                raise ServerError("http://host", "is down")
            self.taken += 1
            yield Sample(role, texts[i], self.name, request.seed + i)

    def close(self):
        """Nothing is open."""


class Counting:
    """A sandbox that counts the pairs it is asked to execute."""

    name = "counting"

    def __init__(self, sandbox):
        self.sandbox, self.pairs = sandbox, []

    def run(self, batch, on_pair):
        known = batch.known or ({},) * len(batch.programs)
        self.pairs += [
            (program, case.source)
            for program, some in zip(batch.programs, known, strict=True)
            for j, case in enumerate(batch.cases)
            if j not in some
        ]
        self.sandbox.run(batch, on_pair)

    def close(self):
        """Closed by who opened the sandbox."""


@pytest.fixture
def work(tmp_path):
    """Run the target with a backend; gives its last record, all records and the sandbox."""

    def run(backend, *, source=SOURCE, batch=8, targets=1, **options):
        (tmp_path / "maths.py").write_text(source)
        config = from_strings({"timeout": "0.2", **options}, rootdir=tmp_path)
        sandbox = process_sandbox(config)
        counting = Counting(sandbox)
        records = []
        parts = Parts(config, (backend,), counting, dual_critic, batch=batch)
        (target,) = find_targets(["maths.py::middle"], tmp_path)
        try:
            for _ in range(targets):
                run_target(target, parts, records.append)
        finally:
            sandbox.close()
        return records[-1], records, counting

    return run


@pytest.mark.parametrize("oracle", ["consensus", "code", "tests"])
def test_report_does_not_depend_on_the_size_of_batches(work, oracle, monkeypatch):
    """The same samples give the same report, byte for byte, timeouts and all."""
    monkeypatch.setattr(spine, "settled", lambda *_: False)
    reports = [
        encode(work(Model(most=18), batch=batch, samples="64", oracle=oracle)[0])
        for batch in (64, 8, 4)
    ]
    assert reports[0] == reports[1] == reports[2]
    assert "TT" in reports[0]


def test_no_pair_is_executed_twice(work):
    """What an earlier batch executed is remembered, without a cache; checks of stability apart."""
    coder = [text for text in CODER if text != LOOP]
    _, _, whole = work(Model(coder, most=20), batch=64, samples="64")
    _, _, batched = work(Model(coder, most=20), batch=4, samples="64")
    assert len(batched.pairs) <= len(whole.pairs) + HOPELESS
    assert set(batched.pairs) <= set(whole.pairs)


def test_sampling_stops_when_the_ranking_is_settled(work):
    """Samples that agree are enough after two batches, and the report says so."""
    backend = Model([CODER[0], CODER[2]], [TESTER[0]])
    done, _, _ = work(backend, samples="64")
    assert backend.taken == 32
    reason = "the last ones changed neither the best candidates nor the best case"
    assert done.notes == (f"sampling stopped after 16 of 64 samples for each role: {reason}",)


def test_trusted_code_needs_no_more_cases_without_new_behaviour(work):
    """With the code as oracle, sampling stops when a batch shows nothing new."""
    done, _, _ = work(Model(CODER[:1], TESTER[:1]), samples="64", oracle="code")
    reason = "the last ones showed no new behaviour"
    assert f"sampling stopped after 16 of 64 samples for each role: {reason}" in done.notes


def test_default_number_of_samples_is_asked_for_at_once(work):
    """Two batches are what the rule needs, so that there is nothing to decide."""
    backend = Model([CODER[0]], [TESTER[0]])
    done, _, _ = work(backend)
    assert backend.taken == 32
    assert done.notes == ()


def test_spent_budget_is_said(work):
    """At least one sample of each role comes, however small the budget."""
    backend = Model()
    done, records, _ = work(backend, samples="64", budget="0.000001")
    roles = {record.role for record in records if isinstance(record, SampleTaken)}
    assert roles == {"coder", "tester"}
    assert "sampling stopped after 2 samples: the budget of 1e-06 s is spent" in done.notes


def test_samples_before_an_error_are_used(work):
    """The report has their cases, and a note with the error."""
    done, _, _ = work(Model(fails=5), samples="64")
    assert isinstance(done, TargetDone)
    assert done.notes[0] == "model failed: server http://host: is down"
    assert len(done.candidates) > 1


def test_target_without_any_sample_fails_with_the_error_and_the_next_is_tried(work):
    """Two targets say it; at the third there is nobody left to ask."""
    failed, _, _ = work(Model(fails=0), targets=2)
    assert isinstance(failed, TargetFailed)
    assert "is down" in failed.reason
    with pytest.raises(ServerError, match="is down"):
        work(Model(fails=0), targets=3)


def test_useless_samples_are_one_note(work):
    """Nothing that parses: the report says how many samples that were."""
    done, _, _ = work(Model(["\x00 {{"], ["I cannot"]), samples="8")
    note = "model gave 16 samples, none of which is a case or an implementation of middle"
    assert done.notes == (note,)


def test_memory_tells_the_cache_behind_what_it_knows():
    """So that the cache does not count it as found; nothing is looked up that is all known."""
    from pytest_genx.domain import Batch, Case, Execution, Outcome

    class Behind:
        def __init__(self):
            self.asked = []
            self.known = ({},)

        def journal(self, batch, sandbox):
            self.asked.append(batch.known)
            return self

        def keep(self, program, case, execution):
            pass

        def close(self):
            pass

    behind = Behind()
    memory = Memory(behind)
    passed = Execution(Outcome.PASS)
    one = Batch("m", "m.py", (), ("p",), (Case("a", "x"),))
    two = Batch("m", "m.py", (), ("p",), (Case("b", "x"), Case("a", "y")))
    memory.journal(one, None).keep(0, 0, passed)
    assert memory.journal(one, None).known == ({0: passed},)
    assert memory.journal(two, None).known == ({1: passed},)
    assert behind.asked == [({},), ({1: passed},)]
