"""Protocols, which decide the next cells of a grid: pure functions of the spec and of the evidence so far."""

from muscope.backend.domain.protocol.decision import Add, Decision, Done, Skip, Wait
from muscope.backend.domain.protocol.expected_path import foreseen_batches, foreseen_cells
from muscope.backend.domain.protocol.expected_runs import further_runs
from muscope.backend.domain.protocol.expected_settling import most_settling, usual_settling
from muscope.backend.domain.protocol.next_cells import next_cells

__all__ = [
    "Add",
    "Decision",
    "Done",
    "Skip",
    "Wait",
    "foreseen_batches",
    "foreseen_cells",
    "further_runs",
    "most_settling",
    "next_cells",
    "usual_settling",
]
