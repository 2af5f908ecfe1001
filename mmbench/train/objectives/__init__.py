"""The kinds of task in training, one class a row of `mmbench.kinds.KINDS`."""

from collections.abc import Mapping
from types import MappingProxyType

from mmbench.cards import ModelCard
from mmbench.data.examples import TaskData
from mmbench.models.base import Adapter
from mmbench.train.objectives.base import Objective, Outputs, SplitRows
from mmbench.train.objectives.classification import Classification
from mmbench.train.objectives.generation import Generation
from mmbench.train.objectives.multilabel import Multilabel
from mmbench.train.objectives.multitask import Multitask
from mmbench.train.objectives.regression import Regression
from mmbench.train.objectives.retrieval import Retrieval
from mmbench.train.objectives.sentence_pair import SentencePair
from mmbench.train.objectives.tagging import Tagging
from mmbench.train.objectives.transcription import Transcription
from mmbench.train.setting import Setting

OBJECTIVES: Mapping[str, type[Objective]] = MappingProxyType(
    {
        "captioning": Generation,
        "classification": Classification,
        "multilabel": Multilabel,
        "multitask": Multitask,
        "question_answering": Generation,
        "regression": Regression,
        "retrieval": Retrieval,
        "sentence_pair": SentencePair,
        "tagging": Tagging,
        "transcription": Transcription,
    }
)


def objective_class(kind: str, card: ModelCard) -> type[Objective]:
    """A model that writes transcribes by writing, whatever else it gives."""
    if kind == "transcription" and "generates" in card.gives:
        return Generation
    return OBJECTIVES[kind]


def objective_of(adapter: Adapter, data: TaskData, setting: Setting) -> Objective:
    return objective_class(setting.task.kind, adapter.card)(adapter, data, setting)


__all__ = [
    "OBJECTIVES",
    "Objective",
    "Outputs",
    "SplitRows",
    "objective_class",
    "objective_of",
]
