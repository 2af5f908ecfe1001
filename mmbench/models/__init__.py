"""Adapters: pretrained (or random-start) models as feature extractors, each with its own rules."""
