"""What a trial cost: its rates, seconds, parameters."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mmbench.meters.clock import Window
from mmbench.meters.noise import never_settled, unstable_windows
from mmbench.meters.rates import shares, spent, steady_windows, throughput, warmup_of
from mmbench.records import Measurement
from mmbench.train.answering import TIMED_EARLIER, Answering, time_answering
from mmbench.train.finetune import Finetuned
from mmbench.train.grid import Grid
from mmbench.train.held import has_images, has_text, held, holding, sampling_rate
from mmbench.train.setting import Setting

MEASURED_EARLIER = "measured when the features were computed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """warnings: what speaks against comparing these figures, each with advice. answering: to be
    kept for the next seed of the cell."""

    measurements: tuple[Measurement, ...]
    warnings: tuple[str, ...]
    answering: Answering


def costs(finetuned: Finetuned, setting: Setting, known: Answering | None = None) -> Costs:
    """Rates of training, feature extraction and inference, and what each stage took.

    known: how fast an earlier seed of the cell answered in this process, which is not timed again.
    """
    model, grid = finetuned.model, finetuned.grid
    answering = time_answering(finetuned, setting) if known is None else known.from_earlier()
    measurements = [
        *(_training(finetuned, grid) if grid is not None else ()),
        *answering.measurements,
        Measurement(
            name="answering_seconds",
            unit="s",
            value=answering.seconds,
            note=TIMED_EARLIER if answering.earlier else None,
        ),
        Measurement(
            name="parameters", unit="1", value=float(sum(p.numel() for p in model.parameters()))
        ),
        Measurement(name="trainable_parameters", unit="1", value=float(finetuned.trainable)),
    ]
    trained = [] if grid is None else held(grid.chosen.windows, finetuned)
    return Costs(
        measurements=tuple(measurements),
        warnings=(*_unstable(trained, "training"), *_unstable(answering.windows, "inference")),
        answering=answering,
    )


def _unstable(windows: Sequence[Window], what: str) -> list[str]:
    unsettled = [never_settled(what)] if warmup_of(windows).settled is False else []
    return [*unsettled, *unstable_windows([w.cost for w in steady_windows(windows)], what)]


def _training(finetuned: Finetuned, grid: Grid) -> list[Measurement]:
    """With the backbone in the loop `train_*`; on stored features `head_*` and `feature_*`,
    which say nothing of each other."""
    chosen, others = grid.chosen, [f for f in grid.fits if f is not grid.chosen]
    on_features = bool(finetuned.extracted)
    windows = held(chosen.windows, finetuned)
    tuning = sum(fit.seconds for fit in others) + sum(fit.seconds for fit in grid.diverged)
    return [
        *throughput(windows, "head" if on_features else "train"),
        *(_features(finetuned) if on_features else ()),
        *(chosen.memory if not on_features else ()),  # of a head alone it would say little
        *shares(windows),
        *spent(windows, chosen.account),
        _seconds("train_seconds", chosen.seconds),
        _seconds("tuning_seconds", tuning),
    ]


def _features(finetuned: Finetuned) -> list[Measurement]:
    """Of one pass a split, or, of a pair, of one a split and side."""
    found: list[Measurement] = []
    for side, done in finetuned.extracted["train"].passes.items():
        prefix = f"feature_{side}" if side else "feature"
        text = side != "image" and has_text(finetuned)
        images = side != "text" and has_images(finetuned)
        windows = holding(
            done.windows, text=text, images=images, sampling_rate=sampling_rate(finetuned)
        )
        rates = throughput(windows, prefix)
        if done.hit:
            rates = tuple(replace(rate, note=MEASURED_EARLIER) for rate in rates)
        found += rates
    everything = [
        d for extracted in finetuned.extracted.values() for d in extracted.passes.values()
    ]
    reused = sum(done.seconds for done in everything if done.hit)
    found.append(_seconds("feature_seconds", sum(done.seconds for done in everything)))
    found.append(
        Measurement(
            name="feature_seconds_reused",
            unit="s",
            value=reused,
            note=MEASURED_EARLIER if reused else None,
        )
    )
    return found


def _seconds(name: str, value: float) -> Measurement:
    return Measurement(name=name, unit="s", value=value)
