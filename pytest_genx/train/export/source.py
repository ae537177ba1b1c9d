"""What is exported: a version of a run, or a folder in the transformers format.

A folder with a LoRA adapter is merged into its base first; the base must be on this machine.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_genx.errors import GenxError, MissingDependency, ModelError
from pytest_genx.train.gguf_file import FAMILIES
from pytest_genx.train.rounds.bases import load_base, save_words, weights_hash
from pytest_genx.train.rounds.roles import MODEL, parts
from pytest_genx.train.rounds.run import PATHS, SAVED
from pytest_genx.train.rounds.store import Place, RunError

_ADAPTER = "adapter_config.json"
_EXTRAS = (  # files beside the weights that belong to a model
    "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json",
    "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt",
    "chat_template.jinja", "model.safetensors.index.json",
)  # fmt: skip


class ExportError(GenxError):
    """A model cannot be exported, or is not what it was when llama.cpp runs it."""

    def __init__(self, what: Path, reason: str) -> None:
        super().__init__(f"export {what}: {reason}")


@dataclass(frozen=True, slots=True)
class Source:
    """A model to export; `run` and `version` are None where a folder was given."""

    name: str
    folder: Path  # in the transformers format; of a base perhaps a GGUF file
    run: Path | None = None
    version: int | None = None
    adapter: bool = False  # whether `folder` holds an adapter only
    part: str = MODEL  # or the role that it is for


def find_sources(given: Path, version: int | None) -> list[Source]:
    """Find what is to be exported: one model, or that of each role.

    Args:
        given: the output folder of a run, or a folder in the transformers format.
        version: of a run, 0 for its base; None for the last one that is trained.

    Raises:
        ExportError: it is neither, or a version is named and it is no run.
        RunError: the version is not there.
        ModelError: the model is none of `FAMILIES`.
    """
    if not given.is_dir():
        raise ExportError(given, "there is no such folder")
    adapter = (given / _ADAPTER).is_file()
    if adapter or (given / "config.json").is_file():
        if version is not None:
            raise ExportError(given, f"--version {version} is for runs, and this is one model")
        if not adapter:
            _check(given)
        return [Source(given.resolve().name, given, adapter=adapter)]
    if not (given / SAVED).is_file() and not list(given.glob("round-*")):
        raise ExportError(
            given, f"neither a run ({SAVED}) nor a model (config.json or {_ADAPTER}) is in it"
        )
    trained = _trained(given)
    known = ", ".join(map(str, trained)) or "none"
    if version == 0:
        return [Source(f"{_name(given)}-v0", _base(given), given, 0)]
    if version is None and not trained:
        raise RunError(given, "no version is trained yet")
    version = trained[-1] if version is None else version
    if version not in trained:
        raise RunError(given, f"version {version} is not there; trained: {known}; 0 is the base")
    place = given / f"round-{version - 1}"
    name = f"{_name(given)}-v{version}"
    found = []
    for part in parts(read_json(given / SAVED).get("roles", "one")):
        folder = place / part
        adapter = (folder / _ADAPTER).is_file()
        if not adapter:
            _check(folder)
        own = name if part == MODEL else f"{name}-{part}"
        found.append(Source(own, folder, given, version, adapter=adapter, part=part))
    return found


def unpack_base(path: Path, target: Path) -> None:
    """Write a GGUF file into a new folder in the transformers format.

    Raises:
        ModelError: it is no Qwen3 with its tokenizer.
    """
    model, words = load_base(path)
    save_words(words, path, target)
    model.save_pretrained(target)


def model_files(folder: Path) -> list[Path]:
    """The files of a model in the transformers format, weights first.

    Raises:
        ModelError: there are no weights.
    """
    weights = sorted(folder.glob("model*.safetensors"))
    if not weights:
        raise ModelError(str(folder), "no model*.safetensors is in it")
    return weights + [folder / name for name in _EXTRAS if (folder / name).is_file()]


def read_json(path: Path) -> dict[str, Any]:
    """Read an object; empty where there is no such file.

    Raises:
        ModelError: it is damaged.
    """
    try:
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise ModelError(str(path.parent), f"{path.name} is damaged: {error}") from None
    if not isinstance(found, dict):
        raise ModelError(str(path.parent), f"{path.name} is no object")
    return found


def base_of(adapter: Path) -> str:
    """What an adapter says its base is: a folder or a name on the hub.

    Raises:
        ModelError: it does not say.
    """
    base = read_json(adapter / _ADAPTER).get("base_model_name_or_path")
    if not base:
        raise ModelError(str(adapter), f"{_ADAPTER} does not name its base")
    return str(base)


def local_base(adapter: Path) -> Path | None:
    """The folder of an adapter's base; None where it is not on this machine."""
    base = base_of(adapter)
    if Path(base).is_dir():
        return Path(base)
    import huggingface_hub  # noqa: PLC0415
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError  # noqa: PLC0415

    try:
        return Path(huggingface_hub.snapshot_download(base, local_files_only=True))
    except (HFValidationError, LocalEntryNotFoundError):
        return None


def merge_adapter(adapter: Path, target: Path) -> None:
    """Merge an adapter into its base and write the whole model into a new folder.

    Raises:
        MissingDependency: peft is not installed.
        ModelError: base or adapter cannot be read, or the base is none of `FAMILIES`.
    """
    try:
        import peft  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if error.name != "peft":
            raise
        raise MissingDependency("merging an adapter", "peft", "pip install peft") from None
    import safetensors  # noqa: PLC0415
    from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: PLC0415

    base = base_of(adapter)
    if Path(base).is_dir():
        _check(Path(base))
    own = (adapter / "tokenizer.json").is_file()
    try:
        model = AutoModelForCausalLM.from_pretrained(base, local_files_only=True)
        merged = peft.PeftModel.from_pretrained(model, str(adapter)).merge_and_unload()
        tokenizer = AutoTokenizer.from_pretrained(
            str(adapter) if own else base, local_files_only=True
        )
    except (OSError, ValueError, KeyError, RuntimeError, safetensors.SafetensorError) as error:
        text = " ".join(str(error).split())[:200]
        raise ModelError(str(adapter), f"cannot be merged into {base!r}: {text}") from None
    merged.save_pretrained(target)
    tokenizer.save_pretrained(target)
    _check(target)


def _name(run: Path) -> str:
    """What the recipe of a run calls it."""
    for place in (run / "base", *sorted(run.glob("round-*"))):
        if name := Place(place, {}).manifest().get("name"):
            return str(name)
    return run.resolve().name


def _base(run: Path) -> Path:
    """Where the base of a run lies; it must be what it was when the run began.

    Raises:
        RunError: it is not known, not there, or another.
    """
    saved = read_json(run / SAVED)
    place = saved.get(PATHS, {}).get("base")
    hint = "version 0 is the base itself; export the file or folder that `base` in the recipe names"
    if place is None:
        raise RunError(run, f"where the base lies is not recorded; {hint}")
    base = Path(place)
    if not base.exists():
        raise RunError(run, f"the base is no longer at {place}; {hint}")
    if weights_hash(base) != saved.get("base"):
        raise RunError(run, f"the base at {place} is not what the run began with; {hint}")
    if base.is_dir():
        _check(base)
    return base


def _trained(run: Path) -> list[int]:
    """Versions whose training is finished, in order."""
    numbers = [p.name.removeprefix("round-") for p in run.glob("round-*")]
    rounds = sorted(int(n) for n in numbers if n.isdecimal())
    return [n + 1 for n in rounds if Place(run / f"round-{n}", {}).done("train")]


def _check(folder: Path) -> None:
    """Refuse what is no whole model of `FAMILIES`."""
    for name in ("config.json", "tokenizer.json"):
        if not (folder / name).is_file():
            raise ModelError(str(folder), f"{name} is missing")
    kind = read_json(folder / "config.json").get("model_type")
    if kind not in FAMILIES:
        known = " or ".join(map(repr, FAMILIES))
        raise ModelError(str(folder), f"model_type is {kind!r}, not {known}")
    model_files(folder)
