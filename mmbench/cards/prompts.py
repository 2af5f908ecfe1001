"""In which language a model is told the classes of a task."""

from mmbench.cards.model import ModelCard
from mmbench.cards.recipe import Recipe
from mmbench.cards.task import TaskCard


def prompt_language(model: ModelCard, task: TaskCard, recipe: Recipe) -> str | None:
    """The recipe's, or the first of the model's own in which the task has prompts.

    None if the task has none in it, or the model neither answers in words nor has a joint space in
    which to compare them.
    """
    if not {"joint", "generates"} & set(model.gives):
        return None
    if recipe.prompts is not None:
        return recipe.prompts if recipe.prompts in task.prompts else None
    return next((lang for lang in model.languages if lang in task.prompts), None)
