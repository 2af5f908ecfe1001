"""Metrics: a light table of what each one is, NumPy functions for values and intervals."""
