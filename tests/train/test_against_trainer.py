"""Quality of our loop against Hugging Face's Trainer: same model, data, settings; three seeds."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoModel, AutoTokenizer, Trainer, TrainingArguments

from mmbench.cards import PackageModel, Recipe
from mmbench.catalog import Catalog
from mmbench.data.cache import Cache
from mmbench.data.examples import Examples
from mmbench.data.tasks import load_task
from mmbench.models.sources import locate
from mmbench.records import Trial
from mmbench.trial import resolve, run_trial
from mmbench.workbench import Bench

SEEDS = (0, 1, 2)
EPOCHS, BATCH, RATE = 3, 32, 1e-4
T_99_WITH_4_DEGREES = 4.604


class MeanPooled(nn.Module):
    """The model as a tutorial would write it: encoder, masked mean, dropout, linear layer."""

    def __init__(self, folder: Path, classes: int) -> None:
        super().__init__()
        self.encoder = AutoModel.from_pretrained(folder)
        self.head = nn.Sequential(
            nn.Dropout(0.1), nn.Linear(self.encoder.config.hidden_size, classes)
        )

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, labels: Tensor
    ) -> dict[str, Tensor]:
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask)
        mask = attention_mask.unsqueeze(-1).float()
        logits = self.head((hidden.last_hidden_state * mask).sum(1) / mask.sum(1))
        return {"loss": functional.cross_entropy(logits, labels), "logits": logits}


def by_trainer(folder: Path, train: Examples, test: Examples, seed: int, out: Path) -> float:
    tokenizer = AutoTokenizer.from_pretrained(folder)

    def rows(examples: Examples) -> list[dict[str, Any]]:
        assert isinstance(examples.targets, np.ndarray)
        texts = list(examples.inputs["text"])
        tokens = tokenizer(texts, truncation=True, max_length=256)["input_ids"]
        return [
            {"input_ids": ids, "labels": int(target)}
            for ids, target in zip(tokens, examples.targets, strict=True)
        ]

    def collate(batch: list[dict[str, Any]]) -> dict[str, Tensor]:
        padded = tokenizer.pad([{"input_ids": r["input_ids"]} for r in batch], return_tensors="pt")
        labels = torch.tensor([row["labels"] for row in batch])
        return {**padded, "labels": labels}

    torch.manual_seed(seed)
    model = MeanPooled(folder, classes=9)
    trainer = Trainer(
        model=model,
        args=TrainingArguments(
            output_dir=str(out),
            seed=seed,
            num_train_epochs=EPOCHS,
            per_device_train_batch_size=BATCH,
            learning_rate=RATE,
            warmup_steps=0.1,
            weight_decay=0.01,
            lr_scheduler_type="linear",
            max_grad_norm=1.0,
            report_to=[],
            save_strategy="no",
            logging_strategy="no",
            disable_tqdm=True,
            use_cpu=True,
        ),
        train_dataset=rows(train),
        data_collator=collate,
    )
    trainer.train()
    logits = trainer.predict(rows(test)).predictions  # type: ignore[arg-type]
    return float((np.asarray(logits).argmax(1) == test.targets).mean())


@pytest.mark.slow
def test_minilm_fine_tunes_as_well_as_under_trainer(tmp_path: Path) -> None:
    catalog = Catalog.standard()
    model, task = catalog.model("minilm-l6"), catalog.task("emoji-keywords-group-en")
    assert isinstance(model.source, PackageModel)
    recipe = Recipe(
        name="as-trainer",
        strategy="full",
        learning_rates=(RATE,),
        epochs=EPOCHS,
        batch_size=BATCH,
        evaluations=1,
    )
    data = load_task(task)
    bench = Bench(device=torch.device("cpu"), cache=Cache(tmp_path / "cache"))
    ours, theirs = [], []
    for seed in SEEDS:
        trial = resolve(Trial(model=model, task=task, recipe=recipe, seed=seed))
        (tmp_path / str(seed)).mkdir()
        score = run_trial(trial, tmp_path / str(seed), bench).score("after", "test", "accuracy")
        assert score is not None
        assert score.value is not None
        ours.append(score.value)
        folder = locate(model.source)
        theirs.append(
            by_trainer(folder, data.splits["train"], data.splits["test"], seed, tmp_path / "hf")
        )
    print(f"\nours {ours}, Trainer {theirs}")
    difference = abs(np.mean(ours) - np.mean(theirs))
    noise = np.sqrt((np.var(ours, ddof=1) + np.var(theirs, ddof=1)) / len(SEEDS))
    assert difference <= T_99_WITH_4_DEGREES * noise
    assert difference <= 0.03
