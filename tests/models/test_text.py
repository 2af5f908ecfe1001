"""Text features equal upstream's own forward, whatever the batch."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import AutoModel, AutoTokenizer, RobertaConfig, RobertaModel

from mmbench.cards import ModelCard, RandomModel, TextRules, TrainedTokenizer
from mmbench.catalog import Catalog
from mmbench.data.cache import Cache
from mmbench.errors import CardError, TrialError
from mmbench.models.base import Adapter, Features
from mmbench.models.loading import load
from mmbench.models.sources import locate, relocated
from mmbench.models.text import TextAdapter
from mmbench.models.tokens import TokenRows
from mmbench.models.vocabulary import train_tokenizer
from tests.models.samples import SPECIAL, WORDS, text_card, texts, word_tokenizer

SENTENCES = (
    "A cat sat on the mat.",
    "",
    "Which backbone should I fine-tune for my task, and what will it cost? " * 30,
    "Hello!",
    "书很好看，值得一读。",
    "a b c d e f g h i j k l m n o p",
    "the the the",
    "naïve café ﬁn\u200bd",
    "x" * 500,
)


def upstream(folder: Path, sentences: tuple[str, ...], rules: TextRules) -> Tensor:
    """[N, D]: AutoModel and AutoTokenizer on one padded batch, pooled as sentence-transformers."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder).eval()
    batch = tokenizer(
        list(sentences),
        padding=True,
        truncation=True,
        max_length=rules.max_tokens,
        return_tensors="pt",
    )
    with torch.no_grad():
        output = model(**batch)
    if rules.pooling == "cls":
        return output.last_hidden_state[:, 0]  # type: ignore[no-any-return]
    if rules.pooling == "pooler":
        return output.pooler_output  # type: ignore[no-any-return]
    mask = batch["attention_mask"].unsqueeze(-1).expand(output.last_hidden_state.size()).float()
    summed = torch.sum(output.last_hidden_state * mask, 1)
    return summed / torch.clamp(mask.sum(1), min=1e-9)


def in_batches(adapter: Adapter, sentences: tuple[str, ...], size: int, cache: Cache) -> Tensor:
    prepared = adapter.prepare(texts(*sentences), cache)
    starts = range(0, len(sentences), size)
    with torch.no_grad():
        pooled = [
            adapter(prepared.collate(range(i, min(i + size, len(sentences))))).pooled
            for i in starts
        ]
    return torch.cat(pooled)


def test_minilm_features_equal_upstreams(cache: Cache) -> None:
    card = Catalog.standard().model("minilm-l6")
    assert card.source.via == "package"
    assert card.text is not None
    adapter = load(card)
    theirs = upstream(locate(card.source), SENTENCES, card.text)
    for batch_size in (1, 8):
        ours = in_batches(adapter, SENTENCES, batch_size, cache)
        assert ours.shape == (len(SENTENCES), 384)
        assert (ours - theirs).abs().max() <= 1e-5


@pytest.mark.parametrize("pooling", ["mean", "cls", "pooler"])
def test_each_pooling_equals_upstreams(pooling: str, bert_folder: Path, cache: Cache) -> None:
    rules = TextRules(max_tokens=12, pooling=pooling)  # type: ignore[arg-type]
    sentences = ("a cat", "", "the big red dog ran on the small mat " * 3, "unknown word")
    adapter = load(text_card(bert_folder, rules=rules))
    for batch_size in (1, 4):
        ours = in_batches(adapter, sentences, batch_size, cache)
        assert (ours - upstream(bert_folder, sentences, rules)).abs().max() <= 1e-5


def test_padding_does_not_change_features(bert_folder: Path, cache: Cache) -> None:
    adapter = load(text_card(bert_folder))
    inputs = dict(adapter.prepare(texts("a big cat"), cache).collate([0]))
    plain: Features = adapter(inputs)
    padded: Features = adapter(
        {
            "input_ids": torch.nn.functional.pad(inputs["input_ids"], (0, 9)),
            "attention_mask": torch.nn.functional.pad(inputs["attention_mask"], (0, 9)),
        }
    )
    assert (plain.pooled - padded.pooled).abs().max() <= 1e-5
    assert plain.mask is not None
    assert plain.mask.tolist() == [[True] * 5]
    assert plain.tokens is not None
    assert plain.tokens.shape == (1, 5, 16)


def test_gradients_reach_every_layer(bert_folder: Path, cache: Cache) -> None:
    adapter = load(text_card(bert_folder)).train()
    adapter(
        adapter.prepare(texts("a cat", "the dog ran"), cache).collate([0, 1])
    ).pooled.sum().backward()
    reached = {name for name, p in adapter.named_parameters() if p.grad is not None}
    assert {name for name, _ in adapter.named_parameters()} - reached == {
        "backbone.pooler.dense.weight",
        "backbone.pooler.dense.bias",
    }


def test_more_tokens_than_positions_are_refused(bert_folder: Path) -> None:
    load(text_card(bert_folder, rules=TextRules(max_tokens=24, pooling="mean")))
    with pytest.raises(CardError, match="max_tokens is 25; the model takes at most 24"):
        load(text_card(bert_folder, rules=TextRules(max_tokens=25, pooling="mean")))


def roberta(folder: Path, *, vocabulary: int, pooler: bool) -> Path:
    RobertaModel(
        RobertaConfig(
            vocab_size=vocabulary,
            hidden_size=16,
            intermediate_size=32,
            num_attention_heads=2,
            num_hidden_layers=1,
            max_position_embeddings=16,
            pad_token_id=1,
        ),
        add_pooling_layer=pooler,
    ).save_pretrained(folder)
    word_tokenizer().save_pretrained(folder)
    return folder


def test_positions_of_roberta_start_behind_the_padding_index(tmp_path: Path) -> None:
    folder = roberta(tmp_path, vocabulary=40, pooler=True)
    load(text_card(folder, rules=TextRules(max_tokens=14, pooling="mean")))
    with pytest.raises(CardError, match="at most 14"):
        load(text_card(folder, rules=TextRules(max_tokens=15, pooling="mean")))


def test_a_pooler_without_weights_is_no_pooler(tmp_path: Path) -> None:
    folder = roberta(tmp_path, vocabulary=40, pooler=False)
    adapter = load(text_card(folder, rules=TextRules(max_tokens=8, pooling="mean")))
    assert not any("pooler" in name for name, _ in adapter.named_parameters())
    with pytest.raises(CardError, match=r"text\.pooling is pooler, but the model has none"):
        load(text_card(folder, rules=TextRules(max_tokens=8, pooling="pooler")))


def test_a_tokenizer_of_another_model_is_refused(tmp_path: Path) -> None:
    folder = roberta(tmp_path, vocabulary=10, pooler=True)
    with pytest.raises(CardError, match=f"has {len(SPECIAL) + len(WORDS)} entries.*only 10"):
        load(text_card(folder))


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (
            TextRules(max_tokens=8, pooling="own"),
            r"text\.pooling is own, which dual encoders alone",
        ),
        (
            TextRules(max_tokens=8, pooling="mean", padding="max"),
            r"text\.padding is max, .* remove",
        ),
    ],
)
def test_the_ways_of_dual_encoders_are_refused(
    rules: TextRules, message: str, bert_folder: Path
) -> None:
    with pytest.raises(CardError, match=message):
        load(text_card(bert_folder, rules=rules))


# --------------------------------------------------------------- a tokenizer of the task's own

TRAINING = ("一本好书，值得一读。", "不好看", "A Good book, good indeed", "the book is not good")
CONFIG = {
    "model_type": "bert",
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_attention_heads": 2,
    "num_hidden_layers": 1,
    "max_position_embeddings": 24,
    "vocab_size": 120,
}


def scratch_card(*, rules: TextRules | None = None, **config: object) -> ModelCard:
    wanted = TrainedTokenizer(via="trained", vocabulary=100)
    source = RandomModel(via="random", config={**CONFIG, **config}, tokenizer=wanted)
    return text_card(source, rules=rules)


def text_adapter(card: ModelCard) -> TextAdapter:
    adapter = load(card)
    assert isinstance(adapter, TextAdapter)
    return adapter


def test_a_tokenizer_is_trained_on_the_training_texts(cache: Cache) -> None:
    adapter = text_adapter(scratch_card())
    kept = adapter.learn_vocabulary(texts(*TRAINING))
    expected = train_tokenizer(TRAINING, vocabulary=100, lower_case=False)
    assert kept == expected.backend_tokenizer.to_str().encode()
    rows = adapter.prepare(texts("好 Good", "GOOD"), cache)
    assert isinstance(rows, TokenRows)
    assert rows.ids.tolist() == [i for t in ("好 Good", "GOOD") for i in expected(t)["input_ids"]]
    assert adapter(rows.collate([0, 1])).pooled.shape == (2, 16)


def test_it_is_without_capitals_if_the_card_says_so(cache: Cache) -> None:
    adapter = text_adapter(
        scratch_card(rules=TextRules(max_tokens=8, pooling="mean", lower_case=True))
    )
    adapter.learn_vocabulary(texts(*TRAINING))
    capitals, small = (adapter.prepare(texts(text), cache) for text in ("GOOD", "good"))
    assert isinstance(capitals, TokenRows)
    assert isinstance(small, TokenRows)
    assert capitals.ids.tolist() == small.ids.tolist()
    assert adapter.prepare(texts("GOOD"), cache).facts.unknown_token_share == 0.0


def test_another_task_gives_it_another_tokenizer(cache: Cache) -> None:
    adapter = text_adapter(scratch_card())
    first = adapter.learn_vocabulary(texts(*TRAINING))
    before = adapter.prepare(texts("red"), cache)
    assert adapter.learn_vocabulary(texts("a red red house")) != first
    after = adapter.prepare(texts("red"), cache)
    assert before.digest != after.digest
    assert (before.facts.unknown_token_share, after.facts.unknown_token_share) == (1.0, 0.0)


def test_before_it_is_trained_nothing_can_be_prepared_or_saved(
    tmp_path: Path, cache: Cache
) -> None:
    adapter = text_adapter(scratch_card())
    with pytest.raises(TrialError, match=r"trained on a task's training texts.*learn_vocabulary"):
        adapter.prepare(texts("a"), cache)
    with pytest.raises(TrialError, match="learn_vocabulary first"):
        adapter.save(tmp_path)


def test_a_tokenizer_that_is_given_stays_as_it_is(bert_folder: Path, cache: Cache) -> None:
    adapter = text_adapter(text_card(bert_folder))
    before = adapter.prepare(texts("a cat"), cache).digest
    assert adapter.learn_vocabulary(texts(*TRAINING)) is None
    assert adapter.prepare(texts("a cat"), cache).digest == before


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"vocab_size": 99}, r"vocabulary is 100, .* embeds only 99; set .*vocab_size to 100"),
        ({"pad_token_id": 3}, r"pads with 0, the model with 3; set source\.config\.pad_token_id"),
        ({"max_position_embeddings": 7}, "max_tokens is 8; the model takes at most 7"),
    ],
)
def test_a_model_that_does_not_fit_the_tokenizer_to_come_is_refused(
    config: dict[str, Any], message: str
) -> None:
    with pytest.raises(CardError, match=message):
        load(scratch_card(**config))


def test_a_kept_model_has_the_tokenizer_that_was_trained(tmp_path: Path, cache: Cache) -> None:
    adapter = text_adapter(scratch_card())
    adapter.learn_vocabulary(texts(*TRAINING))
    before = adapter.prepare(texts("不 Good book 书"), cache)  # whose truncation is not kept
    adapter.save(tmp_path)
    again = text_adapter(relocated(adapter.card, tmp_path))
    assert again.learn_vocabulary(texts("other words")) is None
    after = again.prepare(texts("不 Good book 书"), cache)
    assert after.digest == before.digest
    with torch.no_grad():
        assert torch.equal(again(after.collate([0])).pooled, adapter(before.collate([0])).pooled)
