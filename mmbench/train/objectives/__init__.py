"""The kinds of task in training, one class a row of `mmbench.kinds.KINDS`."""

from collections.abc import Mapping
from types import MappingProxyType

from mmbench.data.examples import TaskData
from mmbench.models.base import Adapter
from mmbench.train.objectives.base import Objective, Outputs, SplitRows
from mmbench.train.objectives.classification import Classification
from mmbench.train.objectives.retrieval import Retrieval
from mmbench.train.setting import Setting

OBJECTIVES: Mapping[str, type[Objective]] = MappingProxyType(
    {"classification": Classification, "retrieval": Retrieval}
)


def objective_of(adapter: Adapter, data: TaskData, setting: Setting) -> Objective:
    return OBJECTIVES[setting.task.kind](adapter, data, setting)


__all__ = ["OBJECTIVES", "Objective", "Outputs", "SplitRows", "objective_of"]
