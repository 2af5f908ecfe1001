"""Where a model's files lie on this machine, whatever kind of source the card names."""

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from mmbench.cards import FolderModel, HubModel, PackageModel
from mmbench.errors import TrialError

StoredModel = HubModel | FolderModel | PackageModel


def locate(source: StoredModel) -> Path:
    """The model folder (or the one weights file), downloaded first if it is on the hub.

    TrialError says what is missing and how to get it.
    """
    if isinstance(source, HubModel):
        from mmbench.models import hub  # huggingface_hub is imported for hub models alone

        return hub.download(source)
    if isinstance(source, PackageModel):
        return _in_package(source)
    path = Path(source.path).expanduser()
    if not path.exists():
        raise TrialError(
            f"{path}: no such folder; source.path names one that save_pretrained wrote"
        )
    return path


def _in_package(source: PackageModel) -> Path:
    wanted = f"{source.distribution}=={source.version}"
    try:
        found = distribution(source.distribution)
    except PackageNotFoundError:
        raise TrialError(
            f"the package {source.distribution} is not installed; run: pip install '{wanted}'"
        ) from None
    if found.version != source.version:
        raise TrialError(
            f"{source.distribution} {found.version} is installed but the card names "
            f"{source.version}; run: pip install '{wanted}'"
        )
    path = Path(str(found.locate_file(source.path)))
    if not path.exists():
        raise TrialError(f"{wanted} holds no {source.path}; see: pip show -f {source.distribution}")
    return path
