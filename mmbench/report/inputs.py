"""What went in: the models and where they come from, the recipes, the data of each task."""

from collections.abc import Sequence
from dataclasses import fields

from mmbench.cards import ModelCard, Recipe, Side
from mmbench.compare.checks import truncated_share
from mmbench.records import Record, SplitFacts
from mmbench.report.document import (
    Block,
    BulletList,
    Column,
    Details,
    Heading,
    Table,
)
from mmbench.report.findings import Findings
from mmbench.report.i18n import Messages
from mmbench.report.numbers import MISSING, many, percent, rate
from mmbench.report.words import mark, marked, split_name

JOINT = " + "
OWN = (  # fields of a recipe that some strategies have
    "blocks",
    "lora_rank",
    "lora_alpha",
    "lora_dropout",
    "backbone_rate_factor",
    "layer_decay",
    "shots",
)
MODEL_COLUMNS = (
    "model",
    "mark",
    "parts",
    "organisation",
    "region",
    "languages",
    "inputs",
    "parameters",
    "licence",
)
SIDES: tuple[Side, Side] = ("image", "text")


def models(findings: Findings, say: Messages) -> list[Block]:
    """The models by name with what a decision needs: origin, languages, licence."""
    found = {record.trial.model.name: record.trial.model for record in findings.records}
    cards = [card for _, card in sorted(found.items())]
    pairs = any(card.parts for card in cards)
    names = [name for name in MODEL_COLUMNS if pairs or name != "parts"]
    rows = []
    for card in cards:
        facts = _model(card, say)
        rows.append(tuple(facts[name] for name in names))
    notes = tuple(
        say("models.note", model=marked(card, say), note=card.notes) for card in cards if card.notes
    )
    table = Table(columns=_columns("column", names, ("parameters",), say), rows=tuple(rows))
    blocks: list[Block] = [Heading(level=2, text=say("models.heading")), table]
    return [*blocks, BulletList(items=notes)] if notes else blocks


def _model(card: ModelCard, say: Messages) -> dict[str, str]:
    """What starts at random, or has a part that does, comes from nowhere: no name, no region."""
    scratch, origins = card.start == "scratch", _sides(card) or [card]
    return {
        "model": card.name,
        "mark": mark(card, say),
        "parts": _parts(card, say),
        "organisation": (
            MISSING if scratch else _together([origin.organisation for origin in origins])
        ),
        "region": MISSING if scratch else _region(card, say),
        "languages": say("list.separator").join(card.languages) or MISSING,
        "inputs": JOINT.join(say(f"modality.{modality}") for modality in card.modalities),
        "parameters": many(card.parameters),
        "licence": card.licence or _together([origin.licence for origin in origins]),
    }


def _parts(card: ModelCard, say: Messages) -> str:
    """The encoders of a pair, each with its own mark, since one may be scratch and one not."""
    return JOINT.join(marked(part, say) for part in _sides(card)) or MISSING


def _sides(card: ModelCard) -> list[ModelCard]:
    return [card.parts[side] for side in SIDES if side in card.parts]


def _region(card: ModelCard, say: Messages) -> str:
    """A pair has the region that its parts have in common, and their countries."""
    if card.region is None:
        return MISSING
    countries = _together([origin.country for origin in _sides(card) or [card]])
    return say(f"region.{card.region}", country=countries)


def _together(facts: Sequence[str | None]) -> str:
    """The same fact of the parts of a model, said once where it is one."""
    return JOINT.join(dict.fromkeys(fact or MISSING for fact in facts))


def recipes(findings: Findings, say: Messages) -> list[Block]:
    found = {record.trial.recipe.name: record.trial.recipe for record in findings.records}
    items = tuple(_recipe(recipe, say) for _, recipe in sorted(found.items()))
    return [Heading(level=2, text=say("recipes.heading")), BulletList(items=items)]


def _recipe(recipe: Recipe, say: Messages) -> str:
    values = {"recipe": recipe.name, "strategy": say(f"strategy.{recipe.strategy}")}
    described = say.pick(recipe.description)
    text = say("recipes.name", **values)
    if recipe.learning_rates:
        text += say(
            "recipes.training",
            head=say(f"head.{recipe.head}"),
            rates=say("list.separator").join(rate(value) for value in recipe.learning_rates),
            epochs=recipe.epochs,
            batch_size=recipe.batch_size,
            optimizer=recipe.optimizer,
            schedule=recipe.schedule,
            precision=recipe.precision,
        )
    told = [f"{name}: {value:g}" for name, value in _own(recipe)]
    if told:
        text += say("recipes.fields", fields=say("list.separator").join(told))
    if recipe.patience is not None:
        text += say("recipes.patience", patience=recipe.patience)
    return text + (say("recipes.described", description=described) if described else "")


def _own(recipe: Recipe) -> list[tuple[str, float]]:
    """What a strategy needs besides, where it is set, in the words of the card."""
    given = {name: getattr(recipe, name) for name in OWN}
    defaults = {item.name: item.default for item in fields(Recipe)}
    return [(name, value) for name, value in given.items() if value != defaults[name]]


def data(findings: Findings, say: Messages) -> list[Block]:
    """Rows, groups, truncation and unknown tokens of every split, folded by task."""
    blocks: list[Block] = [Heading(level=2, text=say("data.heading"))]
    for task in findings.tasks:
        records = [record for cell in task.cells for record in cell.records]
        inner: list[Block] = [_splits(records, say)]
        dropped = {
            say("data.dropped", reason=reason, count=count)
            for record in records
            for reason, count in record.dropped.items()
            if count
        }
        inner.append(BulletList(items=tuple(sorted(dropped)) or (say("data.nothing_dropped"),)))
        blocks.append(Details(summary=say("data.task", task=task.title), blocks=tuple(inner)))
    return blocks if findings.tasks else []


def _splits(records: list[Record], say: Messages) -> Table:
    """One row a split and model: the same rows, but each model's own tokens."""
    found: dict[tuple[str, str], SplitFacts] = {}
    for record in records:
        for facts in record.data:
            found.setdefault((facts.split, marked(record.trial.model, say)), facts)
    paired = any(facts.candidates for facts in found.values())
    names = ["split", "model", "examples", *(["images", "texts"] if paired else [])]
    names += ["groups", "truncated", "unknown_tokens", "tokens"]
    rows = tuple(
        (
            split_name(split, say),
            model,
            f"{facts.examples:,}",
            *([many(facts.candidates.get(side)) for side in SIDES] if paired else []),
            MISSING if facts.groups is None else f"{facts.groups:,}",
            _truncated(facts),
            percent(facts.unknown_token_share),
            many(facts.tokens),
        )
        for (split, model), facts in found.items()
    )
    return Table(columns=_columns("column", names, names[2:], say), rows=rows)


def _truncated(facts: SplitFacts) -> str:
    if not facts.truncated:
        return "0"
    return f"{facts.truncated:,} ({percent(truncated_share(facts))})"


def _columns(
    prefix: str, names: Sequence[str], right: Sequence[str], say: Messages
) -> tuple[Column, ...]:
    return tuple(
        Column(header=say(f"{prefix}.{name}"), align="right" if name in right else "left")
        for name in names
    )
