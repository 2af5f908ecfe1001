"""A tag a word: learnt by heart, scored as seqeval, kept and asked again; words nobody reads."""

from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from seqeval.metrics import accuracy_score, f1_score, precision_score, recall_score
from seqeval.metrics.sequence_labeling import get_entities

from mmbench.answers import Span, Tagged
from mmbench.cards import ModelCard, TaskCard, TextRules
from mmbench.data.examples import Examples, TaskData
from mmbench.data.ragged import Ragged
from mmbench.data.tasks import load_task
from mmbench.errors import DataError
from mmbench.inference import predict
from mmbench.models.loading import load
from mmbench.plan import mismatch
from mmbench.store import Stored
from tests.train.comparing import can_be_compared
from tests.train.kinds import (
    BY_HEART,
    is_the_same_in_batches_of_any_size,
    objective_with,
    predictions,
    score,
    task,
    trained,
    value,
)

METRICS = ("entity_f1", "entity_precision", "entity_recall", "token_accuracy")
TAGS = ("B-NUM", "B-PER", "I-NUM", "I-PER", "O")


def sentence(rng: np.random.Generator) -> dict[str, Any]:
    """Words of one to three letters; `mr` begins a person, two of `no` and a letter a number."""
    words: list[str] = []
    tags: list[str] = []
    for _ in range(int(rng.integers(1, 5))):
        name = "".join(rng.choice(list("ghij"), size=int(rng.integers(1, 4))))
        kind = rng.integers(3)
        if kind == 0:
            words += ["mr", name]
            tags += ["B-PER", "I-PER"]
        elif kind == 1:
            words += ["no", str(rng.choice(list("ab")))]
            tags += ["B-NUM", "I-NUM"]
        else:
            words.append(name)
            tags.append("O")
    return {"words": words, "target": tags}


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> TaskCard:
    rng = np.random.default_rng(2)
    rows = [sentence(rng) for _ in range(44)]
    folder = tmp_path_factory.mktemp("tagging")
    return task(folder, "tagging", inputs={"text": "words"}, rows=rows, metrics=METRICS)


@pytest.fixture(scope="module")
def stored(
    tiny_bert: ModelCard, card: TaskCard, tmp_path_factory: pytest.TempPathFactory
) -> Stored:
    return trained(tiny_bert, card, tmp_path_factory.mktemp("trial"))


def named(rows: list[list[int]]) -> list[list[str]]:
    return [[TAGS[tag] for tag in row] for row in rows]


def words_in(examples: Examples) -> list[tuple[str, ...]]:
    return [tuple(row) for row in examples.inputs["text"] if isinstance(row, tuple)]


def test_sixteen_sentences_are_learnt_by_heart(stored: Stored) -> None:
    for metric in METRICS:
        assert value(stored, "after", "train", metric) == 1.0
    assert stored.record.labels == TAGS


def test_the_scores_are_seqevals_of_the_stored_predictions(stored: Stored) -> None:
    can_be_compared(stored)
    found = predictions(stored)
    targets, said = named(found["target"]), named(found["predicted"])
    wanted = {
        "entity_f1": f1_score(targets, said),
        "entity_precision": precision_score(targets, said),
        "entity_recall": recall_score(targets, said),
        "token_accuracy": accuracy_score(targets, said),
    }
    for metric, known in wanted.items():
        assert value(stored, "after", "test", metric) == pytest.approx(known)
        assert score(stored, "after", "test", metric).interval is not None
    theirs = f1_score(targets, said, average=None)
    own = [report for report in stored.record.classes if report.split == "test"]
    assert [report.label for report in own] == ["NUM", "PER"]
    assert [report.f1 for report in own] == pytest.approx(theirs)


def test_the_baseline_looks_each_word_up(stored: Stored, card: TaskCard) -> None:
    data = load_task(card)
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    train, test = data.splits["train"], data.splits["test"]
    assert isinstance(train.targets, Ragged)
    for words, tags in zip(words_in(train), train.targets.rows(), strict=True):
        for word, tag in zip(words, tags.tolist(), strict=True):
            seen[word][TAGS[tag]] += 1
    said = [
        [max(TAGS, key=lambda tag: seen[word][tag]) if word in seen else "O" for word in row]
        for row in words_in(test)
    ]
    targets = named(predictions(stored)["target"])
    assert value(stored, "word_majority", "test", "entity_f1") == pytest.approx(
        f1_score(targets, said)
    )
    assert value(stored, "word_majority", "test", "token_accuracy") == pytest.approx(
        accuracy_score(targets, said)
    )
    assert 0 < value(stored, "word_majority", "test", "token_accuracy") < 1


def test_a_kept_model_answers_with_spans(stored: Stored, card: TaskCard) -> None:
    rows = words_in(load_task(card).splits["test"])
    answers = predict(stored, texts=[" ".join(row) for row in rows])
    for answer, row, said in zip(
        answers, rows, named(predictions(stored)["predicted"]), strict=True
    ):
        assert isinstance(answer, Tagged)
        assert answer.words == row
        assert list(answer.tags) == said
        theirs = tuple(
            Span(start=start, end=last + 1, type=kind, text=" ".join(row[start : last + 1]))
            for kind, start, last in get_entities(said)
        )
        assert answer.spans == theirs
    assert sum(len(answer.spans) for answer in answers if isinstance(answer, Tagged)) > 20


def test_words_are_taken_as_they_are_cut(stored: Stored) -> None:
    whole, cut = (
        predict(stored, texts=given) for given in (["mr gh no a"], [["mr", "gh", "no", "a"]])
    )
    assert whole == cut


def test_batches_and_padding_change_nothing(stored: Stored, tmp_path: Path) -> None:
    is_the_same_in_batches_of_any_size(stored, tmp_path)


def test_words_beyond_the_limit_count_as_outside_and_are_told(
    tiny_bert: ModelCard, card: TaskCard, tmp_path: Path
) -> None:
    """Six tokens hold four words at most, less of longer ones."""
    short = replace(tiny_bert, text=TextRules(max_tokens=6, pooling="mean"))
    stored = trained(short, card, tmp_path)
    found = predictions(stored)
    targets, said = named(found["target"]), named(found["predicted"])
    assert any(len(row) > 4 for row in said)
    assert all(tag == "O" for row in said for tag in row[4:])
    after = score(stored, "after", "test", "token_accuracy")
    assert after.value == pytest.approx(accuracy_score(targets, said))
    assert after.note is not None
    assert "words have no token and count as O" in after.note
    (facts,) = [facts for facts in stored.record.data if facts.split == "test"]
    assert facts.truncated > 0


@pytest.mark.parametrize(
    "changes",
    [
        {"strategy": "head"},
        {"strategy": "partial", "blocks": 1},
        {"strategy": "bitfit"},
        {"strategy": "lora", "lora_rank": 4, "lora_alpha": 8.0},
    ],
)
def test_other_strategies_learn_as_well(
    tiny_bert: ModelCard, card: TaskCard, tmp_path: Path, changes: dict[str, object]
) -> None:
    recipe = replace(BY_HEART, learning_rates=(1e-2,), **changes)  # type: ignore[arg-type]
    model = replace(tiny_bert, lora_targets=("query", "value"))
    found = trained(model, card, tmp_path, recipe)
    assert value(found, "after", "train", "token_accuracy") > 0.8


def test_micro_batches_give_the_gradient_of_the_whole(
    tiny_bert: ModelCard, card: TaskCard, tmp_path: Path
) -> None:
    """Rows have unequal words: the mean is over words, not over rows or batches."""
    recipe = replace(BY_HEART, epochs=1, evaluations=1, clip_norm=None)
    whole = trained(tiny_bert, card, tmp_path / "whole", recipe)
    pieces = trained(tiny_bert, card, tmp_path / "pieces", replace(recipe, micro_batch=3))
    (one,), (other,) = whole.record.curve, pieces.record.curve
    assert one.train_loss == pytest.approx(other.train_loss, rel=1e-5)
    assert one.validation_loss == pytest.approx(other.validation_loss, rel=1e-3)


def test_tags_without_an_outside_are_refused(
    tiny_bert: ModelCard, card: TaskCard, tmp_path: Path
) -> None:
    data = TaskData(splits={}, labels=("B-PER", "I-PER"), dropped={})
    with pytest.raises(DataError, match="needs the tag O"):
        objective_with(load(tiny_bert), data, card, BY_HEART, tmp_path)


def test_labels_that_are_no_tags_are_refused(
    tiny_bert: ModelCard, card: TaskCard, tmp_path: Path
) -> None:
    data = TaskData(splits={}, labels=("O", "NOUN"), dropped={})
    with pytest.raises(DataError, match="'NOUN' is no tag"):
        objective_with(load(tiny_bert), data, card, BY_HEART, tmp_path)


def test_a_probe_of_tokens_is_refused(tiny_bert: ModelCard, card: TaskCard) -> None:
    reason = mismatch(tiny_bert, card, replace(BY_HEART, strategy="probe"))
    assert reason == "kind 'tagging' has no strategy 'probe'"
