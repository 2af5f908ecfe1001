"""How often the paired gate is wrong: timings with an injected slow-down, and its decisions."""
