"""Targets from source text, and a tiny model with random weights."""

from __future__ import annotations

import ast
import textwrap
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_genx.domain import Context, Prompt, Request, Role, Target, TargetKind

LONG = "x" * 100  # one token
LETTERS = "abcdefghijklmnopqrstuvwxyz ()[]=.,:'\n"


@pytest.fixture
def target_of() -> Callable[..., Target]:
    """Make a target of a module's source; the last function is it unless a name is given."""

    def make(*arguments, **named) -> Target:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # bad escapes are under test
            return make_target(*arguments, **named)

    return make


@pytest.fixture
def half(target_of):
    return target_of("def half(n):\n    return n // 2\n")


def make_target(source: str, qualname: str = "", path: Path = Path("m.py")) -> Target:
    source = textwrap.dedent(source).lstrip("\n")
    body = ast.parse(source).body
    if not qualname:
        names = [n.name for n in body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
        qualname = names[-1]
    node: ast.AST = ast.Module(body, [])
    for name in qualname.split("."):
        node = next(n for n in node.body if getattr(n, "name", "") == name)
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    start = min([node.lineno, *(d.lineno for d in node.decorator_list)])
    lines = source.splitlines()[start - 1 : node.end_lineno]
    decorators = {ast.unparse(d) for d in node.decorator_list}
    kind = TargetKind.METHOD if "." in qualname else TargetKind.FUNCTION
    for name in ("staticmethod", "classmethod"):
        kind = TargetKind(name) if name in decorators else kind
    return Target(
        path=path,
        import_root=Path(),
        module=path.stem,
        qualname=qualname,
        kind=kind,
        is_async=isinstance(node, ast.AsyncFunctionDef),
        is_stub=False,
        start=start,
        end=node.end_lineno or start,
        source=textwrap.dedent("\n".join(lines)),
        module_source=source,
        docstring=ast.get_docstring(node, clean=False),
    )


@pytest.fixture
def request_of() -> Callable[..., Request]:
    """Make a request for a target."""

    def make(
        target: Target, role: Role = Role.TESTER, *, n: int = 16, seed: int = 0, **fields
    ) -> Request:
        prompt = fields.pop("prompt", Prompt(role, "def f(", stop=("\ndef ",)))
        return Request(target, fields.pop("context", Context()), prompt, n=n, seed=seed, **fields)

    return make


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Write a GGUF file: two layers of random weights over single characters."""

    def write(*, architecture: str = "llama", template: str | None = None) -> Path:
        gguf = pytest.importorskip("gguf", reason="writing a model takes the package gguf")
        np = pytest.importorskip("numpy")
        path = tmp_path_factory.mktemp("model") / "tiny.gguf"
        rng = np.random.default_rng(0)
        width, inner = 32, 64
        symbols = dict(zip(map(ord, " \n"), "ĠĊ", strict=True))
        tokens = ["<end>", *(symbols.get(ord(c), c) for c in LETTERS), "de", LONG]
        writer = gguf.GGUFWriter(str(path), architecture)
        writer.add_context_length(256)
        writer.add_embedding_length(width)
        writer.add_block_count(2)
        writer.add_feed_forward_length(inner)
        writer.add_head_count(2)
        writer.add_head_count_kv(2)
        writer.add_layer_norm_rms_eps(1e-5)
        writer.add_rope_dimension_count(width // 2)
        writer.add_vocab_size(len(tokens))
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre("gpt-2")
        writer.add_token_list(tokens)
        writer.add_token_types([3] + [1] * (len(tokens) - 1))
        writer.add_token_merges(["d e"])
        writer.add_bos_token_id(0)
        writer.add_eos_token_id(0)
        writer.add_add_bos_token(False)
        if template is not None:
            writer.add_chat_template(template)

        def tensor(name: str, *shape: int) -> None:
            writer.add_tensor(name, rng.normal(0, 0.4, shape).astype(np.float32))

        tensor("token_embd.weight", len(tokens), width)
        tensor("output.weight", len(tokens), width)
        writer.add_tensor("output_norm.weight", np.ones(width, np.float32))
        for i in range(2):
            for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
                tensor(f"blk.{i}.{part}.weight", width, width)
            tensor(f"blk.{i}.ffn_gate.weight", inner, width)
            tensor(f"blk.{i}.ffn_up.weight", inner, width)
            tensor(f"blk.{i}.ffn_down.weight", width, inner)
            for part in ("attn_norm", "ffn_norm"):
                writer.add_tensor(f"blk.{i}.{part}.weight", np.ones(width, np.float32))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        return path

    return write
