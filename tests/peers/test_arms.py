"""Both sides do the same work: features agree, and a wrong source is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.peers import clip, features
from benchmarks.peers.__main__ import agreements
from benchmarks.peers.experiment import Experiment, Size
from benchmarks.peers.experiments import EXPERIMENTS, finetune, text_features


@pytest.fixture
def size(tmp_path: Path) -> Size:
    return Size(
        rows=12,
        epochs=1,
        repeats=1,
        matrix_repeats=1,
        folder=tmp_path,
        clip_benchmark=tmp_path / "none",
        bf16_over_fp32=0.5,
    )


def test_text_features_of_a_plain_loop_are_ours(tmp_path: Path) -> None:
    def settings(name: str, **own: object) -> features.Settings:
        shared = {"model": "minilm-l6", "task": "emoji-keywords-group-en", "rows": 12}
        given = shared | {"max_tokens": 64, "out": str(tmp_path / f"{name}.npy")} | own
        return features.Settings(**given)  # type: ignore[arg-type]

    outcome = features.ours(settings("ours"))(0)
    features.plain_transformers(settings("loop", batch_size=5))(0)
    features.plain_transformers(settings("padded", batch_size=5, padding="max_length"))(0)
    assert np.load(tmp_path / "ours.npy").shape == (12, 384)
    assert outcome.seconds > 0
    for other in ("loop", "padded"):
        found = features.largest_difference(tmp_path / "ours.npy", tmp_path / f"{other}.npy")
        assert found <= 1e-5


def test_image_features_of_a_plain_loop_are_ours(tmp_path: Path) -> None:
    for name, compute in (("ours", features.ours), ("timm", features.plain_timm)):
        compute(
            features.Settings(
                model="efficientnet-lite0",
                task="emoji-group",
                rows=12,
                out=str(tmp_path / f"{name}.npy"),
            )
        )(0)
    found = features.largest_difference(tmp_path / "ours.npy", tmp_path / "timm.npy")
    assert found <= 1e-4


def test_features_that_differ_stop_the_comparison(size: Size) -> None:
    experiment = text_features(size)
    for i, (_, path) in enumerate(experiment.features):
        np.save(path, np.full((2, 3), 0.001 * i))
    with pytest.raises(RuntimeError, match=r"'mmbench' and 'loop of 32' differ by 0\.001"):
        agreements(experiment)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_comparison_names_arms_of_its_experiment(name: str, size: Size) -> None:
    experiment: Experiment = EXPERIMENTS[name](size)
    names = [arm.name for arm in experiment.arms]
    assert len(set(names)) == len(names)
    for comparison in experiment.comparisons:
        assert {comparison.ours, comparison.peer} <= set(names)


def test_bf16_is_tried_where_the_machine_is_not_slower_at_it(size: Size) -> None:
    fast, slow = finetune(size), finetune(replace(size, bf16_over_fp32=51.2))
    assert sum("bf16" in arm.name for arm in fast.arms) == 2
    assert not fast.notes
    assert not any("bf16" in arm.name for arm in slow.arms)
    assert not any("bf16" in comparison.ours for comparison in slow.comparisons)
    assert "takes 51.2 times as long" in slow.notes[0]


def test_a_source_of_another_version_is_refused() -> None:
    known = "def f(x):\n    assert device == 'cuda'\n" + "x.cuda()\n" * 4
    changed = clip.replaced(known, clip.PROBE)
    assert "assert" not in changed
    assert "cuda()" not in changed
    with pytest.raises(RuntimeError, match=r"5 times '\.cuda\(\)', not 4"):
        clip.replaced(known + "y.cuda()\n", clip.PROBE)


def test_without_clip_benchmark_the_way_to_get_it_is_said() -> None:
    if clip.found(clip.PROBE) is not None:
        pytest.skip("clip-benchmark is installed here")
    with pytest.raises(RuntimeError, match="`make peers` installs it"):
        clip._module()
