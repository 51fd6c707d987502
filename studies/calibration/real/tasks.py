"""List of real tasks, most informative first: tasks expected to fail or near the limit, and their neighbours.

Data × loss × optimizer × parametrization × axis × horizon, on data made on the machine. The errors that go
beyond µP were added, and the order changed, after a look at the first ten; smaller errors, other batches and
horizons after 43, where truth had turned out to lie near the line (docs/log.md). The tasks of usual practice
(`practice_tasks`) came with version 5 of the rules, before its first result; those of `added_tasks` at the
end, before the first of theirs. No task was taken off.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import zip_longest

from muscope.backend.domain.plan.defaults import LOWEST_LOG2_LR, LOWEST_LOG2_LR_ADAM
from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.families.convnet import ConvNet
from muscope.backend.domain.spec.families.residual_mlp import ResidualMLP
from muscope.backend.domain.spec.optimizer import PLAIN_SGD, OptimizerKind, OptimizerSpec
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.size import Axis
from studies.calibration.real.added_tasks import between_ntp_and_sp, constant_rate_on_tables
from studies.calibration.real.practice_tasks import Data, dear_tasks, practice_tasks
from studies.calibration.real.task import Task
from studies.cells.datasets import TEACHER, TEACHER_CLASSES

CE, MSE = Loss.CROSS_ENTROPY, Loss.SQUARED_ERROR
MUP, SP, NTP = Parametrization.MUP, Parametrization.SP, Parametrization.NTP
DEPTH_MUP, COMPLETEP = Parametrization.DEPTH_MUP, Parametrization.COMPLETEP
SGD, ADAM = PLAIN_SGD, OptimizerSpec(kind=OptimizerKind.ADAM)
MOMENTUM = SGD.changed(momentum=0.9)
LONG = 4  # times the steps
DEPTHS, HIDDEN_DEPTHS, DEPTH_WIDTH = (2, 4, 8, 16), (32,), 32


TEACHER_MSE, FRIEDMAN, DIGITS = Data(TEACHER, MSE), Data("friedman", MSE), Data("digits", CE)
TEACHER_CE, DIGITS_MSE, SHAPES = Data(TEACHER_CLASSES, CE), Data("digits", MSE), Data("shapes", CE)
SMALL = (TEACHER_MSE, DIGITS, FRIEDMAN, TEACHER_CE, DIGITS_MSE)


def tasks() -> list[Task]:
    """Return all tasks, the cheap ones first: of every kind one, then the second of each, and so on."""
    cheap = (
        _wrong(ADAM, -0.5), _wrong(SGD, -0.5), _width(ADAM, SP, "fails"), _width(SGD, MUP, "transfers"),
        _wrong(SGD, -0.25), _width(SGD, SP, "fails"), _wrong(ADAM, 0.5), _width(ADAM, MUP, "transfers"),
        _depth(DEPTH_MUP, "near", "k2", layers_per_block=2), _depth(MUP, "fails", "none", branch_exponent=0),
        _wrong(ADAM, -0.25), _width(SGD, NTP, "near"), _wrong(SGD, 0.25), _wrong(ADAM, 0.25), _momentum(),
        _width(ADAM, NTP, "near"), _depth(DEPTH_MUP, "transfers", "k1"), _adam_depth(), _wrong(SGD, 0.5),
        _small_error(SGD, (-0.375, -0.125, 0.125)), _small_error(ADAM, (-0.375, 0.125, 0.375)),
        _varied(),
    )  # fmt: skip
    dear = (*dear_tasks(), _far(), _long(), _conv(), _usual())
    practice, others = (_in_turn(kinds) for kinds in (practice_tasks(), cheap))
    added = (between_ntp_and_sp(_task, (SGD, ADAM), SMALL), constant_rate_on_tables(_task))
    found = [*_in_turn((iter(practice), iter(others))), *_in_turn(dear), *_in_turn(added)]
    assert len({task.name for task in found}) == len(found), "a name stands for one task"
    return found


def _in_turn(kinds: Iterable[Iterator[Task]]) -> list[Task]:
    """Return the first task of every kind, then the second of each, and so on."""
    return [task for turn in zip_longest(*kinds) for task in turn if task is not None]


def _task(
    data: Data, parametrization: Parametrization, expected: str, name: str, optimizer: OptimizerSpec
) -> Task:
    if optimizer.kind is OptimizerKind.SGD:
        # A step with momentum b is up to 1/(1-b) = 10 steps: three octaves.
        lowest = LOWEST_LOG2_LR[data.loss, parametrization] - (3 if optimizer.momentum else 0)
    else:
        lowest = LOWEST_LOG2_LR_ADAM
    loss = "ce" if data.loss is CE else "mse"
    full_name = f"{name} {parametrization.value}, {data.name} {loss}"
    return Task(full_name, data.name, data.loss, parametrization, expected, optimizer, lowest_log2_lr=lowest)


def _width(optimizer: OptimizerSpec, parametrization: Parametrization, expected: str) -> Iterator[Task]:
    for data in (*SMALL, SHAPES):
        yield _task(data, parametrization, expected, optimizer.kind.value, optimizer)


def _wrong(optimizer: OptimizerSpec, share: float) -> Iterator[Task]:
    """µP with an error nobody sees: moved a share of the way to SP, or beyond µP where the share is negative.

    The optimum moves by about that share of SP's octaves a doubling: down, where reuse soon diverges, or up,
    where reuse costs a little more with every doubling.
    """
    for data in SMALL:
        task = _task(data, MUP, "near", f"{optimizer.kind.value} {share:+.0%} sp", optimizer)
        yield replace(task, towards_sp=share)


def _small_error(optimizer: OptimizerSpec, shares: tuple[float, ...]) -> Iterator[Task]:
    """Errors between those of `_wrong`, on data where the cost of reuse grows little by little."""
    for share in shares:
        for data in (DIGITS, TEACHER_CE, DIGITS_MSE, TEACHER_MSE):
            if data is TEACHER_MSE and optimizer is SGD:
                continue  # costs jump there from nothing to divergence
            task = _task(data, MUP, "near", f"{optimizer.kind.value} {share:+.1%} sp", optimizer)
            yield replace(task, towards_sp=share)


def _varied() -> Iterator[Task]:
    """Other batches and horizons under µP: the benefit of size and its loss change with both."""
    for batch_size, num_steps in ((16, 200), (64, 200), (32, 100), (32, 400), (16, 400), (64, 100)):
        for data in (DIGITS, TEACHER_CE):
            task = _task(data, MUP, "near", f"sgd batch {batch_size} steps {num_steps}", SGD)
            yield replace(task, batch_size=batch_size, num_steps=num_steps)


def _usual() -> Iterator[Task]:
    """Widths of the default plan, with the next one hidden."""
    for data, arm, optimizer, expected in (
        (DIGITS, MUP, SGD, "transfers"),
        (TEACHER_CE, MUP, SGD, "transfers"),
        (FRIEDMAN, MUP, SGD, "transfers"),
        (DIGITS, NTP, SGD, "near"),
        (DIGITS, MUP, ADAM, "transfers"),
    ):
        task = _task(data, arm, expected, f"usual {optimizer.kind.value}", optimizer)
        yield replace(task, visible=(32, 64, 128, 256), hidden=(512,))


def _long() -> Iterator[Task]:
    """Long training: what differs between sizes has time to build up, and small ones overfit."""
    for data, arm, expected in (
        (DIGITS, NTP, "near"), (TEACHER_MSE, SP, "fails"), (DIGITS, MUP, "near"), (FRIEDMAN, MUP, "near"),
        (TEACHER_CE, NTP, "near"), (TEACHER_MSE, MUP, "near"),
    ):  # fmt: skip
        task = _task(data, arm, expected, "sgd long", SGD)
        yield replace(task, num_steps=LONG * task.num_steps)


def _momentum() -> Iterator[Task]:
    for data, arm, expected in (
        (TEACHER_MSE, SP, "fails"),
        (DIGITS, MUP, "transfers"),
        (DIGITS, NTP, "near"),
        (FRIEDMAN, MUP, "transfers"),
    ):
        yield _task(data, arm, expected, "momentum", MOMENTUM)


def _far() -> Iterator[Task]:
    """Two doublings hidden instead of one: up to which ratio does a recommendation hold?"""
    for data, arm, optimizer, expected in (
        (TEACHER_MSE, MUP, SGD, "transfers"), (DIGITS, MUP, ADAM, "transfers"),
        (TEACHER_CE, MUP, SGD, "transfers"),
        (DIGITS, NTP, SGD, "near"), (FRIEDMAN, MUP, ADAM, "transfers"),
        (FRIEDMAN, MUP, SGD, "transfers"), (DIGITS, MUP, SGD, "transfers"),
        (TEACHER_CE, MUP, ADAM, "transfers"), (TEACHER_MSE, MUP, ADAM, "transfers"),
    ):  # fmt: skip
        task = _task(data, arm, expected, f"far {optimizer.kind.value}", optimizer)
        yield replace(task, visible=(4, 8, 16, 32), hidden=(64, 128, 256))


def _depth(parametrization: Parametrization, expected: str, name: str, **model: float) -> Iterator[Task]:
    for data in (TEACHER_MSE, DIGITS, FRIEDMAN, TEACHER_CE):
        task = _task(data, parametrization, expected, f"sgd depth {name}", SGD)
        yield _along_depth(task, ResidualMLP.model_validate(model))


def _adam_depth() -> Iterator[Task]:
    for data, arm, expected, model in (
        (TEACHER_MSE, MUP, "fails", ResidualMLP(branch_exponent=0.0)),
        (DIGITS, COMPLETEP, "near", ResidualMLP(layers_per_block=2)),
        (DIGITS, MUP, "near", ResidualMLP()),
        (FRIEDMAN, DEPTH_MUP, "near", ResidualMLP(layers_per_block=2)),
        (TEACHER_CE, MUP, "near", ResidualMLP()),
        (TEACHER_MSE, COMPLETEP, "transfers", ResidualMLP()),
    ):
        name = f"adam depth k{model.layers_per_block} a{model.branch_exponent:g}"
        yield _along_depth(_task(data, arm, expected, name, ADAM), model)


def _along_depth(task: Task, model: ResidualMLP) -> Task:
    return replace(
        task, axis=Axis.DEPTH, visible=DEPTHS, hidden=HIDDEN_DEPTHS, other=DEPTH_WIDTH, model=model
    )


def _conv() -> Iterator[Task]:
    for arm, optimizer, expected in (
        (NTP, SGD, "fails"),
        (MUP, SGD, "transfers"),
        (SP, ADAM, "fails"),
    ):
        task = _task(SHAPES, arm, expected, f"conv {optimizer.kind.value}", optimizer)
        yield replace(task, model=ConvNet(), other=1, visible=(4, 8, 16, 32), hidden=(64,))
