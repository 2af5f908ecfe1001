"""One fine-tuning under Hugging Face's Trainer, as a script of its own would write it.

    python benchmarks/peers/trainer.py --model FOLDER --data splits.json --seed 0 --out result.json

It knows nothing of mmbench: splits.json holds, by split, [[text, class index], …].
"""

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoConfig, AutoModel, AutoTokenizer, Trainer, TrainingArguments

Rows = Sequence[tuple[str, int]]
Splits = Mapping[str, Rows]
"""train, validation and test: text and class index of every row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """padding: to max_tokens as the course's first examples do, or to a batch's longest row.
    grouped: batches of rows of similar length."""

    epochs: int
    batch_size: int
    learning_rate: float
    max_tokens: int
    padding: Literal["max_length", "longest"]
    grouped: bool
    bf16: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """seconds: tokenising, training, validating once, predicting test. train_seconds: the second of
    these alone."""

    accuracy: float
    seconds: float
    train_seconds: float


class MeanPooled(nn.Module):
    """Encoder, masked mean, dropout, linear layer; returns what Trainer wants."""

    def __init__(self, encoder: nn.Module, classes: int) -> None:
        super().__init__()
        self.encoder = encoder
        width = int(encoder.config.hidden_size)  # type: ignore[union-attr, arg-type]
        self.head = nn.Sequential(nn.Dropout(0.1), nn.Linear(width, classes))

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, labels: Tensor
    ) -> dict[str, Tensor]:
        """[B, T], [B, T], [B] → the mean loss and logits [B, classes]."""
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask)
        mask = attention_mask.unsqueeze(-1).float()
        logits = self.head((hidden.last_hidden_state * mask).sum(1) / mask.sum(1))
        return {"loss": functional.cross_entropy(logits, labels), "logits": logits}


def train_and_test(
    model: MeanPooled, tokenizer: Any, splits: Splits, plan: Plan, *, seed: int, out: Path
) -> Trained:
    """The model is changed. Everything from tokenising on is timed; loading is not."""
    began = time.perf_counter()
    rows = {name: tokenised(tokenizer, split, plan) for name, split in splits.items()}
    trainer = Trainer(
        model=model,
        args=arguments(plan, seed, out),
        train_dataset=rows["train"],
        eval_dataset=rows["validation"],
        data_collator=lambda batch: collated(tokenizer, batch, plan),
    )
    before_training = time.perf_counter()
    trainer.train()
    train_seconds = time.perf_counter() - before_training
    trainer.evaluate()
    found = trainer.predict(rows["test"])  # type: ignore[arg-type]
    seconds = time.perf_counter() - began
    # grouping by length shuffles the rows of evaluation too: the labels come in the same order
    right = np.asarray(found.predictions).argmax(1) == np.asarray(found.label_ids)
    return Trained(
        accuracy=float(right.mean()),
        seconds=seconds,
        train_seconds=train_seconds,
    )


def tokenised(tokenizer: Any, rows: Rows, plan: Plan) -> list[dict[str, Any]]:
    texts = [text for text, _ in rows]
    ids = tokenizer(texts, truncation=True, max_length=plan.max_tokens)["input_ids"]
    return [
        {"input_ids": row, "labels": target} for row, (_, target) in zip(ids, rows, strict=True)
    ]


def collated(tokenizer: Any, batch: list[dict[str, Any]], plan: Plan) -> dict[str, Tensor]:
    padded = tokenizer.pad(
        [{"input_ids": row["input_ids"]} for row in batch],
        padding=plan.padding,
        max_length=plan.max_tokens if plan.padding == "max_length" else None,
        return_tensors="pt",
    )
    return {**padded, "labels": torch.tensor([row["labels"] for row in batch])}


def arguments(plan: Plan, seed: int, out: Path) -> TrainingArguments:
    """What mmbench's recipe does too is set; logging, saving and bars are off on both sides."""
    return TrainingArguments(
        output_dir=str(out),
        seed=seed,
        num_train_epochs=plan.epochs,
        per_device_train_batch_size=plan.batch_size,
        per_device_eval_batch_size=plan.batch_size,
        learning_rate=plan.learning_rate,
        warmup_steps=0.1,
        weight_decay=0.01,
        lr_scheduler_type="linear",
        max_grad_norm=1.0,
        bf16=plan.bf16,
        train_sampling_strategy="group_by_length" if plan.grouped else "random",
        report_to=[],
        eval_strategy="no",
        save_strategy="no",
        logging_strategy="no",
        disable_tqdm=True,
        dataloader_pin_memory=False,
        use_cpu=True,
    )


def built(folder: Path, *, classes: int, scratch: bool, seed: int) -> MeanPooled:
    """The folder's model, or its architecture with random weights, under a fresh head."""
    torch.manual_seed(seed)
    if scratch:
        config = AutoConfig.from_pretrained(folder)
        return MeanPooled(AutoModel.from_config(config), classes)  # type: ignore[no-untyped-call]
    return MeanPooled(AutoModel.from_pretrained(folder), classes)


def main() -> None:
    parser = argparse.ArgumentParser(description="one fine-tuning under Trainer")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--scratch", action="store_true")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--batch-size", type=int, required=True)
    parser.add_argument("--learning-rate", type=float, required=True)
    parser.add_argument("--max-tokens", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    splits = json.loads(options.data.read_text())
    classes = 1 + max(target for rows in splits.values() for _, target in rows)
    plan = Plan(
        epochs=options.epochs,
        batch_size=options.batch_size,
        learning_rate=options.learning_rate,
        max_tokens=options.max_tokens,
        padding="longest",
        grouped=True,
        bf16=False,
    )
    model = built(options.model, classes=classes, scratch=options.scratch, seed=options.seed)
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    trained = train_and_test(
        model, tokenizer, splits, plan, seed=options.seed, out=options.out.parent
    )
    options.out.write_text(json.dumps({"accuracy": trained.accuracy}))


if __name__ == "__main__":
    main()
