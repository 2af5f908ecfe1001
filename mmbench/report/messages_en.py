"""The English sentences on what was found; `i18n.py` says how they are written.

Keys are those of messages_zh.
"""

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
    "verdict.above_baseline": " Its whole interval is better than that of {baseline}, {value}.",
    "verdict.alone_not_above": " It is not shown to beat {baseline}, {value}.",
    "verdict.not_above_baseline": " Not all of this is shown to beat {baseline}, {value}.",
    # notices
    "notice.below_majority": (
        "Worse than the majority baseline: always giving what is most frequent in training would "
        "have scored higher."
    ),
    "notice.below_chance": (
        "Worse than chance: candidates in random order would have scored higher."
    ),
    "notice.below_constant": (
        "Worse than a constant: the same answer to every sample would have scored better."
    ),
    "notice.below_word_majority": (
        "Worse than a dictionary: giving each word its most frequent tag would have scored higher."
    ),
    "notice.below_zero_shot": (
        "Ended below zero-shot: the same model scored higher before this training, which did harm."
    ),
    "notice.below_probe": (
        "Worse than the probe of the same model, which trains a head alone: this fine-tuning did "
        "not pay."
    ),
    "notice.shortfall": "{cell}, on {split} against {baseline}: {cases}",
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
    "notice.cut_clips": (
        "{model} on {task}: {share} of the clips of {split} are longer than it hears, and were cut"
    ),
    "notice.unknown_tokens": (
        "{model} on {task}: {share} of the tokens of {split} are unknown to its tokenizer, which "
        "was not made for this language or domain"
    ),
    "notice.untaught_tokens": (
        "{model} on {task}: {share} of the tokens of {split} are unknown to its tokenizer, which "
        "knows only what the training split taught it"
    ),
    "notice.recorded": "Warnings that the trials recorded:",
    "notice.recorded_item": "{text} — {trials}",
    "notice.unstable": (
        "unstable timing in {count} of {total} trials: close other programs and run them again, or "
        "use mmbench gate --against, which alternates; what was seen in each stands folded "
        "under “{where}”"
    ),
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
        "brackets. Before is the score without any training (zero-shot), n/a where the model "
        "cannot be scored so. Rows are in the order of the first test split; an order is not a "
        "ranking where intervals overlap."
    ),
    "quality.how_zero_shot": (
        "A zero-shot recipe trains nothing: its one score stands alone, with its interval."
    ),
    "quality.test": "test: held-out examples like those of the training split.",
    "quality.test_shift": (
        "test_shift: the same task under a shift of the data, such as another source, drawing "
        "style or voice."
    ),
    "quality.test_unseen": (
        "test_unseen: a shift of the data, and concepts that the training split does not contain."
    ),
    "quality.caption": "{metric}, before → after [low, high]",
    "quality.split_of": "{split} (n = {count})",
    "quality.not_applicable": "n/a",
    "quality.why_not_applicable": (
        "n/a: there is no score before fine-tuning ({reason}): {models}"
    ),
    "quality.before_prompts": (
        "before: zero-shot by the class names, in the {language} prompts of the task: {models}"
    ),
    "quality.before_joint": (
        "before: zero-shot in the model's own space of images and texts: {models}"
    ),
    "quality.before_writes": (
        "before: what the pretrained model writes when it is asked as in training: {models}"
    ),
    "quality.before_random": (
        "before: the answer of random weights, which have learned nothing: {models}"
    ),
    "quality.score_note": "{split}: {note}",
    "quality.scored_in_part": "{split}: scored on {scored} of its {rows} rows",
    "quality.seeds_failed": (
        "{cell} × {recipe}: {failed} of {planned} seeds failed; the mean is over the others"
    ),
    "quality.others": "Other metrics: {task} ({metrics})",
    "quality.other_caption": "{metric}, {stage} [low, high]",
    "quality.seeds": "Every seed: {task}",
    "quality.seeds_caption": "{metric} on {split}, {stage}",
    "quality.seed": "seed {seed}",
    "quality.classes": "F1 (%) by class: {task} ({shown} of {classes} classes)",
    "quality.hardest_classes": (
        "F1 (%) of the hardest classes: {task} ({shown} of {classes} classes)"
    ),
    "quality.entities": (
        "F1 (%) by type of entity, the hardest first: {task} ({shown} of {classes} types)"
    ),
    # several targets, and what each input is worth
    "parts.how": "Each target by itself, {stage}:",
    "parts.column": "{part}: {metric}",
    "ablation.how": (
        "What each input is worth to the fine-tuned models: in every sample the features of one "
        "input are replaced by their mean over the training rows, and nothing is trained again. A "
        "model that was trained without the input might do better than this."
    ),
    "ablation.both": "image + text",
    "ablation.without": "without {modality}",
    "ablation.caption": "{metric}, {split}",
    # retrieval
    "retrieval.how": (
        "Recall@k (R@k) is the share of queries that find at least one of their own candidates "
        "among the first k of all candidates of the split: any text of an image counts, and ties "
        "count against the model. I→T: an image looks for its texts; T→I: a text looks for its "
        "images. More candidates make it harder, so splits of different size do not compare. "
        "Recalls are in %, median ranks from 1 (best), both {stage}."
    ),
    "retrieval.caption": "{split}, candidates: {images} images and {texts} texts",
    "retrieval.caption_of_part": (
        "{split}, candidates: the images and texts of {scored} of its {rows} rows"
    ),
    "retrieval.caption_unknown": "{split}, among how many candidates the records do not say",
    "retrieval.all": "Retrieval in full: {task} (every split, every interval)",
    "retrieval.chance": "chance: what candidates in random order are expected to reach.",
    # tasks that hold the same content in several languages
    "parallel.heading": "The same content in several languages: {name}",
    "parallel.how": (
        "{tasks} hold the same content, each in its own language. Models compare within a column. "
        "A difference between two languages mixes the language with what the model was made for; "
        "it has no interval and proves neither alone."
    ),
    "parallel.caption": "{metric} [low, high]; {second} − {first} is the difference of the two",
    "parallel.column": "{split}, {language}",
    "parallel.difference": "{split}, {second} − {first}",
    "parallel.unknown": (
        "{model}, {language}: {share} of the tokens of {split} of {task} are unknown to its "
        "tokenizer, so its difference speaks of the vocabulary first"
    ),
    "parallel.candidates": "{split} has different numbers of candidates: {counts}",
    "parallel.counted": "{language}: {images} images, {texts} texts",
    "parallel.absent": "–: there is no score of this model in this language.",
    "parallel.versions": (
        "{tasks}: these records hold several versions of one task (data, limit or rules), so they "
        "are not paired."
    ),
}
