"""How many bytes a need is, and how many of them are still to be fetched."""

from collections.abc import Mapping
from dataclasses import dataclass
from textwrap import shorten

from mmbench.cards.sources import (
    BundledData,
    FileData,
    HubData,
    HubModel,
    ModelScopeData,
    ModelScopeModel,
    PackageData,
)
from mmbench.errors import MmbenchError
from mmbench.fetching.needs import ModelNeed, Need

LONGEST_REASON = 160
"""Characters; all of it is told when the files are fetched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """`bytes` of all that is read, `missing` of what is not on this machine; None where nobody
    tells, and `why`. What lies here already has 0 missing."""

    bytes: int | None
    missing: int | None
    why: str | None = None


HERE = Size(bytes=None, missing=0)


def size_of(need: Need) -> Size:
    """Asked of the hub; what the hub does not tell, or cannot be asked, is unknown and said so."""
    source = need.source
    try:
        if isinstance(need, ModelNeed) and isinstance(source, HubModel | ModelScopeModel):
            from mmbench.models import hub

            sizes = hub.sizes(source, hub.weight_files(need.card))
        elif isinstance(source, HubData | ModelScopeData):
            from mmbench.data import hub_files

            sizes = hub_files.sizes(source)
        else:
            _locate(need)
            return HERE
    except MmbenchError as error:
        said = str(error).splitlines()[0]
        return Size(bytes=None, missing=None, why=shorten(said, LONGEST_REASON, placeholder=" …"))
    return _summed(sizes)


def _locate(need: Need) -> None:
    """What is said to be on this machine is: a folder, a package, files. MmbenchError if not."""
    if isinstance(need, ModelNeed):
        from mmbench.models.sources import locate as locate_model

        locate_model(need.source)
    elif isinstance(need.source, FileData | PackageData | BundledData):
        from mmbench.data.sources import locate as locate_data

        locate_data(need.source)


def _summed(sizes: Mapping[str, tuple[int, bool]]) -> Size:
    """name → bytes, and whether the file is here."""
    return Size(
        bytes=sum(size for size, _ in sizes.values()),
        missing=sum(size for size, here in sizes.values() if not here),
    )
