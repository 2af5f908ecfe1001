"""What is known before anything runs: the cards of models and tasks, recipes, and suites.

A card describes, a suite selects, a recipe says how to train. All are frozen values that a YAML
file under `registry/` spells out field by field (`codec.py` reads them and refuses unknown
fields). Rules that concern one card alone are checked here, when it is made.
"""

from mmbench.cards.model import (
    Gives,
    ImageRules,
    Modality,
    ModelCard,
    Published,
    Side,
    TextRules,
)
from mmbench.cards.prompts import prompt_language
from mmbench.cards.random import as_random
from mmbench.cards.recipe import Recipe, Strategy
from mmbench.cards.sources import (
    BundledData,
    DataSource,
    FileData,
    FileFormat,
    FolderModel,
    HubData,
    HubModel,
    ModelSource,
    NoTokenizer,
    PackageData,
    PackageModel,
    PairModel,
    RandomModel,
    TrainedTokenizer,
)
from mmbench.cards.suite import BenchBlock, Block, GateThresholds, Suite
from mmbench.cards.task import Label, Scalar, SplitRule, Target, TaskCard

Card = ModelCard | TaskCard | Recipe | Suite

__all__ = [
    "BenchBlock",
    "Block",
    "BundledData",
    "Card",
    "DataSource",
    "FileData",
    "FileFormat",
    "FolderModel",
    "GateThresholds",
    "Gives",
    "HubData",
    "HubModel",
    "ImageRules",
    "Label",
    "Modality",
    "ModelCard",
    "ModelSource",
    "NoTokenizer",
    "PackageData",
    "PackageModel",
    "PairModel",
    "Published",
    "RandomModel",
    "Recipe",
    "Scalar",
    "Side",
    "SplitRule",
    "Strategy",
    "Suite",
    "Target",
    "TaskCard",
    "TextRules",
    "TrainedTokenizer",
    "as_random",
    "prompt_language",
]
