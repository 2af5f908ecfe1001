"""What each metric is: range, direction, unit, source, and the task kinds it is legal for.

The table alone is read by `mmbench list` and by the reports, so it imports nothing heavy; the
functions that compute the values live beside it, under the same names.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from mmbench.errors import CardError, did_you_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric. `range` is its (lowest, highest) value; `unit` is that of the value as stored.

    An empty `unit` is a pure number, "target" is the unit that the target has. `reference` names
    the paper or the code whose numbers ours equal, and says where they differ.
    """

    name: str
    range: tuple[float, float]
    higher_is_better: bool
    unit: str
    reference: str
    kinds: tuple[str, ...]

    @property
    def is_share(self) -> bool:
        """Whether it is a fraction of one, which a report prints in percent. An error rate may pass
        one, as there may be more errors than words."""
        return self.unit == "" and self.range in ((0.0, 1.0), (0.0, math.inf))


def _share(name: str, reference: str, *kinds: str) -> Metric:
    return Metric(
        name=name,
        range=(0.0, 1.0),
        higher_is_better=True,
        unit="",
        reference=reference,
        kinds=kinds,
    )


def _error(name: str, unit: str, reference: str, *kinds: str) -> Metric:
    return Metric(
        name=name,
        range=(0.0, math.inf),
        higher_is_better=False,
        unit=unit,
        reference=reference,
        kinds=kinds,
    )


def _correlation(name: str, reference: str) -> Metric:
    return Metric(
        name=name,
        range=(-1.0, 1.0),
        higher_is_better=True,
        unit="",
        reference=f"{reference}, except that it is 0, not NaN, where either side is constant",
        kinds=("regression",),
    )


def _recall(direction: str, query: str, candidates: str, k: int) -> Metric:
    return Metric(
        name=f"{direction}_recall@{k}",
        range=(0.0, 1.0),
        higher_is_better=True,
        unit="",
        reference=(
            f"share of {query} of which a {candidates} that belongs to it is among the first {k}, "
            "of all candidates of the split (Karpathy and Fei-Fei 2015, arXiv:1412.2306); a hit "
            "rate, as in CLIP_benchmark and Chinese-CLIP, except that a tie counts as a miss and "
            "equal images or texts are one candidate"
        ),
        kinds=("retrieval",),
    )


def _median_rank(direction: str, query: str) -> Metric:
    return Metric(
        name=f"{direction}_median_rank",
        range=(1.0, math.inf),
        higher_is_better=False,
        unit="rank",
        reference=(
            f"median over {query} of the rank, from 1, of the first candidate that belongs to it "
            "(Karpathy and Fei-Fei 2015, arXiv:1412.2306); not rounded down as in VSE++"
        ),
        kinds=("retrieval",),
    )


METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        metric.name: metric
        for metric in (
            _share(
                "accuracy",
                "share of examples predicted right; equals scikit-learn accuracy_score",
                "classification",
                "sentence_pair",
            ),
            _share(
                "balanced_accuracy",
                "mean recall (Brodersen et al. 2010, doi:10.1109/ICPR.2010.764); equals "
                "scikit-learn balanced_accuracy_score: a class absent from the targets is left out",
                "classification",
            ),
            _share(
                "f1_macro",
                "mean of the F1 of each class, not the F1 of mean precision and mean recall (the "
                "two are told apart in Opitz and Burst 2019, arXiv:1911.03347); equals "
                "scikit-learn f1_score(average='macro', zero_division=0), where an example may "
                "have several labels with zero_division=nan: a label that is neither a target nor "
                "predicted, at a probability above 0.5, is left out",
                "classification",
                "multilabel",
            ),
            _share(
                "f1_micro",
                "F1 of the pooled counts, the same number as accuracy where each example has one "
                "label; equals scikit-learn f1_score(average='micro'), where an example may have "
                "several labels at a probability above 0.5",
                "classification",
                "multilabel",
            ),
            _share(
                "mean_average_precision",
                "mean over labels of the average precision of the examples in order of the label's "
                "probability; equals scikit-learn average_precision_score(average='macro') of the "
                "labels that have a positive example, the others are left out; not interpolated as "
                "in PASCAL VOC",
                "multilabel",
            ),
            _share(
                "f1_positive",
                "F1 of the second of two classes, predicted at a probability above 0.5; equals "
                "scikit-learn f1_score(average='binary', zero_division=0)",
                "sentence_pair",
            ),
            _share(
                "roc_auc",
                "probability that a positive example is ranked above a negative one, ties count "
                "half (Hanley and McNeil 1982, doi:10.1148/radiology.143.1.7063747); equals "
                "scikit-learn roc_auc_score of the probability of the second of two classes; not "
                "defined where one class is absent",
                "sentence_pair",
                "classification",
            ),
            _error(
                "mae",
                "target",
                "mean absolute error; equals scikit-learn mean_absolute_error",
                "regression",
            ),
            _error(
                "rmse",
                "target",
                "root of the mean squared error; equals scikit-learn root_mean_squared_error",
                "regression",
            ),
            _correlation("pearson", "Pearson's r; equals SciPy pearsonr"),
            _correlation(
                "spearman",
                "Pearson's r of the ranks, ties share their mean; equals SciPy spearmanr",
            ),
            _share(
                "entity_f1",
                "micro F1 of whole entities, boundaries and type both right (CoNLL-2003, "
                "Tjong Kim Sang and De Meulder, W03-0419); equals seqeval f1_score in its default "
                "mode, which reads invalid tags as conlleval does",
                "tagging",
            ),
            _share(
                "entity_precision",
                "share of predicted entities that are right; equals seqeval precision_score in its "
                "default mode",
                "tagging",
            ),
            _share(
                "entity_recall",
                "share of entities that are found; equals seqeval recall_score in its default mode",
                "tagging",
            ),
            _share(
                "token_accuracy",
                "share of words whose tag is right, those outside entities too; equals seqeval "
                "accuracy_score",
                "tagging",
            ),
            _error(
                "cer",
                "",
                "character edits of all examples over characters of all references, spaces "
                "count; equals jiwer cer of texts normalised by the steps that the task names",
                "transcription",
            ),
            _error(
                "wer",
                "",
                "word edits of all examples over words of all references, words being what spaces "
                "part; equals jiwer wer of texts normalised by the steps that the task names",
                "transcription",
            ),
            Metric(
                name="cider",
                range=(0.0, 10.0),
                higher_is_better=True,
                unit="",
                reference=(
                    "CIDEr-D (Vedantam et al. 2015, arXiv:1411.5726), as pycocoevalcap computes it "
                    "with document frequencies of the split's references; Chinese by characters, "
                    "other text by lower-cased words without punctuation, in place of PTB tokens"
                ),
                kinds=("captioning",),
            ),
            _share(
                "chrf",
                "chrF2 of characters up to six in a row (Popović 2015, W15-3049); equals sacrebleu "
                "CHRF() of the corpus, divided by 100",
                "captioning",
            ),
            _share(
                "bleu",
                "corpus BLEU-4 (Papineni et al. 2002, P02-1040); equals sacrebleu BLEU() of the "
                "corpus, divided by 100, by the tokens of 'zh' where the task is in Chinese, else "
                "of '13a'",
                "captioning",
            ),
            _share(
                "exact_match",
                "share of texts that equal a reference, after the steps that the task names",
                "captioning",
            ),
            _share(
                "answer_accuracy",
                "share of questions whose answer equals a reference answer, after the steps that "
                "the task names; not the soft score of VQA, which weighs ten people's answers",
                "question_answering",
            ),
            _share(
                "mean_accuracy",
                "mean over several targets, each of the same weight, of the accuracy of each",
                "multitask",
            ),
            _share(
                "mean_f1_macro",
                "mean over several targets, each of the same weight, of the macro F1 of each",
                "multitask",
            ),
            Metric(
                name="mean_recall",
                range=(0.0, 1.0),
                higher_is_better=True,
                unit="",
                reference=(
                    "mean of recall@1, @5 and @10 of both directions, the MR of AltCLIP "
                    "(arXiv:2211.06679); that of Chinese-CLIP on MUGE (arXiv:2211.01335) is of "
                    "text to image alone"
                ),
                kinds=("retrieval",),
            ),
            *(_recall("i2t", "images", "text", k) for k in (1, 5, 10)),
            *(_recall("t2i", "texts", "image", k) for k in (1, 5, 10)),
            _median_rank("i2t", "images"),
            _median_rank("t2i", "texts"),
        )
    }
)


def metric(name: str) -> Metric:
    """Return the metric called `name`; CardError, with the nearest names, if there is none."""
    if name not in METRICS:
        raise CardError(
            f"no metric {name!r}{did_you_mean(name, METRICS)} (there are {', '.join(METRICS)})"
        )
    return METRICS[name]


def metric_of(kind: str, name: str) -> Metric:
    """Return the metric `name` of a task kind; CardError if there is none or it is another's."""
    row = metric(name)
    if kind not in row.kinds:
        legal = ", ".join(other.name for other in METRICS.values() if kind in other.kinds)
        raise CardError(
            f"{name!r} is a metric of {' and '.join(row.kinds)}, not of {kind} (it has {legal})"
        )
    return row
