"""Work of a forward pass of a brought network, counted."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from muscope.backend.domain.spec.families.brought_work import Work
from muscope.worker.brought.describe.text import made_up_text, terms_of
from muscope.worker.brought.loading import BroughtModel
from muscope.worker.brought.prepare import Prepared
from muscope.worker.brought.training.examples import leaves_of


def work_of(prepared: Prepared, batch: Any) -> tuple[Work, ...]:
    """Return flops and stored numbers of one example at every width that was looked at."""
    vocabulary = int(prepared.passes[0].output.shape[-1])
    return tuple(_at_width(prepared.brought, width, batch, vocabulary) for width in prepared.widths)


def _at_width(brought: BroughtModel, width: int, batch: Any, vocabulary: int) -> Work:
    flops, numbers = _counted(brought, width, batch)
    work = Work(width=width, flops=flops, numbers=max(1, round(numbers)))
    if brought.text is None:
        return work
    length = batch[0].shape[1]
    samples = [(length, vocabulary, flops, numbers)]
    for t, v in ((max(1, length // 2), vocabulary), (length, brought.text.vocabulary or 2 * vocabulary)):
        other = made_up_text(batch, length=t, vocabulary=v)
        samples.append((t, v, *_counted(brought.for_vocabulary(v), width, other)))
    text_flops, text_numbers = (terms_of([(t, v, each[of]) for t, v, *each in samples]) for of in (0, 1))
    return work.model_copy(update={"text_flops": text_flops, "text_numbers": text_numbers})


def _counted(brought: BroughtModel, width: int, batch: Any) -> tuple[float, float]:
    """Return flops and numbers stored for the backward pass, of one example; weights are stored anyway."""
    num_examples = len(leaves_of(batch)[0][0])
    model = brought.build(width, 0)
    weights = {parameter.data_ptr() for parameter in model.parameters()}
    stored: dict[tuple[int, int], int] = {}

    def keep(tensor: Tensor) -> Tensor:
        if tensor.data_ptr() not in weights:
            stored[tensor.data_ptr(), tensor.numel()] = tensor.numel()
        return tensor

    counter = FlopCounterMode(display=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about operations that it cannot count
        with counter, torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            brought.loss(model, batch, width)
    return counter.get_total_flops() / num_examples, sum(stored.values()) / num_examples
