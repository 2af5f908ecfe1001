"""Ways to fine-tune that a model or a kind of task does not have, with the reason."""

from mmbench.cards import ModelCard, Recipe, TaskCard, modality_of
from mmbench.kinds import Kind


def not_this_way(model: ModelCard, task: TaskCard, recipe: Recipe, wanted: Kind) -> str | None:
    """Why this model cannot be fine-tuned for this task as the recipe says, or None."""
    if recipe.strategy not in wanted.strategies:
        return f"kind {task.kind!r} has no strategy {recipe.strategy!r}"
    by_frames = task.kind == "transcription" and "generates" not in model.gives
    if by_frames and recipe.strategy == "probe":
        return (
            f"a probe keeps one vector a clip, and {model.name} is to spell frame by frame. Use "
            "strategy: head"
        )
    if recipe.strategy == "lora":
        parts = tuple(model.parts.values()) or (model,)
        without = [part.name for part in parts if not part.lora_targets]
        if without:
            return f"{without[0]} states no lora_targets: its card must say which layers to add to"
    if recipe.shots is not None and wanted.target != "class":
        return f"shots are drawn by class; kind {task.kind!r} has none"
    if recipe.probe_first is not None and "probe" not in wanted.strategies:
        return f"kind {task.kind!r} has no strategy 'probe', so none can come first"
    return _not_pretrained(model, task, recipe)


def _not_pretrained(model: ModelCard, task: TaskCard, recipe: Recipe) -> str | None:
    if recipe.pretraining is None:
        return None
    read = list(dict.fromkeys(modality_of(slot) for slot in task.inputs))
    if recipe.pretraining.objective == "mlm":
        if model.adapter != "text" or read != ["text"]:
            return (
                "masked language modelling is for text encoders (adapter: text) on texts; "
                f"{model.name} has adapter {model.adapter}, the task's input is {' + '.join(read)}"
            )
    elif "joint" not in model.gives or set(read) != {"image", "text"}:
        return (
            "contrastive pre-training is for dual encoders on images with texts; "
            f"{model.name} gives {', '.join(model.gives)}, the task's input is {' + '.join(read)}"
        )
    return None
