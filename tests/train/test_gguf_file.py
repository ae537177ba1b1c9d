"""A GGUF file written here is, for llama.cpp, the model that transformers has."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_genx.errors import ModelError
from pytest_genx.train.gguf_file import read_config, read_state, read_tokenizer, write_gguf

torch = pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("transformers", reason="needs the train extra")
gguf = pytest.importorskip("gguf", reason="needs the train extra")
llama_cpp = pytest.importorskip("llama_cpp", reason="needs llama-cpp-python")


SHIPPED = Path(__file__).parents[2] / "models" / "genx-nano.gguf"
PROMPTS = (
    "def add(a, b):\n    return a + b\n\n# check the correctness of add\nassert add(",
    'def is_even(n: int) -> bool:\n    """Tell whether n is even."""\n',
    "class Cart:\n    def total(self):\n",
    "x = [1, 2, 3]\nfor i in range(",
)
NEAR = 0.05  # nats between the two best tokens; below, rounding may decide either way


def open_llama(path):
    """Load a file on one thread."""
    return llama_cpp.Llama(str(path), n_ctx=256, n_threads=1, logits_all=False, verbose=False)


@pytest.fixture(scope="module", params=["f32", "q8_0", "shipped"])
def pair(request, tmp_path_factory):
    """Open the same weights on both sides: transformers' model and tokenizer, llama.cpp."""
    if request.param == "shipped":
        if not SHIPPED.exists():
            pytest.skip("the weights are not here")
        path = SHIPPED
    else:
        folder, _ = request.getfixturevalue("tiny")
        path = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
        write_gguf(folder, path, quantization=request.param)
    from transformers import Qwen3ForCausalLM

    model = Qwen3ForCausalLM(read_config(path)).eval()
    missing, unexpected = model.load_state_dict(read_state(path), strict=False)
    assert missing in ([], ["lm_head.weight"])
    assert not unexpected
    model.tie_weights()
    llama = open_llama(path)
    yield model, read_tokenizer(path), llama
    llama.close()


def test_token_ids_are_the_same_on_both_sides(pair, texts):
    """Both tokenizers give the same ids, and llama.cpp gives the bytes back."""
    _, tokenizer, llama = pair
    more = [Path(__file__).read_text("utf-8"), Path(llama_cpp.__file__).read_text("utf-8")]
    for text in [*texts, *PROMPTS, *more]:
        ids = tokenizer.encode(text).ids
        assert llama.tokenize(text.encode(), add_bos=False, special=True) == ids
        assert llama.detokenize(ids, special=True) == text.encode()


def test_greedy_continuations_are_the_same(pair):
    """Greedy tokens agree; where they part, the best two were a near tie."""
    model, tokenizer, llama = pair
    agreed = 0
    for prompt in PROMPTS:
        ids = tokenizer.encode(prompt).ids
        llama.reset()
        theirs = []
        for token in llama.generate(ids, temp=0.0, repeat_penalty=1.0):
            theirs.append(token)
            if len(theirs) == 24 or token == 0:
                break
        with torch.no_grad():
            logits = model(torch.tensor([ids + theirs[:-1]])).logits[0, len(ids) - 1 :]
        for token, row in zip(theirs, logits, strict=True):
            if int(row.argmax()) != token:
                assert float(row.max() - row[token]) < NEAR
                break
            agreed += 1
    assert agreed >= 20


def test_the_file_says_what_a_backend_needs(pair):
    """Special tokens are named, nothing is added to prompts, and there is no chat template."""
    *_, llama = pair
    data = llama.metadata
    assert data["general.architecture"] == "qwen3"
    assert data["tokenizer.ggml.pre"] == "qwen2"
    assert data["tokenizer.ggml.eos_token_id"] == data["tokenizer.ggml.bos_token_id"] == "0"
    assert data["tokenizer.ggml.add_bos_token"] == "false"
    assert "tokenizer.chat_template" not in data
    assert llama.token_eos() == 0


def test_exact_weights_come_back_from_f32(tiny, tmp_path):
    """What is written without quantisation is read back equal."""
    folder, model = tiny
    write_gguf(folder, tmp_path / "exact.gguf", quantization="f32")
    state = read_state(tmp_path / "exact.gguf")
    own = {k: v for k, v in model.state_dict().items() if k != "lm_head.weight"}
    assert state.keys() == own.keys()
    assert all(torch.equal(state[k], own[k]) for k in own)


def test_a_folder_without_a_model_is_an_error(tmp_path):
    """The message names the file that is missing."""
    with pytest.raises(ModelError, match=r"config\.json"):
        write_gguf(tmp_path, tmp_path / "x.gguf")


def test_another_architecture_is_refused(tmp_path):
    """Only Qwen3 is written."""
    (tmp_path / "config.json").write_text('{"model_type": "llama"}', "utf-8")
    (tmp_path / "tokenizer.json").write_text("{}", "utf-8")
    with pytest.raises(ModelError, match="model_type is 'llama'"):
        write_gguf(tmp_path, tmp_path / "x.gguf")
