"""The recipe that `genx-train init` writes."""

from __future__ import annotations

from pathlib import Path

from pytest_genx.errors import WriteRefused

TEMPLATE = """\
# Joint training of coder and tester: genx-train check FILE, then genx-train run FILE
# Every key can be overridden on the command line: genx-train run FILE sampling.tester=4
# Version 1 is the base trained on the problems as they are; each round samples with the current
# version, runs what it wrote, keeps what holds, and trains the next version from the base.
name: rounds-nano
base: models/genx-nano.gguf     # a Qwen3 model: a GGUF file or a folder of transformers
output: build/rounds-nano       # a folder for this run alone; all artefacts go there
rounds: 3                       # versions v1 to v4; it may be raised later, with resume
seed: 7
tracking: []                    # beside the log: tensorboard, trackio (on this machine)
data:
  folder: ../shared/data/problems   # where sets are looked for
  # NAME or FORMAT:NAME; formats: problems, mbpp, humaneval, apps, taco, kodcode
  # NAME may be hub:OWNER/NAME[@REVISION][:CONFIG/SPLIT], taken from the hub's local cache
  train: [mbpp-train, codeio-train]
  test: [mbpp-test, codeio-test]    # never trained on; equal code is left out of training
  limit: 200                    # problems of each training set
  longest_input: 2000           # characters of one test
  overlap: 0.5                  # statements that share more with a test set are left out
  holdout: 0                    # share of each training set that is tested on instead
  download: false               # sets of the hub that the local cache lacks
sampling:
  backend: llama
  processes: 2                  # each has its own copy of the model
  threads: 1                    # of one copy
  tester: 8                     # samples for a problem
  coder: 8
  max_tokens: 192
  temperature: 0.8
execution:
  sandbox: process
  workers: 0                    # 0: as many as cores
  cpu: 0.5                      # seconds for one case
filter:
  kind: execution               # none: the control arm, samples are taken as they are
  cases: 16                     # for a problem and round, those that kill most mutants first
  codes: 4                      # for a problem and round, those that differ most
  mutants: 8                    # of the reference; a case that kills none is unhelpful
  replay: union                 # of earlier rounds: union, none, share
  share: 0.5                    # what share takes
  threshold: 0.6                # by the dual critic, for problems without a reference
train:
  method: sft                   # kto, dpo, grpo go on from the version that sampled (extra trl)
  epochs: 2                     # this and what follows is for sft, which makes version 1 always
  threads: 2
  batch: 4096                   # tokens of a step
  muon: 1.0e-3                  # learning rate of matrices inside blocks
  adam: 5.0e-4                  # learning rate of the embedding and of norms
  warmup: 10                    # steps
  decay: 0.7                    # last share of the steps, linear
  prompt_weight: 0.1            # loss weight of tokens that are given
  checkpoint: 2                 # minutes
  answers: 3                    # tester documents for a problem
preferences:                    # which answers of a round kto, dpo and grpo learn from
  lowest: 0.2                   # share of right answers to a problem, strictly between these
  highest: 0.8
  valid: 1.0                    # share of a tester's cases that must hold in a right answer
  pairs: 4                      # of a problem and role, for dpo
  wrong: 16                     # programs that a tester's cases are run against, for grpo
# Settings by the names of TRL's KTOConfig, DPOConfig and GRPOConfig; any of them may be set.
kto:
  beta: 0.1                     # pull towards the version that sampled
  learning_rate: 1.0e-5         # about 1e-6 for models of billions of parameters
  per_device_train_batch_size: 8
  num_train_epochs: 1
  save_steps: 50                # steps between checkpoints
dpo:
  beta: 0.1
  learning_rate: 1.0e-5
  per_device_train_batch_size: 8
  num_train_epochs: 1
  save_steps: 50
grpo:
  beta: 0.0                     # no reference model
  learning_rate: 1.0e-5
  num_generations: 8            # fresh answers to a prompt
  temperature: 1.0
  epsilon: 0.2                  # clip, below and above
  epsilon_high: 0.28
  per_device_train_batch_size: 8
  gradient_accumulation_steps: 4
  num_train_epochs: 1
  save_steps: 50
eval:
  limit: 100                    # problems of each test set
  tester: 8
  coder: 8
  mutants: 8
  first: 10                     # kept cases whose kills count
"""


def write_template(path: Path) -> None:
    """Write the recipe into a new file.

    Raises:
        WriteRefused: there is something, or the folder is not there.
    """
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(TEMPLATE)
    except OSError as error:
        raise WriteRefused(path, (error.strerror or str(error)).lower()) from None
