"""Outcomes that are kept on disk: a cache between runs, and the journal of the run at hand."""
