"""The English sentences of a gate's report; keys are those of messages_gate_zh."""

MESSAGES = {
    "gate.headline.pass": "Gate: pass",
    "gate.headline.regression": "Gate: regression",
    "gate.headline.error": "Gate: error",
    "gate.headline.cannot_tell": "Gate: cannot tell",
    "gate.compared": (
        "{candidate} against {baseline}, {mode}: {count:comparison|comparisons}. Regressions: "
        "{regressions}; errors: {errors}; cannot tell: {unknown}; warnings: {warnings}; "
        "passed: {passed}."
    ),
    "gate.mode.stored": "by records that were kept",
    "gate.mode.paired": "timed in turn",
    "gate.nothing": "Nothing was compared, so nothing has passed.",
    "gate.why": "Why, and what to do",
    "gate.why_item": "{where}: {sentence}",
    "gate.where": "{cell}, {metric}",
    "gate.passed": "What passed ({count})",
    "gate.how": (
        "A change is candidate over baseline in cost (time, bytes), where 1 is the same, or the "
        "drop of a score; larger is worse. In brackets: its bounds, and n is what they rest on."
    ),
    "gate.differences": "The setups differ in:",
    "gate.unused": "These metrics have a threshold but stand in no cell: {metrics}.",
    "gate.missing": "Only one side has these; compared they were not:",
    "gate.missing_allowed": "Only one side has these, which was allowed; compared they were not:",
    "gate.missing_item": "{what}: missing in the {side}",
    "gate.side.baseline": "baseline",
    "gate.side.candidate": "candidate",
    "gate.column.cell": "cell",
    "gate.column.metric": "metric",
    "gate.column.baseline": "baseline",
    "gate.column.candidate": "candidate",
    "gate.column.change": "change",
    "gate.column.count": "n",
    "gate.column.threshold": "allowed",
    "gate.column.verdict": "verdict",
    "gate.verdict.pass": "pass",
    "gate.verdict.warning": "warning",
    "gate.verdict.regression": "REGRESSION",
    "gate.verdict.cannot_tell": "cannot tell",
    "gate.verdict.error": "ERROR",
    "gate.counted.pairs": "{count:pair|pairs}",
    "gate.counted.windows": "{count:window|windows}",
    "gate.counted.examples": "{count:example|examples}",
    "gate.points": "{text} points",
    "gate.reason.noisy": (
        "the interval is wider than the threshold and holds it; make the machine quieter, time "
        "longer, or allow more"
    ),
    "gate.reason.near_threshold": (
        "the change lies so near the threshold that neither side of it is shown; time longer, or "
        "set the threshold apart from it"
    ),
    "gate.reason.out_of_time": (
        "the time ended before it was decided; raise --minutes, or take a suite of fewer cells"
    ),
    "gate.reason.setups": (
        "the setups differ ({differences}), so speed and memory do not compare; take a baseline on "
        "this setup, or use --against"
    ),
    "gate.reason.trials": (
        "it is not the same work ({differences} differ); take the baseline anew from the same "
        "cards and data"
    ),
    "gate.reason.unstable": "{warning}",
    "gate.reason.few_windows": (
        "too few windows were timed for an interval; run it on more data or for longer"
    ),
    "gate.reason.no_interval": (
        "the record has no interval for it, so noise cannot be told from a change; measure it "
        "longer, or use --against"
    ),
    "gate.reason.not_measured": (
        "the {side} has no value of it: {note}; measure both for as long and on as much data"
    ),
    "gate.reason.measured_earlier": (
        "it was measured in another run, by whatever code computed what is in the cache; empty the "
        "cache (mmbench cache clear) and run with --fresh"
    ),
    "gate.reason.from_cache": (
        "features came from the cache, so the backbone never ran and its memory does not show; "
        "empty the cache (mmbench cache clear) and run with --fresh"
    ),
    "gate.reason.whole_process": (
        "the peak is that of the whole process, earlier trials included; run on a system that can "
        "reset it, or in a fresh process a trial (--executor fresh)"
    ),
    "gate.reason.stored_only": (
        "slower than the stored baseline, which on a shared machine proves nothing; confirm it "
        "with mmbench gate --against, or pass --trust-stored on a quiet, dedicated machine"
    ),
    "gate.reason.no_predictions": (
        "predictions.parquet is missing in the {side}, so its answers cannot be compared one by "
        "one; keep the whole folder of a record, or run it again"
    ),
    "gate.reason.other_examples": (
        "the predictions on {split} are not of the same examples; take the baseline anew from the "
        "same data"
    ),
    "gate.reason.groups": (
        "the examples come in groups that depend on each other, and the predictions do not say "
        "which; run both again with an mmbench that writes them"
    ),
    "gate.reason.few_examples": (
        "{count} examples cannot decide it; about {needed} would be needed if the change stayed as "
        "it is. Raise the limit, add examples, or allow a larger drop"
    ),
    "gate.reason.undefined": (
        "{metric} is not defined on many test sets drawn from the examples: there are too few of a "
        "class; add examples of it"
    ),
    "gate.reason.zero_baseline": (
        "{metric} of the baseline is 0, and a change cannot be told as a share of nothing; compare "
        "by another metric"
    ),
    "gate.reason.unreadable": (
        "the answers in predictions.parquet cannot be scored ({text}); run both again with one "
        "version of mmbench"
    ),
    "gate.reason.no_value": (
        "there is no value of it on {split} on both sides; see why in the report of each"
    ),
    "gate.reason.failed": "the trial of the {side} failed: {message}; mend it and run it again",
    "gate.reason.told": "{text}",
}
