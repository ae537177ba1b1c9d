"""`genx-train`: make models. Results go to files, progress to the terminal."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self

from pytest_genx.errors import GenxError, MissingDependency
from pytest_genx.train.export.command import add_export
from pytest_genx.train.rounds.command import add_rounds

_INTERRUPTED = 130
_EXTRA = {  # modules of the extra `train`, with the packages that hold them
    "torch": "torch",
    "transformers": "transformers",
    "tokenizers": "tokenizers",
    "safetensors": "safetensors",
    "gguf": "gguf",
    "yaml": "pyyaml",
}
_QUIET_SECONDS = 60.0  # between plain lines when the output is no terminal


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; return the exit status: 0, 2 for a user's error, 130 when interrupted."""
    arguments = _parser().parse_args(argv)
    try:
        return _run(arguments)
    except GenxError as error:
        sys.stderr.write(f"genx-train: {error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("genx-train: interrupted\n")
        return _INTERRUPTED


def _run(arguments: argparse.Namespace) -> int:
    """Run the verb; a package of the extra `train` that is missing is a user's error."""
    try:
        return int(arguments.run(arguments))
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in _EXTRA:
            raise
        raise MissingDependency(
            "training", _EXTRA[package], "pip install 'pytest-genx[train]'"
        ) from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="genx-train", description=__doc__)
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    pretrain = verbs.add_parser("pretrain", help="train a small model from scratch and export it")
    pretrain.add_argument("recipe", type=Path, help="YAML file")
    pretrain.add_argument("overrides", nargs="*", metavar="key.sub=value")
    pretrain.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    pretrain.set_defaults(run=_pretrain)
    measure = verbs.add_parser("eval", help="measure a plain model in both roles")
    measure.add_argument("model", type=Path, help="GGUF file")
    measure.add_argument("--problems", type=Path, help="folder of problem files")
    measure.add_argument("--functions", type=int, default=100, help="problems of each set (100)")
    measure.add_argument("--samples", type=int, default=4, help="answers to each prompt (4)")
    measure.add_argument("--seed", type=int, default=0)
    measure.add_argument("--threads", type=int, default=1)
    measure.add_argument(
        "--card", type=Path, help="Markdown file whose marked section is rewritten"
    )
    measure.set_defaults(run=_evaluate)
    add_rounds(verbs)
    add_export(verbs)
    return parser


def _pretrain(arguments: argparse.Namespace) -> int:
    from pytest_genx.train.loop import CHECKPOINT  # noqa: PLC0415
    from pytest_genx.train.pretrain import pretrain  # noqa: PLC0415
    from pytest_genx.train.recipe import load_recipe  # noqa: PLC0415

    recipe = load_recipe(arguments.recipe, arguments.overrides)
    with _Progress() as progress:
        try:
            pretrain(
                recipe,
                resume=arguments.resume,
                notice=progress.notice,
                report=progress.report,
            )
        except KeyboardInterrupt:
            if (recipe.output / CHECKPOINT).exists():
                progress.notice(f"checkpoint saved in {recipe.output}; go on with --resume")
            raise
    return 0


def _evaluate(arguments: argparse.Namespace) -> int:
    from pytest_genx.train.evaluate import evaluate, llama_generate  # noqa: PLC0415
    from pytest_genx.train.measure import table, write_card  # noqa: PLC0415

    with llama_generate(arguments.model, threads=arguments.threads) as generate:
        measures = evaluate(
            generate,
            arguments.problems,
            functions=arguments.functions,
            samples=arguments.samples,
            seed=arguments.seed,
            notice=lambda name: print(f"measuring {name}", file=sys.stderr, flush=True),  # noqa: T201
        )
    text = table(measures)
    if arguments.card is not None:
        write_card(arguments.card, text)
    sys.stdout.write(text + "\n")
    return 0


class _Progress:
    """A bar on a terminal, a plain line a minute anywhere else."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        from rich.console import Console  # noqa: PLC0415
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

        self._clock = clock
        self._last = clock()
        self._console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:.0f} %"),
            TimeElapsedColumn(), console=self._console, disable=not self._console.is_terminal,
        )  # fmt: skip
        self._task = self._bar.add_task("training", total=1.0)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def notice(self, line: str) -> None:
        """Print one line."""
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)

    def report(self, step: dict[str, float]) -> None:
        """Show a training step."""
        line = (
            f"step {step['step']:.0f}, loss {step['loss']:.3f} "
            f"(answers {step['answer_loss']:.3f}), "
            f"{step['tokens_per_second']:.0f} tokens/s"
        )
        self._bar.update(self._task, completed=step["progress"], description=line)
        if not self._console.is_terminal and self._clock() - self._last > _QUIET_SECONDS:
            self._last = self._clock()
            self.notice(f"{line}, {step['minutes']:.1f} minutes")


if __name__ == "__main__":  # for launchers such as `accelerate launch -m`
    sys.exit(main())
