"""The models of images and texts together, their tasks and recipes.

TEST FIXTURE: every model, number and machine below is invented.
"""

from mmbench.cards import (
    BundledData,
    HubModel,
    ModelCard,
    PairModel,
    RandomModel,
    Recipe,
    SplitRule,
    Target,
    TaskCard,
    TextRules,
    TrainedTokenizer,
)
from mmbench.kinds import KINDS
from tests.report.cards import IMAGE
from tests.report.cards import MODELS as PARTS

OWN = TextRules(max_tokens=52, pooling="own")
MODELS = {
    card.name: card
    for card in (
        ModelCard(
            name="fixture-pair-en",
            family="pair",
            languages=("en",),
            modalities=("image", "text"),
            adapter="pair",
            source=PairModel(via="pair", image="fixture-effnet", text="fixture-minilm-en"),
            gives=("paired",),
            parameters=27_365_224,
            parts={"image": PARTS["fixture-effnet"], "text": PARTS["fixture-minilm-en"]},
        ),
        ModelCard(
            name="fixture-clip-zh",
            family="fixture-clip",
            organisation="Fixture Lab 虚构实验室",
            country="CN",
            languages=("zh", "en"),
            modalities=("image", "text"),
            adapter="dual",
            library="transformers",
            source=HubModel(via="hub", repo="fixture/clip-zh", revision="5c4b3a2"),
            gives=("pooled", "paired", "joint"),
            parameters=188_262_913,
            licence="apache-2.0",
            text=OWN,
            image=IMAGE,
        ),
        ModelCard(
            name="fixture-clip-scratch",
            family="fixture-clip",
            languages=("zh",),
            modalities=("image", "text"),
            adapter="dual",
            library="open_clip",
            architecture="ViT-B-32",
            source=RandomModel(
                via="random",
                config={"embed_dim": 128},
                tokenizer=TrainedTokenizer(via="trained", vocabulary=4000),
            ),
            gives=("pooled", "paired", "joint"),
            parameters=3_912_449,
            text=OWN,
            image=IMAGE,
        ),
    )
}


def _match(language: str, described: dict[str, str]) -> TaskCard:
    return TaskCard(
        name=f"fixture-match-{language}",
        version=1,
        kind="retrieval",
        languages=(language,),
        inputs={"image": "image", "text": f"name_{language}"},
        target=Target(column="concept"),
        source=BundledData(via="bundled", files={"all": "fixture.parquet"}),
        metrics=KINDS["retrieval"].metrics,
        splits={
            "train": SplitRule(where={"vendor": ("a", "b")}),
            "validation": SplitRule(cut_from="train", fraction=0.1),
            "test": SplitRule(cut_from="train", fraction=0.2),
            "test_unseen": SplitRule(where={"vendor": ("d",)}),
        },
        group="concept",
        parallel="fixture-match",
        description=described,
    )


TASKS = {
    card.name: card
    for card in (
        _match(
            "en",
            {"en": "Invented drawings and their English names.", "zh": "虚构的图像及其英文名称。"},
        ),
        _match(
            "zh",
            {"en": "The same drawings and their Chinese names.", "zh": "同一批图像及其中文名称。"},
        ),
    )
}
RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(name="zero-shot", strategy="zero_shot", batch_size=64),
        Recipe(
            name="contrast-probe",
            strategy="probe",
            head="mlp",
            head_width=512,
            projection_width=256,
            learning_rates=(3e-4, 1e-3, 3e-3),
            epochs=15,
            batch_size=256,
            evaluations=15,
        ),
        Recipe(
            name="contrast-full",
            strategy="full",
            projection_width=256,
            learning_rates=(1e-5, 3e-5, 1e-4),
            epochs=5,
            batch_size=256,
            micro_batch=32,
            evaluations=5,
        ),
    )
}

# ------------------------------------------------------------------------------- facts

NO_SPACE = "images and texts are in no common space before training"
ROWS = {"train": 2400, "validation": 100, "test": 300, "test_unseen": 120}
SCORED = {**ROWS, "train": 2000}
CANDIDATES = {
    "fixture-match-en": {
        "train": (2400, 1200), "validation": (100, 50), "test": (300, 150),
        "test_unseen": (120, 120),
    },
    "fixture-match-zh": {
        "train": (2400, 1196), "validation": (100, 50), "test": (300, 149),
        "test_unseen": (120, 120),
    },
}  # fmt: skip
