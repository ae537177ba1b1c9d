"""The spine: one stage a file; only `run` knows their order."""
