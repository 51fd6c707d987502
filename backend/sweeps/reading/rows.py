"""Rows of a sweep: the cells of its columns as numbers and levels, with what was wrong with them named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from muscope.backend.domain.verdict.statement import Reason
from muscope.backend.errors import InvalidInput
from muscope.backend.sweeps.reading.cells import (
    ReadNumbers,
    extents,
    initial_loss_of,
    learning_rates,
    losses_of,
    metric_of,
    numbers,
)
from muscope.backend.sweeps.reading.roles import AXES, ColumnRole, Roles
from muscope.backend.sweeps.reading.runs import (
    Row,
    along_the_rate,
    lacking_losses,
    last_of_each,
    without_columns,
    without_copies,
    without_unended,
)

_ARM_ROLES = (ColumnRole.PARAMETRIZATION, ColumnRole.OPTIMIZER)
_WITH_UNITS = (ColumnRole.SIZE, ColumnRole.TOKENS)
# Nobody trains a layer that wide, while models with this many parameters are small.
_LEAST_PARAMETERS = 1e6
_UNRECORDED_SEEDS = frozenset({"", "mean", "avg", "average", "median"})


@dataclass(frozen=True)
class Rows:
    """All runs of a table.

    Attributes:
        arm_names: columns that tell arms apart, `optimizer` for one.
        axes: names of the ordered axes present; `shape`, `conditions` are columns with text levels.
        initial_loss: loss at init, where the table has it.
        metric: `loss`, or `error rate` where accuracies were given as such.
        notes: what was found wrong or left out.
    """

    runs: list[Row]
    arm_names: tuple[str, ...]
    axes: tuple[str, ...]
    shape: tuple[str, ...]
    conditions: tuple[str, ...]
    initial_loss: float | None
    metric: str
    notes: tuple[Reason, ...]


def read_rows(columns: Mapping[str, Sequence[str]], roles: Roles, read_numbers: ReadNumbers) -> Rows:
    """Return the rows of a table.

    Args:
        read_numbers: reads a column of text as numbers, None where a cell is none.

    Raises InvalidInput for a cell that is no number where one is needed, an LR that is not positive, sizes in
    mixed units and losses that look like accuracies.
    """
    single = roles.single
    axes = {
        role: extents(columns[single[role]], single[role], read_numbers, has_units=role in _WITH_UNITS)
        for role in AXES
        if role in single
    }
    _refuse_sizes(columns, axes, roles)
    runs = _runs(columns, roles, axes, read_numbers)
    notes: list[Reason] = []
    runs = without_unended(runs, columns, notes)
    if ColumnRole.STEP in single:
        steps = numbers(columns[single[ColumnRole.STEP]], single[ColumnRole.STEP], read_numbers)
        runs = last_of_each(runs, steps, notes)
    with_lr = along_the_rate(runs, roles)
    runs = without_copies(without_columns(runs, with_lr), notes)
    notes += lacking_losses(runs)
    if with_lr:
        notes.append(Reason(code="changes_with_lr", params={"names": ", ".join(with_lr)}))
    if roles.ignored:
        notes.append(Reason(code="ignored_columns", params={"names": ", ".join(roles.ignored)}))
    if all(run.lr > 1.0 for run in runs):
        notes.append(Reason(code="large_rates", params={"lr": min(run.lr for run in runs)}))
    if all(run.seed.lower() in _UNRECORDED_SEEDS or run.seed == runs[0].seed for run in runs):
        notes.append(Reason(code="one_seed"))
    return Rows(
        runs=runs,
        arm_names=tuple(str(role) for role in _ARM_ROLES if role in single),
        axes=tuple(str(role) for role in axes),
        shape=roles.shape,
        conditions=tuple(name for name in roles.conditions if name not in with_lr),
        initial_loss=initial_loss_of(columns, roles, read_numbers),
        metric="error_rate" if metric_of(roles) is ColumnRole.ACCURACY else "loss",
        notes=tuple(notes),
    )


def _refuse_sizes(
    columns: Mapping[str, Sequence[str]], axes: Mapping[ColumnRole, list[float]], roles: Roles
) -> None:
    """Raise for a width or depth of millions, which counts parameters, unless a user has named it so."""
    for role in (ColumnRole.WIDTH, ColumnRole.DEPTH):
        name = roles.single.get(role, "")
        if role not in axes or name in roles.given or max(axes[role], default=0.0) < _LEAST_PARAMETERS:
            continue
        given = columns[name][axes[role].index(max(axes[role]))]
        raise InvalidInput("sweep.not_a_width", column=name, given=given, example=f"size={name}")


def _runs(
    columns: Mapping[str, Sequence[str]],
    roles: Roles,
    axes: Mapping[ColumnRole, list[float]],
    read_numbers: ReadNumbers,
) -> list[Row]:
    single = roles.single
    lrs = learning_rates(columns[single[ColumnRole.LR]], single[ColumnRole.LR], read_numbers)
    losses, diverged = losses_of(columns, roles, read_numbers)
    arm_columns = [columns[single[role]] for role in _ARM_ROLES if role in single]
    texts = {name: columns[name] for name in (*roles.shape, *roles.conditions)}
    seeds = columns[single[ColumnRole.SEED]] if ColumnRole.SEED in single else [""] * len(lrs)
    return [
        Row(
            lr=lrs[i],
            loss=losses[i],
            has_diverged=diverged[i],
            seed=seeds[i].strip(),
            arm=tuple(cells[i].strip() for cells in arm_columns),
            levels={str(role): values[i] for role, values in axes.items()}
            | {name: cells[i].strip() for name, cells in texts.items()},
            number=i + 2,
        )
        for i in range(len(lrs))
    ]
