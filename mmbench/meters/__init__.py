"""Meters: time, memory, and the machine that both belong to."""
