"""What of the data goes into a record as it is."""

from mmbench.data.examples import TaskData
from mmbench.data.joint import SIDES, JointRows
from mmbench.records import SplitFacts
from mmbench.train.finetune import Finetuned


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
