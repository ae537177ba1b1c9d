"""What the stages of a run share: its recipe, problems, bases, folders and versions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_genx.train.gguf_file import write_gguf
from pytest_genx.train.rounds.bases import (
    Base,
    based,
    load_base,
    own_name,
    read_chat_template,
    save_words,
)
from pytest_genx.train.rounds.problems import Problem
from pytest_genx.train.rounds.recipe import RoundsRecipe
from pytest_genx.train.rounds.roles import Version, parts
from pytest_genx.train.rounds.store import FORMAT, Place, RunError, versions


@dataclass(frozen=True, slots=True)
class Watch:
    """What is told of progress."""

    notice: Callable[[str], None] = lambda _: None
    progress: Callable[[str, int, int], None] = lambda _what, _done, _total: None
    log: Callable[[dict[str, Any]], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Work:
    """A recipe with its problems."""

    recipe: RoundsRecipe
    train: Mapping[str, Problem]  # by id, in order
    test: Mapping[str, Sequence[Problem]]  # by set
    dropped: Mapping[str, Mapping[str, int]]
    watch: Watch
    bases: Mapping[str, Base]  # by part
    main: bool = True  # of several processes that train together, the one that writes

    def place(self, number: int) -> Place:
        """The folder of a round."""
        head = {
            "format": FORMAT,
            "name": self.recipe.name,
            "round": number,
            "recipe": self.recipe.digest(),
            "seed": self.recipe.seed,
            **based(self.bases),
            "versions": versions(),
            "data": self.dropped,
        }
        return Place(self.recipe.output / f"round-{number}", head)

    @property
    def gguf(self) -> bool:
        """Whether the backend that samples takes GGUF files."""
        return self.recipe.sampling.backend != "transformers"

    def version(self, number: int) -> Version:
        """What plays the roles in a version; version 0 is the base.

        Raises:
            RunError: it has not been trained yet.
        """
        models: dict[str, Path] = {}
        adapters: dict[str, Path] = {}
        for part, roles in parts(self.recipe.roles).items():
            if number == 0:
                path = self.base_file(part) if self.gguf else self.base_folder(part)
            else:
                folder = self.place(number - 1).folder
                path = folder / (f"{part}.gguf" if self.gguf else part)
                if not path.exists():
                    raise RunError(self.recipe.output, f"version {number} is not trained yet")
                if self.recipe.roles == "adapters" and not self.gguf:
                    adapters |= {role.value: path for role in roles}
                    path = self.base_folder(part)
            models |= {role.value: path for role in roles}
        return Version(models, adapters)

    def base_file(self, part: str) -> Path:
        """The base of a part as a GGUF file, which is written where it is a folder."""
        base = self.bases[part].path
        if not base.is_dir():
            return base
        path = self.recipe.output / f"{own_name(self.bases, part)}.gguf"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            template = read_chat_template(base)
            write_gguf(base, path, licence=self.bases[part].licence, chat_template=template)
        return path

    def base_folder(self, part: str) -> Path:
        """The base of a part as a folder, which is written where it is a GGUF file."""
        base = self.bases[part].path
        if base.is_dir():
            return base
        path = self.recipe.output / f"{own_name(self.bases, part)}-model"
        if not path.exists():
            partial = path.with_name(path.name + ".new")
            model, words = load_base(base)
            model.save_pretrained(partial)
            save_words(words, base, partial)
            partial.rename(path)
        return path
