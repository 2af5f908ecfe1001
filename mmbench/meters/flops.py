"""Floating-point operations of a model: counted by torch, and checked against closed forms.

Unit: FLOP; a multiplication and its addition are two. What counts is matrix products, convolutions
and attention's two products; normalisations, activations and optimizers are below a few percent.

Method: torch's `FlopCounterMode` over one call, outside any timing (it slows a step by 25 to 84 %),
with two changes to its formulas. Attention's backward pass is twice the forward: torch adds the
scores that fused kernels compute again, which is the kernel's work and not the model's (as model
FLOPs utilisation is defined: Chowdhery et al., PaLM, 2022, appendix B). The fast path of
`nn.MultiheadAttention` in eval mode without gradients has no formula in torch, which counts a third
less of open_clip's ViT-B/32; here it has one, and gradients are enabled around the call as well.

Limits: fused attention (`scaled_dot_product_attention`: flash, efficient, cuDNN, flash on CPU, and
the plain products) counts all T² pairs, causal or padded or not. Rows of padding count. Quantised
and sparse products, recurrent layers and kernels of Triton have no formula and count nothing.
Nothing is known of compiled graphs: count the module as it was before `torch.compile`.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode, sdpa_flop_count

from mmbench.meters.closed_form import closed_form
from mmbench.records import Measurement

TOLERANCE = 0.05
Shape = tuple[int, ...]


def parameters(module: nn.Module) -> tuple[Measurement, Measurement]:
    """`parameters` and `trainable_parameters`, unit 1. A shared tensor counts once."""
    everything = list(module.parameters())
    counts = (
        ("parameters", sum(p.numel() for p in everything)),
        ("trainable_parameters", sum(p.numel() for p in everything if p.requires_grad)),
    )
    whole, trainable = (Measurement(name=n, unit="1", value=float(v)) for n, v in counts)
    return whole, trainable


def flops_of(step: Callable[[], object]) -> float:
    """FLOPs of one call of `step`, on any device. The step really runs: weights may change.

    A step that turns gradients off itself is counted right all the same, as far as open_clip's and
    torch's own encoders go (see above).
    """
    counter = FlopCounterMode(display=False, custom_mapping=_formulas())
    with torch.enable_grad(), counter:
        step()
    return float(counter.get_total_flops())


def flops_per_sample(
    step: Callable[[], object],
    module: nn.Module,
    *,
    samples: int,
    training: bool,
    tokens: int | None = None,
    image_size: int | None = None,
) -> tuple[Measurement, tuple[str, ...]]:
    """`train_flops_per_sample` (forward and backward) or `inference_flops_per_sample`; warnings.

    step: what is counted, over `samples` rows whose texts have `tokens` tokens, padding included,
    and whose images `image_size` pixels a side. module: what the step runs, for the closed form.
    """
    expected = closed_form(module, tokens=tokens, image_size=image_size, training=training)
    name = f"{'train' if training else 'inference'}_flops_per_sample"
    return flops_checked(name, flops_of(step) / samples, expected)


def flops_checked(
    name: str, counted: float, expected: float | None
) -> tuple[Measurement, tuple[str, ...]]:
    """The counted value; the note says what part of the closed form it is. A warning where they
    differ by more than TOLERANCE: one of them does not know the model."""
    if expected is None:
        note = "counted; there is no closed form for this model"
        return Measurement(name=name, unit="FLOP", value=counted, note=note), ()
    ratio = counted / expected
    found = Measurement(
        name=name, unit="FLOP", value=counted, note=f"counted; {ratio:.3f} of the closed form"
    )
    if abs(ratio - 1) <= TOLERANCE:
        return found, ()
    warning = (
        f"{name}: the counter says {counted:.4g}, the closed form {expected:.4g} FLOP; do not use "
        "the utilisation before it is known which of them misses an operation"
    )
    return found, (warning,)


# ---------------------------------------------------------------------------- formulas


def _formulas() -> dict[Any, Callable[..., int]]:
    aten = torch.ops.aten
    backwards = (
        aten._scaled_dot_product_efficient_attention_backward,
        aten._scaled_dot_product_flash_attention_backward,
        aten._scaled_dot_product_flash_attention_for_cpu_backward,
        aten._scaled_dot_product_cudnn_attention_backward,
    )
    return {
        **dict.fromkeys(backwards, _attention_backward),
        aten._native_multi_head_attention: _fast_attention,
        aten._transformer_encoder_layer_fwd: _fast_layer,
    }


def _attention_backward(
    grad: Shape, query: Shape, key: Shape, value: Shape, *_: Any, **__: Any
) -> int:
    return 2 * int(sdpa_flop_count(query, key, value))  # type: ignore[no-untyped-call]


def _fast_attention(query: Shape, key: Shape, value: Shape, width: int, *_: Any, **__: Any) -> int:
    """[B, T, D] each: the projections in and out, and the two products of attention."""
    rows, length, keys = query[0], query[1], key[1]
    projections = 2 * width**2 * rows * (2 * length + 2 * keys)
    return projections + 4 * rows * length * keys * width


def _fast_layer(source: Shape, width: int, heads: int, *rest: Any, **_: Any) -> int:
    """`rest`: from `qkv_weight` on, in the order of the operator's schema."""
    rows, length = source[0], source[1]
    feed_forward = rest[11][0]  # ffn_weight_1: [F, D]
    attention = _fast_attention(source, source, source, width)
    return attention + 4 * rows * length * width * int(feed_forward)
