"""The staged protocol over sizes and scenarios: what follows what, and what is foreseen."""

from dataclasses import replace

from muscope.backend.domain.lifecycle import CellState, StopReason
from muscope.backend.domain.protocol import Add, Done, foreseen_cells
from muscope.backend.domain.protocol.evidence import group_of
from muscope.backend.domain.protocol.grid import full_grid
from muscope.backend.domain.spec.experiment import Loss, Protocol
from muscope.backend.domain.spec.scenario import Scenario
from tests.backend.domain.protocol.staged_plans import MIDDLE, MUP, NTP, OCTAVES, only, said, staged
from tests.backend.domain.protocol_world import World, valleys


def test_sharpness_is_measured_below_the_reused_lr_where_the_base_is_at_the_edge_of_stability():
    def statistics(index, evidence):
        return replace(valleys(MIDDLE)(index, evidence), curvature_lr=3)

    stages = World(staged(arms=only(MUP), widths=(8, 16)), statistics).run()

    assert said(stages[1]) == [("mup", 16, [3], 3, True), ("mup", 16, [3, 4, 5], 5, False)]


def test_width_and_depth_climb_side_by_side_and_both_at_once_come_last():
    plan = staged(arms=only(MUP), widths=(8, 16, 32), depths=(2, 4))

    stages = World(plan, valleys(MIDDLE)).run()

    sizes = [sorted({group_of(cell).size for cell in cells}) for cells in stages]
    assert sizes == [[(8, 2)], [(8, 4), (16, 2)], [(32, 2)], [(16, 4)], [(32, 4)]]


def test_an_arm_goes_on_while_cells_of_another_are_open():
    world = World(staged(), valleys(MIDDLE))
    world.carry_out(world.ask())
    (of_arm,) = [cell_id for cell_id, cell in world.cells.items() if cell.parametrization is MUP]
    world.end(of_arm)

    decision = world.ask()

    assert isinstance(decision, Add)
    assert {(cell.parametrization, cell.width) for cell in decision.cells} == {(MUP, 16)}


def test_a_size_with_holes_is_left_and_the_next_one_run():
    world = World(staged(arms=only(MUP)), valleys(MIDDLE))
    while isinstance(decision := world.ask(), Add):
        world.carry_out(decision)
        for cell_id in world.open_cells():
            failed = world.cells[cell_id].width == 16
            world.end(cell_id, CellState.FAILED if failed else CellState.COMPLETED)

    assert decision == Done()
    assert [cell.width for cell in world.cells.values()] == [8, 16, 16, 32, 32]


def test_without_a_single_result_at_the_base_it_ends():
    world = World(staged(), valleys(MIDDLE))
    world.carry_out(world.ask())
    for cell_id in world.open_cells():
        world.end(cell_id, CellState.FAILED)

    assert world.ask() == Done(StopReason.SETTLED)


def test_scenarios_follow_one_another_as_given_first():
    noisy = Scenario("label_noise:0.2")
    world = World(
        staged(arms=only(MUP), widths=(8, 16), scenarios=(noisy, Scenario.AS_GIVEN)), valleys(MIDDLE)
    )

    order = [cells[0].scenario for cells in world.run()]

    assert order == [Scenario.AS_GIVEN, Scenario.AS_GIVEN, noisy, noisy]


def test_runs_of_a_scenario_have_the_lrs_of_its_grid():
    faster = Scenario("momentum:0.875")  # steps grow by 8, so the grid is an eighth
    world = World(staged(arms=only(MUP), scenarios=(faster,)), valleys(MIDDLE))

    world.run()

    runs = {(run.lr_index, run.lr) for cell in world.cells.values() for run in cell.runs}
    assert runs == {(index, lr / 8) for index, lr in enumerate(OCTAVES)}


def test_a_longer_horizon_is_probed_at_the_base_around_its_optimum_under_either_protocol():
    longer = Scenario("horizon:4")
    for protocol in Protocol:
        asked = staged(protocol=protocol, scenarios=(longer, Scenario.AS_GIVEN), loss=Loss.CROSS_ENTROPY)
        world = World(asked, valleys(MIDDLE))

        world.run()

        probes = [cell for cell in world.cells.values() if cell.scenario == longer]
        assert said(probes) == [("mup", 8, [3, 4, 5], 5, False)]


def test_a_probe_is_widened_where_its_optimum_has_moved_to_the_edge():
    longer = Scenario("horizon:4")

    def statistics(index, evidence):
        return valleys({("mup", 0, 0): 3 if index.scenario == longer else 4})(index, evidence)

    world = World(staged(arms=only(MUP), scenarios=(Scenario.AS_GIVEN, longer)), statistics)
    world.run()

    probes = [cell for cell in world.cells.values() if cell.scenario == longer]
    assert [cell[2] for cell in said(probes)] == [[3, 4, 5], [2]]


def test_what_is_foreseen_is_what_is_run_when_nothing_moves_and_the_control_fails():
    def statistics(index, evidence):
        found = valleys(MIDDLE)(index, evidence)
        return replace(found, fails_early=index.parametrization is NTP and index.size != (8, 2))

    asked = staged(depths=(2, 4), scenarios=(Scenario.AS_GIVEN, Scenario("horizon:4")))
    world = World(asked, statistics)
    world.run()

    assert said(foreseen_cells(asked)) == said(world.cells.values())


def test_of_the_full_grid_everything_is_foreseen():
    asked = staged(protocol=Protocol.FULL)

    assert [cell.runs for cell in foreseen_cells(asked)] == [cell.runs for cell in full_grid(asked)]
