"""The whole check: runs at every width and seed, as plain numbers for the judge."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import NamedTuple

import torch
from torch import nn

from muscope.backend.domain.brought.measured import (
    ActivationMeasures,
    AttentionSite,
    BySeed,
    ByWidth,
    FactorSite,
    MeasuredModel,
    TensorMeasures,
    TensorRow,
)
from muscope.backend.domain.brought.question import CheckQuestion
from muscope.backend.domain.spec.optimizer import OptimizerKind, OptimizerSpec
from muscope.backend.domain.spec.tensor_role import TensorRole
from muscope.worker.brought.check.one_run import OneRun, run_once, scheduled_lrs
from muscope.worker.brought.check.step_size import StepRule, known_kind
from muscope.worker.brought.loading import BroughtModel, load_asked
from muscope.worker.brought.parametrize import initial_sizes
from muscope.worker.brought.prepare import Prepared, Started, multiplier, prepare, start
from muscope.worker.brought.stepping import Groups, Stepping


class _Group(NamedTuple):
    """Entries of a tensor's group, and the number of groups that hold it."""

    lr: float
    decay: float
    num: int


class _Optimizers(NamedTuple):
    """Groups of the optimizer before the first step and LRs after each event, by width."""

    started: list[Started]
    groups: list[dict[str, _Group]]
    events: list[list[dict[str, float]]]


def measure(question: CheckQuestion) -> MeasuredModel:
    """Return everything measured of the file; raises InvalidInput or NotFound for what it cannot run."""
    return measure_brought(load_asked(question.path, question.module), question)


def measure_brought(brought: BroughtModel, question: CheckQuestion) -> MeasuredModel:
    """Return everything measured of a model whose functions are here already."""
    prepared = prepare(brought, question)
    runs: list[list[OneRun]] = []
    for seed in _seeds(question):
        batch = prepared.brought.batch(seed)
        base = initial_sizes(prepared.brought.build(prepared.widths[0], seed))
        of_seed = []
        for width in prepared.widths:
            model, stepping = start(prepared, width, seed, base)
            of_seed.append(
                run_once(
                    prepared.brought,
                    model,
                    stepping,
                    batch,
                    width=width,
                    num_steps=question.num_steps,
                    steps=StepRule(_specs(prepared, model, stepping), prepared.rows),
                )
            )
        runs.append(of_seed)
    return _as_measured(prepared, runs)


def _seeds(question: CheckQuestion) -> range:
    return range(question.first_seed, question.first_seed + question.num_seeds)


def _as_measured(prepared: Prepared, runs: list[list[OneRun]]) -> MeasuredModel:
    optimizers = _optimizers(prepared)
    model, stepping = optimizers.started[0]
    own_specs = _specs(prepared, model, stepping)
    return MeasuredModel(
        widths=prepared.widths,
        optimizer=_main_spec(prepared, stepping),
        is_own_optimizer=prepared.brought.has_optimizer,
        optimizer_name=stepping.name,
        is_known_optimizer=all(known_kind(each) is not None for each in stepping.optimizers),
        rows=prepared.rows,
        tensors=tuple(_tensor(prepared, row, runs, optimizers, own_specs[row.name]) for row in prepared.rows),
        activations=_activations(runs),
        attention=_attention(prepared),
        factors=_factors(prepared),
        loss=_by_seed(runs, lambda run: run.loss),
        conflicts=prepared.conflicts,
        rule=prepared.brought.rule,
    )


def _actual_kind(prepared: Prepared, optimizer: torch.optim.Optimizer) -> OptimizerSpec:
    """Return the question's optimizer, or the kind that the file's own optimizer is in fact."""
    asked = prepared.question.optimizer
    kind = known_kind(optimizer) or asked.kind
    if not prepared.brought.has_optimizer or kind is asked.kind:
        return asked
    is_relative = bool(optimizer.param_groups[0].get("scale_parameter", True))
    return OptimizerSpec(kind=kind, weight_decay_rule=asked.weight_decay_rule, scale_parameter=is_relative)


def _main_spec(prepared: Prepared, stepping: Stepping) -> OptimizerSpec:
    """Return the first optimizer's kind; Muon's where it is one of several, for it has the matrices."""
    specs = [_actual_kind(prepared, each) for each in stepping.optimizers]
    return next((spec for spec in specs if spec.kind is OptimizerKind.MUON), specs[0])


def _specs(prepared: Prepared, model: nn.Module, stepping: Stepping) -> dict[str, OptimizerSpec]:
    """Return by tensor the kind of the optimizer that moves it."""
    groups, main = Groups(model, stepping), _main_spec(prepared, stepping)
    found = {row.name: groups.optimizer(row.name) for row in prepared.rows}
    return {
        name: main if optimizer is None else _actual_kind(prepared, optimizer)
        for name, optimizer in found.items()
    }


def _optimizers(prepared: Prepared) -> _Optimizers:
    seed = prepared.question.first_seed
    base = initial_sizes(prepared.brought.build(prepared.widths[0], seed))
    started = [start(prepared, width, seed, base) for width in prepared.widths]
    groups = [_group_values(each, prepared.rows) for each in started]
    events = [scheduled_lrs(each.model, each.stepping) for each in started]
    return _Optimizers(started, groups, events)


def _group_values(started: Started, rows: tuple[TensorRow, ...]) -> dict[str, _Group]:
    groups = Groups(started.model, started.stepping)
    return {
        row.name: _Group(
            groups.value(row.name, "lr"), groups.value(row.name, "weight_decay"), groups.num(row.name)
        )
        for row in rows
    }


def _tensor(
    prepared: Prepared,
    row: TensorRow,
    runs: list[list[OneRun]],
    optimizers: _Optimizers,
    spec: OptimizerSpec,
) -> TensorMeasures:
    name = row.name
    is_tied = row.role is TensorRole.TIED
    of_output = multiplier(prepared, row, of_output=True)
    other = multiplier(prepared, row, of_output=False)
    return TensorMeasures(
        name=name,
        optimizer=spec,
        initial_rms=_by_seed(runs, lambda run: run.initial_rms[name]),
        step_lr=_by_seed(runs, lambda run: run.step_lr.get(name, math.nan)),
        update_rms=_by_seed(runs, lambda run: run.update_rms.get(name, 0.0)),
        total_update_rms=_by_seed(runs, lambda run: run.total_update_rms[name]),
        epsilon_share=_by_seed(runs, lambda run: run.epsilon_share.get(name, 0.0)),
        group_lr=_numbers(group[name].lr for group in optimizers.groups),
        group_decay=_numbers(group[name].decay for group in optimizers.groups),
        num_groups=tuple(group[name].num for group in optimizers.groups),
        scheduled_lr=tuple(
            _numbers(at_width[name] for at_width in event) for event in zip(*optimizers.events, strict=True)
        ),
        is_trained=dict(optimizers.started[0].model.named_parameters())[name].requires_grad,
        multiplier=_numbers(other if is_tied else [a * b for a, b in zip(of_output, other, strict=True)]),
        output_multiplier=_numbers(of_output) if is_tied else (),
    )


def _activations(runs: list[list[OneRun]]) -> tuple[ActivationMeasures, ...]:
    tensors = [tensor for tensor, *_ in runs[0][0].activations]

    def part(index: int, column: int) -> BySeed:
        return _by_seed(runs, lambda run: float(run.activations[index][column]))

    return tuple(
        ActivationMeasures(tensor=tensor, initial=part(i, 1), first_change=part(i, 2), last_change=part(i, 3))
        for i, tensor in enumerate(tensors)
    )


def _attention(prepared: Prepared) -> tuple[AttentionSite, ...]:
    sites = zip(*(traced.attention for traced in prepared.passes), strict=True)
    return tuple(
        AttentionSite(
            place=site[0].place,
            tensors=site[0].tensors,
            head_dim=tuple(at_width.head_dim for at_width in site),
            scale=tuple(at_width.scale for at_width in site),
        )
        for site in sites
    )


def _factors(prepared: Prepared) -> tuple[FactorSite, ...]:
    sites = zip(*(traced.factors for traced in prepared.passes), strict=True)
    return tuple(
        FactorSite(
            place=site[0].factor.place,
            factor=tuple(at_width.factor.value for at_width in site),
            tensor=site[0].tensor,
        )
        for site in sites
    )


def _by_seed(runs: list[list[OneRun]], value: Callable[[OneRun], float]) -> BySeed:
    return tuple(_numbers(value(run) for run in of_seed) for of_seed in runs)


def _numbers(values: Iterable[float]) -> ByWidth:
    return tuple(value if math.isfinite(value) else None for value in values)
