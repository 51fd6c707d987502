"""Brought models: against the built-in family, as a stack against one by one, and against the user's loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from benchmarks import programs
from benchmarks.brought_file import described, family_of, in_double, user_loop
from benchmarks.report import RowResult
from benchmarks.timing import alternate, one_core, seconds
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.optimizer import OptimizerSpec
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.verdict.statement import Outcome
from muscope.backend.sweeps.table import Options, judge_columns
from muscope.worker.numerics.program import CellProgram, Window
from muscope.worker.numerics.randomness import BatchOrder
from muscope.worker.numerics.trainer import train

Row = tuple[str, int, float, int, float]
SAME_GOAL, STACKED_GOAL, OVERHEAD_GOAL = 1e-5, 1.5, 1.1
WIDTHS = (32, 64, 128)
LRS = tuple(2.0**k for k in range(-7, -1))
NUM_STEPS, ROUNDS, STEPS = 100, 7, 30


class JudgedGrid(NamedTuple):
    """A grid whose verdict is decided, so that two of them can be compared."""

    arm: Parametrization
    optimizer: str
    widths: tuple[int, int]
    octaves: range
    num_seeds: int


# One verdict of each kind: a copy that always gave the same one would differ.
JUDGED = (
    JudgedGrid(Parametrization.MUP, "sgd", (32, 128), range(-3, 2), 8),
    JudgedGrid(Parametrization.SP, "adam", (32, 256), range(-9, -3), 3),
)
JUDGED_STEPS = 60


def same() -> RowResult:
    """Compare every loss of a grid of three arms with the built-in family's, and two decided verdicts."""
    worst: dict[str, float] = {}
    for arm in (Parametrization.MUP, Parametrization.SP, Parametrization.NTP):
        for width in WIDTHS:
            planned = _program(arm, width, LRS, range(2), num_steps=NUM_STEPS, chunk_steps=NUM_STEPS + 1)
            difference = _difference(*_both(planned))
            worst[arm.value] = max(worst.get(arm.value, 0.0), difference)
    answers = [_answers(grid) for grid in JUDGED]
    # Two open answers are equal whatever the copy computes: they show nothing.
    is_same = all(one == other and not one.endswith(Outcome.INCONCLUSIVE) for one, other in answers)
    table = [
        ["arm", "largest relative difference of a loss"],
        *([arm, f"{d:.1e}"] for arm, d in worst.items()),
    ]
    notes = [
        "In float64, initial entries included: those rounded to float32 part by up to 1.4e-1 in 100 steps.",
        "Losses are stored in float32, so 0 means less than 6e-8.",
        f"Widths {WIDTHS}, {len(LRS)} rates, 2 seeds, {NUM_STEPS} steps of SGD, a stack up to width 64.",
        *(
            f"Verdict of {grid.arm} under {grid.optimizer}, widths {grid.widths}, {len(grid.octaves)} rates, "
            f"{grid.num_seeds} seeds, {JUDGED_STEPS} steps: built in {one}; brought {other}."
            for grid, (one, other) in zip(JUDGED, answers, strict=True)
        ),
        "The row is short where two verdicts differ, and where one is not decided.",
    ]
    largest = max(worst.values())
    return RowResult(f"{largest:.1e}", f"{SAME_GOAL:.0e}", largest <= SAME_GOAL and is_same, table, notes)


def _both(planned: CellProgram) -> tuple[Window, Window]:
    """Return the window of the built-in family and that of the brought copy."""
    data = in_double(described()[2])
    (built_in,) = train(planned, data)
    own, bound = family_of(planned, is_stacked=planned.width <= 64, is_double=True)
    (brought,) = train(own, data, bound)
    return built_in, brought


def _answers(grid: JudgedGrid) -> tuple[str, str]:
    """Return the verdict of the built-in family and that of the brought copy."""
    rows: tuple[list[Row], list[Row]] = ([], [])
    for width in grid.widths:
        planned = _program(
            grid.arm,
            width,
            tuple(2.0**octave for octave in grid.octaves),
            range(grid.num_seeds),
            num_steps=JUDGED_STEPS,
            chunk_steps=JUDGED_STEPS + 1,
            measure_every=JUDGED_STEPS,
            optimizer=OptimizerSpec.model_validate(grid.optimizer),
        )
        for side, window in zip(rows, _both(planned), strict=True):
            side += _table(planned, window)
    return _verdicts(rows[0]), _verdicts(rows[1])


def stacked() -> RowResult:
    """Compare a step of a run in a stack of eight with a step of runs one by one."""
    table, gains = [["width", "as a stack, µs per step and run", "one by one, µs", "ratio"]], []
    with one_core():
        for width in WIDTHS:
            many, one = (_turn(width, range(8), is_stacked=is_stacked) for is_stacked in (True, False))
            fast, slow = alternate(many, one, rounds=ROUNDS)
            gains.append(slow / fast)
            table.append([str(width), f"{fast * 1e6:.0f}", f"{slow * 1e6:.0f}", f"{slow / fast:.2f}"])
    _, found, _ = described()
    notes = [
        f"The trial chose {found.stacking.value} up to width {found.family.stacked_up_to}: {found.speedup}."
    ]
    return RowResult(f"{min(gains):.2f}", f"{STACKED_GOAL:g}", min(gains) >= STACKED_GOAL, table, notes)


def overhead() -> RowResult:
    """Compare a step of one run, one by one and without sharpness, with a step of the user's own loop."""
    table, ratios = [["width", "ours, µs per step", "user loop, µs", "ratio"]], []
    _, _, data = described()
    order = BatchOrder(0, len(data.x_train), programs.BATCH)

    def batch_of(step: int) -> tuple[torch.Tensor, torch.Tensor]:
        index = torch.from_numpy(order.indices(0, step))
        return data.x_train[index], data.y_train[index]

    with one_core():
        for width in (64, 128, 256):
            loop = user_loop(width, 1e-3, batch_of)
            mine = _turn(width, range(1), is_stacked=False, optimizer=OptimizerSpec.model_validate("adamw"))
            ours, theirs = alternate(mine, _their_turn(loop), rounds=ROUNDS)
            ratios.append(ours / theirs)
            table.append([str(width), f"{ours * 1e6:.0f}", f"{theirs * 1e6:.0f}", f"{ours / theirs:.2f}"])
    worst = max(ratios)
    return RowResult(
        f"{worst:.2f}", f"{OVERHEAD_GOAL:g}", worst <= OVERHEAD_GOAL, table, ["AdamW, batch 64."]
    )


def _their_turn(loop: Callable[[int], None]) -> Callable[[], float]:
    return lambda: seconds(lambda: loop(STEPS)) / STEPS


def _program(
    arm: Parametrization, width: int, lrs: Sequence[float], seeds: Sequence[int], **changes: Any
) -> CellProgram:
    base: dict[str, Any] = {"base_width": 32, "has_curvature": False, "measure_every": NUM_STEPS}
    return programs.program(arm, width, lrs, seeds, **base | changes)


def _turn(width: int, seeds: range, *, is_stacked: bool, **changes: Any) -> Callable[[], float]:
    """Return a turn: train one window; processor seconds per step and run."""
    num_steps = STEPS * (ROUNDS + 3)
    planned = _program(
        Parametrization.SP,
        width,
        (0.01,),
        seeds,
        num_steps=num_steps,
        measure_every=num_steps,
        chunk_steps=STEPS,
        **changes,
    )
    own, bound = family_of(planned, is_stacked=is_stacked)
    windows: Iterator[Window] = train(own, described()[2], bound)
    next(windows)
    return lambda: seconds(lambda: next(windows)) / (STEPS * len(seeds))


def _difference(one: Window, other: Window) -> float:
    """Return the largest relative difference of a loss; infinity where only one of two is finite."""
    found = 0.0
    for metric in (Metric.TRAIN_LOSS, Metric.VAL_LOSS):
        a, b = one.values[metric].astype(np.float64), other.values[metric].astype(np.float64)
        if (np.isfinite(a) != np.isfinite(b)).any():
            return float("inf")
        found = max(found, float(np.nanmax(np.abs(a - b) / np.abs(a))))
    return found


def _table(planned: CellProgram, window: Window) -> list[Row]:
    losses = window.values[Metric.TRAIN_LOSS][-10:].mean(axis=0)
    return [
        (planned.parametrization.value, planned.width, run.lr, run.seed, float(loss))
        for run, loss in zip(planned.runs, losses, strict=True)
    ]


def _verdicts(rows: Sequence[Row]) -> str:
    """Return the verdict of each arm over the width, as `muscope judge` gives it."""
    names = ("arm", "width", "lr", "seed", "loss")
    columns = {name: [str(row[at]) for row in rows] for at, name in enumerate(names)}
    answer = judge_columns(columns, Options())
    said = [f"{arm.arm['parametrization']}: {axis.outcome}" for arm in answer.arms for axis in arm.axes]
    return ", ".join(said)
