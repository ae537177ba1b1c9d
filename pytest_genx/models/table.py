"""Well-known code models in GGUF: what each is called, where it lies, its licence, size and sum.

Sums and sizes were not computed here; each was read in the public repository that is named with
it. Licences are what the publisher of the model states. A size that was found nowhere is None.
"""

from __future__ import annotations

from dataclasses import dataclass

# What the llama backend takes over the weights of these models at most, for caches, a step and the
# rest, by the formula of `backends/llama_memory`; a test holds them together.
OVER_WEIGHTS = 5 << 29


@dataclass(frozen=True, slots=True)
class Entry:
    """One model of the table; `size` is in bytes, `sha256` in lower case."""

    name: str
    repository: str  # on the hub
    file: str
    license: str
    size: int | None
    sha256: str

    @property
    def memory(self) -> int | None:
        """Bytes that it needs at most: its file and what sampling takes over the weights."""
        return None if self.size is None else self.size + OVER_WEIGHTS


TABLE: tuple[Entry, ...] = (
    # Sum and size: szl-holdings/a11oy, Dockerfile.
    # Licences of all Qwen2.5-Coder: the table of qwenlm.github.io/blog/qwen2.5-coder-family, as
    # jazzwang/snippet has it, md/genai/llm/qwen.md.
    Entry(
        "qwen2.5-coder-0.5b",
        "Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
        "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
        "Apache-2.0",
        491_400_064,
        "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
    ),
    # Sum and size: mindsurf0176-ui/relaycode, apps/ios/scripts/test-on-device-model.sh.
    Entry(
        "qwen2.5-coder-1.5b",
        "Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
        "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        "Apache-2.0",
        1_117_320_768,
        "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    ),
    # Sum and size: mindsurf0176-ui/relaycode, apps/ios/scripts/test-on-device-model.sh.
    Entry(
        "qwen2.5-coder-3b",
        "Qwen/Qwen2.5-Coder-3B-Instruct-GGUF",
        "qwen2.5-coder-3b-instruct-q4_k_m.gguf",
        "Qwen Research",
        2_104_932_800,
        "724fb256bec1ff062b2f65e4569e871ad2e95ab2a3989723d1769c54294730b7",
    ),
    # Sum: crussella0129/Kinesin, docs/getting-started.md.
    # Size: seen with that sum in other public files, whose repositories the search did not name.
    Entry(
        "qwen2.5-coder-7b",
        "Qwen/Qwen2.5-Coder-7B-Instruct-GGUF",
        "qwen2.5-coder-7b-instruct-q4_k_m.gguf",
        "Apache-2.0",
        4_683_073_536,
        "509287f78cb4d4cf6b3843734733b914b2c158e43e22a7f4bf5e963800894d3c",
    ),
    # Sum and size: ModelJars/modeljars, catalog/models.json.
    Entry(
        "qwen2.5-coder-14b",
        "Qwen/Qwen2.5-Coder-14B-Instruct-GGUF",
        "qwen2.5-coder-14b-instruct-q4_k_m.gguf",
        "Apache-2.0",
        8_988_110_272,
        "c1e659736d89ac1065fb495330fb824d94001974a4bfa78e7270e43476a8d940",
    ),
    # Sum and size: ModelJars/modeljars, catalog/models.json.
    # Licence: deepseek-ai/DeepSeek-Coder, README.md and LICENSE-MODEL.
    Entry(
        "deepseek-coder-1.3b",
        "TheBloke/deepseek-coder-1.3b-instruct-GGUF",
        "deepseek-coder-1.3b-instruct.Q4_K_M.gguf",
        "DeepSeek Model License",
        873_582_624,
        "04cebb6fafa40ae628cf6bfeb76032ec792852f54020c559ad0a56b9f2839118",
    ),
    # Sum: mudler/LocalAI, gallery/index.yaml. Licence: 01-ai/Yi-Coder, README.md.
    Entry(
        "yi-coder-1.5b",
        "MaziyarPanahi/Yi-Coder-1.5B-Chat-GGUF",
        "Yi-Coder-1.5B-Chat.Q4_K_M.gguf",
        "Apache-2.0",
        None,
        "e2e8fa659cd75c828d7783b5c2fb60d220e08836065901fad8edb48e537c1cec",
    ),
    # Sum: mudler/LocalAI, gallery/index.yaml. Licence: 01-ai/Yi-Coder, README.md.
    # Size: seen with that sum in another public file, whose repository the search did not name.
    Entry(
        "yi-coder-9b",
        "bartowski/Yi-Coder-9B-Chat-GGUF",
        "Yi-Coder-9B-Chat-Q4_K_M.gguf",
        "Apache-2.0",
        5_328_958_272,
        "251cc196e3813d149694f362bb0f8f154f3320abe44724eebe58c23dc54f201d",
    ),
)


def entry(name: str) -> Entry | None:
    """Find a model by its short name."""
    return next((known for known in TABLE if known.name == name), None)
