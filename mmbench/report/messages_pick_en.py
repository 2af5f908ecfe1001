"""The English sentences of what to pick, and of places.

Keys are those of messages_pick_zh.
"""

MESSAGES = {
    "pick.heading": "What to pick",
    "pick.how": (
        "By the primary metric on the main test split. Where intervals overlap, the best one is "
        "tested against the others on the same examples (two-sided, Holm over all pairs, 5 %). "
        "Where that tells nothing apart either, the one whose trial takes least from a cold start "
        "is named; a difference that is not shown is never a reason."
    ),
    "pick.limits": "Within these limits: {limits}.",
    "pick.max_latency_ms": "a median latency of at most {value} ms a sample",
    "pick.max_memory_gb": "a peak of at most {value} GB in training",
    "pick.min_samples_per_second": "at least {value} answers a second",
    "pick.best": (
        "{task}: take {cell}. Its whole interval of {metric} is better than that of "
        "{others:other cell|other cells}."
    ),
    "pick.tied": (
        "{task}: take {cell}, the one that takes least ({seconds} s a trial): by {metric} it "
        "cannot be told apart from {others}."
    ),
    "pick.paired": (
        "{task}: take {cell}. Intervals overlap, but by {metric} on the same examples it is shown "
        "to be better than {beaten}."
    ),
    "pick.beaten": "{cell} ({p})",
    "pick.paired_rest": " From {others} it cannot be told apart.",
    "pick.open": (
        "{task}: by {metric} these cannot be told apart, and they ran on different machines, so "
        "that their cost does not decide either: {cells}."
    ),
    "pick.only": "{task}: {cell} stands alone; there is nothing to choose from.",
    "pick.only_above": (
        "{task}: take {cell}, the only one that is shown to be better than {baseline}."
    ),
    "pick.below": "{task}: none. Nothing is shown to be better than {baseline}.",
    "pick.none": "{task}: none keeps to the limits.",
    "pick.unmeasured": " {count:cell was|cells were} not measured for a limit and left out.",
    "pick.unread": " Answers that could have told more cannot be read: {reason}.",
    "pick.one_seed": " One seed: another one may turn out otherwise.",
    "pick.leaderboard": "Places on each task",
    "pick.ranks": (
        "A rank is one more than the number of cells whose whole interval is better; cells that "
        "cannot be told apart may share one. Normalised is (score − baseline) / (best possible − "
        "baseline): 0 is what the baseline reaches, 1 is flawless; – where the metric has no best "
        "value."
    ),
    "pick.rank": "rank",
    "pick.normalised": "normalised",
    "pick.overall": "Places over all tasks",
    "pick.overall_how": (
        "Models with a recipe that were scored on all {tasks} tasks. The mean of ranks with equal "
        "weight for each task; a mean over tasks so different is a rough guide."
    ),
    "pick.mean_rank": "mean rank",
    "pick.mean_normalised": "mean normalised score",
}
