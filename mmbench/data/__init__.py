"""Rows of data: sources, splits, the cache, and the batches that a model is fed with."""
