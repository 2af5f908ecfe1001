"""A suite's blocks, spelled out as cases."""

import pytest

from mmbench.cards import BenchBlock
from mmbench.catalog import Catalog
from mmbench.errors import CardError
from mmbench.speed.order import Timing, orders_of

TIMING = Timing(init="random", device="cpu", seconds=1.0)


def names(*blocks: BenchBlock) -> list[str]:
    return [order.name for order in orders_of(blocks, Catalog.standard(), TIMING)]


def test_every_combination_is_a_case_and_those_of_one_model_stand_together() -> None:
    models = ("clip-scratch", "bert-zh-scratch")
    train = BenchBlock(models=models, modes=("train",), batch_sizes=(2, 4), tokens=(8,))
    infer = BenchBlock(models=models, modes=("infer",), batch_sizes=("max",), tokens=(8,))
    assert names(train, infer) == [
        f"{model} {rest} t8"
        for model in models
        for rest in ("train fp32 b2", "train fp32 b4", "infer fp32 bmax")
    ]


def test_what_two_blocks_ask_for_is_timed_once() -> None:
    block = BenchBlock(models=("clip-scratch",), batch_sizes=(2,), tokens=(8,))
    assert names(block, block) == names(block)


def test_texts_are_as_long_as_usual_or_as_the_model_takes() -> None:
    models = ("bert-base-uncased", "clip-vit-base-patch32", "chinese-clip-vit-base-patch16")
    block = BenchBlock(models=(*models, "resnet50"), modes=("train",), batch_sizes=(1,))
    assert [name.rpartition(" ")[2] for name in names(block)] == ["t128", "t77", "t52", "b1"]


def test_lengths_are_for_text_and_sizes_for_images() -> None:
    models = ("bert-base-uncased", "resnet50")
    block = BenchBlock(
        models=models, modes=("train",), batch_sizes=(1,), tokens=(8, 16), image_sizes=(64, 128)
    )
    assert [name.rpartition(" ")[2] for name in names(block)] == ["t8", "t16", "i64", "i128"]


def test_an_unknown_model_is_told_before_anything_is_timed() -> None:
    with pytest.raises(CardError, match="no model 'resnet5'; did you mean 'resnet50'"):
        names(BenchBlock(models=("resnet5",), batch_sizes=(1,)))


def test_the_suite_speed_has_all_families_at_their_own_sizes() -> None:
    blocks = Catalog.standard().suite("speed").bench
    orders = orders_of(blocks, Catalog.standard(), TIMING)
    text = {o.case.model.name: o.case.tokens for o in orders if o.case.tokens is not None}
    assert text["bert-base-chinese"] == 128
    assert text["clip-vit-base-patch32"] == 77
    assert text["chinese-clip-vit-base-patch16"] == 52
    assert text["siglip-base-patch16-224"] == 64
    for order in orders:
        rules = order.case.model.text
        assert rules is None or rules.padding != "max" or order.case.tokens == rules.max_tokens
    inference = [o for o in orders if o.case.mode == "infer"]
    assert {1, 8, 32} <= {o.case.batch_size for o in inference if not o.largest}
    for model in {o.case.model.name for o in orders}:
        assert any(o.largest for o in inference if o.case.model.name == model)
    described = Catalog.standard().suite("speed").description
    assert "audio" in described["en"]
