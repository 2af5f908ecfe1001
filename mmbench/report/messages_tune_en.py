"""The English sentences of what tuning cost and changed; keys are those of messages_tune_zh."""

MESSAGES = {
    "tune.heading": "Tuning: what it cost, and how far the default was",
    "tune.how": (
        "Every model tried the same number of settings, on the validation split alone; the first "
        "is the recipe's own. The better validation score is the best of many and therefore too "
        "good: compare on the test split. There the default is a recipe that was run without a "
        "search and agrees in all else."
    ),
    "tune.trials": "settings",
    "tune.pruned": "pruned",
    "tune.gave_up": "diverged or out of memory",
    "tune.seconds": "seconds",
    "tune.samples": "samples seen",
    "tune.default_validation": "validation, default",
    "tune.tuned_validation": "validation, tuned",
    "tune.default_test": "test, default",
    "tune.tuned_test": "test, tuned",
    "tune.setting": "chosen setting",
    "tune.unequal": "Budgets differ: {budgets} settings. Scores of these recipes do not compare.",
    "tune.failed": "The search of {trial} failed: {reason}",
    "tune.summary": "Every setting that was tried: {count}",
    "tune.number": "no.",
    "tune.values": "setting",
    "tune.steps": "steps",
    "tune.is_default": "default",
    "tune.is_pruned": "pruned",
    "tune.is_diverged": "diverged",
    "tune.is_out_of_memory": "out of memory",
    "tune.is_chosen": "chosen",
}
