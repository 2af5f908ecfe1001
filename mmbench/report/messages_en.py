"""The English sentences; `i18n.py` says how they are written. Keys are those of messages_zh."""

MESSAGES = {
    "title": "Fine-tuning report",
    # summary
    "summary.heading": "Summary",
    "summary.compared": (
        "Compared: {models:model|models}, {tasks:task|tasks} and {recipes:recipe|recipes} in "
        "{trials:trial|trials}, seeds {seeds}. Finished: {ok}; failed: {failed}; "
        "refused: {refused}."
    ),
    "summary.machine": " All on {device} with {threads:thread|threads}.",
    "verdict.leader": "{cell} at {score}",
    "verdict.best": (
        "{task}: the best by {metric} on {split} is {leader}. Its whole interval is better than "
        "that of {others:other cell|other cells}."
    ),
    "verdict.tied": (
        "{task}: by {metric} on {split} these cannot be told apart, their intervals overlap: "
        "{leaders}."
    ),
    "verdict.others_below": " {count:other cell is|other cells are} shown to be worse.",
    "verdict.alone": (
        "{task}: only one cell has {metric} on {split}: {leader}. There is nothing to compare it "
        "with."
    ),
    "verdict.incomplete": (
        "{task}: {leader} is ahead by {metric} on {split}, but its seed {seeds} failed: no best "
        "is claimed."
    ),
    "verdict.unscored": "{task}: no cell has a score on a test split.",
    "verdict.not_above_majority": (
        " Not all of this is shown to beat the majority class, {value}."
    ),
    # notices
    "notice.below_majority": (
        "Worse than the majority class: always answering the most frequent class would have "
        "scored higher."
    ),
    "notice.below_probe": (
        "Worse than the linear probe of the same model: this fine-tuning did not pay."
    ),
    "notice.probe": "linear probe ({recipe})",
    "notice.shortfall": "{cell}, on {split} against the {baseline}: {cases}",
    "notice.clear": "seed {seed} has {value} against {baseline_value}",
    "notice.not_clear": "seed {seed} has {value} against {baseline_value}, within its interval",
    "notice.failed": (
        "{count:trial|trials} failed and cannot be ranked; the reasons are listed below under "
        "Failed and refused."
    ),
    "notice.setups": (
        "The records come from several setups (device, threads, library or code versions). They "
        "are not comparable in speed: each setup has its own table. No mean mixes them."
    ),
    "notice.setup": (
        "Setup {letter}: {device}, {threads:thread|threads}, code {code}, {count:trial|trials}"
    ),
    "notice.seen_little": "These models did not see all of their input:",
    "notice.truncated": "{model} on {task}: {share} of the texts of {split} were truncated",
    "notice.unknown_tokens": (
        "{model} on {task}: {share} of the tokens of {split} are unknown to its tokenizer, which "
        "was not made for this language or domain"
    ),
    "notice.recorded": "Warnings that the trials recorded:",
    "note.no_joint_space": "the model has no joint space of inputs and labels",
    "note.diverged": "learning rate {rate} diverged at step {step} and is out of the choice",
    "note.diverged_outputs": "learning rate {rate} diverged and is out of the choice",
    "note.short": "short: {found} of {wanted} windows; measure on more data",
    "note.measured_earlier": "measured when the features were computed",
    "note.one_group": "all rows are one group: no interval",
    "note.whole_process": "the peak of the whole process: it could not be reset before the trial",
    "note.other_work": (
        "other processes kept {busy} of {cores} cores busy: do not compare the speeds; run it "
        "again alone"
    ),
    "notice.recorded_item": "{text} — {trials}",
    # figure
    "figure.axis": "{metric} on {split}, with 95% interval",
    "figure.on_setup": "{model}, setup {setup}",
    "figure.value": "{model} × {recipe} {score}",
    "figure.task": "{task}: {values}.",
    "figure.alt": "Scores with their intervals by task, model and recipe. {tasks}",
    # quality
    "quality.heading": "Quality",
    "quality.nothing": "No trial finished, so there is no score.",
    "quality.how": (
        "Each entry is before → after fine-tuning, with the 95% interval of the latter in "
        "brackets. Rows are in the order of the first test split; an order is not a ranking where "
        "intervals overlap."
    ),
    "quality.test": "test: held-out examples like those of the training split.",
    "quality.test_shift": (
        "test_shift: the same classes under a shift of the data, such as another source or "
        "drawing style."
    ),
    "quality.test_unseen": (
        "test_unseen: a shift of the data, and concepts that the training split does not contain."
    ),
    "quality.caption": "{metric}, before → after [low, high]",
    "quality.split_of": "{split} (n = {count})",
    "quality.majority": "majority class",
    "quality.not_applicable": "n/a",
    "quality.why_not_applicable": "n/a: there is no score before fine-tuning ({reason})",
    "quality.scored_in_part": "{split}: scored on {scored} of its {rows} rows",
    "quality.seeds_failed": (
        "{cell} × {recipe}: {failed} of {planned} seeds failed; the mean is over the others"
    ),
    "quality.others": "Other metrics: {task} ({metrics})",
    "quality.other_caption": "{metric}, after fine-tuning [low, high]",
    "quality.seeds": "Every seed: {task}",
    "quality.seeds_caption": "{metric} on {split}, after fine-tuning",
    "quality.seed": "seed {seed}",
    "quality.classes": "F1 (%) by class: {task} ({shown} of {classes} classes)",
    "quality.hardest_classes": (
        "F1 (%) of the hardest classes: {task} ({shown} of {classes} classes)"
    ),
    # speed and cost
    "cost.heading": "Speed and cost",
    "cost.how": (
        "Means over the seeds of a cell, with the interval in brackets where one was measured. "
        "A probe trains its head on stored features, so its training rate must not be compared "
        "with that of a whole model. Rates compare only between trials that had the machine to "
        "themselves."
    ),
    "cost.setup": "Setup {letter}: {device}, {threads:thread|threads}",
    "cost.absent": "Not measured or not applicable here: {columns}.",
    "cost.note": "{columns}: {note}",
    "speed.caption": "Speed of whole models",
    "speed.probe_caption": "Speed of linear probes: features once, then a head on them",
    "speed.train_samples": "training (samples/s)",
    "speed.train_tokens": "training (tokens/s)",
    "speed.padding": "padding efficiency",
    "speed.inference_samples": "inference (samples/s)",
    "speed.inference_tokens": "inference (tokens/s)",
    "speed.feature_samples": "feature extraction (samples/s)",
    "speed.feature_tokens": "feature extraction (tokens/s)",
    "speed.head_samples": "training the head (samples/s)",
    "speed.data_wait": "waiting for data",
    "speed.transfer": "copying to the device",
    "cost.time_caption": "Time of one trial",
    "cost.memory_caption": "Memory and parameters",
    "cost.seconds": "whole trial (s)",
    "cost.train_seconds": "chosen run (s)",
    "cost.tuning_seconds": "learning rates not chosen (s)",
    "cost.feature_seconds": "features (s)",
    "cost.reused_seconds": "features from the cache (s)",
    "cost.peak_rss": "peak memory",
    "cost.peak_rss_growth": "growth to the peak",
    "cost.peak_cuda": "peak GPU memory",
    "cost.peak_cuda_reserved": "peak GPU memory, reserved",
    "cost.parameters": "parameters",
    "cost.trainable": "trainable parameters",
    "grid.summary": "Learning-rate grid: {seconds} s were spent on learning rates not chosen",
    "grid.how": (
        "Every learning rate of a recipe is trained; the one that is best on validation is kept, "
        "and the test splits play no part in the choice."
    ),
    "grid.edge": ("Chosen at the edge of the grid, so a wider grid might do better: {trials}."),
    "grid.rate": "learning rate",
    "grid.validation": "validation",
    "grid.score": "{value} {metric}",
    "grid.best_step": "best step / steps",
    "grid.seconds": "seconds",
    "grid.remark": "remark",
    "grid.chosen": "chosen",
    "grid.diverged": "diverged",
    "grid.stopped": "stopped early",
    # inputs
    "models.heading": "Models",
    "models.note": "{model}: {note}",
    "recipes.heading": "Recipes",
    "recipes.name": "{recipe}: {strategy}",
    "recipes.training": (
        "; learning rates {rates}, {epochs:epoch|epochs}, batch size {batch_size}, {optimizer}, "
        "{schedule} schedule, {precision}"
    ),
    "recipes.patience": ", early stopping after {patience:evaluation|evaluations} without a gain",
    "recipes.described": ". {description}",
    "data.heading": "Data",
    "data.task": "Splits of {task}",
    "data.dropped": "Dropped, {reason}: {count:row|rows}",
    "data.nothing_dropped": "No row was dropped.",
    "sources.summary": "Where weights and data came from",
    "sources.how": "The digest is that of the content: other files give other digests.",
    "sources.hub": "Hugging Face hub: {repo} at {revision}",
    "sources.unpinned": "an unpinned revision",
    "sources.package": "Python package {distribution} {version}",
    "sources.folder": "local folder",
    "sources.random": "random initialisation",
    "sources.files": "local files",
    "sources.bundled": "bundled with mmbench",
    # failed and refused
    "unfinished.heading": "Failed and refused",
    "unfinished.nothing": "Nothing failed, and nothing was refused.",
    "unfinished.every_seed": "all",
    "unfinished.no_reason": "the record gives no reason",
    "unfinished.how": (
        "A refused cell asks a model for what it cannot do, and was never started. The traceback "
        "of a failure stands in its record."
    ),
    # environment
    "environment.heading": "Environment",
    "environment.setup": "Setup {letter}",
    "environment.fact": "fact",
    "environment.value": "value",
    "environment.platform": "platform",
    "environment.cpu": "CPU",
    "environment.cores": "cores",
    "environment.memory": "memory",
    "environment.gpu": "GPU",
    "environment.device": "device",
    "environment.threads": "threads",
    "environment.precision": "precision",
    "environment.load": "load average",
    "environment.others": "cores busy with other work",
    "environment.python": "Python",
    "environment.libraries": "libraries",
    "environment.code": "mmbench",
    "environment.code_of": "{code}, behaviour {behaviour}",
    "environment.dates": "dates",
    # reproduce
    "reproduce.heading": "How to reproduce",
    "reproduce.command": "These records come from:",
    "reproduce.records": (
        "Each record holds its cards, seeds, digests and versions. The same trial on the same "
        "setup gives the same predictions; another number of threads or another device moves the "
        "last bits."
    ),
    # how to read
    "reading.heading": "How to read this report",
    "reading.interval": (
        "An interval is a 95% interval over the test examples: how far the score may move with "
        "another draw of examples from the same source."
    ),
    "reading.method": "Intervals of {metric}: {methods}.",
    "reading.envelope": (
        "With several seeds the value is their mean, and the interval is the envelope: from the "
        "lowest low to the highest high of the seeds. That is conservative on purpose; a few "
        "seeds are too few for an interval of their own."
    ),
    "reading.one_seed": (
        "Every cell has one seed: how much the score moves from seed to seed is not known here."
    ),
    "reading.best": (
        "A cell is called the best only if its whole interval is better than every other one. "
        "Intervals that overlap do not prove that two cells are equal: a paired test on the same "
        "examples could tell more of them apart."
    ),
    "reading.not_covered": (
        "No interval covers data from elsewhere, labels that are wrong, the choice of the "
        "learning rate, or what a longer training would have reached."
    ),
    "reading.order": (
        "Validation chose the learning rate and the best step, so validation scores are too "
        "good; train shows over-fitting."
    ),
    "reading.marks": (
        "pretrained: the weights come from a source; scratch: they start at random, and the row "
        "says what the architecture alone can learn, nothing about a family of models."
    ),
    "reading.speed": (
        "Rates are work over time in the steady state, after warm-up, without evaluation. Tokens "
        "are real tokens; padding efficiency is their share of what went through the model."
    ),
    "reading.features": (
        "A probe computes features once and then trains its head on them. What came from the "
        "cache is not in the seconds of the trial; its cost when it was computed is given apart."
    ),
    "reading.memory": (
        "Peak memory is the largest resident set of the process, with Python and its libraries; "
        "the growth is counted from where the trial began."
    ),
}
