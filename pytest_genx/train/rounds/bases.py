"""Base models: found on this machine, checked, and loaded.

A base is a GGUF file written here, a folder in the transformers format, or the OWNER/NAME of a
model in the Hugging Face cache. Nothing is downloaded unless the recipe says so.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tokenizers import Tokenizer

from pytest_genx.backends.embedded import embedded_model
from pytest_genx.backends.gguf_header import read_header
from pytest_genx.domain import Role
from pytest_genx.errors import MissingDependency, ModelError, RecipeError
from pytest_genx.models.store import file_hash
from pytest_genx.train.gguf_file import read_config, read_state, read_tokenizer
from pytest_genx.train.tokenizer import save_tokenizer, special_ids

UNKNOWN = "unknown"  # the licence of a base that does not say

Chat = Callable[[Sequence[tuple[str, str]]], str]

_HUB = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)
_FILES = ("*.json", "*.safetensors", "*.txt", "*.jinja", "README.md", "LICENSE*")
_TOKENS = (
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
    "vocab.json", "merges.txt", "chat_template.jinja",
)  # fmt: skip
_LONG = 1 << 20  # tokens
_CARD = re.compile(r"---\n(?:.*\n)*?license: *[\"']?([\w.-]+)[\"']?\s*\n")
_SIZE = re.compile(r"(?<![A-Za-z0-9.])(\d+(?:\.\d+)?)([bBmM])(?![A-Za-z0-9])")


class BaseMissing(RecipeError):
    """A base model is not on this machine, or a part of it is not."""

    def __init__(self, recipe: Path, key: str, given: Path, reason: str) -> None:
        super().__init__(recipe, f"{key} is {str(given)!r}, {reason}")


@dataclass(frozen=True, slots=True)
class Base:
    """A base model on this machine; `licence` is "" where nothing says it."""

    path: Path  # GGUF file, or folder in the transformers format
    licence: str
    digest: str  # SHA-256 over the files that hold the weights


@dataclass(frozen=True, slots=True)
class Words:
    """A tokenizer, with what ends a text and fills a row; `chat` puts messages as text."""

    tokenizer: Tokenizer
    end: int
    pad: int
    chat: Chat | None = None


def find_base(recipe: Path, key: str, given: Path, *, download: bool = False) -> Base:
    """Find a base model.

    Args:
        recipe: file that names it, for messages.
        key: of the recipe, for messages.
        given: a file, a folder, or OWNER/NAME.
        download: whether what the cache lacks may be fetched.

    Raises:
        BaseMissing: it is not on this machine, or lacks a part.
        MissingDependency: huggingface_hub is not installed.
    """
    path = given.expanduser()
    if not path.exists():
        name = given.as_posix()
        if name.endswith(".gguf") or not _HUB.fullmatch(name):
            raise BaseMissing(recipe, key, given, "where nothing is")
        path = _cached(recipe, key, name, download=download)
    if path.is_dir():
        for part in ("config.json", "tokenizer.json"):
            if not (path / part).is_file():
                raise BaseMissing(recipe, key, given, f"where {part} is missing")
        if not list(path.glob("*.safetensors")):
            raise BaseMissing(recipe, key, given, "where weights (*.safetensors) are missing")
    return Base(path, read_licence(path), weights_hash(path))


def own_name(bases: Mapping[str, Base], part: str) -> str:
    """`base`, or `tester_base` for the tester's own one."""
    other = part == Role.TESTER.value and len(set(bases.values())) > 1
    return "tester_base" if other else "base"


def based(bases: Mapping[str, Base]) -> dict[str, str]:
    """Hash and licence of the base, or of each base where there are two, for manifests."""
    found = {}
    for part, base in bases.items():
        name = own_name(bases, part)
        found[name] = base.digest
        found[name.replace("base", "licence")] = base.licence or UNKNOWN
    return found


def read_licence(path: Path) -> str:
    """What a model says its licence is; "" where it says nothing.

    A GGUF file says it in `general.license`, a folder in the header of its card (`README.md`) or
    in `config.json`; that of the embedded model is known.
    """
    if path.is_dir():
        card = path / "README.md"
        text = card.read_text("utf-8", errors="replace") if card.is_file() else ""
        if found := _CARD.match(text):
            return found[1]
        return _string(path / "config.json", "license")
    try:
        said = read_header(path).metadata.get("general.license")
    except ModelError:  # loading it says so
        return ""
    if isinstance(said, str) and said:
        return said
    return "mit" if file_hash(path) == embedded_hash() else ""


def embedded_hash() -> str:
    """SHA-256 of the embedded model; "" where this installation has none."""
    try:
        return file_hash(embedded_model())
    except ModelError:
        return ""


def parameters(path: Path) -> int:
    """Count a model's parameters without loading it."""
    if not path.is_dir():
        return read_header(path).parameters
    count = 0
    for file in path.glob("*.safetensors"):
        with file.open("rb") as opened:
            (length,) = struct.unpack("<Q", opened.read(8))
            header = json.loads(opened.read(length))
        for key, tensor in header.items():
            if key != "__metadata__":
                size = 1
                for width in tensor["shape"]:
                    size *= width
                count += size
    return count


def context_length(path: Path) -> int:
    """How many tokens a base was made for; very many where it does not say."""
    if not path.is_dir():
        return read_header(path).number("context_length")
    config = json.loads((path / "config.json").read_text("utf-8"))
    return int(config.get("max_position_embeddings") or _LONG)


def named_size(name: str) -> int:
    """Parameters that a model's name speaks of; 0 where it speaks of none.

    >>> named_size("Qwen/Qwen2.5-Coder-1.5B"), named_size("genx-30m.gguf"), named_size("x")
    (1500000000, 30000000, 0)
    """
    found = _SIZE.findall(name)
    if not found:
        return 0
    number, unit = found[-1]
    return round(float(number) * (1e9 if unit in "bB" else 1e6))


def load_words(path: Path) -> Words:
    """Read the tokenizer of a base.

    Raises:
        ModelError: it has none that can be used, or does not say what ends a text.
    """
    if not path.is_dir():
        tokenizer = read_tokenizer(path)
        return Words(tokenizer, *special_ids(tokenizer))
    from tokenizers import Tokenizer as Loader  # noqa: PLC0415
    from transformers import AutoTokenizer  # noqa: PLC0415

    if not (path / "tokenizer.json").is_file():
        raise ModelError(
            str(path), "a model with its tokenizer is expected: tokenizer.json is missing"
        )
    try:
        wrapped = AutoTokenizer.from_pretrained(path, local_files_only=True)
        tokenizer = Loader.from_file(str(path / "tokenizer.json"))
    except Exception as error:  # tokenizers raises the base class itself
        if not isinstance(error, (OSError, ValueError, KeyError)) and type(error) is not Exception:
            raise
        text = " ".join(str(error).split())[:200]
        raise ModelError(str(path), f"it has no usable tokenizer: {text}") from None
    end = wrapped.eos_token_id
    if end is None:
        raise ModelError(str(path), "its tokenizer does not say what ends a text (eos_token)")
    pad = end if wrapped.pad_token_id is None else wrapped.pad_token_id
    chat: Chat | None = None
    if wrapped.chat_template:
        from pytest_genx.backends.transformers import chat_text  # noqa: PLC0415

        def chat(messages: Sequence[tuple[str, str]]) -> str:
            return chat_text(wrapped, messages)

    return Words(tokenizer, int(end), int(pad), chat)


def load_base(path: Path, *, dtype: str = "float32") -> tuple[Any, Words]:
    """Load a model and its tokenizer from a GGUF file or a transformers folder.

    Raises:
        ModelError: it is of another kind, or a part of it is missing.
    """
    try:
        words = load_words(path)
        return _weights(path, dtype), words
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        text = " ".join(str(error).split())[:200]
        raise ModelError(
            str(path), f"a causal model with its tokenizer is expected (GGUF: Qwen3): {text}"
        ) from None


def save_words(words: Words, base: Path, folder: Path) -> None:
    """Write the tokenizer of a base beside weights that were trained from it."""
    if not base.is_dir():
        save_tokenizer(words.tokenizer, folder)
        return
    for name in _TOKENS:
        if (base / name).is_file():
            shutil.copyfile(base / name, folder / name)


def read_chat_template(folder: Path) -> str:
    """The chat template of a folder; empty for a plain model."""
    if (folder / "chat_template.jinja").is_file():
        return (folder / "chat_template.jinja").read_text("utf-8")
    return _string(folder / "tokenizer_config.json", "chat_template")


def best_device() -> str:
    """`cuda` where there is such a device, else `cpu`."""
    import torch  # noqa: PLC0415

    return "cuda" if torch.cuda.is_available() else "cpu"


def _weights(path: Path, dtype: str) -> Any:
    if path.is_dir():
        from transformers import AutoModelForCausalLM  # noqa: PLC0415

        return AutoModelForCausalLM.from_pretrained(path, dtype=dtype, local_files_only=True)
    from transformers import Qwen3ForCausalLM  # noqa: PLC0415

    config = read_config(path)
    config.use_cache = False
    model = Qwen3ForCausalLM(config)
    model.load_state_dict(read_state(path), strict=False)
    model.tie_weights()
    return model


def _cached(recipe: Path, key: str, name: str, *, download: bool) -> Path:
    """The folder of a model in the Hugging Face cache."""
    try:
        import huggingface_hub  # noqa: PLC0415
        from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError  # noqa: PLC0415
    except ModuleNotFoundError:
        install = "pip install 'pytest-genx[hub]'"
        raise MissingDependency(f"{key}: {name}", "huggingface_hub", install) from None
    try:
        return Path(
            huggingface_hub.snapshot_download(
                name, local_files_only=not download, allow_patterns=list(_FILES)
            )
        )
    except LocalEntryNotFoundError as error:
        if download:
            text = " ".join(str(error).split())[:200]
            raise RecipeError(recipe, f"{key} is {name!r}, which cannot be had: {text}") from None
        reason = (
            "which is neither here nor in the Hugging Face cache; get it with "
            f"`hf download {name}`, or say download: true"
        )
        raise BaseMissing(recipe, key, Path(name), reason) from None
    except (HfHubHTTPError, OSError) as error:
        text = " ".join(str(error).split())[:200]
        raise RecipeError(recipe, f"{key} is {name!r}, which cannot be had: {text}") from None


def weights_hash(path: Path) -> str:
    """SHA-256 over the files that hold a model's weights."""
    if not path.is_dir():
        return file_hash(path)
    hashes = [file_hash(file) for file in sorted(path.glob("*.safetensors"))]
    return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()


def _string(path: Path, key: str) -> str:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return ""
    value = found.get(key) if isinstance(found, dict) else None
    return value if isinstance(value, str) else ""
