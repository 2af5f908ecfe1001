"""Weights are tensors and nothing else; what does not fit is refused before it is used."""

import os
import pickle
import shutil
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import load_file, save_file

from mmbench.cards import PackageModel
from mmbench.catalog import Catalog
from mmbench.errors import TrialError
from mmbench.models import from_timm, from_transformers
from mmbench.models.loading import load
from mmbench.models.sources import locate
from mmbench.models.weights import Tensors, read_tensors, rename_by_order
from tests.models.samples import image_card, text_card


class Payload:
    """Unpickled by a plain `pickle.load`, this makes a folder."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.target),)


def hostile(path: Path, target: Path) -> None:
    torch.save({"weight": torch.zeros(2), "extra": Payload(target)}, path)


def without_safetensors(source: Path, folder: Path) -> Path:
    shutil.copytree(source, folder)
    (folder / "model.safetensors").unlink()
    return folder


def test_the_payload_of_these_tests_would_run(tmp_path: Path) -> None:
    hostile(tmp_path / "x.bin", tmp_path / "ran")
    torch.load(tmp_path / "x.bin", weights_only=False)
    assert (tmp_path / "ran").is_dir()


@pytest.mark.parametrize("name", ["weights.pth", "weights.bin"])
def test_a_pickle_that_holds_code_is_refused_and_not_run(name: str, tmp_path: Path) -> None:
    hostile(tmp_path / name, tmp_path / "ran")
    with pytest.raises(TrialError, match=r"more than tensors.*nothing of it was run"):
        read_tensors(tmp_path / name)
    with pytest.raises(TrialError, match="more than tensors"):
        load(image_card(tmp_path / name, architecture="resnet10t"))
    (tmp_path / "plain.pth").write_bytes(pickle.dumps(Payload(tmp_path / "ran"), protocol=2))
    with pytest.raises(TrialError, match="nothing of it was run"):
        read_tensors(tmp_path / "plain.pth")
    assert not (tmp_path / "ran").exists()


def test_a_hostile_checkpoint_of_transformers_is_refused(bert_folder: Path, tmp_path: Path) -> None:
    folder = without_safetensors(bert_folder, tmp_path / "model")
    hostile(folder / "pytorch_model.bin", tmp_path / "ran")
    with pytest.raises(TrialError, match="more than tensors"):
        load(text_card(folder))
    assert not (tmp_path / "ran").exists()


def test_a_hostile_checkpoint_of_timm_is_refused(tmp_path: Path) -> None:
    from_timm.save(timm.create_model("resnet10t"), tmp_path / "model", image_card(tmp_path).image)  # type: ignore[arg-type]
    (tmp_path / "model" / "model.safetensors").unlink()
    hostile(tmp_path / "model" / "pytorch_model.bin", tmp_path / "ran")
    with pytest.raises(TrialError, match=r"timm cannot load it.*weights_only"):
        load(image_card(tmp_path / "model", architecture="resnet10t"))
    assert not (tmp_path / "ran").exists()


def test_a_repository_with_code_of_its_own_is_refused(bert_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(bert_folder, tmp_path / "model")
    (tmp_path / "model" / "config.json").write_text(
        '{"model_type": "own", "auto_map": {"AutoConfig": "own.C", "AutoModel": "own.M"}}'
    )
    (tmp_path / "model" / "own.py").write_text(f"import os; os.mkdir({str(tmp_path / 'ran')!r})")
    with pytest.raises(TrialError, match=r"trust_remote_code|custom code"):
        load(text_card(tmp_path / "model"))
    assert not (tmp_path / "ran").exists()


def test_plain_tensors_in_a_bin_file_load(bert_folder: Path, tmp_path: Path) -> None:
    folder = without_safetensors(bert_folder, tmp_path / "model")
    torch.save(load_file(bert_folder / "model.safetensors"), folder / "pytorch_model.bin")
    ours, theirs = load(text_card(folder)), load(text_card(bert_folder))
    assert all(
        torch.equal(a, b) for a, b in zip(ours.parameters(), theirs.parameters(), strict=True)
    )


def test_a_missing_weight_is_refused_rather_than_drawn(bert_folder: Path, tmp_path: Path) -> None:
    folder = without_safetensors(bert_folder, tmp_path / "model")
    tensors = load_file(bert_folder / "model.safetensors")
    del tensors["encoder.layer.1.output.dense.weight"]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(TrialError, match=r"1 weights are missing, e\.g\. encoder\.layer\.1\."):
        load(text_card(folder))


@pytest.mark.parametrize("kept", [0, 7, 100, 5000])
def test_a_truncated_file_is_refused(kept: int, bert_folder: Path, tmp_path: Path) -> None:
    folder = without_safetensors(bert_folder, tmp_path / "model")
    content = (bert_folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(content[:kept])
    with pytest.raises(TrialError, match="transformers cannot load it"):
        load(text_card(folder))
    with pytest.raises(TrialError, match="cannot be read as weights"):
        read_tensors(folder / "model.safetensors")


def test_a_folder_without_weights_is_refused(bert_folder: Path, tmp_path: Path) -> None:
    folder = without_safetensors(bert_folder, tmp_path / "model")
    with pytest.raises(TrialError, match=r"no file named model\.safetensors"):
        load(text_card(folder))


def test_a_file_is_no_model_folder(bert_folder: Path) -> None:
    with pytest.raises(TrialError, match="transformers loads a folder"):
        from_transformers.pretrained(bert_folder / "model.safetensors")


def test_what_is_no_state_dict_is_refused(tmp_path: Path) -> None:
    torch.save([torch.zeros(2)], tmp_path / "list.pth")
    with pytest.raises(TrialError, match="not a state dict"):
        read_tensors(tmp_path / "list.pth")


# ------------------------------------------------------------------------------------ timm


def resnet() -> Tensors:
    return dict(timm.create_model("resnet10t").state_dict())


def test_a_timm_file_loads_with_or_without_its_classifier(tmp_path: Path) -> None:
    tensors = resnet()
    save_file(tensors, tmp_path / "whole.safetensors")
    del tensors["fc.weight"], tensors["fc.bias"]
    torch.save(tensors, tmp_path / "body.pth")
    for name in ("whole.safetensors", "body.pth"):
        model = from_timm.from_file(tmp_path / name, "resnet10t", tensors="by_name")
        assert torch.equal(model.state_dict()["conv1.0.weight"], tensors["conv1.0.weight"])
        assert "fc.weight" not in model.state_dict()


def test_a_timm_file_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    tensors = resnet()
    tensors["conv1.0.wieght"] = tensors.pop("conv1.0.weight")
    save_file(tensors, path)
    with pytest.raises(TrialError, match=r"lacks conv1\.0\.weight.*tensors: by_order"):
        from_timm.from_file(path, "resnet10t", tensors="by_name")
    save_file({**resnet(), "conv1.0.weight": torch.zeros(1, 3, 3, 3)}, path)
    with pytest.raises(TrialError, match=r"does not fit resnet10t.*size mismatch"):
        from_timm.from_file(path, "resnet10t", tensors="by_name")


def test_a_timm_folder_lacking_a_weight_is_refused(tmp_path: Path) -> None:
    rules = image_card(tmp_path).image
    assert rules is not None
    from_timm.save(timm.create_model("resnet10t", num_classes=0), tmp_path, rules)
    tensors = load_file(tmp_path / "model.safetensors")
    del tensors["conv1.0.weight"]
    save_file(tensors, tmp_path / "model.safetensors")
    with pytest.raises(TrialError, match="timm cannot load it"):
        load(image_card(tmp_path, architecture="resnet10t"))


def test_a_timm_folder_of_another_architecture_is_refused(tmp_path: Path) -> None:
    rules = image_card(tmp_path).image
    assert rules is not None
    from_timm.save(timm.create_model("resnet10t", num_classes=5), tmp_path, rules)
    load(image_card(tmp_path, architecture="resnet10t"))
    with pytest.raises(TrialError, match="it holds resnet10t, but the card says resnet18"):
        load(image_card(tmp_path, architecture="resnet18"))


def test_a_folder_of_another_library_is_refused(bert_folder: Path) -> None:
    with pytest.raises(TrialError, match="timm cannot load it"):
        load(image_card(bert_folder, architecture="resnet10t"))


def test_by_order_checks_the_count_and_every_shape() -> None:
    expected = OrderedDict(a=torch.zeros(2, 3), b=torch.zeros(4))
    given = {"x": torch.ones(2, 3), "y": torch.ones(4)}
    assert list(rename_by_order(given, expected, "file")) == ["a", "b"]
    with pytest.raises(TrialError, match="file: 1 tensors, but the architecture has 2"):
        rename_by_order({"x": torch.ones(2, 3)}, expected, "file")
    with pytest.raises(TrialError, match=r"y is \[5\], but b, which stands in its place.*\[4\]"):
        rename_by_order({"x": torch.ones(2, 3), "y": torch.ones(5)}, expected, "file")


def test_the_package_does_not_load_into_another_architecture_or_by_name() -> None:
    card = Catalog.standard().model("efficientnet-lite0")
    assert isinstance(card.source, PackageModel)
    with pytest.raises(TrialError, match="296 tensors, but the architecture has"):
        load(replace(card, architecture="resnet10t"))
    with pytest.raises(TrialError, match=r"set source\.tensors: by_order"):
        load(replace(card, source=replace(card.source, tensors="by_name")))
    assert len(read_tensors(locate(card.source))) == 296
