"""Which cards of the registry each file of tests checks: one file is one core's work."""

from mmbench.cards import ModelCard
from mmbench.catalog import Catalog
from mmbench.conformance.models import check_model

CATALOG = Catalog.standard()
CARDS = [CATALOG.model(name) for name in CATALOG.names(ModelCard)]
HALVES = [c.name for c in CARDS if c.modalities == ("text",) and "generates" in c.gives]
"""Decoders, which are checked within the captioners that they belong to."""
TEXT = [c.name for c in CARDS if c.modalities == ("text",) and c.name not in HALVES]
IMAGE = [card.name for card in CARDS if card.modalities == ("image",)]
AUDIO = [card.name for card in CARDS if "audio" in card.modalities]
BOTH = [card.name for card in CARDS if {"image", "text"} <= set(card.modalities)]


def assert_keeps_its_contract(name: str) -> None:
    report = check_model(CATALOG.model(name))
    broken = [f"{found.what}: {found.said}" for found in report.findings if found.verdict == "fail"]
    assert broken == []
    assert report.passed
    assert report.label == "architecture-checked"
    ran = {found.what for found in report.findings if found.verdict == "pass"}
    assert {"loads", "preprocessing", "eval mode", "batch size", "gives", "training step"} <= ran
