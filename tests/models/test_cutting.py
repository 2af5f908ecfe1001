"""Tokenizers of any kind show one face: the ids of their own, what was cut, and a digest."""

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoTokenizer, ByT5Tokenizer, SiglipConfig, SiglipModel

from mmbench.cards import TextRules
from mmbench.data.cache import Cache
from mmbench.data.joint import JointRows
from mmbench.models import open_clip_text
from mmbench.models.cutting import FastTokenizer, SlowTokenizer
from mmbench.models.dual import DualAdapter
from mmbench.models.loading import load
from mmbench.models.tokens import cut, lower_case
from tests.models.dual_samples import TEXTS, clip_tokenizer, dual_card, gemma_tokenizer, pairs
from tests.models.samples import texts, word_tokenizer

PADDED = TextRules(max_tokens=16, pooling="own", padding="max")


def test_a_tokenizer_in_python_gives_its_own_ids_and_keeps_the_end() -> None:
    inner: Any = ByT5Tokenizer()
    assert not inner.is_fast
    ours = SlowTokenizer(inner)
    rows, cut_short = ours.encode(TEXTS, 12)
    assert rows == [inner(t, truncation=True, max_length=12)["input_ids"] for t in TEXTS]
    assert cut_short == sum(len(inner(t)["input_ids"]) > 12 for t in TEXTS) > 0
    assert {row[-1] for row in rows} == {inner.eos_token_id}
    assert (ours.pad_id, ours.unknown_id) == (inner.pad_token_id, inner.unk_token_id)
    assert ours.digest() == SlowTokenizer(ByT5Tokenizer()).digest()
    assert ours.digest() != SlowTokenizer(ByT5Tokenizer(extra_ids=3)).digest()


def test_a_token_that_ends_texts_is_not_unknown() -> None:
    """CLIP names one token for both; counting it would report unknown words in every text."""
    clip: Any = clip_tokenizer()
    assert clip.unk_token_id == clip.eos_token_id == 49407
    assert FastTokenizer(clip).unknown_id is None
    assert FastTokenizer(word_tokenizer()).unknown_id == 1


def test_lower_case_goes_letter_by_letter_as_the_tokenizers_do_it() -> None:
    assert lower_case("A RED DÖG, İΣ 狗") == "a red dög, i̇σ 狗"
    assert "ΣΑΣ".lower() == "σας"  # Python knows that a last sigma is another letter
    assert lower_case("ΣΑΣ") == "σασ"


def test_lower_case_and_padding_are_parts_of_the_rows(cache: Cache) -> None:
    tokenizer = FastTokenizer(gemma_tokenizer())
    rows = {}
    for lower in (False, True):
        rules = TextRules(max_tokens=16, pooling="own", padding="max", lower_case=lower)
        rows[lower] = cut(tokenizer, rules, texts("A dog", "a dog"), cache)
    kept, folded = (rows[lower].collate([0, 1])["input_ids"] for lower in (False, True))
    assert kept.shape == folded.shape == (2, 16)
    assert not torch.equal(kept[0], kept[1])
    assert torch.equal(folded[0], folded[1])
    assert torch.equal(folded[1], kept[1])
    assert rows[False].digest != rows[True].digest
    assert rows[True].padded_to == 16
    longest = TextRules(max_tokens=16, pooling="own")
    assert cut(tokenizer, longest, texts("a dog"), cache).padded_to is None


def test_how_a_text_is_cleaned_changes_the_digest() -> None:
    inner = FastTokenizer(word_tokenizer())
    cleanings: list[dict[str, Any]]
    cleanings = [{"clean": how} for how in ("canonicalize", "lower", "whitespace")]
    cleanings.append({"clean": "whitespace", "strip_sep_token": True})
    found = [
        open_clip_text.cleaned(inner, 3, {"tokenizer_kwargs": how}, "here") for how in cleanings
    ]
    own = [open_clip_text.byte_pairs({"tokenizer_kwargs": how}, "here") for how in cleanings[:3]]
    digests = {*(one.digest() for one in found), *(one.digest() for one in own)}
    assert len(digests) == 7
    assert found[3].encode(["a cat"], 8)[0] == [[2, 5, 7, 0]]  # the separator became 0


def test_siglips_own_tokenizer_gives_its_own_ids(tmp_path: Path, cache: Cache) -> None:
    """It needs SentencePiece, which is no requirement of ours."""
    sentencepiece: Any = pytest.importorskip("sentencepiece")
    from transformers import SiglipTokenizer

    (tmp_path / "words.txt").write_text("a red dog sat on the mat\nthe cat ran on and on\n" * 50)
    sentencepiece.SentencePieceTrainer.train(
        input=str(tmp_path / "words.txt"),
        model_prefix=str(tmp_path / "spiece"),
        vocab_size=60,
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
        hard_vocab_limit=False,
    )
    theirs: Any = SiglipTokenizer(str(tmp_path / "spiece.model"))
    tower = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1}
    tower |= {"num_attention_heads": 2}
    text = {**tower, "vocab_size": len(theirs), "max_position_embeddings": 16}
    vision = {**tower, "image_size": 32, "patch_size": 8}
    model = tmp_path / "model"
    SiglipModel(SiglipConfig(text_config=text, vision_config=vision)).save_pretrained(model)
    theirs.save_pretrained(model)
    adapter = load(dual_card(model, PADDED))  # no lower_case: it drops capitals itself
    assert isinstance(adapter, DualAdapter)
    assert isinstance(adapter.tokenizer, SlowTokenizer)
    rows = adapter.prepare(pairs(), cache)
    assert isinstance(rows, JointRows)
    again: Any = AutoTokenizer.from_pretrained(model)
    padded = {"padding": "max_length", "truncation": True, "max_length": 16}
    ids = again(list(TEXTS), return_tensors="pt", **padded)["input_ids"]
    assert torch.equal(rows.collate(range(8))["text.input_ids"], ids)
    assert adapter.tokenizer.digest() == SlowTokenizer(again).digest()
