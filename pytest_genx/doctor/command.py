"""`genx doctor`: its arguments, and the report as text or JSON."""

# ruff: noqa: PLC0415 -- a verb imports what it needs when it is run

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_genx.doctor.facts import Facts
    from pytest_genx.doctor.report import Report

READY, NOT_READY = 0, 1


def add_doctor(verbs: Any) -> None:
    """Add `doctor` to the verbs of `genx`."""
    parser = verbs.add_parser(
        "doctor",
        help="what this machine can run, what is missing, and what to type next",
        description=(
            "Print what this machine can run, what is missing, and the command to type next. "
            "Exit status: 0 when tests can be generated, 1 when they cannot. "
            "The network is not used."
        ),
    )
    parser.add_argument(
        "--genx-model",
        metavar="MODEL",
        help="look at this model: what pytest's option takes (default: the embedded model)",
    )
    parser.add_argument("--json", action="store_true", help="print the facts and lines as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the report and return the exit status."""
    from pytest_genx.doctor.gather import gather
    from pytest_genx.doctor.report import report

    facts = gather(arguments.genx_model)
    found = report(facts)
    sys.stdout.write(as_json(facts, found) if arguments.json else as_text(found))
    return READY if found.ready else NOT_READY


def as_text(found: Report) -> str:
    """Write a report for people: a line for each thing, with its fix below it."""
    width = max(len(line.subject) for line in found.lines)
    rows = []
    for line in found.lines:
        rows.append(f"{line.status.value:<8} {line.subject:<{width}}  {line.text}")
        if line.fix:
            rows.append(f"{'':<8} {'':<{width}}  run: {line.fix}")
    verdict = "Tests can be generated" if found.ready else "No tests can be generated yet"
    return "\n".join([*rows, "", f"{verdict}. Next: {found.following}", ""])


def as_json(facts: Facts, found: Report) -> str:
    """Write facts and lines for machines, as one object."""
    import dataclasses
    import json

    lines = [{**dataclasses.asdict(line), "status": line.status.value} for line in found.lines]
    body = {
        "ready": found.ready,
        "next": found.following,
        "lines": lines,
        "facts": dataclasses.asdict(facts),
    }
    return json.dumps(body, indent=2, ensure_ascii=False) + "\n"
