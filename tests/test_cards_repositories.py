"""A repository becomes a part of addresses and of paths: a hostile one is refused with its line."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from mmbench.cards import HubData, HubModel, ModelCard, ModelScopeCopy, TaskCard
from mmbench.codec import load_card
from mmbench.errors import CardError
from tests.specimens import MODEL_FIELDS, TASK_FIELDS, write_card

HOSTILE = [
    "../../etc/passwd",
    "/etc/passwd",
    "a/b/c",
    "a/..",
    "a/b..c",
    "~/x",
    "-rf/x",
    "a/b?x=1",
    "a/b#x",
    "a b/c",
    "https://evil.example/x",
    "a/b\nHost: evil",
    "\u0430cme/model",  # Cyrillic
    "",
]


load_model, load_task = partial(load_card, ModelCard), partial(load_card, TaskCard)


@pytest.mark.parametrize("repo", HOSTILE)
def test_a_hostile_repository_is_refused_with_its_line(tmp_path: Path, repo: str) -> None:
    sources: list[dict[str, Any]] = [
        {"via": "hub", "repo": repo},
        {"via": "modelscope", "repo": repo},
        {"via": "hub", "repo": "a/b", "modelscope": {"repo": repo, "official": False}},
    ]
    for number, source in enumerate(sources):
        model = write_card(tmp_path, "models", MODEL_FIELDS, name=f"m{number}", source=source)
        task = write_card(tmp_path, "tasks", TASK_FIELDS, name=f"t{number}", source=source)
        for load, path in ((load_model, model), (load_task, task)):
            line = 1 + path.read_text().splitlines().index("source:")
            last = line + (3 if "modelscope" in source else 0)
            with pytest.raises(CardError) as caught:
                load(path)
            assert str(caught.value).startswith(f"{path}:{last}: source")
            assert f"{repo!r} is no name of a repository" in str(caught.value)


@pytest.mark.parametrize("revision", ["../main", "a//b", "/x", "a b", "", "x?y", "v1..", "-x"])
def test_a_hostile_revision_is_refused(revision: str) -> None:
    with pytest.raises(CardError, match="is no name of a revision"):
        HubModel(via="hub", repo="a/b", revision=revision)


@pytest.mark.parametrize("revision", [None, "main", "refs/pr/1", "v1.2.3", "0" * 40, "release-1.0"])
def test_names_as_the_hubs_have_them_are_taken(revision: str | None) -> None:
    for repo in ("imdb", "BAAI/bge-base-zh-v1.5", "01-ai/Yi_6B.x"):
        assert HubData(via="hub", repo=repo, revision=revision).repo == repo
        assert ModelScopeCopy(repo=repo, official=True, revision=revision).repo == repo
