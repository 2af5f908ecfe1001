"""Throughput tests in anybody's own test suite: what the pytest plugin does once it is asked."""
