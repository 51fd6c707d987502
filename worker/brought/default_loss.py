"""Loss of a batch (x, y) where the user's file has none: cross-entropy of classes, else squared error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, mse_loss

from muscope.backend.errors import InvalidInput


def default_loss(model: nn.Module, batch: Any) -> Tensor:
    """Return the mean loss of `model(x)` against y; raises InvalidInput where neither loss fits.

    Whole numbers y with one dimension less than the outputs are classes, the outputs' last dimension.
    """
    if not isinstance(batch, tuple | list) or len(batch) != 2 or not all(torch.is_tensor(b) for b in batch):
        raise InvalidInput("brought.batch_needs_loss", given=type(batch).__name__)
    x, y = batch
    outputs = main_output(model(x))
    if not y.is_floating_point() and y.shape == outputs.shape[:-1]:
        return cross_entropy(outputs.flatten(0, -2), y.flatten())
    if y.is_floating_point() and y.shape == outputs.shape:
        return mse_loss(outputs, y)
    raise InvalidInput(
        "brought.shapes_need_loss", outputs=str(tuple(outputs.shape)), targets=str(tuple(y.shape))
    )


def main_output(outputs: Any) -> Tensor:
    """Return the tensor of a model's outputs: itself, its `logits`, or its first floating-point tensor.

    Raises InvalidInput where there is none.
    """
    named = getattr(outputs, "logits", None)
    if named is None and isinstance(outputs, Mapping):
        named = outputs.get("logits")
    candidates = [named, outputs]
    if isinstance(outputs, Mapping):
        candidates += list(outputs.values())
    elif isinstance(outputs, tuple | list):
        candidates += list(outputs)
    for candidate in candidates:
        if isinstance(candidate, Tensor) and candidate.is_floating_point():
            return candidate
    raise InvalidInput("brought.output_not_tensor", given=type(outputs).__name__)
