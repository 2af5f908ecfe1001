"""What is known before anything runs: the cards of models and tasks, recipes, and suites.

A card describes, a suite selects, a recipe says how to train. All are frozen values that a YAML
file under `registry/` spells out field by field (`codec.py` reads them and refuses unknown
fields). Rules that concern one card alone are checked here, when it is made.
"""

from mmbench.cards.model import (
    AudioRules,
    GenerationRules,
    Gives,
    ImageRules,
    Modality,
    ModelCard,
    Published,
    Side,
    Slot,
    TextRules,
    modality_of,
)
from mmbench.cards.places import Hub, Places, source_name
from mmbench.cards.prompts import prompt_language
from mmbench.cards.random import as_random
from mmbench.cards.recipe import Recipe, Strategy
from mmbench.cards.sources import (
    BundledData,
    DataSource,
    FileData,
    FileFormat,
    FolderModel,
    FusionModel,
    HubData,
    HubModel,
    Join,
    JoinedModel,
    ModelScopeCopy,
    ModelScopeData,
    ModelScopeModel,
    ModelSource,
    NoTokenizer,
    PackageData,
    PackageModel,
    PairModel,
    RandomModel,
    TrainedTokenizer,
)
from mmbench.cards.stages import Pretraining, ProbeFirst, StartFrom
from mmbench.cards.suite import BenchBlock, Block, GateThresholds, Suite
from mmbench.cards.task import Label, Normalisation, Scalar, SplitRule, Target, TargetPart, TaskCard
from mmbench.cards.tuning import Span, Tuning

Card = ModelCard | TaskCard | Recipe | Suite

__all__ = [
    "AudioRules",
    "BenchBlock",
    "Block",
    "BundledData",
    "Card",
    "DataSource",
    "FileData",
    "FileFormat",
    "FolderModel",
    "FusionModel",
    "GateThresholds",
    "GenerationRules",
    "Gives",
    "Hub",
    "HubData",
    "HubModel",
    "ImageRules",
    "Join",
    "JoinedModel",
    "Label",
    "Modality",
    "ModelCard",
    "ModelScopeCopy",
    "ModelScopeData",
    "ModelScopeModel",
    "ModelSource",
    "NoTokenizer",
    "Normalisation",
    "PackageData",
    "PackageModel",
    "PairModel",
    "Places",
    "Pretraining",
    "ProbeFirst",
    "Published",
    "RandomModel",
    "Recipe",
    "Scalar",
    "Side",
    "Slot",
    "Span",
    "SplitRule",
    "StartFrom",
    "Strategy",
    "Suite",
    "Target",
    "TargetPart",
    "TaskCard",
    "TextRules",
    "TrainedTokenizer",
    "Tuning",
    "as_random",
    "modality_of",
    "prompt_language",
    "source_name",
]
