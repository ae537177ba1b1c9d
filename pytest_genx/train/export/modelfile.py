"""The `Modelfile` that makes an Ollama model of a GGUF file beside it."""

from __future__ import annotations

from pytest_genx.pipeline.prompt import TESTER_STOP

# As the product samples.
_PARAMETERS = (("temperature", 0.8), ("top_p", 0.95), ("min_p", 0.05))


def modelfile(gguf: str, *, chat: bool) -> str:
    """Write a Modelfile.

    A plain model is shown the prompt as it is and stops where a completion leaves the answer;
    the stop texts are the tester's, which are right for the coder too. For a chat model Ollama
    takes the template from the GGUF file.

    Args:
        gguf: name of the file.
        chat: whether the model has a chat template.
    """
    lines = [f"FROM ./{gguf}"]
    if not chat:
        lines.append('TEMPLATE """{{ .Prompt }}"""')
    lines += [f"PARAMETER {name} {value}" for name, value in _PARAMETERS]
    if not chat:
        # Ollama knows no escapes: a newline in a value is a newline.
        lines += [f'PARAMETER stop """{text}"""' for text in TESTER_STOP]
    return "\n".join(lines) + "\n"
