"""Each promise of a model, kept and broken: what is broken is found, by the check it belongs to."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mmbench.cards import FolderModel, ModelCard
from mmbench.conformance import contract, training
from mmbench.conformance.findings import NotApplicable, Violation
from mmbench.conformance.models import CHECKS, check_model
from mmbench.conformance.subject import Subject, subject_of
from mmbench.data.prepared import Inputs
from mmbench.models.base import Adapter, Features
from mmbench.models.loading import load


@pytest.fixture(name="subject")
def fixture_subject(tiny_bert: ModelCard, tmp_path: Path) -> Subject:
    return subject_of(tiny_bert, load(tiny_bert), tmp_path, tolerance=1e-4)


def answering(subject: Subject, change: Callable[[Features, Inputs], Features]) -> Subject:
    """The same model, whose features are changed on their way out."""
    forward = subject.adapter.forward
    subject.adapter.forward = lambda inputs: change(forward(inputs), inputs)  # type: ignore[method-assign]
    return subject


def pooled(features: Features, value: Tensor) -> Features:
    return replace(features, pooled=value)


@pytest.mark.parametrize("name", [name for name in CHECKS if name != "lora"])
def test_a_good_model_passes_each(subject: Subject, name: str) -> None:
    assert CHECKS[name](subject)


def test_a_row_that_depends_on_its_batch(subject: Subject) -> None:
    bad = answering(subject, lambda f, _: pooled(f, f.pooled - f.pooled.mean(0)))
    with pytest.raises(Violation, match="is another one in a batch of 6: its pooled differs"):
        contract.batch_size(bad)


def test_a_row_that_depends_on_its_padding(subject: Subject) -> None:
    def unmasked(features: Features, _: Inputs) -> Features:
        assert features.tokens is not None
        return pooled(features, features.tokens.mean(1))

    with pytest.raises(Violation, match=r"a row of \d+ padded to \d+ is another one"):
        contract.padding(answering(subject, unmasked))


def test_a_model_left_in_training_mode(subject: Subject) -> None:
    next(m for m in subject.adapter.modules() if isinstance(m, nn.Dropout)).train()
    with pytest.raises(Violation, match="1 modules are in training mode"):
        contract.eval_mode(subject)


def test_a_model_that_draws_at_random(subject: Subject) -> None:
    bad = answering(subject, lambda f, _: pooled(f, f.pooled + 1e-6 * torch.rand(1)))
    with pytest.raises(Violation, match="two forwards of row 0 differ"):
        contract.eval_mode(bad)


def test_tokens_that_are_promised_and_not_given(subject: Subject) -> None:
    bad = answering(subject, lambda f, _: Features(pooled=f.pooled))
    with pytest.raises(Violation, match="forward gives none; remove it from the card"):
        contract.gives(bad)


def test_vectors_of_another_width(subject: Subject) -> None:
    bad = answering(subject, lambda f, _: pooled(f, f.pooled[:, :5]))
    with pytest.raises(Violation, match=r"pooled is \[2, 5\], not \[2, 32\]"):
        contract.gives(bad)


def test_an_output_that_is_no_number(subject: Subject) -> None:
    bad = answering(subject, lambda f, _: pooled(f, f.pooled * torch.nan))
    with pytest.raises(Violation, match="pooled: a value is not finite"):
        contract.gives(bad)


def test_an_output_that_depends_on_nothing(subject: Subject) -> None:
    def constant(features: Features, _: Inputs) -> Features:
        return Features(pooled=torch.ones_like(features.pooled))

    subject = replace(subject, card=replace(subject.card, gives=("pooled",)))
    with pytest.raises(Violation, match="does not depend on its input"):
        contract.gives(answering(subject, constant))


def test_a_forward_of_another_type(subject: Subject) -> None:
    subject.adapter.forward = lambda _: torch.ones(2)  # type: ignore[method-assign, assignment, return-value]
    with pytest.raises(Violation, match=r"forward gives Tensor, not models\.base\.Features"):
        contract.batch_size(subject)


def test_pairs_from_a_model_of_single_texts(subject: Subject) -> None:
    for promise in ("paired", "joint", "generates"):
        card = replace(subject.card)
        object.__setattr__(card, "gives", (promise,))
        with pytest.raises(Violation, match=rf"gives: \[{promise}\], but TextAdapter is no"):
            contract.gives(replace(subject, card=card))


def test_layers_of_batch_norm_that_are_not_declared(subject: Subject) -> None:
    subject.adapter.aside = nn.BatchNorm1d(3)
    with pytest.raises(Violation, match="does not declare batch_statistics, and has layers"):
        contract.batch_statistics(subject)


def test_parameters_without_a_depth(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = subject.adapter.layers()
    known = {name: depth for name, depth in whole.depths.items() if "pooler" not in name}
    monkeypatch.setattr(subject.adapter, "layers", lambda: replace(whole, depths=known))
    with pytest.raises(Violation, match=r"2 parameters have no depth: backbone\.pooler"):
        contract.layers(subject)


def test_examples_that_are_lost(subject: Subject) -> None:
    with pytest.raises(Violation, match="5 examples became 6 rows"):
        contract.preprocessing(replace(subject, examples=subject.examples.take(range(5))))


def test_a_row_that_is_prepared_otherwise_alone(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare = subject.adapter.prepare

    def shorter(examples: Any, cache: Any) -> Any:
        if len(examples) > 1:
            return prepare(examples, cache)
        cut = {"text": [text[: len(text) // 2] for text in examples.inputs["text"]]}
        return prepare(replace(examples, inputs=cut), cache)

    monkeypatch.setattr(subject.adapter, "prepare", shorter)
    with pytest.raises(Violation, match="row 0 prepared alone has other input_ids"):
        contract.preprocessing(subject)


def test_weights_that_are_not_saved(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    save = subject.adapter.save

    def another(folder: Path) -> None:
        with torch.no_grad():
            next(subject.adapter.parameters()).mul_(2)
        save(folder)
        with torch.no_grad():
            next(subject.adapter.parameters()).div_(2)

    monkeypatch.setattr(subject.adapter, "save", another)
    with pytest.raises(Violation, match=r"differs by .* after save and load"):
        contract.save_and_load(subject)


def test_weights_in_a_pickle(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    def pickled(folder: Path) -> None:
        torch.save(subject.adapter.state_dict(), folder / "weights.bin")

    monkeypatch.setattr(subject.adapter, "save", pickled)
    with pytest.raises(Violation, match=r"saved as a pickle: weights\.bin; use safetensors"):
        contract.save_and_load(subject)


def test_a_model_that_is_cut_off_from_the_loss(subject: Subject) -> None:
    def detached(features: Features, _: Inputs) -> Features:
        value = features.pooled.detach()
        return pooled(features, value + 0 * sum(p.sum() for p in subject.adapter.parameters()))

    with pytest.raises(Violation, match="no gradient reaches the model"):
        training.training_step(answering(subject, detached))


def test_a_gradient_that_does_not_lower_the_loss(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Turned(torch.autograd.Function):
        @staticmethod
        def forward(_: Any, value: Tensor) -> Tensor:
            return value.clone()

        @staticmethod
        def backward(_: Any, gradient: Tensor) -> Tensor:
            return -100 * gradient

    bad = answering(subject, lambda f, _: pooled(f, Turned.apply(f.pooled)))
    with pytest.raises(Violation, match="a step down its gradient takes the loss from"):
        training.training_step(bad)


def test_lora_targets_that_name_no_layer(subject: Subject) -> None:
    for wanted, message in ((("query", "value"), None), (("q_proj",), "ends the name of no layer")):
        card = replace(subject.card, lora_targets=wanted)
        adapter: Adapter = load(card)
        found = replace(subject, card=card, adapter=adapter)
        if message is None:
            assert "query, value: " in training.lora(found)
            continue
        with pytest.raises(Violation, match=message):
            training.lora(found)
    with pytest.raises(NotApplicable, match="no lora_targets"):
        training.lora(subject)


def test_what_a_model_raises_is_a_failed_check_and_the_others_go_on(
    tiny_bert: ModelCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Subject) -> str:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setitem(CHECKS, "padding", broken)
    report = check_model(tiny_bert, full=True)
    assert not report.passed
    verdicts = {found.what: (found.verdict, found.said) for found in report.findings}
    assert verdicts["padding"] == ("fail", "ZeroDivisionError: by nothing")
    assert verdicts["gives"][0] == "pass"
    assert report.label == "weights-checked"


def test_a_model_that_does_not_load_is_one_finding(tiny_bert: ModelCard, tmp_path: Path) -> None:
    source = FolderModel(via="folder", path=str(tmp_path / "nowhere"))
    report = check_model(replace(tiny_bert, source=source), full=True)
    (only,) = report.findings
    assert (only.what, only.verdict) == ("loads", "fail")
    assert "nowhere" in only.said
