"""Tasks under usual practice: AdamW with a warm-up and a cosine, on real tables and on data made here.

Fixed before the first of them was trained: data sets, seeds, steps and limits (docs/log.md, 2026-11-28).
Kinds of tasks: µP and SP on every data set, errors of the implementation that move the optimum a little, four
times the steps, image and text networks, and hidden sizes up to three doublings away.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import NamedTuple

from muscope.backend.domain.spec.dataset import Task as LearningTask
from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.families.convnet import ConvNet
from muscope.backend.domain.spec.families.transformer import GPT, ViT
from muscope.backend.domain.spec.optimizer import SCHEDULES, OptimizerKind, OptimizerSpec
from muscope.backend.domain.spec.parametrization import Parametrization
from studies.calibration.real.task import Task
from studies.cells.datasets import TEACHER, TEACHER_CLASSES, dataset
from studies.cells.tables import TABLES

CE, MSE = Loss.CROSS_ENTROPY, Loss.SQUARED_ERROR
MUP, SP, NTP = Parametrization.MUP, Parametrization.SP, Parametrization.NTP
PRACTICE = OptimizerSpec(kind=OptimizerKind.ADAMW, weight_decay=0.01, schedule=SCHEDULES["cosine"])
MOMENTUM_COSINE = OptimizerSpec(momentum=0.9, schedule=SCHEDULES["cosine"])
# Octaves of the grid: every optimum of a first look at three data sets lies within, by at least two octaves.
LOWEST_LOG2_LR, NUM_OCTAVES = -9, 8
LOWEST_LOG2_LR_MOMENTUM = -10
MAX_STEPS, MIN_STEPS, ROWS_OF_A_LARGE_TABLE = 300, 150, 3000
# Real tables of the study; the largest two take longest to validate and are left to the benchmark.
REAL_TABLES = tuple(name for name in TABLES if not name.startswith("diamond"))


class Data(NamedTuple):
    """Dataset with the loss it is trained with."""

    name: str
    loss: Loss


MADE = (Data("digits", CE), Data(TEACHER_CLASSES, CE), Data("friedman", MSE), Data(TEACHER, MSE))
FOR_ERRORS = ("digits", TEACHER_CLASSES, "friedman", TEACHER)


@cache
def every_data() -> tuple[Data, ...]:
    """Return all data sets, those with few rows first."""
    losses = {LearningTask.REGRESSION: MSE, LearningTask.CLASSIFICATION: CE}
    of_tables = [Data(name, losses[TABLES[name].task]) for name in reversed(REAL_TABLES)]
    return (*MADE, *of_tables)


def practice_tasks() -> tuple[Iterator[Task], ...]:
    """Return the kinds of tasks, the cheap ones first; each kind in the order in which it is trained."""
    return (
        _width(MUP, "transfers"), _errors(), _width(SP, "near"), _momentum(), _ntp(), _long(), _far(),
        _conv(),
    )  # fmt: skip


def dear_tasks() -> tuple[Iterator[Task], ...]:
    """Return the tasks of networks that take long to train."""
    return _vit(), _gpt()


def practice_task(data: Data, arm: Parametrization, expected: str, name: str) -> Task:
    """Return a task with the steps and the batch that its data set gets."""
    rows = len(dataset(data.name).x_train)
    batch_size = 64 if rows >= ROWS_OF_A_LARGE_TABLE else 32
    return Task(
        f"{name} {arm.value}, {data.name} {'ce' if data.loss is CE else 'mse'}",
        data.name,
        data.loss,
        arm,
        expected,
        PRACTICE,
        lowest_log2_lr=LOWEST_LOG2_LR,
        num_octaves=NUM_OCTAVES,
        batch_size=batch_size,
        num_steps=max(MIN_STEPS, min(MAX_STEPS, round(2 * rows / batch_size))),
    )


def _of(name: str) -> Data:
    return next(data for data in every_data() if data.name == name)


def _width(arm: Parametrization, expected: str) -> Iterator[Task]:
    for data in every_data():
        yield practice_task(data, arm, expected, "practice")


def _ntp() -> Iterator[Task]:
    for data in (*MADE, *map(_of, ("wages", "votes", "weather", "mathematics"))):
        yield practice_task(data, NTP, "fails", "practice")


def _errors() -> Iterator[Task]:
    """µP with an error nobody sees: moved a share of the way to SP, or beyond µP where it is negative."""
    for share in (-0.5, 0.5, -0.25, 0.25, 0.75):
        for data in (_of(name) for name in FOR_ERRORS):
            task = practice_task(data, MUP, "near", f"practice {share:+.0%} sp")
            yield replace(task, towards_sp=share)


def _momentum() -> Iterator[Task]:
    for name, arm, expected in (
        ("friedman", MUP, "transfers"), ("digits", SP, "fails"), ("digits", MUP, "transfers"),
        (TEACHER_CLASSES, NTP, "fails"), ("wages", MUP, "transfers"), ("votes", SP, "near"),
    ):  # fmt: skip
        task = practice_task(_of(name), arm, expected, "momentum cosine")
        yield replace(task, optimizer=MOMENTUM_COSINE, lowest_log2_lr=LOWEST_LOG2_LR_MOMENTUM)


def _long() -> Iterator[Task]:
    """Four times the steps: small sizes overfit, and what differs between sizes has time to build up."""
    for name, arm, expected in (
        ("digits", MUP, "near"), ("friedman", MUP, "near"), (TEACHER_CLASSES, MUP, "near"),
        ("wages", MUP, "near"),
        (TEACHER_CLASSES, SP, "near"),
    ):  # fmt: skip
        task = practice_task(_of(name), arm, expected, "practice long")
        yield replace(task, num_steps=4 * task.num_steps)


def _far() -> Iterator[Task]:
    """Up to three doublings hidden."""
    for name, arm, expected in (
        ("digits", MUP, "transfers"), ("friedman", MUP, "transfers"), ("wages", MUP, "transfers"),
        (TEACHER_CLASSES, MUP, "transfers"), ("digits", SP, "near"), ("friedman", SP, "near"),
    ):  # fmt: skip
        task = practice_task(_of(name), arm, expected, "practice far")
        yield replace(task, visible=(4, 8, 16, 32), hidden=(64, 128, 256))


def _conv() -> Iterator[Task]:
    for arm, expected in ((MUP, "transfers"), (SP, "near"), (NTP, "fails")):
        task = practice_task(Data("shapes", CE), arm, expected, "practice conv")
        small = replace(task, model=ConvNet(), other=1, visible=(4, 8, 16, 32), hidden=(64,))
        yield replace(small, num_steps=MIN_STEPS, batch_size=32)


def _vit() -> Iterator[Task]:
    """On octaves, since a transformer takes ten times as long as a residual net of its width."""
    for arm, share, expected in ((MUP, 0.0, "transfers"), (SP, 0.0, "near"), (MUP, 0.5, "near")):
        name = "practice vit" if not share else f"practice vit {share:+.0%} sp"
        task = practice_task(Data("digits", CE), arm, expected, name)
        small = replace(task, model=ViT(), visible=(8, 16, 32), hidden=(64,), other=1, towards_sp=share)
        yield replace(small, num_steps=100, is_fine=False, num_octaves=6)


def _gpt() -> Iterator[Task]:
    for arm, share, expected in ((MUP, 0.0, "transfers"), (SP, 0.0, "near"), (MUP, 0.5, "near")):
        name = "practice gpt" if not share else f"practice gpt {share:+.0%} sp"
        task = practice_task(Data("python_source", CE), arm, expected, name)
        small = replace(task, model=GPT(), visible=(8, 16, 32), hidden=(64,), other=1, towards_sp=share)
        yield replace(small, num_steps=60, batch_size=4, is_fine=False, num_octaves=5, lowest_log2_lr=-8)
