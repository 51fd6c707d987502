"""Tasks added on 2026-11-29 for more cases whose truth is "not", a part of them near the line.

Fixed before the first of them was trained: data sets, seeds, steps and limits are those of the other tasks.
NTP moves the optimum up and SP down, so that constants a quarter of the way from NTP to SP cost about half
of what NTP costs, which was two to three times the limit. Under a constant rate SP and NTP are expected to
fail on real tables of few rows as they did on data made here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from muscope.backend.domain.spec.optimizer import PLAIN_SGD, OptimizerSpec
from muscope.backend.domain.spec.parametrization import Parametrization
from studies.calibration.real.practice_tasks import Data, every_data
from studies.calibration.real.task import Task

NTP, SP = Parametrization.NTP, Parametrization.SP
TOWARDS_SP = 0.25
# Tables of fewer rows than a large one of `practice_tasks`.
SMALL_TABLES = ("tumours", "district_prices", "votes", "weather", "loans", "airports")

# Makes the task of a data set, a parametrization, an expectation, a name and an optimizer.
Make = Callable[[Data, Parametrization, str, str, OptimizerSpec], Task]


def between_ntp_and_sp(
    make: Make, optimizers: Sequence[OptimizerSpec], data_sets: Sequence[Data]
) -> Iterator[Task]:
    """Yield tasks whose constants lie a quarter of the way from NTP to SP."""
    for data in data_sets:
        for optimizer in optimizers:
            name = f"{optimizer.kind.value} {TOWARDS_SP:+.0%} sp"
            yield replace(make(data, NTP, "near", name, optimizer), towards_sp=TOWARDS_SP)


def constant_rate_on_tables(make: Make) -> Iterator[Task]:
    """Yield SP and NTP under SGD with a constant rate on small real tables."""
    for data in every_data():
        if data.name in SMALL_TABLES:
            for arm in (SP, NTP):
                yield make(data, arm, "fails", PLAIN_SGD.kind.value, PLAIN_SGD)
