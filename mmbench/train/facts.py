"""What of a fine-tuning goes into its record as it is."""

from mmbench.data.examples import TaskData
from mmbench.data.joint import SIDES, JointRows
from mmbench.records import GridPoint, SplitFacts
from mmbench.train.finetune import Finetuned, Grid


def grid_points(grid: Grid, primary: str) -> tuple[GridPoint, ...]:
    """Every learning rate, those that diverged last."""
    ended = [
        GridPoint(
            learning_rate=fit.learning_rate,
            validation=fit.best.validation[primary],
            best_step=fit.best.step,
            steps=fit.steps,
            seconds=fit.seconds,
            stopped_early=fit.stopped_early,
            chosen=fit is grid.chosen,
        )
        for fit in grid.fits
    ]
    diverged = [
        GridPoint(
            learning_rate=fit.learning_rate,
            validation=None,
            diverged=fit.reason,
            best_step=0,
            steps=0,
            seconds=fit.seconds,
            stopped_early=False,
            chosen=False,
        )
        for fit in grid.diverged
    ]
    return (*ended, *diverged)


def split_facts(finetuned: Finetuned, data: TaskData) -> tuple[SplitFacts, ...]:
    """What every split held, and what preparing it did to its rows."""
    facts = []
    for split, examples in data.splits.items():
        prepared = finetuned.prepared[split].facts
        facts.append(
            SplitFacts(
                split=split,
                examples=len(examples),
                groups=None if examples.groups is None else len(set(examples.groups)),
                truncated=prepared.truncated,
                unknown_token_share=prepared.unknown_token_share,
                tokens=prepared.tokens,
                candidates=(
                    {side: len(rows.side(side)) for side in SIDES}
                    if isinstance(rows := finetuned.prepared[split], JointRows)
                    else {}
                ),
            )
        )
    return tuple(facts)
