"""The English sentences on costs, on what was used, and on how to read a report.

Keys are those of messages_facts_zh.
"""

MESSAGES = {
    # speed and cost
    "cost.heading": "Speed and cost",
    "cost.how": (
        "Means over the seeds of a cell, with the interval in brackets where one was measured. "
        "A probe trains its head on stored features, so its training rate must not be compared "
        "with that of a whole model. Rates compare only between trials that had the machine to "
        "themselves."
    ),
    "cost.pairs": "Of an image–text task a sample is a pair: one image with one text.",
    "cost.setup": "Setup {letter}: {device}, {threads:thread|threads}",
    "cost.absent": "Not measured or not applicable here: {columns}.",
    "cost.note": "{columns}: {note}",
    "speed.caption": "Speed of whole models",
    "speed.probe_caption": "Speed of probes: features once, then a head on them",
    "speed.train_samples": "training (samples/s)",
    "speed.train_tokens": "training (tokens/s)",
    "speed.train_audio": "training (seconds of sound/s)",
    "speed.padding": "padding efficiency",
    "speed.inference_samples": "inference (samples/s)",
    "speed.inference_tokens": "inference (tokens/s)",
    "speed.inference_audio": "inference (seconds of sound/s)",
    "speed.feature_samples": "feature extraction (samples/s)",
    "speed.feature_tokens": "feature extraction (tokens/s)",
    "speed.feature_audio": "feature extraction (seconds of sound/s)",
    "speed.feature_images": "image features (samples/s)",
    "speed.feature_texts": "text features (samples/s)",
    "speed.feature_text_tokens": "text features (tokens/s)",
    "speed.head_samples": "training the head (samples/s)",
    "speed.data_wait": "waiting for data",
    "speed.transfer": "copying to the device",
    "cost.time_caption": (
        "Time of one trial. Alone, cold: in a process of its own with nothing in the cache, so "
        "start-up + the trial + what earlier trials saved it. In this run, amortised: the trial "
        "as it ran, with the start-up where it was the first of its process."
    ),
    "cost.at_least": (
        "≥: at least so long alone; a start-up was not measured (executor inline, or an older "
        "record)."
    ),
    "cost.total": (
        "{count:trial|trials}, finished or failed, took {here} s in this run; each alone, they "
        "would have taken {alone} s."
    ),
    "cost.memory_caption": "Memory and parameters",
    "cost.alone": "alone, cold (s)",
    "cost.here": "in this run, amortised (s)",
    "cost.import_seconds": "start-up (s)",
    "cost.load_seconds": "loading weights (s)",
    "cost.reused_seconds": "saved by earlier trials (s)",
    "cost.train_seconds": "chosen run (s)",
    "cost.tuning_seconds": "learning rates not chosen (s)",
    "cost.feature_seconds": "features (s)",
    "cost.feature_seconds_reused": "features from the cache (s)",
    "cost.peak_rss": "peak memory",
    "cost.peak_rss_growth": "growth to the peak",
    "cost.peak_cuda": "peak GPU memory",
    "cost.peak_cuda_reserved": "peak GPU memory, reserved",
    "cost.model": "of it the model",
    "cost.gradient": "gradients",
    "cost.optimizer": "optimizer",
    "cost.activation": "activations",
    "cost.parameters": "parameters",
    "cost.trainable": "trainable parameters",
    "cost.flops": "GFLOP an answer",
    # how the timing was made
    "timing.summary": "Latency of one sample, and where the time of training went",
    "timing.unstable_how": (
        "Unstable: the speeds of these trials moved by more than a quiet machine lets them; their "
        "quality is not touched by it. Close other programs (let a device that slowed its clocks "
        "cool) and run them again, or compare two programs by mmbench gate --against, which "
        "alternates."
    ),
    "timing.unstable_item": "{trial}: {reasons}",
    "timing.unstable_rest": "… and {count:more trial|more trials}; their records say the same.",
    "timing.latency_how": (
        "One sample at a time, in milliseconds: half of all answers come within the p50, 19 of 20 "
        "within the p95. The model alone starts from tokens or pixels; preparing is tokenising a "
        "raw text, or decoding and resizing an image file. A p99 is given from 1,000 answers on."
    ),
    "timing.latency_caption": "Latency, batch size 1",
    "timing.latency_p50": "model, p50 (ms)",
    "timing.latency_p95": "model, p95 (ms)",
    "timing.latency_p99": "model, p99 (ms)",
    "timing.preparing_p50": "preparing, p50 (ms)",
    "timing.whole_p50": "with preparing, p50 (ms)",
    "timing.whole_p95": "with preparing, p95 (ms)",
    "timing.account_how": (
        "Rates are those of the time after warm-up, which ends when the timed windows no longer "
        "move but by noise. Pauses are validations and reports of progress. Unaccounted is the "
        "share of the chosen run that no meter saw; above 5% something slows the loop unseen."
    ),
    "timing.account_caption": "Where the time of the chosen run went",
    "timing.setup": "set-up (s)",
    "timing.warmup": "warm-up (s)",
    "timing.warmup_windows": "warm-up (windows)",
    "timing.paused": "pauses (s)",
    "timing.compile": "compilation (s)",
    "timing.unaccounted": "unaccounted",
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
    "curve.summary": "Learning curves: the chosen learning rate and first seed of every cell",
    "curve.how": (
        "Up to {most} validations of a run: the first, the best, the last, and some between."
    ),
    "curve.in_batch_how": (
        "In-batch accuracy is measured while training, within a training batch of the size given; "
        "it is not a recall, which ranks all candidates of a split."
    ),
    "curve.step": "step",
    "curve.epoch": "epoch",
    "curve.train_loss": "training loss",
    "curve.validation_loss": "validation loss",
    "curve.in_batch": "in-batch accuracy",
    "curve.in_batch_of": "{share} (batch of {size})",
    "curve.best": "best",
    "stages.heading": "What came before the fine-tuning",
    "stages.how": (
        "Of pre-training, the loss on the inputs of the validation split before and after it (nats "
        "per hidden token, or the contrastive loss per pair); of a probe, what its best rate "
        "reached on validation. Their seconds are not among those of the training."
    ),
    "stages.stage": "stage",
    "stages.rows": "rows",
    "stages.before": "before",
    "stages.after": "after",
    "stages.seconds": "seconds",
    "stages.start": "start from a kept model",
    "stages.pretraining": "continued pre-training",
    "stages.probe": "probe",
    "stages.rate": "learning rate {rate}",
    # inputs
    "models.heading": "Models",
    "models.note": "{model}: {note}",
    "recipes.heading": "Recipes",
    "recipes.name": "{recipe}: {strategy}",
    "recipes.training": (
        "; {head}, learning rates {rates}, {epochs:epoch|epochs}, batch size {batch_size}, "
        "{optimizer}, {schedule} schedule, {precision}"
    ),
    "recipes.fields": ", {fields}",
    "recipes.patience": ", early stopping after {patience:evaluation|evaluations} without a gain",
    "recipes.described": ". {description}",
    "data.heading": "Data",
    "data.task": "Splits of {task}",
    "data.dropped": "Dropped, {reason}: {count:row|rows}",
    "data.nothing_dropped": "No row was dropped.",
    "sources.summary": "Where weights and data came from",
    "sources.how": "The digest is that of the content: other files give other digests.",
    "sources.hub": "Hugging Face hub: {repo} at {revision}",
    "sources.modelscope": "ModelScope: {repo} at {revision}",
    "sources.copy": "{told}, {by} of Hugging Face's {copied}",
    "sources.official": "the organisation's own copy",
    "sources.mirror": "a mirror by others",
    "sources.unpinned": "an unpinned revision",
    "sources.package": "Python package {distribution} {version}",
    "sources.folder": "local folder",
    "sources.folder_for": "local folder, in place of {copied}",
    "sources.random": "random initialisation",
    "sources.random_with_tokenizer": "random initialisation; tokenizer: {tokenizer}",
    "sources.trained": "trained on the training texts of each task, up to {vocabulary} entries",
    "sources.pair": "{image} with {text}",
    "sources.fusion": "{image} with {text}, fused by {by}",
    "fusion.concatenation": "concatenation",
    "fusion.gated": "a gated unit",
    "fusion.cross_attention": "cross-attention",
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
    "reading.seeds": (
        "With several seeds a score is their mean, with a t interval that accounts for both the "
        "spread between the seeds and the draw of test examples, which all seeds share "
        "(Satterthwaite's degrees of freedom). Of speeds and memory it is the envelope: from the "
        "lowest low to the highest high of the seeds."
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
        "says what the architecture alone can learn, nothing about a family, a country or a "
        "region. A pair of encoders is scratch if either of them is."
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
