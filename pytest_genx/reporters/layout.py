"""Records -> what a person reads, as rich renderables; prints nothing and keeps no state.

Text of users and models is shown as it is: no markup is read in it, and control characters
are escaped. The same record gives the same lines at the same width.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from pytest_genx.domain import Answer, Outcome
from pytest_genx.records import (
    CandidateRow,
    CaseRow,
    FileWritten,
    FindingRow,
    RunStarted,
    TargetDone,
    TargetFailed,
)

MORE_CASES = 3  # cases shown beyond those that are kept
TOP = 3  # candidates shown
LONG = 24  # lines of code shown, unless all of it is asked for

_STYLES = {"PASS": "green", "FAIL": "red", "ERROR": "red", "TIMEOUT": "magenta", "CRASH": "magenta"}


def started(record: RunStarted, verbosity: int) -> RenderableType:
    """Say with which parts, and which of them are missing; what is fixed only if asked."""
    parts = plain(
        f"genx {record.version}: {count(len(record.targets), 'target')}, "
        f"samples from {', '.join(record.backends) or 'nobody'}, oracle {record.oracle}, "
        f"ranker {record.ranker}, sandbox {record.sandbox}, seed {record.seed}",
        "dim",
    )
    lines = [parts]
    if record.environment and verbosity > 0:
        lines.append(plain(f"each case has {' '.join(record.environment)}", "dim"))
    return Group(*lines, *(plain(f"note: {note}", "yellow") for note in record.notes))


def failed(record: TargetFailed) -> RenderableType:
    """Say in one line what could not be done."""
    return Text.assemble(plain(record.target, "bold"), ": ", plain(record.reason, "red"))


def written(record: FileWritten) -> RenderableType:
    """Say in one line what became of a file."""
    style = "green" if record.status in {"written", "unchanged"} else "yellow"
    tests = f" ({count(record.cases, 'test')})" if style == "green" else ""
    return Text.assemble(plain(record.path, "bold"), ": ", plain(record.status + tests, style))


def done(record: TargetDone, verbosity: int) -> RenderableType:
    """Show one target: below verbosity 0 in a line, above it with every case and all code."""
    findings = [_finding(record, finding) for finding in record.findings]
    if verbosity < 0:
        return Group(_tally(record), *findings)
    parts: list[RenderableType] = [Rule(plain(record.target, "bold"), align="left", style="dim")]
    if len(record.cases) > len(findings):
        parts += _cases(record, verbosity)
    elif not record.cases:
        parts.append(Text("  no cases"))
    parts += [_block(finding) for finding in findings]
    questions = list(_questions(record))
    if questions:
        parts.append(_block(Group(*questions)))
    if record.proposal is not None:
        parts += [Text(), _proposal(record, record.proposal)]
    if [row.incumbent for row in record.candidates] == [True]:
        parts.append(Text("  no candidate but the current code: scores say nothing here", "dim"))
    elif record.candidates:
        parts += [Text(), _standing(record), *_candidates(record, verbosity)]
    parts += [plain(f"  note: {note}", "dim") for note in record.notes]
    return Group(*parts, Text())


def plain(text: str, style: str = "") -> Text:
    """Make text of somebody's words; what a terminal would obey is escaped."""
    shown = (c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text.expandtabs(4))
    return Text("".join(shown), style)


def count(number: int, noun: str) -> str:
    """Say how many: `1 case`, `2 cases`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def support(answer: Answer) -> str:
    """Say who gives an answer, and how likely it is: `12 candidates, 48 %`."""
    return f"{count(answer.candidates, 'candidate')}, {100 * answer.probability:.0f} %"


def _code(source: str) -> Text:
    """Colour Python source; without colours it is the text as it stands."""
    syntax = Syntax("", "python", theme="ansi_dark", background_color="default", word_wrap=True)
    highlighted = syntax.highlight(plain(source).plain)
    highlighted.rstrip()
    highlighted.no_wrap = None  # what surrounds it decides
    return highlighted


def _block(renderable: RenderableType) -> RenderableType:
    """Indent, after an empty line."""
    return Padding(renderable, (1, 0, 0, 2))


def _tally(record: TargetDone) -> Text:
    kept = sum(case.kept for case in record.cases)
    return Text.assemble(
        plain(record.target, "bold"), f": {kept} of {count(len(record.cases), 'case')} kept"
    )


def _cases(record: TargetDone, verbosity: int) -> Iterator[RenderableType]:
    """The kept cases and the best of the others, by score; those of findings stand apart."""
    found = {finding.case for finding in record.findings}
    others = [case for j, case in enumerate(record.cases) if j not in found]
    ranked = sorted(others, key=lambda case: (not case.kept, -case.score))
    kept = sum(case.kept for case in ranked)
    shown = ranked if verbosity > 0 else ranked[: kept + MORE_CASES]
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for heading, justify in (("", "left"), ("score", "right"), ("agree", "right"), ("now", "left")):
        table.add_column(heading, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    table.add_column("case", overflow="fold")
    for case in shown:
        table.add_row(
            Text("keep", "bold green") if case.kept else Text(""),
            f"{case.score:.2f}",
            f"{case.agree}/{len(record.candidates)}",
            _outcome(case),
            _case_text(case, verbosity),
        )
    yield Padding(table, (0, 0, 0, 2))
    if len(shown) < len(ranked):
        yield Text(f"  and {count(len(ranked) - len(shown), 'case')} more, not kept", "dim")


def _outcome(case: CaseRow) -> Text:
    """The outcome on the current code, in a word."""
    if not case.incumbent:
        return Text("-", "dim")
    word = Outcome(case.incumbent).name
    return Text(word, _STYLES[word])


def _case_text(case: CaseRow, verbosity: int) -> Text:
    text = _code(case.source)
    if case.reason and verbosity > 0:
        text.append_text(plain(f"\nnot kept: {case.reason}", "dim"))
    return text


def _finding(record: TargetDone, finding: FindingRow) -> RenderableType:
    """A suspected bug: what should hold, what happens, and who says so."""
    case = record.cases[finding.case]
    others = len(record.candidates) - 1
    examples = f", {count(finding.anchors, 'example')} passed" if finding.anchors else ""
    likely = "" if case.anchor else f", probability {finding.probability:.2f}"
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    grid.add_row("expected", _code(case.source))
    grid.add_row("observed", plain(finding.observed, "red"))
    grid.add_row("because", plain(finding.reason))
    if others:
        support = f"{finding.supporters} of {count(others, 'other candidate')}"
        grid.add_row("support", support + examples + likely)
    return Group(Text("suspected bug", "bold yellow"), Padding(grid, (0, 0, 0, 2)))


def _questions(record: TargetDone) -> Iterator[RenderableType]:
    """What the user said, and what is still to be known where clusters compete."""
    for one in record.answered:
        if one.given:
            yield Text.assemble(("you said ", "dim"), _code(f"{one.question.call} == {one.given}"))
    if record.question is None:
        return
    first, *others = (
        Text.assemble(_code(answer.value), f" ({support(answer)})")
        for answer in record.question.answers
    )
    yield Text("undecided", "bold yellow")
    asked = Text.assemble(_code(record.question.call), " gives ", first)
    for other in others:
        asked.append(" or ").append_text(other)
    yield Padding(asked.append(": which is right?"), (0, 0, 0, 2))
    if not record.answered:
        yield Text("  --genx-ask asks you, and ranks again with your answer", "dim")


def _standing(record: TargetDone) -> Text:
    """Where the current code stands among the candidates."""
    for row in record.candidates:
        if row.incumbent:
            return Text(
                f"  the current code ranks {_rank(row, record)} of {len(record.candidates)}, "
                f"passing {row.passed} of {count(len(record.cases), 'case')}"
            )
    return Text(f"  {count(len(record.candidates), 'candidate')}, no current code")


def _candidates(record: TargetDone, verbosity: int) -> Iterator[RenderableType]:
    """The best implementations, in a line each, or in full when asked."""
    best = sorted(record.candidates, key=lambda row: -row.score)[:TOP]
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim", expand=True)
    for heading in ("rank", "score", "passes", "samples"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("from", no_wrap=True)
    table.add_column("code", ratio=1, overflow="ellipsis", no_wrap=verbosity <= 0)
    for row in best:
        table.add_row(
            _rank(row, record),
            f"{row.score:.2f}",
            f"{row.passed}/{len(record.cases)}",
            "" if row.incumbent else str(row.count),
            "current code" if row.incumbent else plain(row.origin),
            _code(row.source if verbosity > 0 else _gist(row.source)),
        )
    yield Padding(table, (0, 0, 0, 2))


def _rank(row: CandidateRow, record: TargetDone) -> str:
    """The place, shared when scores are equal: `2=`."""
    scores = [other.score for other in record.candidates]
    tied = "=" if scores.count(row.score) > 1 else ""
    return f"{1 + sum(score > row.score for score in scores)}{tied}"


def _gist(source: str) -> str:
    """The first statement of a definition that does something."""
    lines = source.splitlines()
    try:
        definition = ast.parse(source).body[0]
    except (SyntaxError, ValueError, IndexError):
        return lines[0] if lines else ""
    body: list[ast.stmt] = getattr(definition, "body", None) or [definition]
    first = body[0]
    if len(body) > 1 and isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        first = body[1]
    return lines[first.lineno - 1].strip() + (" ..." if first is not body[-1] else "")


def _proposal(record: TargetDone, row: int) -> RenderableType:
    """The implementation proposed for a stub, cut when it is long."""
    best = record.candidates[row]
    lines = best.source.splitlines()
    cut = f"\n# {len(lines) - LONG} more lines" if len(lines) > LONG else ""
    title = f"proposed implementation, passing {best.passed} of {count(len(record.cases), 'case')}"
    code = _code("\n".join(lines[:LONG]) + cut)
    return Padding(Group(Text(title, "bold"), Padding(code, (0, 0, 0, 2))), (0, 0, 0, 2))
