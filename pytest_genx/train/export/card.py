"""The model card of an export: what it was trained on, its figures, its licence, its use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pytest_genx.domain import Role
from pytest_genx.train.export.source import Source, base_of, local_base, read_json
from pytest_genx.train.rounds.arms import shown
from pytest_genx.train.rounds.bases import UNKNOWN, embedded_hash, read_licence
from pytest_genx.train.rounds.roles import MODEL
from pytest_genx.train.rounds.stages import METRICS
from pytest_genx.train.rounds.store import MANIFEST
from pytest_genx.train.rounds.tables import figure_cell

_COUNTS = ("documents", "tokens", "answers", "right", "pairs", "prompts", "steps")


def card(source: Source, gguf: str, quantization: str) -> str:
    """Write the card.

    Args:
        source: what is exported.
        gguf: name of the GGUF file.
        quantization: its type.
    """
    licence, told = _licence(source)
    head = f"---\nlicense: {licence}\n---\n\n" if licence else ""
    sections = [
        ("Training", _training(source)),
        ("Figures", _figures(source)),
        ("Licence", told),
        ("Use", _use(source.name, gguf)),
    ]
    text = "\n\n".join(f"## {title}\n\n{body}" for title, body in sections if body)
    return (
        f"{head}# {source.name}\n\nA {_kind(source)} for pytest-genx, as safetensors and as "
        f"`{gguf}` ({quantization}).\n\n{text}\n"
    )


def _kind(source: Source) -> str:
    what = "model" if source.part == MODEL else f"model for the {source.part}'s role"
    return f"{what}, a LoRA adapter merged into its base," if source.adapter else what


def _training(source: Source) -> str:
    if source.run is None or source.version is None:
        if source.adapter:
            return f"A LoRA adapter, merged into `{_name(base_of(source.folder))}`."
        return "What the model was trained on is not known to the export."
    manifest = _manifest(source)
    if source.version == 0:
        return (
            "The base of a run of `genx-train`, as it was before the first round; SHA-256 of its "
            f"weights: `{manifest.get('base', 'not recorded')}`."
        )
    train = manifest["stages"]["train"]
    rows = ", ".join(f"{n} of {origin}" for origin, n in train.get("rows", {}).items())
    what = (
        f"Version {source.version} of a run of `genx-train`: the base, trained on the original "
        "problems (round 0) and on what the rounds since accepted after running it."
    )
    if method := train.get("method"):
        what = (
            f"Version {source.version} of a run of `genx-train`: version {source.version - 1}, "
            f"trained on by {method} with its own answers to the problems, judged by running them."
        )
    other = manifest.get("tester_base") if source.part == Role.TESTER.value else None
    base = other or manifest.get("base", "not recorded")
    own = train if source.part == MODEL else train.get(source.part, {})
    counts = [f"{k}: {own[k]}" for k in _COUNTS if k in own]
    lines = [
        what,
        "",
        f"- rows: {rows or 'not recorded'}",
        f"- {', '.join(counts)}",
        f"- base, SHA-256: `{base}`",
        f"- recipe: `{manifest.get('recipe', 'not recorded')}`, seed {manifest.get('seed', '?')}",
        "- made with: " + ", ".join(f"{k} {v}" for k, v in manifest.get("versions", {}).items()),
    ]
    for name, found in manifest.get("data", {}).items():
        lines.append(f"- {name}: " + ", ".join(f"{n} {of}" for of, n in found.items()))
    return "\n".join(lines)


def _figures(source: Source) -> str:
    """All figures of the version, on each of its test sets."""
    if source.run is None or source.version is None:
        return "Not measured by a run; `genx-train eval` measures the GGUF file in both roles."
    sets: dict[str, dict[str, Any]] = read_json(_place(source) / METRICS).get("sets", {})
    if not sets:
        return "This version has not been measured."
    lines = [
        "Means over problems with 95 % bootstrap intervals over problems; leads are paired.",
        "",
        "| measured on | figure | problems | value | lead over v1 |",
        "|---|---|---|---|---|",
    ]
    for name, found in sets.items():
        for figure in shown(found):
            one = found[figure]
            value = figure_cell(one, figure)
            lead = figure_cell(one.get("lead"), figure, sign="+")
            lines.append(f"| {name} | {figure} | {one['problems']} | {value} | {lead} |")
    return "\n".join(lines)


def _licence(source: Source) -> tuple[str, str]:
    """The licence's name if it is known, and what the card says of it."""
    if source.run is not None:
        manifest = _manifest(source)
        other = manifest.get("tester_licence") if source.part == Role.TESTER.value else None
        known = "mit" if manifest.get("base") == embedded_hash() else UNKNOWN
        found = other or manifest.get("licence", known)
    else:
        found = read_licence(source.folder)
        if source.adapter and (base := local_base(source.folder)) is not None:
            found = read_licence(base) or found
    if found in {"", UNKNOWN}:
        return "", "The licence of the base is not known; find it out before you pass the model on."
    return found, f"`{found}`, that of the base."


def _use(name: str, gguf: str) -> str:
    return (
        f"```sh\npytest --genx-generate PATH --genx-backend=llama --genx-model={gguf}\n"
        f"ollama create {name} -f Modelfile\n```"
    )


def _manifest(source: Source) -> dict[str, Any]:
    return read_json(_place(source) / MANIFEST)


def _place(source: Source) -> Path:
    """Where a version of a run was made, or measured if it is the base."""
    assert source.run is not None
    assert source.version is not None
    return source.run / (f"round-{source.version - 1}" if source.version else "base")


def _name(base: str) -> str:
    """A base without its path on this machine."""
    return Path(base).name if Path(base).is_dir() else base
