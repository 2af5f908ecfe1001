"""What went in: the models and where they come from, the recipes, the data of each task."""

from mmbench.cards import ModelCard, Recipe
from mmbench.cards.sources import DataSource, ModelSource
from mmbench.records import Record, SplitFacts
from mmbench.report.document import (
    Block,
    BulletList,
    Column,
    Details,
    Heading,
    Paragraph,
    Table,
)
from mmbench.report.findings import Findings
from mmbench.report.i18n import Messages
from mmbench.report.numbers import MISSING, many, percent, rate
from mmbench.report.words import listed, mark, split_name

SHORT_DIGEST = 12


def models(findings: Findings, say: Messages) -> list[Block]:
    """The models by name with what a decision needs: origin, languages, licence."""
    trials = {record.trial.model.name: record.trial for record in findings.records}
    names = (
        "model",
        "mark",
        "organisation",
        "region",
        "languages",
        "inputs",
        "parameters",
        "licence",
    )
    rows = tuple(_model(trial.model, say) for _, trial in sorted(trials.items()))
    notes = tuple(
        say("models.note", model=trial.model.name, note=trial.model.notes)
        for _, trial in sorted(trials.items())
        if trial.model.notes
    )
    table = Table(columns=_columns("column", names, ("parameters",), say), rows=rows)
    blocks: list[Block] = [Heading(level=2, text=say("models.heading")), table]
    return [*blocks, BulletList(items=notes)] if notes else blocks


def _model(card: ModelCard, say: Messages) -> tuple[str, ...]:
    region = MISSING
    if card.region is not None:
        region = say(f"region.{card.region}", country=card.country)
    return (
        card.name,
        mark(card, say),
        card.organisation or MISSING,
        region,
        say("list.separator").join(card.languages) or MISSING,
        " + ".join(say(f"modality.{modality}") for modality in card.modalities),
        many(card.parameters),
        card.licence or MISSING,
    )


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
            rates=say("list.separator").join(rate(value) for value in recipe.learning_rates),
            epochs=recipe.epochs,
            batch_size=recipe.batch_size,
            optimizer=recipe.optimizer,
            schedule=recipe.schedule,
            precision=recipe.precision,
        )
    if recipe.patience is not None:
        text += say("recipes.patience", patience=recipe.patience)
    return text + (say("recipes.described", description=described) if described else "")


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
            found.setdefault((facts.split, record.trial.model.name), facts)
    names = ("split", "model", "examples", "groups", "truncated", "unknown_tokens", "tokens")
    rows = tuple(
        (
            split_name(split, say),
            model,
            f"{facts.examples:,}",
            MISSING if facts.groups is None else f"{facts.groups:,}",
            _truncated(facts),
            percent(facts.unknown_token_share),
            many(facts.tokens),
        )
        for (split, model), facts in found.items()
    )
    return Table(columns=_columns("column", names, names[2:], say), rows=rows)


def _truncated(facts: SplitFacts) -> str:
    if not facts.truncated or not facts.examples:
        return str(facts.truncated)
    return f"{facts.truncated:,} ({percent(facts.truncated / facts.examples)})"


def sources(findings: Findings, say: Messages) -> list[Block]:
    """Where weights and data came from, with the digests that pin them; folded."""
    digests: dict[tuple[str, str, str], set[str]] = {}
    for record in findings.records:
        trial = record.trial
        for kind, card in (("model", trial.model), ("task", trial.task)):
            row = (say(f"kind.{kind}"), card.name, _where(card.source, say))
            known = trial.digests.get(kind)  # a refused trial was never resolved
            digests.setdefault(row, set()).update([known] if known else [])
    rows = tuple(
        (*row, listed(sorted(digest[:SHORT_DIGEST] for digest in found), say) or MISSING)
        for row, found in sorted(digests.items())
    )
    columns = _columns("column", ("kind", "name", "source", "digest"), (), say)
    table = Table(columns=columns, rows=rows)
    how = Paragraph(text=say("sources.how"))
    return [Details(summary=say("sources.summary"), blocks=(how, table))]


def _where(source: ModelSource | DataSource, say: Messages) -> str:
    """The source in words, without a path of this machine."""
    if source.via == "hub":
        revision = source.revision or say("sources.unpinned")
        return say("sources.hub", repo=source.repo, revision=revision)
    if source.via == "package":
        return say("sources.package", distribution=source.distribution, version=source.version)
    return say(f"sources.{source.via}")


def _columns(
    prefix: str, names: tuple[str, ...], right: tuple[str, ...], say: Messages
) -> tuple[Column, ...]:
    return tuple(
        Column(header=say(f"{prefix}.{name}"), align="right" if name in right else "left")
        for name in names
    )
