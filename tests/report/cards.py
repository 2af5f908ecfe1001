"""The models, tasks and recipes of a small sweep by hand.

TEST FIXTURE: every model, number and machine below is invented.
"""

from collections.abc import Callable

from mmbench.cards import (
    BundledData,
    HubModel,
    ImageRules,
    Label,
    ModelCard,
    PackageModel,
    RandomModel,
    Recipe,
    SplitRule,
    Target,
    TaskCard,
    TextRules,
)
from mmbench.fingerprint import Environment, Fingerprint
from mmbench.records import Record
from mmbench.report.document import Lang
from mmbench.store import Stored

StoreAll = Callable[[list[Record]], list[Stored]]
LANGS: tuple[Lang, ...] = ("en", "zh")

# ------------------------------------------------------------------------------- cards

TEXT = TextRules(max_tokens=128, pooling="mean")
IMAGE = ImageRules(
    size=224,
    fit="squash",
    interpolation="bicubic",
    mean=(0.485, 0.456, 0.406),
    std=(0.229, 0.224, 0.225),
)
MODELS = {
    card.name: card
    for card in (
        ModelCard(
            name="fixture-bert-zh",
            family="fixture",
            organisation="Fixture Lab 虚构实验室",
            country="CN",
            languages=("zh",),
            modalities=("text",),
            adapter="text",
            library="transformers",
            source=HubModel(via="hub", repo="fixture/bert-zh", revision="0a1b2c3"),
            gives=("pooled", "tokens"),
            parameters=102_267_648,
            licence="apache-2.0",
            text=TEXT,
        ),
        ModelCard(
            name="fixture-minilm-en",
            family="fixture",
            organisation="Invented Inc.",
            country="US",
            languages=("en",),
            modalities=("text",),
            adapter="text",
            library="transformers",
            source=HubModel(via="hub", repo="fixture/minilm"),
            gives=("pooled", "tokens"),
            parameters=22_713_216,
            licence="mit",
            text=TEXT,
            notes="Its tokenizer was made for English.",
        ),
        ModelCard(
            name="fixture-bert-scratch",
            family="fixture",
            languages=("zh",),
            modalities=("text",),
            adapter="text",
            library="transformers",
            source=RandomModel(via="random", config={"hidden_size": 128}),
            gives=("pooled", "tokens"),
            parameters=4_385_920,
            text=TEXT,
        ),
        ModelCard(
            name="fixture-effnet",
            family="fixture",
            organisation="Invented Inc.",
            country="US",
            languages=(),
            modalities=("image",),
            adapter="image",
            library="timm",
            architecture="tf_efficientnet_lite0",
            source=PackageModel(
                via="package", distribution="fixture-effnet", version="1.0", path="w.bin"
            ),
            gives=("pooled",),
            parameters=4_652_008,
            licence="apache-2.0",
            image=IMAGE,
        ),
        ModelCard(
            name="fixture-vit-zh",
            family="fixture",
            organisation="Fixture Lab 虚构实验室",
            country="CN",
            languages=(),
            modalities=("image",),
            adapter="image",
            library="timm",
            architecture="vit_tiny_patch16_224",
            source=HubModel(via="hub", repo="fixture/vit", revision="9f8e7d6"),
            gives=("pooled",),
            parameters=5_717_416,
            licence="apache-2.0",
            image=IMAGE,
        ),
        ModelCard(
            name="fixture-effnet-scratch",
            family="fixture",
            languages=(),
            modalities=("image",),
            adapter="image",
            library="timm",
            architecture="tf_efficientnet_lite0",
            source=RandomModel(via="random"),
            gives=("pooled",),
            parameters=4_652_008,
            image=IMAGE,
        ),
    )
}
EMOJI = ("animal", "food", "flag", "face", "object", "travel")
TASKS = {
    card.name: card
    for card in (
        TaskCard(
            name="fixture-reviews",
            version=1,
            kind="classification",
            languages=("zh",),
            inputs={"text": "text"},
            target=Target(
                column="label",
                labels=(
                    Label(value=0, names={"en": "negative", "zh": "负面"}),
                    Label(value=1, names={"en": "positive", "zh": "正面"}),
                ),
            ),
            source=BundledData(via="bundled", files={"all": "fixture.csv"}),
            metrics=("accuracy", "f1_macro"),
            description={
                "en": "Invented Chinese reviews: positive or negative.",
                "zh": "虚构的中文评论，判断褒贬。",
            },
        ),
        TaskCard(
            name="fixture-emoji",
            version=2,
            kind="classification",
            languages=(),
            inputs={"image": "image"},
            target=Target(
                column="group",
                labels=tuple(
                    Label(value=value, names={"en": value, "zh": chinese})
                    for value, chinese in zip(
                        EMOJI, ["动物", "食物", "旗帜", "表情", "物品", "旅行"], strict=True
                    )
                ),
            ),
            prompts={"en": ("an emoji of {label}",), "zh": ("{label}的表情符号",)},
            source=BundledData(via="bundled", files={"all": "fixture.parquet"}),
            metrics=("accuracy", "balanced_accuracy"),
            splits={
                "train": SplitRule(where={"vendor": ("a", "b")}),
                "validation": SplitRule(cut_from="train", fraction=0.1),
                "test": SplitRule(cut_from="train", fraction=0.2),
                "test_shift": SplitRule(where={"vendor": ("c",)}),
                "test_unseen": SplitRule(where={"vendor": ("d",)}),
            },
            group="concept",
            group_exempt=("test_shift",),
            description={
                "en": "Invented emoji drawings: which of six groups.",
                "zh": "虚构的表情符号图像，共六类。",
            },
        ),
    )
}
RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name="probe",
            strategy="probe",
            learning_rates=(1e-3, 1e-2),
            epochs=50,
            batch_size=256,
            patience=3,
        ),
        Recipe(
            name="full",
            strategy="full",
            learning_rates=(1e-5, 3e-5, 1e-4),
            epochs=4,
            patience=3,
            description={"en": "Three learning rates.", "zh": "三个学习率。"},
        ),
    )
}

# ----------------------------------------------------------------------------- machine

FINGERPRINT = Fingerprint(
    behaviour=1,
    code="0.1.0+0000000",
    device="cpu",
    device_name="Fixture CPU @ 2.00GHz",
    precision="fp32",
    threads=2,
    libraries={"torch": "2.11.0", "transformers": "5.0.0", "numpy": "2.2.0"},
)
ENVIRONMENT = Environment(
    platform="Linux x86_64",
    python="3.11.9",
    cpu="Fixture CPU @ 2.00GHz",
    cores=2,
    memory_bytes=8 * 2**30,
    gpu=None,
    gpu_memory_bytes=None,
    load_at_start=0.12,
    load_at_end=1.98,
    other_cores_busy=0.02,
)
NOT_APPLICABLE = "no joint space of inputs and labels: nothing to score before training"
ROWS = {
    "fixture-reviews": {"train": 4200, "validation": 600, "test": 1200},
    "fixture-emoji": {
        "train": 3000, "validation": 330, "test": 750, "test_shift": 900, "test_unseen": 240,
    },
}  # fmt: skip
CLASSES = {
    "fixture-reviews": ("0", "1"),
    "fixture-emoji": EMOJI,
}
