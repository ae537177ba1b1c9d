"""A folder in the transformers format -> a GGUF file, K-quants included.

K-quants are made by llama.cpp out of f16. It falls back to other types where a matrix is no
multiple of 256 wide.
"""

from __future__ import annotations

from pathlib import Path

from pytest_genx.backends.llama_log import library_log
from pytest_genx.errors import MissingDependency, ModelError
from pytest_genx.train.gguf_file import write_gguf

_OWN = ("q8_0", "f16", "f32")
_K_QUANTS = {"q4_k_m": "Q4_K_M", "q5_k_m": "Q5_K_M", "q6_k": "Q6_K"}
QUANTIZATIONS = (*_OWN, *_K_QUANTS)


def quantize(folder: Path, target: Path, quantization: str, name: str, template: str) -> None:
    """Write the GGUF file.

    Args:
        folder: the model.
        target: the file.
        quantization: one of `QUANTIZATIONS`.
        name: what the file says the model is called.
        template: of a chat model; empty for a plain one.

    Raises:
        MissingDependency: a K-quant is asked for and llama-cpp-python is not installed.
        ModelError: the model cannot be written, or llama.cpp refuses it.
    """
    if quantization in _OWN:
        write_gguf(folder, target, quantization=quantization, name=name, chat_template=template)
        return
    try:
        import llama_cpp  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if error.name != "llama_cpp":
            raise
        raise MissingDependency(
            quantization, "llama-cpp-python", "pip install llama-cpp-python"
        ) from None
    whole = target.with_suffix(".f16")
    write_gguf(folder, whole, quantization="f16", name=name, chat_template=template)
    log = library_log(llama_cpp)
    log.lines.clear()
    params = llama_cpp.llama_model_quantize_default_params()
    params.ftype = getattr(llama_cpp, f"LLAMA_FTYPE_MOSTLY_{_K_QUANTS[quantization]}")
    code = llama_cpp.llama_model_quantize(str(whole).encode(), str(target).encode(), params)
    whole.unlink()
    if code:
        raise ModelError(str(folder), f"llama.cpp made no {quantization}: {log.complaint()}")
