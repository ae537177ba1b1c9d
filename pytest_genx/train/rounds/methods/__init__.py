"""Methods that go on from the version that sampled: kto, dpo, grpo, by TRL."""
