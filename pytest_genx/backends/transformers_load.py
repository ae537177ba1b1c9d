"""Loads a causal language model, its tokenizer and its adapters for the transformers backend.

Nothing is downloaded: a model is a directory, or stands in the Hugging Face cache already. Code
that comes with a model is not run.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_genx.errors import MissingDependency, ModelError

_CONTEXT = 4096  # tokens of prompt and completion at most
_ROWS = 32  # decoded together at most
_CACHE = 1 << 30  # bytes for the caches of all rows, on the processor


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model that is ready: `use` makes it play a role, `close` gives its memory back."""

    model: Any
    tokenizer: Any
    name: str
    ends: frozenset[int]  # tokens that end a text
    context: int  # tokens of prompt and completion
    rows: int  # completions decoded together
    use: Callable[[str], None]


def load(
    name: str, rootdir: Path, *, quantize: str = "none", adapters: Mapping[str, str] | None = None
) -> Loaded:
    """Load a model onto the best device there is.

    CUDA takes the dtype of the checkpoint and all cards, MPS the dtype, the processor 32 bits.

    Args:
        name: a directory, relative to the rootdir, or the OWNER/NAME of a model in the cache.
        rootdir: of the run.
        quantize: "none", "8bit" or "4bit".
        adapters: directory by role, LoRA and the like.

    Raises:
        MissingDependency: a package that this takes is not installed.
        ModelError: the model or an adapter is missing, damaged, or of another kind.
    """
    _require("torch", "transformers")
    if quantize != "none":
        _require("bitsandbytes", install="pip install bitsandbytes")
    device = _device()
    if device == "cuda" or quantize != "none":
        _require("accelerate")
    if adapters:
        _require("peft", install="pip install peft")
    folder = _folder(name, rootdir)
    with _quiet():
        config, tokenizer = _described(name, folder)
        model = _weights(name, folder, config, device, quantize)
        ends = _ends(model, tokenizer)
        text = config.get_text_config()
        context = min(int(getattr(text, "max_position_embeddings", None) or _CONTEXT), _CONTEXT)
        rows = _rows(model, text, context)
        use: Callable[[str], None] = _nothing
        if adapters:
            model, use = _adapted(model, rootdir, adapters)
    return Loaded(model, tokenizer, name, ends, context, rows, use)


def _nothing(_role: str) -> None:
    """Play every role alike."""


def _require(*packages: str, install: str = "pip install 'pytest-genx[transformers]'") -> None:
    for package in packages:
        if importlib.util.find_spec(package) is None:
            raise MissingDependency("the transformers backend", package, install)


def _folder(name: str, rootdir: Path) -> Path:
    """Find the directory of a model."""
    path = rootdir / Path(name).expanduser()
    if path.is_file():
        raise ModelError(name, "it is a file; the transformers backend takes a directory")
    if path.is_dir():
        if not (path / "config.json").is_file():
            raise ModelError(name, "the directory has no config.json")
        return path
    import huggingface_hub  # noqa: PLC0415
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError  # noqa: PLC0415

    try:
        found = huggingface_hub.snapshot_download(name.removeprefix("hf:"), local_files_only=True)
    except (HFValidationError, LocalEntryNotFoundError):
        reason = "there is no such directory, and the Hugging Face cache has no model of that name"
        raise ModelError(name, f"{reason}; a run downloads nothing") from None
    return Path(found)


def _described(name: str, folder: Path) -> tuple[Any, Any]:
    """Read what a model is, and its tokenizer."""
    import transformers  # noqa: PLC0415

    try:
        config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(name, f"its config.json is no good: {_line(error)}") from None
    kinds = transformers.MODEL_FOR_CAUSAL_LM_MAPPING
    known = kinds.get(type(config), ())
    names = {kind.__name__ for kind in (known if isinstance(known, tuple) else (known,))}
    given = set(config.architectures or names)
    if not names & given:
        what = ", ".join(sorted(given)) or config.model_type
        raise ModelError(name, f"it is no causal language model: {what}")
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except Exception as error:  # tokenizers raises the base class itself
        if not isinstance(error, (OSError, ValueError, KeyError)) and type(error) is not Exception:
            raise
        raise ModelError(name, f"it has no usable tokenizer: {_line(error)}") from None
    return config, tokenizer


def _weights(name: str, folder: Path, config: Any, device: str, quantize: str) -> Any:
    """Load the weights onto a device, or onto all cards."""
    import safetensors  # noqa: PLC0415
    import torch  # noqa: PLC0415
    import transformers  # noqa: PLC0415

    options: dict[str, Any] = {"dtype": torch.float32 if device == "cpu" else "auto"}
    if device == "cuda" or quantize != "none":
        options["device_map"] = "auto" if device == "cuda" else device
    if quantize != "none":
        options["dtype"] = "auto" if device != "cpu" else torch.bfloat16
        options["quantization_config"] = transformers.BitsAndBytesConfig(
            load_in_8bit=quantize == "8bit",
            load_in_4bit=quantize == "4bit",
            bnb_4bit_compute_dtype=torch.bfloat16,
            bnb_4bit_quant_type="nf4",
        )
    try:
        model, told = transformers.AutoModelForCausalLM.from_pretrained(
            folder, config=config, local_files_only=True, output_loading_info=True, **options
        )
    except safetensors.SafetensorError as error:
        raise ModelError(name, f"its weights are damaged: {_line(error)}") from None
    except (OSError, ValueError, RuntimeError, ImportError) as error:
        raise ModelError(name, f"transformers refused it: {_line(error)}") from None
    missing = sorted(told["missing_keys"])
    if missing:
        raise ModelError(name, f"{len(missing)} weights are missing, such as {missing[0]!r}")
    return model.eval() if "device_map" in options else model.eval().to(device)


def _device() -> str:
    import torch  # noqa: PLC0415

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _ends(model: Any, tokenizer: Any) -> frozenset[int]:
    """Collect the tokens that end a text; chat models have several."""
    ends: set[int] = set()
    for given in (model.generation_config.eos_token_id, tokenizer.eos_token_id):
        ends.update(given if isinstance(given, list | tuple) else () if given is None else (given,))
    return frozenset(ends)


def _rows(model: Any, config: Any, context: int) -> int:
    """Compute how many rows are decoded together: their caches, for a full context, must fit.

    They get 1 GiB on the processor, and elsewhere half of what the weights leave; what happens
    to be free does not count, since in 16 bits the samples depend on the number of rows.
    """
    import torch  # noqa: PLC0415

    room = float(_CACHE)
    if model.device.type == "cuda":
        cards = range(torch.cuda.device_count())
        room = sum(torch.cuda.get_device_properties(card).total_memory for card in cards)
        room = (room - model.get_memory_footprint()) / 2
    elif model.device.type == "mps":
        room = (torch.mps.recommended_max_memory() - model.get_memory_footprint()) / 2
    heads = getattr(config, "num_attention_heads", None) or 1
    width = getattr(config, "head_dim", None) or config.hidden_size // heads
    kept = getattr(config, "num_key_value_heads", None) or heads
    row = 2 * config.num_hidden_layers * kept * width * model.dtype.itemsize * context
    return max(1, min(_ROWS, int(room // row)))


def _adapted(
    model: Any, rootdir: Path, adapters: Mapping[str, str]
) -> tuple[Any, Callable[[str], None]]:
    """Put adapters on a model, and return it with what switches to the one of a role."""
    import peft  # noqa: PLC0415
    import safetensors  # noqa: PLC0415

    damaged = (OSError, ValueError, KeyError, TypeError, RuntimeError, safetensors.SafetensorError)
    names: dict[str, str] = {}  # adapter by role; the roles that share a directory share it
    loaded: dict[str, str] = {}
    for role, given in adapters.items():
        folder = rootdir / Path(given).expanduser()
        if given not in loaded:
            if not (folder / "adapter_config.json").is_file():
                raise ModelError(given, "it is no adapter: it has no adapter_config.json")
            try:
                settings = peft.PeftConfig.from_pretrained(str(folder))
                settings.inference_mode = True
                if not loaded:
                    model = peft.PeftModel(model, settings, role)
                told = model.load_adapter(str(folder), role, is_trainable=False)
            except damaged as error:
                raise ModelError(given, f"it does not fit the model: {_line(error)}") from None
            foreign = [*told.unexpected_keys, *(k for k in told.missing_keys if f".{role}." in k)]
            if foreign:
                reason = f"it was made for another model: {len(foreign)} weights have no match"
                raise ModelError(given, reason)
            loaded[given] = role
        names[role] = loaded[given]
    model.eval()
    active: list[str | None] = [""]

    def use(role: str) -> None:
        name = names.get(role)
        if name == active[0]:
            return
        if name is None:
            model.base_model.disable_adapter_layers()
        else:
            model.base_model.enable_adapter_layers()
            model.set_adapter(name)
        active[0] = name

    return model, use


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the library's warnings and progress bars off the terminal."""
    import transformers  # noqa: PLC0415

    log = transformers.utils.logging
    level, bars = log.get_verbosity(), log.is_progress_bar_enabled()
    log.set_verbosity(log.CRITICAL)
    log.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.set_verbosity(level)
        if bars:
            log.enable_progress_bar()


def _line(error: Exception) -> str:
    """The first sentence of what a library says, on one line."""
    text = " ".join(str(error).split()) or type(error).__name__
    first = text.partition(". ")[0]
    return first if len(first) <= 300 else first[:300] + "..."
