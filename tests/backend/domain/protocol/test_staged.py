"""The staged protocol, stage by stage, on statistics without noise (ADR 0021)."""

from dataclasses import replace

from muscope.backend.domain.lifecycle import StopReason
from muscope.backend.domain.protocol import Done
from muscope.backend.domain.protocol.evidence import group_of
from muscope.backend.domain.spec.size import Size
from tests.backend.domain.protocol.staged_plans import MIDDLE, MUP, only, said, staged
from tests.backend.domain.protocol_world import World, valleys

HALVES = tuple(2.0 ** (power / 2) for power in range(-12, 5))


def test_the_base_is_tuned_first_then_a_window_is_carried_to_the_cheapest_size():
    stages = World(staged(), valleys(MIDDLE)).run()

    every = list(range(9))
    assert said(stages[0]) == [("mup", 8, every, 5, True), ("ntp", 8, every, 5, False)]
    assert said(stages[1]) == [
        ("mup", 16, [4], 3, True),
        ("mup", 16, [3, 4, 5], 5, False),
        ("ntp", 32, [3, 4, 5], 3, False),
    ]
    assert said(stages[2]) == [
        ("mup", 32, [4], 3, True),
        ("mup", 32, [3, 4, 5], 5, False),
        ("ntp", 32, [3, 4, 5], 2, False),
    ]
    assert [[cell.stage for cell in cells] for cells in stages] == [[0, 0], [1, 1, 2], [2, 2, 2]]
    assert len(stages) == 3


def test_a_grid_finer_than_an_octave_is_tuned_coarsely_first():
    world = World(staged(arms=only(MUP, lrs=HALVES), widths=(8,)), valleys({("mup", 0, 0): 7}))

    lrs = [cell[2] for stage in world.run() for cell in said(stage)]

    # Of 6 and 8 the lower is best; within an octave of it lie 4 to 8, and of 7, the best then, 5 to 9.
    assert lrs == [[0, 2, 4, 6, 8, 10, 12, 14, 16], [5, 7], [9]]


def test_a_window_is_widened_while_the_optimum_lies_at_its_edge():
    statistics_of = valleys(MIDDLE | {("mup", 16, 2): 1})
    world = World(staged(arms=only(MUP), widths=(8, 16)), statistics_of)

    lrs = [cell[2] for stage in world.run()[1:] for cell in said(stage)]

    assert lrs == [[4], [3, 4, 5], [2], [1], [0]]


def test_the_window_of_a_larger_size_lies_around_the_rate_that_is_carried():
    def statistics(index, evidence):
        return replace(valleys(MIDDLE)(index, evidence), carried=3)

    world = World(staged(arms=only(MUP), widths=(8, 16)), statistics)

    lrs = [cell[2] for stage in world.run()[1:] for cell in said(stage)]

    # The best LR of the size, 4, is then at the window's edge.
    assert lrs == [[4], [2, 3, 4], [5]]


def test_widening_ends_with_the_grid():
    statistics_of = valleys(MIDDLE | {("mup", 16, 2): 0})
    world = World(staged(arms=only(MUP), widths=(8, 16)), statistics_of)

    world.run()

    tried = {run.lr_index for cell in world.cells.values() for run in cell.runs if cell.width == 16}
    assert tried == {0, 1, 2, 3, 4, 5}
    assert world.ask() == Done()


def test_a_base_at_the_edge_of_the_whole_grid_ends_the_arm_and_its_control():
    world = World(staged(), valleys(MIDDLE | {("mup", 0, 0): 8}))

    stages = world.run()

    assert {group_of(cell).size for stage in stages for cell in stage} == {Size(8, 2)}
    assert world.ask() == Done(StopReason.SETTLED)
