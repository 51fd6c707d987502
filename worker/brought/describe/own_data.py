"""Examples that a file's own `batches` gives, as an array file like those of uploaded data.

They are taken once, with seed 0: the order of training is µScope's own, so that arms share it.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from muscope.backend.arrays import write_arrays
from muscope.backend.domain.spec.dataset import DatasetShape, Task
from muscope.backend.domain.spec.families.brought import Example
from muscope.backend.errors import InvalidInput
from muscope.worker.brought.default_loss import main_output
from muscope.worker.brought.loading import BroughtModel
from muscope.worker.brought.prepare import Prepared
from muscope.worker.brought.training.examples import leaf_of, leaves_of, packed

MOST_TRAIN, MOST_VAL = 8192, 1024
_MOST_NUMBERS = 1 << 26


def example_of(prepared: Prepared, batch: Any) -> Example:
    """Return the form of an example: its input where the loss is one of ours, else the whole of it."""
    leaves, keys = leaves_of(batch)
    outputs = main_output(prepared.passes[0].output)
    if _is_plain(prepared.brought, leaves, keys, outputs):
        return Example(leaves=(leaf_of(leaves[0]),), num_outputs=outputs.shape[-1])
    return Example(leaves=tuple(map(leaf_of, leaves)), keys=keys, is_whole_batch=True, num_outputs=1)


def _is_plain(brought: BroughtModel, leaves: list[Tensor], keys: tuple[str, ...], outputs: Tensor) -> bool:
    """Tell whether the loss is one of ours: of one class, of one number, or of the next token everywhere."""
    if "loss" in brought.functions or keys or len(leaves) != 2:
        return False
    if outputs.ndim == 3:
        return _is_text(leaves[0], leaves[1])
    if outputs.ndim != 2:
        return False
    is_class = not leaves[1].is_floating_point() and leaves[1].ndim == 1
    return is_class or (outputs.shape[1] == 1 and leaves[1].numel() == len(leaves[1]))


def _is_text(x: Tensor, y: Tensor) -> bool:
    are_tokens = not x.is_floating_point() and not y.is_floating_point()
    return are_tokens and x.ndim == 2 and x.shape == y.shape


def write_own_data(brought: BroughtModel, example: Example, path: Path) -> DatasetShape:
    """Write the examples of both splits; return their sizes."""
    arrays: dict[str, NDArray[Any]] = {}
    for split, most in (("train", MOST_TRAIN), ("val", MOST_VAL)):
        x, y = _taken(brought, example, split, most)
        arrays[f"x_{split}"], arrays[f"y_{split}"] = x, y
    y = arrays["y_train"]
    of_classes = Task.LANGUAGE_MODELLING if y.ndim == 2 else Task.CLASSIFICATION
    shape = DatasetShape(
        task=Task.REGRESSION if np.issubdtype(y.dtype, np.floating) else of_classes,
        num_features=arrays["x_train"].shape[1],
        num_outputs=example.num_outputs,
        num_train=len(arrays["x_train"]),
        num_val=len(arrays["x_val"]),
    )
    write_arrays(path, arrays, shape.in_file())
    return shape


def _taken(
    brought: BroughtModel, example: Example, split: str, most: int
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return rows [n, D] and labels [n] of a split: all, or the first so many of an endless stream."""
    stream = iter(brought.call("batches", split, 0))
    xs, ys, num = [], [], 0
    for batch in itertools.islice(_guarded(brought, stream), most):
        leaves, _ = leaves_of(batch)
        x = packed(leaves if example.is_whole_batch else leaves[:1])
        if x.shape[1] != example.size:
            raise InvalidInput("brought.batches_change", given=x.shape[1], expected=example.size)
        xs.append(x)
        ys.append(torch.zeros(len(x)) if example.is_whole_batch else _labels(leaves[1]))
        num += len(x)
        if num >= min(most, max(1, _MOST_NUMBERS // example.size)):
            break
    if not xs:
        raise InvalidInput("brought.no_batch", seed=0)
    x, y = torch.cat(xs), torch.cat(ys)
    x = x.long() if y.ndim == 2 else x
    return x.numpy(), (y.float() if y.is_floating_point() else y.long()).numpy()


def _labels(y: Tensor) -> Tensor:
    """Return the tokens [B, T] of a text, or one label per example [B]."""
    return y if y.ndim == 2 and not y.is_floating_point() else y.reshape(len(y))


def _guarded(brought: BroughtModel, stream: Any) -> Any:
    end = object()
    while (batch := brought.guarded("batches", None, lambda: next(stream, end))) is not end:
        yield batch
