"""The English sentences of the views: gaps, fronts, curves, few shots, strategies.

Keys are those of messages_views_zh.
"""

MESSAGES = {
    "views.rest": "{count:more row is|more rows are} not shown; the records have them.",
    # gaps between splits
    "gaps.heading": "Gaps between splits",
    "gaps.shift": (
        "Shift: {clear} of {total:cell|cells} clearly lose on {split}, against the main test split."
    ),
    "gaps.over_fitting": (
        "Over-fitting: {clear} of {total:cell|cells} are clearly better on train than on "
        "validation."
    ),
    "gaps.widest": " Most clearly: {cells}.",
    "gaps.gains": " {count:cell clearly gains|cells clearly gain} there.",
    "gaps.named": "{task}, {cell}, {value}",
    "gaps.summary": "Gaps of every cell",
    "gaps.how": (
        "A difference of two scores, turned so that a minus is worse on the split that is named "
        "first. Its 95% interval takes the splits as independent; it is not corrected for the "
        "number of gaps. That train scores higher than validation is over-fitting only as far as "
        "a smaller gap would have cost nothing."
    ),
    "gaps.metric": "metric",
    "gaps.main": "main test split",
    "gaps.split": "{split} − main",
    "gaps.train": "train − validation",
    # Chinese and international models
    "regions.heading": "Domestic against international models",
    "regions.how": (
        "Pretrained models alone, on the same task and within one size class (base from {base} "
        "parameters, large from {large}), by the recipes that models of both regions were trained "
        "with: the best of either side, tested on the same examples, with Holm's correction over "
        "all rows. The best of many looks better than the best of a few; how many there were "
        "stands beside. What starts at random has no region, nor has a pair of both."
    ),
    "regions.none": (
        "There are pretrained models of both regions, but no task on which two of one size class "
        "were trained with the same recipe. Nothing can be said."
    ),
    "regions.size": (
        "{size}, {tasks:task|tasks}: the domestic model is shown to be better on {domestic}, the "
        "international one on {international}; on {unshown} no difference is shown."
    ),
    "regions.few": " Over tasks nothing can be said with fewer than {needed} of them.",
    "regions.over_tasks": (
        " By their scores domestic models are ahead on {domestic}, international ones on "
        "{international}, more unevenly than chance would have it ({p}, sign test over tasks)."
    ),
    "regions.even": (
        " By their scores domestic models are ahead on {domestic}, international ones on "
        "{international}, which chance may well do ({p}, sign test over tasks)."
    ),
    "regions.caption": "The best of either region",
    "regions.size_class": "size class",
    "regions.small": "small",
    "regions.base": "base",
    "regions.large": "large",
    "regions.domestic": "domestic",
    "regions.international": "international",
    "regions.score": "score",
    "regions.best_of": "{cell}, best of {models}",
    # head to head
    "matches.heading": "Head to head",
    "matches.summary": "Every cell against every other, by the same examples",
    "matches.how": (
        "The row's score less the column's, whose numbers are those of the rows. ✓: shown by a "
        "paired test on the same examples, two-sided, Holm over all pairs of the task, 5 %. No "
        "mark: tested and not shown. ?: not tested, since the answers to the same examples with "
        "the same seeds are not there."
    ),
    "matches.shown": "{difference} ✓",
    "matches.not_shown": "{difference}",
    "matches.untested": "{difference} ?",
    "matches.needed": "{first} against {second} ({p}): {what}.",
    "matches.examples": (
        "about {count} test examples would show a difference of this size; there are {there}"
    ),
    "matches.seeds": "about {count} seeds would show a difference of this size; there are {there}",
    "matches.alike": (
        "more than {times} times as many seeds or examples would be needed; take them for alike"
    ),
    "matches.left_out": (
        "{task}: {cells} cells, not tested pair by pair: that would be too many tests unless they "
        "are asked for (mmbench report --all-pairs)."
    ),
    # ways to fine-tune
    "ways.heading": "Ways to fine-tune: quality beside its cost",
    "ways.how": (
        "Of each model on each task and machine the way with the best mean, against its other "
        "ways, by the same examples (Holm over all of them, 5 %). Not shown to be worse is no "
        "proof of being as good. Time and trained share are medians over models and tasks, so "
        "strategies that ran on other models do not compare by them."
    ),
    "ways.strategy": "strategy",
    "ways.cells": "cells",
    "ways.best": "best of its model",
    "ways.worse": "shown to be worse",
    "ways.untested": "not tested",
    "ways.seconds": "median trial, alone (s)",
    "ways.trained": "median share trained",
    "ways.summary": "Every way of every model: {count}",
    "ways.cell": "model and recipe",
    "ways.against_best": "against the best",
    "ways.is_best": "best",
    "ways.one_trial": "a trial, alone (s)",
    "ways.parameters": "parameters trained",
    "ways.memory": "memory at its peak",
    # published values
    "published.heading": "Published values beside ours",
    "published.how": (
        "Values that others published, as the cards cite them, beside ours of the same task, "
        "metric and kind of training. What the protocols say stands beside each; a difference of "
        "seeds, splits, prompts, preprocessing or tuning that neither says may be all there is to "
        "it."
    ),
    "published.ours": "ours",
    "published.theirs": "published",
    "published.our_protocol": "our protocol",
    "published.their_protocol": "published protocol",
    "published.protocol": "{strategy}, {split} (n = {examples}), {seeds:seed|seeds}",
    "published.limited": ", at most {limit} rows a split",
    "published.source": "{model}: {source}",
    # mistakes
    "mistakes.heading": "Mistakes",
    "mistakes.how": (
        "Of the best cell of each task that kept its answers. Of a classification: what is taken "
        "for what, and the wrong answers that it was surest of, which are often labels worth a "
        "second look. Of other tasks: the examples that it answers worst."
    ),
    "mistakes.summary": "Mistakes on {task}",
    "mistakes.told": "{cell}, seed {seed}: {wrong} of {examples} examples of {split} are wrong.",
    "mistakes.matrix": "true ↓ answered →",
    "mistakes.matrix_caption": "Examples by true label and answer",
    "mistakes.confusions_caption": "The most frequent confusions",
    "mistakes.surest_caption": "The surest wrong answers",
    "mistakes.target": "true label",
    "mistakes.taken_for": "taken for",
    "mistakes.count": "examples",
    "mistakes.share": "of that label",
    "mistakes.example": "example",
    "mistakes.input": "input",
    "mistakes.predicted": "answer",
    "mistakes.probability": "its probability",
    "mistakes.arrow": "{target} → {answer}",
    "mistakes.gone": "The inputs are not shown: the data are not here as they were.",
    "mistakes.large": "The inputs are not shown: the data are many, and a report reads few.",
    "mistakes.left_out": "The inputs were left out of this report.",
    "worst.told": "{cell}, seed {seed}: the worst of {examples} examples of {split}.",
    "worst.ranked": "{cell}, seed {seed}: the worst of {examples} queries of {split}.",
    "worst.caption": "The worst answers",
    "worst.ranked_caption": "The queries whose right answer comes last",
    "worst.target": "right answer",
    "worst.text": "text of the pair",
    "worst.query": "asked with",
    "worst.by_image": "the image",
    "worst.by_text": "the text",
    "worst.rank": "rank of the right answer",
    "worst.at_image": "by the image: rank {rank}",
    "worst.at_text": "by its text: rank {rank}",
    # quality against cost
    "pareto.heading": "Quality against speed, latency and memory",
    "pareto.how": (
        "A cell is on the front if no other on the same machine is as good in both and better in "
        "one. Means decide, so a place on the front may rest on a difference in quality that is "
        "not shown; the recommendation looks at that too. Speed and latency are of answering, "
        "memory is the peak of training."
    ),
    "pareto.summary": "Quality and cost of every cell, with its place on the fronts",
    "pareto.task": "{task}, {metric}",
    "pareto.rate": "answers (samples/s)",
    "pareto.latency": "latency, p50 (ms)",
    "pareto.memory": "peak memory",
    "pareto_axis.rate": "samples/s (more is better)",
    "pareto_axis.latency": "latency p50, ms (less is better)",
    "pareto_axis.memory": "peak memory, GiB (less is better)",
    "pareto_unit.rate": "samples/s",
    "pareto_unit.latency": "ms a sample",
    "pareto_unit.memory": "at the peak",
    "pareto.front": "on the front of",
    "pareto.on_rate": "speed",
    "pareto.on_latency": "latency",
    "pareto.on_memory": "memory",
    "pareto.point": "{cell}: {score}; {value} {unit}",
    "pareto.point_on_front": "; on the front",
    "pareto.alt": "Quality against speed, latency and memory; on the front: {tasks}",
    "pareto.alt_task": "{task}: {axes}.",
    "pareto.alt_axis": "{axis}: {cells}",
    "pareto.alt_rest": " {count:more task|more tasks} are in the table alone.",
    "figure.best": "{task} (the best {shown} of {all})",
    "figure.rest": "Drawn are the first {shown} of {all} tasks; the tables below have them all.",
    "figure.axis_plain": "{metric} on {split}",
    # learning curves
    "curves.heading": "Learning curves",
    "curves.how": (
        "Validations of the learning rate that was kept, first seed; the large point is the one "
        "whose weights were kept. A training loss that falls while the validation loss rises is "
        "over-fitting."
    ),
    "curves.loss_axis": "loss",
    "curves.point": "{cell}: {score} after {epoch} epochs",
    "curves.point_best": "; kept",
    "curves.loss_point": "{cell}: loss {loss} on {split} after {epoch} epochs",
    "curves.alt": "Learning curves. {tasks}",
    "curves.alt_task": "{task}: {cells}.",
    "curves.alt_rest": " {count:more curve is|more curves are} not drawn.",
    # few shots
    "shots.heading": "Few-shot curves",
    "shots.how": (
        "The same model and strategy on few rows of each class and, where it was run, on all of "
        "them. Recipes for few rows may train for more epochs: the table names them."
    ),
    "shots.summary": "Few-shot curves in numbers",
    "shots.shots": "rows a class",
    "shots.all": "all",
    "shots.rows": "training rows",
    "shots.axis": "training rows, all classes together",
    "shots.point": "{cell}: {score} from {rows} rows",
    "shots.alt": "Quality by the number of training rows. {curves}.",
    "shots.alt_curve": "{task}, {line}: {values}",
    "shots.alt_point": "{score} from {rows} rows",
    "shots.alt_rest": " {count:more curve is|more curves are} in the table alone.",
    "strategy_short.zero_shot": "zero-shot",
    "strategy_short.probe": "probe",
    "strategy_short.head": "head",
    "strategy_short.partial": "last blocks",
    "strategy_short.full": "full",
    "strategy_short.lora": "LoRA",
    "strategy_short.bitfit": "BitFit",
}
