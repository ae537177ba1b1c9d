"""A Qwen2 or Qwen3 model in the transformers format -> a GGUF file, without llama.cpp's converter.

That converter refuses vocabularies it does not know. These families need no permutation of query
and key rows. Without a chat template in the file a backend takes the model for a plain one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tokenizers import Tokenizer

from pytest_genx.errors import ModelError
from pytest_genx.train.tokenizer import END, PAD, make_tokenizer

FAMILIES = ("qwen2", "qwen3")
_OUTER = {
    "model.embed_tokens.weight": "token_embd.weight",
    "model.norm.weight": "output_norm.weight",
    "lm_head.weight": "output.weight",
}
_INNER = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def write_gguf(
    source: Path,
    target: Path,
    *,
    quantization: str = "q8_0",
    name: str = "",
    chat_template: str = "",
    licence: str = "",
) -> None:
    """Write the model in folder `source` as the GGUF file `target`.

    Args:
        source: folder with config.json, tokenizer.json and safetensors files.
        target: replaced only when the new file is complete.
        quantization: `q8_0`, `f16` or `f32`, for matrices; vectors stay in f32.
        name: what the file says the model is called.
        chat_template: of a chat model; empty for a plain one.
        licence: its name; empty if it is not known.

    Raises:
        ModelError: the folder holds no model of `FAMILIES`.
    """
    import gguf  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415
    from safetensors.torch import load_file  # noqa: PLC0415

    try:
        config = json.loads((source / "config.json").read_text("utf-8"))
        tokens = json.loads((source / "tokenizer.json").read_text("utf-8"))
    except OSError as error:
        raise ModelError(str(source), f"{error.filename}: {error.strerror}") from None
    family = config.get("model_type")
    if family not in FAMILIES:
        known = " or ".join(map(repr, FAMILIES))
        raise ModelError(str(source), f"model_type is {family!r}, not {known}")

    kind = getattr(gguf.GGMLQuantizationType, quantization.upper())
    partial = target.with_suffix(".partial")
    writer = gguf.GGUFWriter(str(partial), family)
    _write_config(writer, config, name or source.name)
    _write_tokens(writer, tokens, config)
    if chat_template:
        writer.add_chat_template(chat_template)
    if licence:
        writer.add_license(licence)
    file_type = "ALL_F32" if quantization == "f32" else f"MOSTLY_{quantization.upper()}"
    writer.add_file_type(getattr(gguf.LlamaFileType, file_type))
    for file in sorted(source.glob("*.safetensors")):
        for key, tensor in load_file(file).items():
            if key == "lm_head.weight" and config.get("tie_word_embeddings", False):
                continue
            values = np.ascontiguousarray(tensor.float().numpy(), dtype=np.float32)
            stored = kind if values.ndim == 2 else gguf.GGMLQuantizationType.F32
            data = gguf.quants.quantize(values, stored)
            writer.add_tensor(tensor_name(key), data, raw_dtype=stored)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    partial.replace(target)


def tensor_name(key: str) -> str:
    """Return GGUF's name for a tensor of transformers' Qwen2 or Qwen3.

    >>> tensor_name("model.layers.3.self_attn.q_proj.weight")
    'blk.3.attn_q.weight'
    """
    if key in _OUTER:
        return _OUTER[key]
    _, _, layer, rest = key.split(".", 3)
    name, _, kind = rest.rpartition(".")
    return f"blk.{layer}.{_INNER[name]}.{kind}"


def read_state(path: Path) -> dict[str, Any]:
    """Read a GGUF file written here back into transformers' names, as float32 tensors."""
    import gguf  # noqa: PLC0415
    import torch  # noqa: PLC0415

    reader = gguf.GGUFReader(str(path))
    outer = {new: old for old, new in _OUTER.items()}
    inner = {new: old for old, new in _INNER.items()}
    state = {}
    for tensor in reader.tensors:
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        if tensor.name in outer:
            key = outer[tensor.name]
        else:
            _, layer, rest = tensor.name.split(".", 2)
            name, _, kind = rest.rpartition(".")
            key = f"model.layers.{layer}.{inner[name]}.{kind}"
        state[key] = torch.from_numpy(values.astype("float32", copy=True))
    return state


def read_config(path: Path) -> Any:
    """Read the `transformers.Qwen3Config` of a GGUF file written here."""
    import gguf  # noqa: PLC0415
    from transformers import Qwen3Config  # noqa: PLC0415

    fields = gguf.GGUFReader(str(path)).fields

    def number(key: str) -> Any:
        return fields[f"qwen3.{key}"].contents()

    return Qwen3Config(
        vocab_size=number("vocab_size"),
        hidden_size=number("embedding_length"),
        num_hidden_layers=number("block_count"),
        num_attention_heads=number("attention.head_count"),
        num_key_value_heads=number("attention.head_count_kv"),
        head_dim=number("attention.key_length"),
        intermediate_size=number("feed_forward_length"),
        max_position_embeddings=number("context_length"),
        rms_norm_eps=number("attention.layer_norm_rms_epsilon"),
        rope_parameters={"rope_type": "default", "rope_theta": number("rope.freq_base")},
        tie_word_embeddings=True,
        bos_token_id=fields["tokenizer.ggml.bos_token_id"].contents(),
        eos_token_id=fields["tokenizer.ggml.eos_token_id"].contents(),
        pad_token_id=fields["tokenizer.ggml.padding_token_id"].contents(),
    )


def read_tokenizer(path: Path) -> Tokenizer:
    """Rebuild the tokenizer of a GGUF file written here."""
    import gguf  # noqa: PLC0415

    fields = gguf.GGUFReader(str(path)).fields
    texts: list[str] = fields["tokenizer.ggml.tokens"].contents()
    merges: list[str] = fields["tokenizer.ggml.merges"].contents()
    return make_tokenizer(
        {text: i for i, text in enumerate(texts)},
        [(left, right) for left, _, right in (merge.partition(" ") for merge in merges)],
    )


def _write_config(writer: Any, config: Mapping[str, Any], name: str) -> None:
    rope = config.get("rope_parameters") or {}
    writer.add_name(name)
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    head = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
    writer.add_key_length(head)
    writer.add_value_length(head)
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_dimension_count(head)
    writer.add_rope_freq_base(float(rope.get("rope_theta") or config.get("rope_theta") or 10000.0))
    writer.add_vocab_size(config["vocab_size"])


def _write_tokens(writer: Any, tokens: Mapping[str, Any], config: Mapping[str, Any]) -> None:
    import gguf  # noqa: PLC0415

    size = config["vocab_size"]
    texts = [f"[UNUSED{i}]" for i in range(size)]
    types = [int(gguf.TokenType.UNUSED)] * size
    for text, i in tokens["model"]["vocab"].items():
        texts[i], types[i] = text, int(gguf.TokenType.NORMAL)
    added = {token["content"]: token["id"] for token in tokens["added_tokens"]}
    for token in tokens["added_tokens"]:
        kind = gguf.TokenType.CONTROL if token["special"] else gguf.TokenType.USER_DEFINED
        texts[token["id"]], types[token["id"]] = token["content"], int(kind)
    merges = [m if isinstance(m, str) else " ".join(m) for m in tokens["model"]["merges"]]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(texts)
    writer.add_token_types(types)
    writer.add_token_merges(merges)
    # llama.cpp takes token 11 for begin and end when a BPE file does not say.
    end = _first(config.get("eos_token_id"), added.get(END))
    if end is None:
        raise ModelError("config.json", "eos_token_id is missing")
    writer.add_bos_token_id(_first(config.get("bos_token_id"), end))
    writer.add_eos_token_id(end)
    writer.add_eot_token_id(end)
    writer.add_pad_token_id(_first(config.get("pad_token_id"), added.get(PAD, end)))
    writer.add_add_bos_token(False)
    writer.add_add_eos_token(False)


def _first(ids: int | list[int] | None, otherwise: int | None) -> int | None:
    """The token a config names, which may be one of several; `otherwise` if it names none."""
    chosen = ids[0] if isinstance(ids, list) and ids else ids
    return chosen if isinstance(chosen, int) else otherwise
