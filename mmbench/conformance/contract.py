"""What every model promises, each as a function that says what it saw or raises `Violation`.

`models.base.Adapter` states the promises. A row is the same whatever stands beside it in a batch,
however much the batch is padded, and however often it is asked for; what the card says that the
model gives is there; what is saved comes back.
"""

import numpy as np
import torch
from torch import Tensor, nn

from mmbench.cards import Gives
from mmbench.conformance.findings import NotApplicable, Violation
from mmbench.conformance.samples import long_text
from mmbench.conformance.subject import (
    Subject,
    alone,
    distance,
    features_of,
    made_of,
    subject_of,
    together,
)
from mmbench.data.joint import SIDES, inputs_of
from mmbench.data.prepared import Inputs
from mmbench.errors import TrialError
from mmbench.models.base import PairedAdapter, has_batch_statistics
from mmbench.models.generative import GenerativeAdapter
from mmbench.models.identity import weights_digest
from mmbench.models.loading import load
from mmbench.models.sources import relocated

SAVED_TOLERANCE = 1e-6
PICKLES = (".bin", ".pt", ".pth", ".pkl", ".ckpt")
NAMED = 3


def preprocessing(subject: Subject) -> str:
    """As many rows as examples, the same ones each time, each whatever stands beside it; and no
    text longer than the card's limit."""
    adapter, examples, rows = subject.adapter, subject.examples, subject.rows
    if len(rows) != len(examples):
        raise Violation(f"{len(examples)} examples became {len(rows)} rows")
    again = adapter.prepare(examples, subject.cache)
    if again.digest != rows.digest:
        raise Violation("the same examples have another digest the second time: nothing is cached")
    for row in range(len(rows)):
        own = adapter.prepare(examples.take([row]), subject.cache)
        _require_equal(own.collate([0]), rows.collate([row]), f"row {row} prepared alone")
    most = _longest(subject)
    shown = ", ".join(f"{name} {_shape(t)}" for name, t in rows.collate([0, 1]).items())
    return f"{len(rows)} rows, alike alone and together; {shown}{most}"


def _longest(subject: Subject) -> str:
    """What became of a text that is too long, where the model reads single texts."""
    rules = subject.card.text
    if rules is None or "text" not in subject.examples.inputs or "generates" in subject.card.gives:
        return ""
    length = int(np.max(subject.adapter.prepare(long_text(), subject.cache).lengths))
    if length > rules.max_tokens:
        raise Violation(f"a long text has {length} tokens; the card allows {rules.max_tokens}")
    return f"; a long text is cut to {length} tokens"


def eval_mode(subject: Subject) -> str:
    """Nothing in it is in training mode, before or after a forward, and two forwards agree."""
    first, second = together(subject), together(subject)
    training = [name or "itself" for name, m in subject.adapter.named_modules() if m.training]
    if training:
        raise Violation(f"{len(training)} modules are in training mode: {_some(training)}")
    for row, (one, other) in enumerate(zip(first, second, strict=True)):
        apart, what = distance(one, other)
        if apart > 0:
            raise Violation(
                f"two forwards of row {row} differ by {apart:.1e} in its {what}: something is "
                "drawn at random, or kept from the last batch"
            )
    return "two forwards agree to the last bit"


def batch_size(subject: Subject) -> str:
    """The longest row is the same alone and among the others, which do not pad it."""
    row = int(np.argmax(subject.rows.lengths))
    apart, what = distance(alone(subject, row), together(subject)[row])
    if apart > subject.tolerance:
        raise Violation(
            f"row {row} is another one in a batch of {len(subject.rows)}: its {what} differs by "
            f"{apart:.1e} of its largest value"
        )
    return f"a row alone and among {len(subject.rows)}: {apart:.0e} apart"


def padding(subject: Subject) -> str:
    """The shortest row is the same alone and padded to the longest."""
    lengths = np.asarray(subject.rows.lengths)
    short, long = int(np.argmin(lengths)), int(np.argmax(lengths))
    if lengths[short] == lengths[long]:
        raise NotApplicable("rows of one size: nothing is padded")
    if subject.rows.padded_to is not None:
        raise NotApplicable(f"every row is padded to {subject.rows.padded_to}, as it was trained")
    padded = made_of(subject.adapter, subject.rows, [short, long])[0]
    apart, what = distance(alone(subject, short), padded)
    if apart > subject.tolerance:
        raise Violation(
            f"a row of {lengths[short]} padded to {lengths[long]} is another one: its {what} "
            f"differs by {apart:.1e} of its largest value"
        )
    return f"{lengths[short]} padded to {lengths[long]}: {apart:.0e} apart"


def gives(subject: Subject) -> str:
    """Each thing that the card says the model gives, in its form; finite, and not one for all."""
    said = [GIVEN[name](subject) for name in subject.card.gives]
    rows = together(subject)
    for name in rows[0]:
        if not all(bool(torch.isfinite(row[name]).all()) for row in rows):
            raise Violation(f"{name}: a value is not finite")
    if all(distance(rows[0], row)[0] <= subject.tolerance for row in rows[1:]):
        raise Violation("all rows are the same to it: its output does not depend on its input")
    return "; ".join(said)


def _gives_pooled(subject: Subject) -> str:
    if isinstance(subject.adapter, PairedAdapter):
        side = "text" if "text" in subject.card.modalities else "image"
        inputs = inputs_of(side, subject.rows.collate([0, 1]))  # type: ignore[arg-type]
        pooled = features_of(subject.adapter, inputs).pooled
    else:
        pooled = features_of(subject.adapter, subject.rows.collate([0, 1])).pooled
    return f"pooled {_require_shape(pooled, (2, subject.adapter.width), 'pooled')}"


def _gives_tokens(subject: Subject) -> str:
    features = features_of(subject.adapter, subject.rows.collate([0, 1]))
    if features.tokens is None:
        raise Violation("gives: [tokens], but forward gives none; remove it from the card")
    if features.tokens.ndim != 3 or len(features.tokens) != 2:
        raise Violation(f"tokens are {_shape(features.tokens)}, not [B, T, D]")
    if features.mask is not None and features.mask.shape != features.tokens.shape[:2]:
        raise Violation(f"mask is {_shape(features.mask)}, tokens {_shape(features.tokens)}")
    return f"tokens {_shape(features.tokens)}"


def _gives_paired(subject: Subject) -> str:
    adapter = _paired(subject, "paired")
    inputs = subject.rows.collate([0, 1])
    shapes = []
    for side in SIDES:
        vectors = adapter.encode(side, inputs_of(side, inputs))
        shapes.append(f"{side} {_require_shape(vectors, (2, adapter.widths[side]), side)}")
    return "paired " + " and ".join(shapes)


def _gives_joint(subject: Subject) -> str:
    adapter = _paired(subject, "joint")
    if not adapter.joint or adapter.widths["image"] != adapter.widths["text"]:
        raise Violation("gives: [joint], but images and texts do not lie in one space")
    return f"joint: one space of {adapter.widths['image']}"


def _paired(subject: Subject, what: Gives) -> PairedAdapter:
    if not isinstance(subject.adapter, PairedAdapter):
        name = type(subject.adapter).__name__
        raise Violation(f"gives: [{what}], but {name} is no models.base.PairedAdapter")
    return subject.adapter


def _gives_fused(subject: Subject) -> str:
    inputs = dict(subject.rows.collate([0, 1]))
    pooled = features_of(subject.adapter, inputs).pooled
    said = _require_shape(pooled, (2, subject.adapter.width), "fused")
    for side in SIDES:
        swapped = {k: v.flip(0) if k.startswith(f"{side}.") else v for k, v in inputs.items()}
        if torch.allclose(features_of(subject.adapter, swapped).pooled, pooled):
            raise Violation(f"gives: [fused], but the vector does not depend on the {side}")
    return f"fused {said} of image and text"


@torch.no_grad()
def _gives_words(subject: Subject) -> str:
    adapter, rules = subject.adapter, subject.card.generation
    if not isinstance(adapter, GenerativeAdapter) or rules is None:
        name = type(adapter).__name__
        raise Violation(f"gives: [generates], but {name} is no GenerativeAdapter")
    ids = adapter.generate(subject.rows.collate([0, 1]))
    said = _require_shape(ids, (2, rules.max_new_tokens), "generates")
    texts = adapter.texts(ids.numpy())
    assert all(isinstance(text, str) for text in texts), "decode gives texts"
    return f"generates {said} ids, and texts of them"


GIVEN = {
    "pooled": _gives_pooled,
    "tokens": _gives_tokens,
    "paired": _gives_paired,
    "joint": _gives_joint,
    "fused": _gives_fused,
    "generates": _gives_words,
}


def batch_statistics(subject: Subject) -> str:
    """The adapter says that it normalises by the batch if and only if it has such layers."""
    has = has_batch_statistics(subject.adapter)
    if has != subject.adapter.batch_statistics:
        said = "declares batch_statistics" if not has else "does not declare batch_statistics"
        raise Violation(f"it {said}, and has {'' if has else 'no '}layers of BatchNorm")
    return "layers of BatchNorm, declared" if has else "no layers of BatchNorm, none declared"


def layers(subject: Subject) -> str:
    """Strategy partial and layer-wise rates find the blocks."""
    try:
        found = subject.adapter.layers()
    except TrialError as error:
        raise NotApplicable(str(error)) from None
    unknown = [n for n, _ in subject.adapter.named_parameters() if n not in found.depths]
    if unknown:
        raise Violation(f"{len(unknown)} parameters have no depth: {_some(unknown)}")
    counts = " + ".join(str(len(stack)) for stack in found.stacks)
    return f"{counts} blocks, {len(found.depths)} parameters each with a depth"


def save_and_load(subject: Subject) -> str:
    """What is saved loads into the same outputs, from safetensors alone."""
    folder = subject.folder / "saved"
    folder.mkdir()
    subject.adapter.save(folder)
    pickled = [path.name for path in folder.rglob("*") if path.suffix in PICKLES]
    if pickled:
        raise Violation(f"weights were saved as a pickle: {_some(pickled)}; use safetensors")
    card = relocated(subject.card, folder)
    digest = weights_digest(card)
    back = load(card)
    known = subject_of(card, back, subject.folder, tolerance=subject.tolerance)
    for row, (one, other) in enumerate(zip(together(subject), together(known), strict=True)):
        apart, what = distance(one, other)
        if apart > SAVED_TOLERANCE:
            raise Violation(f"row {row}: its {what} differs by {apart:.1e} after save and load")
    return f"the same outputs; digest {digest[:12]}"


def _require_equal(one: Inputs, other: Inputs, what: str) -> None:
    for name, value in one.items():
        length = min(value.shape[-1], other[name].shape[-1])
        if value.shape != other[name].shape or not torch.equal(
            value[..., :length], other[name][..., :length]
        ):
            raise Violation(f"{what} has other {name} than among the others")


def _require_shape(tensor: Tensor, wanted: tuple[int, ...], what: str) -> str:
    if tuple(tensor.shape) != wanted:
        raise Violation(f"{what} is {_shape(tensor)}, not {list(wanted)}")
    return _shape(tensor)


def _shape(tensor: Tensor) -> str:
    return str(list(tensor.shape))


def _some(names: list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def weights_in(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
