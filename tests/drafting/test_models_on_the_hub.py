"""`mmbench new model --from OWNER/NAME` against a server on this machine: card, check, refusals."""

from pathlib import Path

import pytest

from mmbench.cards import HubModel, ModelCard
from mmbench.codec import load_card
from tests.cli.conftest import Command
from tests.cli.conftest import here as here
from tests.cli.conftest import mm as mm
from tests.hubs.served import REPO
from tests.hubs.served import checkpoint as checkpoint
from tests.hubs.served import downloads as downloads
from tests.hubs.served import hub as hub
from tests.hubs.served import served as served
from tests.hubs.server import COMMIT, Hub, Repository


def test_the_small_files_alone_are_fetched_and_the_card_is_pinned_and_checked(
    mm: Command, here: Path, hub: Hub, served: Repository
) -> None:
    ran = mm("new", "model", "--from", REPO, "--cards", "own")
    assert ran.status == 0, ran.err
    assert "model tiny-bert   architecture-checked" in ran.out
    card = load_card(ModelCard, here / "own" / "models" / "tiny-bert.yaml")
    assert isinstance(card.source, HubModel)
    assert (card.source.repo, card.source.revision) == (REPO, COMMIT)
    fetched = [path for path in hub.paths() if "/resolve/" in path]
    assert any(path.endswith("config.json") for path in fetched)
    assert not any(path.endswith((".safetensors", ".bin", ".onnx")) for path in fetched)


@pytest.mark.usefixtures("here")
def test_a_repository_that_is_gated_or_not_there_leaves_no_card(
    mm: Command, hub: Hub, served: Repository
) -> None:
    served.gated = True
    ran = mm("new", "model", "--from", REPO)
    assert ran.status == 2
    assert f"{REPO} on {hub.endpoint} is gated" in ran.err
    ran = mm("new", "model", "--from", "acme/none")
    assert "acme/none" in ran.err
    assert "does not exist, or is private" in ran.err
    assert not Path("cards/models/tiny-bert.yaml").exists()
