"""Records → document: the sections of a report, in the order in which a reader needs them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mmbench.report import closing
from mmbench.report.cost import cost
from mmbench.report.document import Block, Document, Lang
from mmbench.report.few_shot import few_shot
from mmbench.report.figure import figure
from mmbench.report.findings import Findings, findings
from mmbench.report.gaps import gaps
from mmbench.report.i18n import Messages
from mmbench.report.inputs import data, models, recipes
from mmbench.report.limits import Limits
from mmbench.report.matches import matches
from mmbench.report.mistakes import mistakes
from mmbench.report.pareto import pareto
from mmbench.report.picking import picking
from mmbench.report.published import published
from mmbench.report.quality import quality
from mmbench.report.regions import regions
from mmbench.report.stages import stages
from mmbench.report.strategies import strategies
from mmbench.report.summary import summary
from mmbench.report.tuning import tuning
from mmbench.store import Stored

if TYPE_CHECKING:
    from mmbench.compare.remembered import Remembered

NO_LIMITS = Limits()


def build(
    stored: Sequence[Stored],
    *,
    lang: Lang,
    title: str | None = None,
    reproduce: str | None = None,
    limits: Limits = NO_LIMITS,
    all_pairs: bool = False,
    inputs: bool = True,
    remembered: "Remembered | None" = None,
) -> Document:
    """The report of these records in one language.

    Without a title the catalogue's is used. `reproduce` is the command that ran the records, such
    as `mmbench run quickstart`. all_pairs: of tasks with many cells too, each is tested against
    each. inputs: of single examples are shown. StoreError if there is no record.
    """
    return document_of(
        findings(stored, remembered),
        lang=lang,
        title=title,
        reproduce=reproduce,
        limits=limits,
        all_pairs=all_pairs,
        inputs=inputs,
    )


def document_of(
    found: Findings,
    *,
    lang: Lang,
    title: str | None = None,
    reproduce: str | None = None,
    limits: Limits = NO_LIMITS,
    all_pairs: bool = False,
    inputs: bool = True,
) -> Document:
    """As `build`, of what was found once for all languages."""
    say = Messages(lang)
    blocks: list[Block] = [
        *summary(found, say),
        *figure(found, say),
        *picking(found, limits, say),
        *quality(found, say),
        *matches(found, say, all_pairs=all_pairs),
        *mistakes(found, say, inputs=inputs),
        *strategies(found, say, all_pairs=all_pairs),
        *regions(found, say),
        *published(found, say),
        *gaps(found, say),
        *few_shot(found, say),
        *pareto(found, say),
        *stages(found, say),
        *tuning(found, say),
        *cost(found, say),
        *models(found, say),
        *recipes(found, say),
        *data(found, say),
        *closing.unfinished(found, say),
        *closing.environment(found, say),
        *closing.reproduce(found, reproduce, say),
        *closing.reading(found, say),
    ]
    return Document(title=title or say("title"), lang=lang, blocks=tuple(blocks))
