"""Stages of a step up in training, on statistics without noise (ADR 0055)."""

from muscope.backend.domain.protocol import Done, foreseen_cells
from muscope.backend.domain.protocol.grid import full_grid
from tests.backend.domain.protocol.staged_plans import MIDDLE, MUP, only, staged
from tests.backend.domain.protocol_world import World, valleys
from tests.backend.domain.specs import spec

SCENARIOS = ("as_given", "batch_axis:32", "step_up")


def planned(cells):
    return [
        (str(cell.scenario), cell.width, sorted({run.lr_index for run in cell.runs}), cell.has_curvature)
        for cell in cells
        if cell.scenario != "as_given"
    ]


def test_a_step_up_follows_the_base_with_the_window_around_its_rate():
    world = World(staged(arms=only(MUP), scenarios=SCENARIOS), valleys(MIDDLE))

    stages = [planned(cells) for cells in world.run()]

    assert [cell for cells in stages for cell in cells] == [
        ("batch_axis:32", 8, [3, 4, 5], False),
        ("step_up", 32, [3, 4, 5], False),
    ]
    assert stages[0] == []
    assert world.ask() == Done()


def test_its_runs_train_with_the_rate_of_the_rule_and_keep_their_index():
    world = World(staged(arms=only(MUP), scenarios=SCENARIOS), valleys(MIDDLE))
    world.run()

    runs = {
        (run.lr_index, run.lr)
        for cell in world.cells.values()
        for run in cell.runs
        if cell.scenario == "batch_axis:32"
    }

    # Linear under SGD: four times the batch, four times the LR of the base's grid from 2^-6 on.
    assert runs == {(index, 4 * 2.0 ** (index - 6)) for index in (3, 4, 5)}


def test_a_base_without_a_rate_to_reuse_leaves_the_step_up_out():
    world = World(staged(arms=only(MUP), scenarios=SCENARIOS), valleys(MIDDLE | {("mup", 0, 0): 8}))

    assert all(planned(cells) == [] for cells in world.run())


def test_what_is_foreseen_has_every_step_up_once():
    plan = staged(arms=only(MUP), scenarios=SCENARIOS)

    assert {cell[:2] for cell in planned(foreseen_cells(plan))} == {("batch_axis:32", 8), ("step_up", 32)}


def test_the_full_grid_has_the_judged_arm_at_the_one_size():
    cells = full_grid(spec(scenarios=SCENARIOS))

    assert planned(cells) == [("batch_axis:32", 8, [0, 1], False), ("step_up", 16, [0, 1], False)]
    assert planned(foreseen_cells(spec(scenarios=SCENARIOS))) == planned(cells)
