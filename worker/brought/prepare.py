"""A brought model before its training: loaded, traced at every width, with roles and an optimizer."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from muscope.backend.domain.brought.measured import TensorRow
from muscope.backend.domain.brought.question import CheckQuestion
from muscope.backend.domain.spec.tensor_role import TensorRole
from muscope.backend.errors import InvalidInput
from muscope.worker.brought.loading import BroughtModel
from muscope.worker.brought.parametrize import Sizes, build_optimizer, rescale_
from muscope.worker.brought.recipe import Conflict, apply_recipe, read_recipe
from muscope.worker.brought.roles import infer_roles
from muscope.worker.brought.stepping import Stepping, optimizers_of, schedulers_of
from muscope.worker.brought.structure import Pass, run_pass

_LEAST_WIDTHS = 4
DEFAULT_WIDTHS = (64, 128, 256, 512)


class Prepared(NamedTuple):
    """A model whose roles are known, before any training."""

    brought: BroughtModel
    question: CheckQuestion
    widths: tuple[int, ...]
    rows: tuple[TensorRow, ...]
    passes: tuple[Pass, ...]  # by width
    conflicts: tuple[Conflict, ...]


class Started(NamedTuple):
    """A model with its optimizers and schedulers, ready to train."""

    model: nn.Module
    stepping: Stepping


def prepare(brought: BroughtModel, question: CheckQuestion) -> Prepared:
    """Build the model at every width, infer the roles of its tensors, and read the recipe if there is one."""
    widths = tuple(sorted(question.widths or brought.sizes or DEFAULT_WIDTHS))
    if len(widths) < _LEAST_WIDTHS:
        raise InvalidInput("brought.too_few_widths", given=len(widths), least=_LEAST_WIDTHS)
    models = {width: brought.build(width, question.first_seed) for width in widths}
    batch = brought.batch(question.first_seed)
    passes = tuple(_repeatable_pass(brought, model, batch, width) for width, model in models.items())
    if len({len(each.uses) for each in passes}) > 1:
        raise InvalidInput("brought.pass_changes", before=len(passes[0].uses), after=len(passes[-1].uses))
    rows, conflicts = infer_roles(models, passes[0]), tuple[Conflict, ...]()
    if question.recipe is not None:
        rows, conflicts = apply_recipe(rows, read_recipe(Path(question.recipe)))
    return Prepared(brought, question, widths, rows, passes, conflicts)


def start(prepared: Prepared, width: int, seed: int, base: Sizes) -> Started:
    """Return a fresh model of a width with the file's own optimizers, or with one by the role table."""
    brought, question = prepared.brought, prepared.question
    model = brought.build(width, seed)
    if brought.has_optimizer:
        given = brought.call("optimizer", model, width, question.lr, size=width)
    else:
        mult, forward = width / prepared.widths[0], forward_powers(prepared)
        rescale_(model, prepared.rows, base, mult, question.optimizer, forward)
        given = build_optimizer(model, prepared.rows, question.optimizer, question.lr, mult, forward)
    has_scheduler = "scheduler" in brought.functions
    optimizers = optimizers_of(given)
    schedulers = schedulers_of(brought.call("scheduler", given, size=width)) if has_scheduler else ()
    return Started(model, Stepping(optimizers, schedulers))


def forward_powers(prepared: Prepared) -> dict[str, float]:
    """Return the power of m in the constants in front of every tensor, where there are any."""
    powers = {}
    for row in prepared.rows:
        values = multiplier(prepared, row, of_output=row.role is TensorRole.OUTPUT)
        if row.role is TensorRole.TIED:
            values = multiplier(prepared, row, of_output=False)
        powers[row.name] = _slope(prepared.widths, values)
    return powers


def _slope(widths: Iterable[int], values: Iterable[float]) -> float:
    return float(np.polyfit(np.log2(list(widths)), np.log2(np.abs(list(values))), 1)[0])


def _repeatable_pass(brought: BroughtModel, model: nn.Module, batch: Any, width: int) -> Pass:
    """Return a pass; raises InvalidInput when a second one from the same seeds gives another output."""
    states = {name: buffer.clone() for name, buffer in model.named_buffers()}
    outputs = []
    for _ in range(2):
        torch.manual_seed(0)
        with torch.no_grad():
            for name, buffer in model.named_buffers():
                buffer.copy_(states[name])
        traced = run_pass(brought, model, batch, width)
        outputs.append(traced.output.detach().clone())
    if outputs[0].shape != outputs[1].shape or not torch.equal(outputs[0], outputs[1]):
        if bool(torch.isfinite(outputs[0]).all()):
            raise InvalidInput("brought.not_repeatable", width=width)
        raise InvalidInput("brought.not_finite", width=width)
    return traced


def multiplier(prepared: Prepared, row: TensorRow, *, of_output: bool) -> list[float]:
    """Return the product of the constants in front of a tensor, by width."""
    found = []
    for traced in prepared.passes:
        own = [
            placed.factor.value
            for placed in traced.factors
            if placed.tensor == row.name and placed.is_of_output == of_output
        ]
        found.append(math.prod(own))
    return found
