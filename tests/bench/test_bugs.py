from __future__ import annotations

import gzip
import json
import re
from collections import Counter

import pytest

from pytest_genx import cli, plugins
from pytest_genx.bench import bug_sets, bugs
from pytest_genx.bench.bug_generated import ALIKE, UNSOUND, UNUSABLE, Remembering, vet
from pytest_genx.bench.bug_pool import make_faults
from pytest_genx.bench.bug_score import RIVALS, by_kind, lines, missed, rate, to_json, wilson
from pytest_genx.bench.bug_table import Told, show
from pytest_genx.bench.bug_trial import CORRECT, MISSED, Suspicion, Trial, accept_what_passes
from pytest_genx.bench.bugs_command import Asked, bench_bugs
from pytest_genx.bench.pool import Pool, PoolTask
from pytest_genx.bench.runner import Runner
from pytest_genx.config import Config
from pytest_genx.domain import Prompt, Request, Role, Sample
from pytest_genx.errors import RecordError, TargetNotFound
from pytest_genx.pipeline.parts import Parts
from pytest_genx.rankers.dual_critic import dual_critic
from pytest_genx.sandboxes.process import process_sandbox

HEAD = 'def middle(values):\n    """The middle one of the values in order."""\n'
RIGHT = (
    "    return sorted(values)[len(values) // 2]\n",
    "    ordered = sorted(values)\n    return ordered[len(ordered) // 2]\n",
    "    values = list(values)\n    values.sort()\n    return values[len(values) // 2]\n",
    "    n = len(values) // 2\n    return sorted(values)[n]\n",
)
ASSERTS = (
    "assert middle([3, 1, 2]) == 2",
    "assert middle([5]) == 5",
    "assert middle([9, 8, 7]) == 8",
    "assert middle([4, 6, 5]) == 5",
    "assert middle([7, 9]) == 9",
    "assert middle([9, 7]) == 9",
)
BUGGY = "def middle(values):\n    return values[len(values) // 2]\n"
FIXED = "def middle(values):\n    return sorted(values)[len(values) // 2]\n"
RECORD = {
    "id": "b/1",
    "entry_point": "middle",
    "statement": "The middle one of the values in order.",
    "buggy": BUGGY,
    "correct": FIXED,
    "tests": ["assert middle([3, 1, 2]) == 2", "assert middle([1]) == 1"],
}
TASK = PoolTask(
    task_id="b/1",
    entry_point="middle",
    prompt=HEAD,
    code_samples=(*RIGHT, "    return values["),
    test_samples=ASSERTS,
    reference=HEAD + RIGHT[0],
    label_test="assert middle([3, 1, 2]) == 2\nassert middle([9, 7]) == 9\nassert middle([6]) == 6",
)


class Scripted:
    """A backend that says the same of every target, and counts how often it is asked."""

    name = "llama"

    def __init__(self, coder=RIGHT, tester=()):
        self.texts = {Role.CODER: coder, Role.TESTER: tester or ["\n".join(ASSERTS)]}
        self.asked = Counter()

    def sample(self, request):
        self.asked[request.prompt.role] += 1
        for i, text in enumerate(self.texts[request.prompt.role]):
            yield Sample(request.prompt.role, text, self.name, i)

    def close(self):
        """Nothing is open."""


@pytest.fixture
def parts(tmp_path):
    """Parts of a run with a scripted backend and the real sandbox."""
    config = Config(rootdir=tmp_path, cache="none", workers=1, ranker="dual_critic")
    sandbox = process_sandbox(config)
    yield Parts(config, (Scripted(),), sandbox, dual_critic)
    sandbox.close()


@pytest.fixture
def runner(parts):
    """Runs without a cache."""
    return Runner(parts.sandbox, 0.5)


def silent(title, done, total):
    """Show no progress."""


def written(path, *records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def trial(kind="index", *, problem="p", solvable=True, valid=(), exposed=1, support=5):
    suspicions = tuple(Suspicion(f"assert f({i})", ok) for i, ok in enumerate(valid))
    return Trial(problem, kind, solvable, suspicions, exposed, support)


def test_mutants_of_a_pool_are_found_and_correct_code_raises_no_alarm(runner):
    """Four candidates agree against every mutant of the reference."""
    result = bugs.recorded_mutants(
        Pool("p", (TASK,)), runner, ("dual_critic", dual_critic), silent, n=4, seed=0
    )
    *faulty, correct = result.trials
    assert len(faulty) == 4
    assert all(one.detected and one.solvable for one in faulty)
    assert correct.kind == CORRECT
    assert correct.suspicions == ()
    assert not correct.alarmed


def test_equivalent_and_endless_mutants_are_left_out(runner):
    """`< 1` for `<= 0` does the same for whole numbers; a loop without its step never ends."""
    source = (
        "def f(n):\n    total = 0\n    while n > 0:\n        total += n\n        n -= 1\n"
        "    if total <= 0:\n        return 0\n    return total\n"
    )
    task = PoolTask(
        "t", "f", source, (), (), reference=source,
        label_test="assert [f(0), f(1), f(3)] == [0, 1, 6]",
    )  # fmt: skip
    faults = make_faults(task, runner, n=50, seed=0)
    kept = {fault.program for fault in faults.kept}
    assert not any("if total < 0" in program for program in kept)
    assert not any("n += 1" in program for program in kept)
    assert faults.equivalent > 0
    assert faults.endless > 0
    assert any("total -= n" in program for program in kept)


def test_a_bug_of_a_set_is_found_with_what_a_backend_writes(tmp_path, runner, parts):
    """The faulty code is suspected by a valid case, the correct one is not."""
    found = bug_sets.read(written(tmp_path / "b.jsonl", RECORD))
    result = bugs.generated_bugs(found, runner, parts, silent)
    faulty, correct = result.trials
    assert (faulty.kind, faulty.detected) == ("b", True)
    assert "assert middle([3, 1, 2]) == 2" in {one.source for one in faulty.suspicions}
    assert (correct.kind, correct.alarmed) == (CORRECT, False)
    assert (result.samples, result.ranker, result.left_out) == ("llama", "dual_critic", {})


def test_faulty_and_correct_code_share_what_a_backend_wrote(tmp_path, runner, parts):
    """Once asked for each role: the prompts are the same, since they show no body."""
    found = bug_sets.read(written(tmp_path / "b.jsonl", RECORD))
    bugs.generated_bugs(found, runner, parts, silent)
    assert parts.backends[0].asked == {Role.CODER: 1, Role.TESTER: 1}


def test_other_backends_are_asked_each_time():
    """They may look at the target."""
    backend = Scripted()
    backend.name = "other"
    request = Request(None, None, Prompt(Role.CODER, ""), n=1, seed=0)
    twice = Remembering(backend)
    assert [*twice.sample(request)] == [*twice.sample(request)]
    assert backend.asked[Role.CODER] == 2


def test_wrong_consensus_is_a_false_alarm_and_no_detection(tmp_path, runner, parts):
    """Candidates and cases that take the largest outvote correct code."""
    wrong = Scripted(
        (
            "    return max(values)\n",
            "    return sorted(values)[-1]\n",
            "    values = sorted(values)\n    return values[-1]\n",
        ),
        ["assert middle([3, 1, 2]) == 3", "assert middle([5]) == 5\nassert middle([8, 9]) == 9"],
    )
    found = bug_sets.read(written(tmp_path / "b.jsonl", RECORD))
    scripted = Parts(parts.config, (wrong,), parts.sandbox, dual_critic)
    faulty, correct = bugs.generated_bugs(found, runner, scripted, silent).trials
    assert correct.alarmed
    assert not faulty.detected
    assert faulty.missed in MISSED[:2]


def test_recorded_samples_serve_the_bugs_that_a_pool_holds_too(tmp_path, runner):
    """Matched by name and entry point; other bugs are not tried."""
    other = {**RECORD, "id": "b/2"}
    found = bug_sets.read(written(tmp_path / "b.jsonl", RECORD, other))
    ranker = ("dual_critic", dual_critic)
    result = bugs.recorded_bugs(found, [Pool("p", (TASK,))], runner, ranker, silent)
    assert [(t.problem, t.kind, t.detected) for t in result.trials] == [
        ("b/1", "b", True),
        ("b/1", CORRECT, False),
    ]
    assert bugs.recorded_bugs(found, [], runner, ranker, silent) is None


def test_codes_that_checks_do_not_tell_apart_are_counted_apart(tmp_path, runner, parts):
    """Faulty code that passes, and correct code that fails."""
    alike = {**RECORD, "id": "b/2", "tests": ["assert middle([1]) == 1"]}
    unsound = {**RECORD, "id": "b/3", "tests": ["assert middle([1]) == 2"]}
    found = bug_sets.read(written(tmp_path / "b.jsonl", RECORD, alike, unsound))
    assert [vet(bug, runner) for bug in found.bugs] == ["", ALIKE, UNSOUND]
    result = bugs.generated_bugs(found, runner, parts, silent)
    assert result.left_out == {ALIKE: 1, UNSOUND: 1}
    assert {t.problem for t in result.trials} == {"b/1"}


def test_code_that_cannot_be_imported_is_counted_apart(tmp_path, runner, parts):
    """It is no current code that anyone could test."""
    broken = {**RECORD, "buggy": "import nowhere_at_all\n" + BUGGY}
    found = bug_sets.read(written(tmp_path / "b.jsonl", broken))
    result = bugs.generated_bugs(found, runner, parts, silent)
    assert [t.kind for t in result.trials] == [CORRECT]
    assert result.left_out == {UNUSABLE: 1}


def test_mutants_of_a_pool_are_tried_with_what_a_backend_writes(runner, parts):
    """The statement is the docstring that the pool's prompt has."""
    pool = Pool("p", (TASK,))
    result = bugs.generated_mutants(pool, runner, parts, silent, n=2, seed=0)
    *faulty, correct = result.trials
    assert [t.detected for t in faulty] == [True, True]
    assert {t.solvable for t in faulty} == {None}
    assert not correct.alarmed


def test_the_policy_of_rivals_detects_nothing_and_alarms_nobody():
    """Computed on the same trials."""
    trials = [trial(valid=(True,)), trial(CORRECT, valid=(False,))]
    assert [accept_what_passes(t).suspicions for t in trials] == [(), ()]
    result = bugs.Result("s", "recorded", "dual_critic", tuple(trials), {}, 0.0)
    own, rivals = lines(result, seed=0)
    assert (own.detection.hits, own.alarms.hits) == (1, 1)
    assert rivals.policy == RIVALS
    assert (rivals.detection.mean, rivals.alarms.mean) == (0.0, 0.0)


def test_detection_is_shown_apart_where_a_candidate_is_correct():
    """And not at all where nothing tells."""
    trials = (
        trial(valid=(True,)),
        trial(problem="q", solvable=False),
        trial(CORRECT),
        trial(CORRECT, problem="q"),
    )
    own, _ = lines(bugs.Result("s", "recorded", "dual_critic", trials, {}, 0.0), seed=0)
    assert own.detection.mean == 0.5
    assert (own.solvable.hits, own.solvable.total) == (1, 1)
    unknown = (trial(solvable=None),)
    assert lines(bugs.Result("s", "r", "dual_critic", unknown, {}, 0.0), seed=0)[0].solvable is None


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (trial(exposed=0, support=0), MISSED[0]),
        (trial(valid=(False,)), MISSED[1]),
        (trial(support=2), MISSED[2]),
        (trial(support=3), MISSED[3]),
        (trial(valid=(False, True)), ""),
        (trial(CORRECT), ""),
    ],
)
def test_a_miss_has_one_reason(one, reason):
    """In the order of the stages."""
    assert one.missed == reason
    assert sum(missed([one]).values()) == bool(reason)


def test_intervals_of_several_codes_a_problem_resample_problems():
    """Ten problems that are all found or all missed vary more than a hundred coins."""
    trials = [
        trial(problem=f"p{i // 10}", valid=(True,) if i // 10 % 2 else ()) for i in range(100)
    ]
    found = rate(trials, lambda t: t.detected, seed=0)
    coins = wilson(50, 100)
    assert (found.hits, found.total) == (50, 100)
    assert found.high - found.low > 1.5 * (coins.high - coins.low)
    assert rate(trials, lambda t: t.detected, seed=0) == found


def test_one_code_a_problem_has_wilsons_interval():
    """Which is not empty at 0."""
    trials = [trial(problem=str(i)) for i in range(20)]
    assert rate(trials, lambda t: t.detected, seed=0) == wilson(0, 20)
    assert wilson(0, 20).high == pytest.approx(0.161, abs=1e-3)
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0.0, 1.0)


def test_codes_that_come_out_alike_have_the_interval_of_their_problems():
    """Fifty codes of five problems are no fifty witnesses."""
    trials = [trial(problem=f"p{i // 10}") for i in range(50)]
    found = rate(trials, lambda t: t.detected, seed=0)
    assert (found.hits, found.total) == (0, 50)
    assert (found.low, found.high) == (0.0, wilson(0, 5).high)


def test_kinds_are_listed_by_how_many_there_are():
    """Correct code is no kind of fault."""
    trials = [trial("loop"), trial("index", valid=(True,)), trial("index"), trial(CORRECT)]
    kinds = by_kind(trials, seed=0)
    assert list(kinds) == ["index", "loop"]
    assert kinds["index"].mean == 0.5


def test_statements_become_docstrings_and_tests_in_the_module_are_cut(tmp_path):
    """A text that stands alone is the statement where there is no other."""
    record = {k: v for k, v in RECORD.items() if k not in ("statement", "tests")}
    text = '\n"""\nMiddle\n\nOf all.\n"""\nassert middle([1]) == 1\nprint(3)\n'
    record |= {"buggy": BUGGY + text, "cases": [[[[3, 1, 2]], 2]]}
    (bug,) = bug_sets.read(written(tmp_path / "b.jsonl", record)).bugs
    assert bug.statement == "Middle\n\nOf all."
    assert bug.buggy == BUGGY
    assert bug.checks == ("assert middle([3, 1, 2]) == 2",)
    shown = bug_sets.documented(bug.buggy, "middle", bug.statement)
    assert shown.startswith(
        'def middle(values):\n    """Middle\n\n    Of all.\n    """\n    return'
    )


def test_items_of_generators_are_compared(tmp_path):
    """A generator equals no list."""
    record = {k: v for k, v in RECORD.items() if k != "tests"}
    code = "def middle(values):\n    yield from values\n"
    record |= {"correct": code, "cases": [[[[3, 1]], [3, 1]]]}
    (bug,) = bug_sets.read(written(tmp_path / "b.jsonl", record)).bugs
    assert bug.checks == ("assert list(middle([3, 1])) == [3, 1]",)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id": None}, "field 'id' must be a string, got None"),
        ({"buggy": 3}, "field 'buggy' must be a string, got 3"),
        ({"correct": "def other(): pass"}, "field 'correct' defines no 'middle'"),
        ({"buggy": "def middle("}, "field 'buggy' defines no 'middle'"),
        ({"statement": 3}, "field 'statement' must be a string, got 3"),
        ({"tests": [3]}, "field 'tests' must be a list of strings, got [3]"),
        ({"tests": []}, "there is nothing that tells the codes apart"),
        ({"tests": None}, "field 'tests' must be a list of strings, got None"),
        ({}, "a second bug named 'b/1'"),
    ],
)
def test_a_bad_line_is_named_by_its_number(tmp_path, change, reason):
    """File, line and reason, in one sentence."""
    changed = {"id": "b/2", **change} if change else {}
    path = written(tmp_path / "b.jsonl", RECORD, {**RECORD, **changed})
    with pytest.raises(RecordError, match=re.escape(f"{path}, line 2: {reason}")):
        bug_sets.read(path)


def test_cases_need_arguments_and_a_value(tmp_path):
    """And one of tests and cases must be there."""
    bare = {k: v for k, v in RECORD.items() if k != "tests"}
    with pytest.raises(RecordError, match="one of the fields 'tests' and 'cases' is needed"):
        bug_sets.read(written(tmp_path / "b.jsonl", bare))
    with pytest.raises(RecordError, match=r"'cases' must be a list of \[arguments, expected"):
        bug_sets.read(written(tmp_path / "b.jsonl", {**bare, "cases": [[1, 2]]}))


def test_empty_and_missing_sets_are_refused(tmp_path):
    """There is nothing to measure on."""
    with pytest.raises(RecordError, match="the set holds no bugs"):
        bug_sets.read(written(tmp_path / "b.jsonl"))
    with pytest.raises(TargetNotFound, match=r"bug set .*a\.jsonl' does not exist; close matches"):
        bug_sets.read(tmp_path / "a.jsonl")


def test_gzipped_sets_read_alike(tmp_path):
    """As pools do."""
    plain = written(tmp_path / "b.jsonl", RECORD)
    packed = tmp_path / "b.jsonl.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert bug_sets.read(packed) == bug_sets.read(plain)


@pytest.mark.parametrize("lacks", ["reference", "label_test"])
def test_a_pool_that_cannot_judge_mutants_is_refused(runner, lacks):
    """By the name of the task."""
    task = PoolTask("t", "f", "", (), (), **{"reference": "", "label_test": "", lacks: None})
    with pytest.raises(bugs.Unjudgeable, match=f"task 't' has no {lacks}, so there are no mutants"):
        bugs.recorded_mutants(Pool("p", (task,)), runner, ("v", dual_critic), silent, n=1, seed=0)


@pytest.mark.parametrize("reference", ["def g(): pass", "def f("])
def test_a_reference_without_the_entry_point_is_refused(runner, reference):
    """Nothing could be mutated."""
    task = PoolTask("t", "f", "", (), (), reference=reference, label_test="f()")
    with pytest.raises(bugs.Unjudgeable, match="task 't' has no reference that defines 'f'"):
        bugs.recorded_mutants(Pool("p", (task,)), runner, ("v", dual_critic), silent, n=1, seed=0)


def test_the_command_prints_both_policies_and_writes_every_number(tmp_path, capsys):
    """Recorded samples alone, without a backend."""
    record = {name: getattr(TASK, name) for name in TASK.__dataclass_fields__}
    pool = written(tmp_path / "p.jsonl", record)
    status = cli.main(
        ["bench", "bugs", "--pool", str(pool), "--backend", "none", "--mutants", "3",
         "--cache", "none", "--json", str(tmp_path / "out.json")]
    )  # fmt: skip
    assert status == 0
    shown = capsys.readouterr().out
    assert "p, samples: recorded; 1 problems, 4 codes" in shown
    assert RIVALS in shown
    (one,) = json.loads((tmp_path / "out.json").read_text())["sets"]
    assert one["policies"][RIVALS]["detection"]["mean"] == 0.0
    assert set(one["policies"]) == {"dual_critic", RIVALS}
    assert len(one["trials"]) == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--pool is ''; expected a pool, or a set of bugs after --bugs"),
        (["--bugs", "nowhere.jsonl"], "bug set 'nowhere.jsonl' does not exist"),
        (["--bugs", "{bugs}", "--backend", "nope"], "no backend named 'nope'; known: "),
        (["--bugs", "{bugs}", "--ranker", "nope"], "no ranker named 'nope'; known: "),
        (["--bugs", "{bugs}", "--backend", ","], "--backend is ','; expected at least one name"),
    ],
)
def test_bad_arguments_are_one_sentence_and_status_2(tmp_path, capsys, arguments, message):
    """Nothing is run."""
    path = str(written(tmp_path / "b.jsonl", RECORD))
    given = [argument.format(bugs=path) for argument in arguments]
    assert cli.main(["bench", "bugs", "--cache", "none", *given]) == 2
    assert capsys.readouterr().err.startswith(f"genx: {message}")


def test_backends_write_for_sets_and_pools(tmp_path, capsys, monkeypatch):
    """The last two of four results; results are printed as they come."""
    backend = Scripted()

    class Offers:
        @staticmethod
        @plugins.pluggy.HookimplMarker("genx")
        def genx_backends():
            return {"scripted": lambda config: backend}

    manager = plugins.load([("here", Offers)])
    record = {name: getattr(TASK, name) for name in TASK.__dataclass_fields__}
    asked = Asked(
        (written(tmp_path / "p.jsonl", record),), (written(tmp_path / "b.jsonl", RECORD),), 1, 1
    )
    config = Config(rootdir=tmp_path, backends=("scripted",), cache="none", workers=1)
    results = bench_bugs(asked, config, manager)
    named = [(result.name, result.samples) for result in results]
    assert named == [("p", "recorded"), ("b", "recorded"), ("b", "llama"), ("p", "llama")]
    assert capsys.readouterr().out.count("policy") == 4


def test_progress_is_a_line_a_problem_for_backends_and_a_line_a_tenth_else(capsys):
    """For one takes long, and the other does not."""
    for title in ("p, recorded", "p, llama"):
        told = Told()
        for done in range(41):
            told(title, done, 40)
        lines_said = capsys.readouterr().err.splitlines()
        assert len(lines_said) == (10 if title == "p, recorded" else 40)
        assert lines_said[-1].startswith(f"{title}: 40 of 40 problems, ")


def test_what_was_left_out_and_missed_is_shown_with_reasons(capsys):
    """And kinds of faults where there are several."""
    trials = (trial("loop", support=1), trial("index", exposed=0), trial(CORRECT))
    show(
        bugs.Result("s", "recorded", "dual_critic", trials, {"mutants that do not end": 2}, 1.0), 0
    )
    text = " ".join(capsys.readouterr().out.split())
    assert "left out: 2 (mutants that do not end)" in text
    assert f"missed: 1 ({MISSED[0]})" in text
    assert f"missed: 1 ({MISSED[2]})" in text
    assert "loop 0.0" in text


def test_json_holds_trials_with_their_reasons():
    """Plain types, nothing that is not a number."""
    trials = (trial("loop", support=1, valid=()), trial(CORRECT, valid=(False,)))
    body = to_json(bugs.Result("s", "recorded", "dual_critic", trials, {}, 1.0), seed=0)
    text = json.dumps(body, allow_nan=False)
    assert json.loads(text)["trials"][0]["missed"] == MISSED[2]
    assert json.loads(text)["trials"][1]["alarmed"] is True


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_the_picture_has_a_pair_of_bars_a_set(tmp_path, suffix):
    """In the format that the suffix names."""
    pytest.importorskip("matplotlib")
    from pytest_genx.bench.bugs_plot import plot

    result = bugs.Result(
        "s", "recorded", "dual_critic", (trial(valid=(True,)), trial(CORRECT)), {}, 1.0
    )
    path = tmp_path / f"bugs.{suffix}"
    plot(path, [result, result], seed=0)
    start = path.read_bytes()[:200]
    assert (
        start.startswith(b"\x89PNG") if suffix == "png" else b"<svg" in start or b"<?xml" in start
    )
