from __future__ import annotations

import importlib.util
import json
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_genx.backends import transformers_load
from pytest_genx.backends.transformers import transformers_backend
from pytest_genx.backends.transformers_loop import Loop, _choose, _Row
from pytest_genx.config import Config
from pytest_genx.domain import Prompt, Role
from pytest_genx.errors import BadOption, MissingDependency, ModelError

torch = pytest.importorskip("torch", reason="torch is not installed")
transformers = pytest.importorskip("transformers", reason="transformers is not installed")
needs_peft = pytest.mark.skipif(
    importlib.util.find_spec("peft") is None, reason="peft is not installed"
)
needs_bitsandbytes = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("bitsandbytes", "accelerate")),
    reason="bitsandbytes or accelerate is not installed",
)
TEMPLATE = (
    "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}{{ strftime_now('%d/%m/%Y') }} "
    "{{ enable_thinking }}: {% endif %}"
)
LETTERS = "abcdefghijklmnopqrstuvwxyz 0123456789()[]=.,:'/_\n`"


def quiet(save, folder: Path) -> None:
    """Save without a progress bar."""
    bars = transformers.utils.logging.is_progress_bar_enabled()
    transformers.utils.logging.disable_progress_bar()
    save(folder)
    if bars:
        transformers.utils.logging.enable_progress_bar()


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory):
    """Write a checkpoint: two layers of random weights over single characters."""

    def write(
        *, kind: str = "Llama", template: str | None = None, seed: int = 0, **changes
    ) -> Path:
        from tokenizers import AddedToken, Tokenizer, decoders, models

        folder = tmp_path_factory.mktemp("model")
        vocabulary = {c: i for i, c in enumerate(["<end>", *LETTERS])}
        tokenizer = Tokenizer(models.BPE(vocabulary, [], fuse_unk=True))
        tokenizer.decoder = decoders.Fuse()
        tokenizer.add_special_tokens([AddedToken("<end>", special=True)])
        wrapped = transformers.PreTrainedTokenizerFast(
            tokenizer_object=tokenizer, eos_token="<end>", bos_token="<end>"
        )
        wrapped.chat_template = template
        wrapped.save_pretrained(folder)
        sizes = {
            "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
            "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 256,
            "vocab_size": len(vocabulary), "eos_token_id": 0, "bos_token_id": 0,
            "initializer_range": 0.4, "use_cache": False, **changes,
        }  # fmt: skip
        torch.manual_seed(seed)
        config = getattr(transformers, f"{kind}Config")(**sizes)
        model = transformers.AutoModelForCausalLM.from_config(config)
        quiet(model.save_pretrained, folder)
        return folder

    return write


@pytest.fixture(scope="session")
def tiny(checkpoint):
    return checkpoint()


@pytest.fixture
def opened(tmp_path, tiny):
    """Open a checkpoint."""

    def open_model(folder: Path | None = None, **options):
        config = Config(rootdir=tmp_path, model=str(folder or tiny), **options)
        return transformers_backend(config)

    return open_model


def plain(text: str, role: Role = Role.TESTER, prefix: str = "", stop: tuple[str, ...] = ()):
    return Prompt(role, text, prefix=prefix, stop=stop, messages=(("user", text),))


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("Llama", {}),
        ("Qwen3", {"head_dim": 16}),
        ("GPT2", {}),
        ("Mistral", {"sliding_window": 8}),
        ("Lfm2", {"layer_types": ["conv", "full_attention"]}),
    ],
)
def test_temperature_0_is_greedy_generation(checkpoint, opened, half, request_of, kind, changes):
    """Token for token what the library's own loop writes, whatever the model keeps for a cache."""
    backend = opened(checkpoint(kind=kind, **changes))
    prompt = plain("def half(n):\n", Role.CODER)
    request = request_of(half, prompt=prompt, n=1, max_tokens=40)
    (sample,) = backend.sample(request)
    ids = backend._tokens(prompt)
    told = backend._loop._model.generate(
        torch.tensor([ids]),
        attention_mask=torch.ones(1, len(ids), dtype=torch.long),
        do_sample=False, max_new_tokens=40, use_cache=True, pad_token_id=0,
    )  # fmt: skip
    expected = backend._tokenizer.decode(told[0][len(ids) :], skip_special_tokens=True)
    assert sample.text == expected
    assert sample.text


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_sample_is_the_same_in_whatever_batch_it_comes(opened, half, request_of, dtype):
    """All at once, one by one, and split anywhere; in 16 bits, too."""
    backend = opened()
    model = backend._loop._model.to(getattr(torch, dtype))
    request = request_of(half, prompt=plain("def half("), n=20, seed=5, max_tokens=30)
    loop = backend._loop
    backend._loop = Loop(model, backend._tokenizer, loop._ends, name="tiny", rows=8)
    together = list(backend.sample(request))
    assert len({sample.text for sample in together}) > 15
    assert len({sample.tokens for sample in together}) > 2
    assert [s.seed for s in together] == list(range(5, 25))
    parts = []
    for first, n in [(0, 1), (1, 6), (7, 12), (19, 1)]:
        parts += backend.sample(replace(request, first=first, n=n))
    assert [s.text for s in parts] == [s.text for s in together]
    assert [s.logprob for s in parts] == pytest.approx([s.logprob for s in together], rel=1e-4)


def test_the_prompt_is_read_once(opened, half, request_of):
    """For all rows, and for the next request of the same prompt; other steps add one token."""
    backend = opened()
    widths = []
    backend._loop._model.register_forward_pre_hook(
        lambda _module, _args, named: widths.append(tuple(named["input_ids"].shape)),
        with_kwargs=True,
    )
    request = request_of(half, prompt=plain("def half("), n=40, max_tokens=5)
    list(backend.sample(request))
    list(backend.sample(replace(request, first=40)))
    assert [shape for shape in widths if shape[1] > 1] == [(1, len("def half("))]
    assert max(rows for rows, _ in widths) == 32


def test_only_the_first_sample_of_the_coder_is_greedy(opened, half, request_of):
    """It is the same under every seed, as no other sample is."""
    backend = opened()

    def texts(role: Role, seed: int, first: int = 0) -> list[str]:
        prompt = plain("def ", role)
        request = request_of(half, prompt=prompt, n=2, seed=seed, max_tokens=16, first=first)
        return [sample.text for sample in backend.sample(request)]

    assert texts(Role.CODER, 1)[0] == texts(Role.CODER, 100)[0]
    assert texts(Role.CODER, 1)[1] != texts(Role.CODER, 100)[1]
    assert texts(Role.CODER, 1, first=1)[0] != texts(Role.CODER, 100, first=1)[0]
    assert texts(Role.TESTER, 1)[0] != texts(Role.TESTER, 100)[0]


def test_a_sample_starts_with_the_prefix_and_ends_before_the_stop(opened, half, request_of):
    """What extraction parses is whole, and nothing of what follows."""
    backend = opened()
    free = request_of(half, prompt=plain("x = ", prefix="x = "), n=8, seed=1, max_tokens=30)
    texts = [sample.text for sample in backend.sample(free)]
    stop = next(text for text in texts if len(text) > 20)[10:13]
    stopped = replace(free, prompt=replace(free.prompt, stop=("never", stop)))
    found = [sample.text for sample in backend.sample(stopped)]
    assert found != texts
    assert found == ["x = " + t.removeprefix("x = ").partition(stop)[0] for t in texts]


def test_the_log_probability_is_that_of_the_text(opened, half, request_of):
    """A sum over its tokens, in nats, before temperature and filters."""
    backend = opened()
    request = request_of(half, prompt=plain("def half("), n=4, max_tokens=12, temperatures=(0.3,))
    for sample in backend.sample(request):
        ids = torch.tensor([backend._tokenizer("def half(" + sample.text)["input_ids"]])
        scores = backend._loop._model(input_ids=ids).logits.log_softmax(-1)[0]
        start = len("def half(")
        steps = [scores[i - 1, ids[0, i]].item() for i in range(start, ids.shape[1])]
        assert len(steps) == sample.tokens
        assert sample.logprob == pytest.approx(sum(steps), rel=1e-4)


class _Fixed:
    """Random numbers that are given."""

    def __init__(self, number: float) -> None:
        self._number = number

    def random(self) -> float:
        return self._number


def drawn(odds: list[float], number: float, top_p: float, min_p: float, heat: float = 1.0) -> int:
    rows = [_Row(0, heat, _Fixed(number))]
    scores = torch.tensor([odds]).log()
    return _choose(scores, rows, top_p, min_p)[0][0]


def test_filters_leave_the_tokens_that_their_names_say():
    """The number drawn picks among the likeliest first."""
    odds = [0.1, 0.5, 0.04, 0.36]
    assert [drawn(odds, n, 1.0, 0.0) for n in (0.0, 0.49, 0.51, 0.87, 0.95, 0.99)] == [
        1, 1, 3, 0, 0, 2,
    ]  # fmt: skip
    assert drawn(odds, 0.999, 1.0, 0.1) == 0
    assert drawn(odds, 0.999, 1.0, 0.5) == 3
    assert drawn(odds, 0.999, 0.4, 0.0) == 1
    assert drawn(odds, 0.999, 0.6, 0.0) == 3
    assert drawn(odds, 0.7, 1.0, 0.0, heat=0.1) == 1
    assert drawn([0.25] * 4, 0.3, 1.0, 0.0) == 1
    assert drawn(odds, 0.999, 0.0, 0.0) == 1


def test_draws_follow_the_odds():
    """Within what chance allows, over 20000 seeds."""
    import random

    rows = [_Row(i, 1.0, random.Random(i)) for i in range(20000)]
    scores = torch.tensor([[0.2, 0.5, 0.3]]).log().expand(len(rows), 3)
    tokens, logprobs = _choose(scores, rows, 1.0, 0.0)
    shares = [tokens.count(token) / len(rows) for token in range(3)]
    assert shares == pytest.approx([0.2, 0.5, 0.3], abs=0.02)
    assert logprobs[0] == pytest.approx(torch.tensor([0.2, 0.5, 0.3]).log()[tokens[0]].item())


def test_a_chat_model_gets_the_messages(checkpoint, opened, half, request_of):
    """With no thinking and no date of today; its answer has no prefix."""
    backend = opened(checkpoint(template=TEMPLATE))
    prompt = Prompt(Role.TESTER, "text", prefix="assert ", messages=(("user", "hello"),))
    shown = backend._tokenizer.decode(backend._tokens(prompt))
    assert (
        shown.replace("\n", " ") == "user: hello 01/07/2024 alse: "
    )  # the tiny vocabulary has no F
    (sample,) = backend.sample(request_of(half, prompt=prompt, n=1, max_tokens=10))
    assert not sample.text.startswith("assert ")


def test_a_failing_chat_template_is_a_model_error(checkpoint, opened, half, request_of):
    """With its own words."""
    backend = opened(checkpoint(template="{{ raise_exception('no such role') }}"))
    with pytest.raises(ModelError, match="its chat template fails: no such role"):
        next(backend.sample(request_of(half, prompt=plain("a"))))


def test_names_of_control_tokens_in_code_are_text(opened):
    """A user's string does not end the prompt."""
    assert 0 not in opened()._tokens(plain("x = '<end>'"))


def test_a_prompt_that_is_too_long_is_cut(opened, half, request_of):
    """To its first shorter form that fits, and then by lines from the top; the sample says so."""
    backend = opened()
    long = plain("a = 1\n" * 60 + "def half(n):\n")
    short = replace(plain("def half(n):\n"), text_cut=("imports",))
    chain = replace(long, shorter=short)
    (sample,) = backend.sample(request_of(half, prompt=chain, n=1, max_tokens=8))
    (alone,) = backend.sample(request_of(half, prompt=short, n=1, max_tokens=8))
    assert sample == alone
    assert sample.cut == ("imports",)
    (sample,) = backend.sample(request_of(half, prompt=long, n=1, max_tokens=500))
    assert sample.cut == ("the top of the code",)
    assert sample.tokens <= 128


def test_closing_the_iterator_cancels(opened, half, request_of):
    """The backend can be used again at once."""
    backend = opened()
    samples = backend.sample(request_of(half, prompt=plain("a"), n=1000, max_tokens=50))
    first = next(samples)
    samples.close()
    again = backend.sample(request_of(half, prompt=plain("a"), n=1, max_tokens=50))
    assert next(again) == first


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_fewer_rows_are_decoded_where_memory_does_not_suffice(opened, half, request_of, dtype):
    """No sample changes or gets lost, and a note says so; one row is the least."""
    backend = opened()
    model = backend._loop._model.to(getattr(torch, dtype))
    request = request_of(half, prompt=plain("def half("), n=9, max_tokens=10)
    whole = list(backend.sample(request))
    limit = [2]

    def run_out(_module, _args, named):
        if named["input_ids"].shape[0] > limit[0]:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")

    model.register_forward_pre_hook(run_out, with_kwargs=True)
    assert [s.seed for s in backend.sample(request)] == [s.seed for s in whole]
    if dtype == "float32":
        assert list(backend.sample(request)) == whole
    assert any("memory did not suffice" in note for note in backend.late_notes)
    assert backend.late_notes[-1].endswith(("2 now", "1 now"))
    limit[0] = 0
    with pytest.raises(ModelError, match="memory does not suffice to sample one completion"):
        next(backend.sample(replace(request, prompt=plain("other"), n=1)))


def test_other_faults_of_the_device_are_passed_on(opened, half, request_of):
    """Only memory is halved for."""
    backend = opened()

    def fail(*_):
        raise RuntimeError("CUDA error: device-side assert triggered")

    backend._loop._model.register_forward_pre_hook(fail)
    with pytest.raises(RuntimeError, match="device-side"):
        next(backend.sample(request_of(half, prompt=plain("a"))))


def test_a_model_without_eos_writes_to_the_limit(checkpoint, opened, half, request_of):
    """Neither the configuration nor the tokenizer has to name an end."""
    folder = checkpoint()
    for name in ("config.json", "generation_config.json", "tokenizer_config.json"):
        settings = json.loads((folder / name).read_text())
        settings.pop("eos_token_id", None)
        settings.pop("eos_token", None)
        (folder / name).write_text(json.dumps(settings))
    samples = opened(folder).sample(request_of(half, prompt=plain("a"), n=20, max_tokens=9))
    assert {sample.tokens for sample in samples} == {9}


def test_the_checkpoints_of_training_are_taken(tmp_path, opened, half, request_of):
    """Model and tokenizer as `genx-train` makes them."""
    from pytest_genx.train.model import build_model
    from pytest_genx.train.recipe import ModelRecipe, TokenizerRecipe
    from pytest_genx.train.tokenizer import save_tokenizer, special_ids, train_tokenizer

    texts = ["def half(n):\n    return n // 2\n"] * 4
    tokenizer = train_tokenizer(texts, TokenizerRecipe(vocabulary=300))
    recipe = ModelRecipe(
        width=32, layers=2, heads=2, kv_heads=1, head_width=16, feed_forward=64, context=128
    )
    model = build_model(recipe, tokenizer.get_vocab_size(), *special_ids(tokenizer))
    folder = tmp_path / "checkpoint"
    save_tokenizer(tokenizer, folder)
    quiet(model.save_pretrained, folder)
    request = request_of(half, prompt=plain("def half(n):\n"), n=3, max_tokens=8)
    samples = list(opened(folder).sample(request))
    assert all(0 < sample.tokens <= 8 for sample in samples)


def test_nothing_is_printed(tiny, tmp_path, half, request_of, capfd):
    """Neither when loading nor when sampling; the library's own settings are put back."""
    log = transformers.utils.logging
    before = log.get_verbosity(), log.is_progress_bar_enabled()
    backend = transformers_backend(Config(tmp_path, model=str(tiny)))
    list(backend.sample(request_of(half, prompt=plain("a"), n=2, max_tokens=5)))
    assert capfd.readouterr() == ("", "")
    assert (log.get_verbosity(), log.is_progress_bar_enabled()) == before


def test_a_model_has_to_be_named(tmp_path):
    """There is no embedded one in this format."""
    with pytest.raises(BadOption, match="--genx-model is ''; expected a directory"):
        transformers_backend(Config(tmp_path))


def test_missing_packages_name_the_command(tmp_path, monkeypatch, tiny):
    """The message is all that is needed to put it right."""
    find = importlib.util.find_spec
    missing = "transformers"
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == missing else find(name)
    )
    with pytest.raises(MissingDependency, match=r"run: pip install 'pytest-genx\[transformers\]'"):
        transformers_backend(Config(tmp_path, model=str(tiny)))
    missing = "bitsandbytes"
    with pytest.raises(MissingDependency, match="run: pip install bitsandbytes"):
        transformers_backend(Config(tmp_path, model=str(tiny), quantize="4bit"))
    missing = "peft"
    with pytest.raises(MissingDependency, match="run: pip install peft"):
        transformers_backend(Config(tmp_path, model=str(tiny), adapters=(("coder", "a"),)))


def test_a_model_that_is_not_there_is_told(opened, tmp_path, monkeypatch):
    """Nothing is downloaded, and other files are no directories."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "m.gguf").touch()
    with pytest.raises(ModelError, match=r"the directory has no config\.json"):
        opened(Path("empty"))
    with pytest.raises(ModelError, match="it is a file; the transformers backend takes a dir"):
        opened(Path("m.gguf"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    for name in ("nobody/nothing", "hf:nobody/nothing", "no/such/directory"):
        with pytest.raises(ModelError, match="the Hugging Face cache has no model of that name"):
            transformers_backend(Config(tmp_path, model=name))


def test_a_model_of_the_cache_is_found_by_its_name(tmp_path, monkeypatch, tiny, half, request_of):
    """As the hub's own client lays it out."""
    from huggingface_hub import constants

    hub = tmp_path / "hub"
    folder = hub / "models--some--model"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("abc")
    (folder / "snapshots").mkdir()
    (folder / "snapshots" / "abc").symlink_to(tiny)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(hub))
    backend = transformers_backend(Config(tmp_path, model="some/model"))
    assert list(backend.sample(request_of(half, prompt=plain("a"), n=1)))


def test_what_is_no_causal_model_is_told(tmp_path, opened):
    """By its kind, before any weight is read."""
    for config, said in [
        (transformers.T5Config(architectures=["T5Model"]), "no causal language model: T5Model"),
        (transformers.BertConfig(architectures=["BertForMaskedLM"]), "model: BertForMaskedLM"),
    ]:
        folder = tmp_path / config.model_type
        config.save_pretrained(folder)
        with pytest.raises(ModelError, match=said):
            opened(folder)
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "config.json").write_text("{nonsense")
    with pytest.raises(ModelError, match=r"its config\.json is no good"):
        opened(tmp_path / "odd")
    (tmp_path / "odd" / "config.json").write_text('{"model_type": "nonsense"}')
    with pytest.raises(ModelError, match=r"its config\.json is no good: .*nonsense"):
        opened(tmp_path / "odd")


def test_damaged_weights_are_told(checkpoint, opened):
    """Cut off, not there, of another size, or not all there."""
    from safetensors.torch import load_file, save_file

    folder = checkpoint()
    weights = folder / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match="its weights are damaged"):
        opened(folder)
    weights.write_bytes(b"")
    with pytest.raises(ModelError, match="its weights are damaged"):
        opened(folder)
    weights.write_bytes(whole)
    tensors = load_file(weights)
    name = "model.layers.1.mlp.up_proj.weight"
    save_file({**tensors, name: tensors[name][:5].clone()}, weights, {"format": "pt"})
    with pytest.raises(ModelError, match="transformers refused it") as caught:
        opened(folder)
    assert "\n" not in str(caught.value)
    save_file({k: v for k, v in tensors.items() if k != name}, weights, {"format": "pt"})
    with pytest.raises(ModelError, match=f"1 weights are missing, such as '{name}'"):
        opened(folder)
    weights.unlink()
    with pytest.raises(ModelError, match="transformers refused it: "):
        opened(folder)


def test_a_model_without_a_tokenizer_is_told(checkpoint, opened):
    """Nothing, or nonsense in its place."""
    folder = checkpoint()
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelError, match="it has no usable tokenizer"):
        opened(folder)
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match="it has no usable tokenizer"):
        opened(folder)


def test_rows_are_bounded_by_what_their_caches_take(checkpoint, monkeypatch, opened):
    """A full context of each fits, and one row always does."""
    backend = opened()
    row = 2 * 2 * 2 * 8 * 4 * 256
    monkeypatch.setattr(transformers_load, "_CACHE", 5 * row)
    assert opened()._loop._rows == 5
    monkeypatch.setattr(transformers_load, "_CACHE", 1)
    assert opened()._loop._rows == 1
    assert backend._loop._rows == 32


@pytest.fixture
def adapter(tmp_path, tiny):
    """Write a LoRA adapter with random weights, for a model of a directory."""

    def write(name: str, seed: int, base: Path | None = None) -> str:
        import peft

        config = transformers.AutoConfig.from_pretrained(base or tiny)
        model = transformers.AutoModelForCausalLM.from_config(config)
        settings = peft.LoraConfig(r=4, target_modules=["q_proj", "up_proj"], lora_alpha=32)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = peft.get_peft_model(model, settings)
        torch.manual_seed(seed)
        for key, value in made.named_parameters():
            if "lora_" in key:
                torch.nn.init.normal_(value, std=0.5)
        made.save_pretrained(tmp_path / name)
        return name

    return write


@needs_peft
def test_each_role_has_its_adapter(opened, half, request_of, adapter, tmp_path, tiny):
    """It changes what that role writes, and nothing else; both may be sampled in turns."""

    def texts(backend, role: Role):
        request = request_of(half, prompt=plain("def ", role), n=3, max_tokens=20)
        return [sample.text for sample in backend.sample(request)]

    bare = opened()
    first, second = adapter("first", 1), adapter("second", 2)
    both = opened(adapters=(("coder", first), ("tester", second)))
    for role, name in ((Role.CODER, first), (Role.TESTER, second)):
        alone = texts(opened(adapters=((role.value, name),)), role)
        assert alone == texts(both, role) != texts(bare, role)
    only = opened(adapters=(("coder", first),))
    assert texts(only, Role.CODER) == texts(both, Role.CODER)
    assert texts(only, Role.TESTER) == texts(bare, Role.TESTER)
    shared = opened(adapters=(("coder", first), ("tester", first)))
    assert texts(shared, Role.CODER) == texts(both, Role.CODER)
    assert texts(shared, Role.TESTER) not in (texts(bare, Role.TESTER), texts(both, Role.TESTER))
    turns = [
        both.sample(request_of(half, prompt=plain("def ", role), n=3, max_tokens=20))
        for role in (Role.CODER, Role.TESTER)
    ]
    mixed = [[sample.text for sample in pair] for pair in zip(*turns, strict=True)]
    assert [list(column) for column in zip(*mixed, strict=True)] == [
        texts(both, Role.CODER),
        texts(both, Role.TESTER),
    ]


@needs_peft
def test_an_adapter_that_does_not_fit_is_told(opened, adapter, checkpoint, tmp_path):
    """Not there, damaged, or of a model of another width, depth or kind."""
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match=r"'empty': it is no adapter: it has no adapter_config"):
        opened(adapters=(("coder", "empty"),))
    for name, changes in [
        ("wide", {"hidden_size": 48}),
        ("deep", {"num_hidden_layers": 3}),
        ("flat", {"num_hidden_layers": 1}),
    ]:
        adapter(name, 1, checkpoint(**changes))
        with pytest.raises(ModelError, match=f"'{name}': it (does not fit|was made for another)"):
            opened(adapters=(("coder", name),))
    adapter("good", 1)
    settings = json.loads((tmp_path / "good" / "adapter_config.json").read_text())
    settings["target_modules"] = ["c_attn"]
    (tmp_path / "good" / "adapter_config.json").write_text(json.dumps(settings))
    with pytest.raises(ModelError, match=r"'good': it does not fit the model: .*c_attn"):
        opened(adapters=(("coder", "good"),))
    adapter("cut", 1)
    weights = tmp_path / "cut" / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(ModelError, match="'cut'"):
        opened(adapters=(("tester", "cut"),))


@needs_bitsandbytes
@pytest.mark.parametrize("quantize", ["8bit", "4bit"])
def test_weights_are_quantised_on_request(opened, checkpoint, half, request_of, quantize):
    """They take less memory, and samples still come."""
    folder = checkpoint(hidden_size=128, intermediate_size=256)
    whole = opened(folder)._loop._model.get_memory_footprint()
    backend = opened(folder, quantize=quantize)
    assert backend._loop._model.get_memory_footprint() < 0.6 * whole
    request = request_of(half, prompt=plain("def "), n=3, max_tokens=8)
    assert len(list(backend.sample(request))) == 3


def test_no_module_of_the_package_is_hidden_by_this_one():
    """The backend's file has the name of what it imports."""
    assert sys.modules["transformers"].__file__ != transformers_load.__file__
    assert hasattr(transformers, "AutoModelForCausalLM")
