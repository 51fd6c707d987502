"""Describes one file: everything that a plan needs to know of the network, found by running it."""

from __future__ import annotations

from pathlib import Path

import torch

from muscope.backend.domain.brought.description import Description
from muscope.backend.domain.brought.question import CheckQuestion, DescribeQuestion
from muscope.backend.domain.spec.families.brought import Brought, DepthTable
from muscope.backend.domain.spec.optimizer import PLAIN_SGD
from muscope.backend.domain.spec.tensor_role import TensorRole
from muscope.backend.errors import InvalidInput
from muscope.worker.brought.adapters.frozen import adaptable
from muscope.worker.brought.describe.own_data import example_of, write_own_data
from muscope.worker.brought.describe.stacking import try_stacking
from muscope.worker.brought.describe.steadiness import require_steady
from muscope.worker.brought.describe.tensors import tensors_of
from muscope.worker.brought.describe.work import work_of
from muscope.worker.brought.loading import BroughtModel, load_asked
from muscope.worker.brought.prepare import Prepared, prepare

_NO_DEPTH = (1,)


def describe(question: DescribeQuestion) -> Description:
    """Describe a file; raises InvalidInput for whatever makes it impossible to train its network."""
    return describe_loaded(load_asked(question.path, question.module), question)


def describe_loaded(brought: BroughtModel, question: DescribeQuestion) -> Description:
    """Describe a loaded file."""
    asked = CheckQuestion(path=question.path or "-", optimizer=PLAIN_SGD, lr=1.0, recipe=question.recipe)
    prepared = {depth: prepare(brought.at_depth(depth), asked) for depth in brought.depths or _NO_DEPTH}
    first = next(iter(prepared.values()))
    _require_roles(first)
    batch = brought.batch(0)
    for depth, of_depth in prepared.items():
        for width in of_depth.widths:
            require_steady(brought.at_depth(depth), width, batch)
    example = example_of(first, batch)
    family = Brought(
        network=question.network,
        sha256=question.sha256,
        sizes=first.widths,
        tables=tuple(
            DepthTable(depth=depth, tensors=tensors_of(each), work=work_of(each, batch))
            for depth, each in prepared.items()
        ),
        example=example,
        text=brought.text,
    )
    trial = try_stacking(first.brought, family, batch)
    return Description(
        family=family.model_copy(update={"stacked_up_to": trial.up_to}),
        stacking=trial.stacking,
        stacking_detail=trial.detail,
        speedup=trial.speedup,
        own_data=write_own_data(brought, example, Path(question.arrays)),
        num_parameters=_num_parameters(first),
        adaptable=tuple(
            adaptable(brought, width, depth, batch)
            for depth, of_depth in prepared.items()
            for width in of_depth.widths
        ),
        rule=brought.rule,
    )


def _num_parameters(prepared: Prepared) -> tuple[int, int]:
    def count(at: int) -> int:
        return sum(int(torch.Size(row.shapes[at]).numel()) for row in prepared.rows)

    return count(0), count(-1)


def _require_roles(prepared: Prepared) -> None:
    """Refuse a network with a tensor whose role is asked; raises InvalidInput naming it."""
    for row in prepared.rows:
        if row.role is TensorRole.UNKNOWN:
            raise InvalidInput("brought.role_needed", tensor=row.name, shape=str(row.shapes[0]))
