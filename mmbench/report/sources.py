"""Where weights and data came from, with the digests that pin them."""

from collections.abc import Iterator

from mmbench.cards import ModelCard, ModelScopeData, ModelScopeModel, TaskCard
from mmbench.cards.sources import DataSource, ModelSource
from mmbench.records import Trial
from mmbench.report.document import Block, Column, Details, Paragraph, Table
from mmbench.report.findings import Findings
from mmbench.report.i18n import Messages
from mmbench.report.numbers import MISSING
from mmbench.report.words import listed

SHORT_DIGEST = 12


def sources(findings: Findings, say: Messages) -> list[Block]:
    """A row for each model, each part of a pair and each task; folded."""
    digests: dict[tuple[str, str, str], set[str]] = {}
    for record in findings.records:
        for kind, card, digest in _sourced(record.trial):
            row = (say(f"kind.{kind}"), card.name, _where(card.source, say))
            # a refused trial was never resolved
            digests.setdefault(row, set()).update([] if digest is None else [digest])
    rows = tuple(
        (*row, listed(sorted(digest[:SHORT_DIGEST] for digest in found), say) or MISSING)
        for row, found in sorted(digests.items())
    )
    names = ("kind", "name", "source", "digest")
    columns = tuple(Column(header=say(f"column.{name}")) for name in names)
    table = Table(columns=columns, rows=rows)
    how = Paragraph(text=say("sources.how"))
    return [Details(summary=say("sources.summary"), blocks=(how, table))]


def _sourced(trial: Trial) -> Iterator[tuple[str, ModelCard | TaskCard, str | None]]:
    """What the trial read, with its digest; the digest of a pair covers both of its parts."""
    yield "model", trial.model, trial.digests.get("model")
    for part in trial.model.parts.values():
        yield "model", part, None
    yield "task", trial.task, trial.digests.get("task")


def _where(source: ModelSource | DataSource, say: Messages) -> str:
    """The source in words, without a path of this machine."""
    match source.via:
        case "hub":
            revision = source.revision or say("sources.unpinned")
            return say("sources.hub", repo=source.repo, revision=revision)
        case "modelscope":
            return _on_modelscope(source, say)
        case "folder" if source.copy_of is not None:
            return say("sources.folder_for", copied=source.copy_of)
        case "package":
            return say("sources.package", distribution=source.distribution, version=source.version)
        case "pair":
            return say("sources.pair", image=source.image, text=source.text)
        case "fusion":
            told = {"image": source.image, "text": source.text, "by": say(f"fusion.{source.by}")}
            return say("sources.fusion", **told)
        case "random" if source.tokenizer is not None and source.tokenizer.via != "none":
            if source.tokenizer.via == "trained":
                vocabulary = f"{source.tokenizer.vocabulary:,}"
                tokenizer = say("sources.trained", vocabulary=vocabulary)
            else:
                tokenizer = _where(source.tokenizer, say)
            return say("sources.random_with_tokenizer", tokenizer=tokenizer)
    return say(f"sources.{source.via}")


def _on_modelscope(source: ModelScopeModel | ModelScopeData, say: Messages) -> str:
    revision = source.revision or say("sources.unpinned")
    told = say("sources.modelscope", repo=source.repo, revision=revision)
    if source.copy_of is None:
        return told
    by = "official" if source.official else "mirror"
    return say("sources.copy", told=told, by=say(f"sources.{by}"), copied=source.copy_of)
