"""One run of the check: a width, a seed, a fixed batch, a few updates; sizes of tensors and activations."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from muscope.backend.errors import InvalidInput
from muscope.worker.brought.check.step_size import Step, StepRule
from muscope.worker.brought.loading import BroughtModel
from muscope.worker.brought.parametrize import rms
from muscope.worker.brought.stepping import Groups, Stepping
from muscope.worker.brought.structure import Pass, run_pass
from muscope.worker.brought.tracing import sample_of

_EVENTS = 60  # of the scheduler, without training


@dataclass
class OneRun:
    """Sizes by tensor; activations in the order of the pass."""

    initial_rms: dict[str, float]
    step_lr: dict[str, float] = field(default_factory=dict)
    update_rms: dict[str, float] = field(default_factory=dict)
    total_update_rms: dict[str, float] = field(default_factory=dict)
    epsilon_share: dict[str, float] = field(default_factory=dict)
    activations: list[tuple[str, float, float, float]] = field(default_factory=list)
    loss: float = math.nan


def run_once(
    brought: BroughtModel,
    model: nn.Module,
    stepping: Stepping,
    batch: Any,
    *,
    width: int,
    num_steps: int,
    steps: StepRule,
) -> OneRun:
    """Train a model for a few steps and measure it; raises InvalidInput when the user's code fails."""
    groups = Groups(model, stepping)
    start = {name: p.detach().clone() for name, p in model.named_parameters()}
    run = OneRun({name: rms(p) for name, p in start.items()})
    first: Pass | None = None
    after_first: Pass | None = None
    for step in range(num_steps):
        torch.manual_seed(step)  # of dropout
        traced = run_pass(brought, model, batch, width)
        first, after_first = first or traced, traced if step == 1 else after_first
        _update(model, stepping, groups, traced.loss, run, steps)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            run.total_update_rms[name] = rms(parameter - start[name])
    torch.manual_seed(num_steps)
    last = run_pass(brought, model, batch, width)
    run.loss = float(last.loss.detach())
    assert first is not None
    assert after_first is not None
    run.activations = _activations(first, after_first, last)
    return run


def scheduled_lrs(model: nn.Module, stepping: Stepping) -> list[dict[str, float]]:
    """Return every tensor's LR after each of the schedulers' next events, without training."""
    groups = Groups(model, stepping)
    names = [name for name, _ in model.named_parameters()]
    model.zero_grad(set_to_none=True)
    events = []
    for _ in range(_EVENTS if stepping.schedulers else 0):
        stepping.step()
        stepping.schedule()
        events.append({name: groups.value(name, "lr") for name in names})
    return events


def _update(
    model: nn.Module,
    stepping: Stepping,
    groups: Groups,
    loss: Tensor,
    run: OneRun,
    steps: StepRule,
) -> None:
    model.zero_grad(set_to_none=True)
    torch.autograd.backward(loss)
    before = {
        name: (p.detach().clone(), p.grad.detach().clone())
        for name, p in model.named_parameters()
        if p.grad is not None and name not in run.step_lr
    }
    rates = {name: groups.value(name, "lr") for name in before}
    stepping.step()
    stepping.schedule()
    parameters = dict(model.named_parameters())
    for name, (weight, gradient) in before.items():
        change = parameters[name].detach() - weight
        optimizer = groups.optimizer(name)
        if optimizer is None or not gradient.any() or not change.any():
            continue
        decay = groups.value(name, "weight_decay")
        decay = 0.0 if math.isnan(decay) else decay
        run.update_rms[name] = rms(change)
        run.step_lr[name] = steps.lr(name, Step(optimizer, weight, gradient, change, decay, rates[name]))
        epsilon = math.nan if steps.is_muon(optimizer) else groups.value(name, "eps")
        median = float(gradient[gradient != 0].abs().double().median())
        run.epsilon_share[name] = 0.0 if math.isnan(epsilon) else epsilon / median


def _activations(first: Pass, second: Pass, last: Pass) -> list[tuple[str, float, float, float]]:
    if not len(first.uses) == len(second.uses) == len(last.uses):
        raise InvalidInput("brought.pass_changes", before=len(first.uses), after=len(last.uses))
    triples = zip(_seen(first), _seen(second), _seen(last), strict=True)
    return [
        (tensor, rms(start), rms(later - start), rms(end - start))
        for (tensor, start), (_, later), (_, end) in triples
        if later.shape == start.shape == end.shape
    ]


def _seen(traced: Pass) -> Iterator[tuple[str, Tensor]]:
    """Yield what enters a gain, what every use puts out, and the model's output, by tensor.

    Of the last uses only the output counts, which a factor may follow.
    """
    for index, use in enumerate(traced.uses):
        if use.entering is not None:
            yield use.tensor, use.entering
        if index not in traced.last:
            yield use.tensor, use.sample
    if traced.last:
        yield traced.uses[max(traced.last)].tensor, sample_of(traced.output)
