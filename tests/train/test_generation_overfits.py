"""Models that write learn sixteen examples by heart, from a random start."""

from pathlib import Path

import pytest
import torch
from torch import nn

from mmbench.cards import GenerationRules, ModelCard, RandomModel, TaskCard
from mmbench.catalog import Catalog
from mmbench.data.cache import Cache
from mmbench.data.examples import Examples
from mmbench.data.tasks import load_task
from mmbench.models.generative import GenerativeAdapter
from mmbench.models.loading import load
from mmbench.train.generation import Generative
from tests.models.audio_samples import sound_file, tone
from tests.models.generative_samples import sound_rules
from tests.train.words import caption_task, question_task
from tests.train.writers import OWN_WORDS

pytestmark = pytest.mark.usefixtures("quick_timing")


def overfitted(
    card: ModelCard, examples: Examples, folder: Path, *, steps: int, rate: float = 3e-3
) -> list[str]:
    """What a model says of the very examples it was trained on."""
    adapter = load(card)
    assert isinstance(adapter, GenerativeAdapter)
    adapter.learn_vocabulary(examples)
    rows = adapter.prepare(examples, Cache(folder))
    inputs = rows.collate(range(len(rows)))
    learner = Generative(adapter).train()
    optimizer = torch.optim.AdamW(learner.parameters(), lr=rate, weight_decay=0.0)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for _ in range(steps):
            loss = learner.sums(inputs).sum() / int((inputs["labels"] != -100).sum())
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(learner.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
    learner.eval()
    with torch.inference_mode():
        return list(adapter.texts(learner.predict(inputs).numpy()))


@pytest.mark.parametrize(
    ("name", "kind", "steps"),
    [("vlm-scratch", "question_answering", 36), ("caption-scratch", "captioning", 60)],
)
def test_a_random_start_of_the_registry_overfits_sixteen_examples_exactly(
    name: str, kind: str, steps: int, words_file: Path, tmp_path: Path
) -> None:
    task = question_task(words_file) if kind == "question_answering" else caption_task(words_file)
    examples = load_task(task).splits["train"]
    assert len(examples) == 16
    said = overfitted(Catalog.standard().model(name), examples, tmp_path, steps=steps)
    assert tuple(said) == examples.targets


def test_a_decoder_behind_an_image_encoder_overfits_sixteen_examples_exactly(
    captioner: ModelCard, captions: TaskCard, tmp_path: Path
) -> None:
    examples = load_task(captions).splits["train"]
    said = overfitted(captioner, examples, tmp_path, steps=80, rate=1e-2)
    assert tuple(said) == examples.targets


def test_whisper_from_a_random_start_overfits_sixteen_sounds_exactly(tmp_path: Path) -> None:
    words = ("one", "two", "three", "four")
    examples = Examples(
        ids=tuple(f"s{i}" for i in range(16)),
        inputs={"audio": [sound_file(tone(0.4 + 0.03 * i, 150.0 * (1 + i))) for i in range(16)]},
        targets=tuple(f"{a} {b}" for a in words for b in words),
    )
    config = {
        "model_type": "whisper",
        "vocab_size": 200,
        "num_mel_bins": 80,
        "d_model": 64,
        "encoder_layers": 2,
        "decoder_layers": 2,
        "encoder_attention_heads": 2,
        "decoder_attention_heads": 2,
        "encoder_ffn_dim": 128,
        "decoder_ffn_dim": 128,
        "max_source_positions": 50,
        "max_target_positions": 24,
        "decoder_start_token_id": 2,
        "bos_token_id": 2,
        "eos_token_id": 3,
        "pad_token_id": 0,
        "init_std": 0.1,
    }
    card = ModelCard(
        name="tiny-whisper",
        family="scratch",
        languages=("en",),
        modalities=("audio",),
        adapter="generative",
        library="transformers",
        source=RandomModel(via="random", config=config, tokenizer=OWN_WORDS),
        gives=("generates",),
        audio=sound_rules(),
        generation=GenerationRules(max_new_tokens=10),
    )
    said = overfitted(card, examples, tmp_path, steps=150)
    assert tuple(said) == examples.targets
