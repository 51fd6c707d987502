"""Network faults between the services of a server for a department, while it trains."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.report import RowResult
from benchmarks.rows.faults.fault_lab import Lab
from benchmarks.rows.faults.kills import disturbed_in_turn, judged
from benchmarks.rows.faults.production import running_production

SERVICES = ("postgres", "valkey", "storage")
FAULTS = ("delayed", "cut", "lost", "refused")
FAULT_SECONDS = 10.0
GOAL = len(SERVICES) * len(FAULTS)


def network() -> RowResult:
    """Delay, cut, lose and refuse the connections to each service in turn, at random moments.

    A lost connection takes bytes for ever and delivers none; the others last for ten seconds or an instant.
    """
    with TemporaryDirectory(prefix="muscope-") as folder, running_production(Path(folder)) as stack:
        faults: dict[str, Callable[[], object]] = {
            f"{service} {fault}": partial(stack.disturb, service, fault, FAULT_SECONDS)
            for fault, service in product(FAULTS, SERVICES)
        }
        lab = Lab(stack, Path(folder))
        return judged(lab.undisturbed, disturbed_in_turn(lab, faults, GOAL), GOAL, None)
