"""The staged protocol, stage by stage, on statistics without noise (ADR 0021)."""

from dataclasses import replace

from muscope.backend.domain.lifecycle import CellState, StopReason
from muscope.backend.domain.protocol import Add, Done, Skip, Wait, foreseen_cells
from muscope.backend.domain.protocol.evidence import group_of
from muscope.backend.domain.protocol.grid import full_grid
from muscope.backend.domain.spec.experiment import Arm, Loss, Protocol
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.spec.size import Size
from tests.backend.domain.protocol_world import World, valleys
from tests.backend.domain.specs import spec

OCTAVES = tuple(2.0**power for power in range(-6, 3))
HALVES = tuple(2.0 ** (power / 2) for power in range(-12, 5))
MUP, NTP, SP = Parametrization.MUP, Parametrization.NTP, Parametrization.SP
MIDDLE = {("mup", 0, 0): 4, ("ntp", 0, 0): 4}


def staged(**changes):
    plan = {
        "protocol": Protocol.STAGED,
        "arms": tuple(Arm(parametrization=name, lrs=OCTAVES) for name in (MUP, NTP)),
        "widths": (8, 16, 32),
        "seeds": (0, 1, 2, 3, 4),
    }
    return spec(**plan | changes)


def only(*names, lrs=OCTAVES):
    return tuple(Arm(parametrization=name, lrs=lrs) for name in names)


def said(cells):
    """Return what cells are: arm, size, LRs, number of seeds, with curvature or not."""
    return [
        (
            cell.parametrization.value,
            cell.width,
            sorted({run.lr_index for run in cell.runs}),
            len({run.seed for run in cell.runs}),
            cell.has_curvature,
        )
        for cell in cells
    ]


def failing_at(width, statistics_of, *, early=False):
    """Let statistics prove a failure at one width."""

    def statistics(index, evidence):
        found = statistics_of(index, evidence)
        return replace(found, fails=not early, fails_early=early) if index.size.width == width else found

    return statistics


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


def test_a_failure_proven_at_a_size_ends_the_arm_and_what_is_queued_is_skipped():
    world = World(staged(), failing_at(16, valleys(MIDDLE)))
    world.carry_out(world.ask())
    for cell_id in world.open_cells():
        world.end(cell_id)
    world.carry_out(world.ask())
    of_arm = [cell for cell in world.open_cells() if world.cells[cell].parametrization is MUP]
    of_control = [cell for cell in world.open_cells() if cell not in of_arm]
    assert world.ask() == Wait()
    for cell_id in of_arm:
        world.end(cell_id)

    decision = world.ask()
    assert decision == Skip(tuple(of_control))
    world.carry_out(decision)

    assert world.ask() == Done(StopReason.SETTLED)
    assert 32 not in {cell.width for cell in world.cells.values() if cell.parametrization is MUP}


def test_what_runs_already_is_waited_for_and_not_skipped():
    world = World(staged(), failing_at(16, valleys(MIDDLE)))
    world.carry_out(world.ask())
    for cell_id in world.open_cells():
        world.end(cell_id)
    world.carry_out(world.ask())
    for cell_id in world.open_cells():
        is_arm = world.cells[cell_id].parametrization is MUP
        world.end(cell_id, CellState.COMPLETED if is_arm else CellState.RUNNING)

    assert world.ask() == Wait()


def test_a_failure_proven_before_the_window_is_wide_enough_saves_the_widening():
    statistics_of = failing_at(16, valleys(MIDDLE | {("mup", 16, 2): 0}), early=True)
    world = World(staged(arms=only(MUP)), statistics_of)

    stages = world.run()

    assert [cell[2] for cell in said(stages[-1])] == [[4], [3, 4, 5]]
    assert world.ask() == Done(StopReason.SETTLED)


def test_a_failure_seen_at_the_level_of_the_last_look_waits_for_it():
    statistics_of = failing_at(16, valleys(MIDDLE | {("mup", 16, 2): 2}))
    world = World(staged(arms=only(MUP)), statistics_of)

    stages = world.run()

    assert [cell[2] for cell in said(stages[-1])] == [[1]]
    assert world.ask() == Done(StopReason.SETTLED)


def test_a_control_that_fails_with_three_seeds_needs_no_more():
    def statistics(index, evidence):
        found = valleys(MIDDLE)(index, evidence)
        return replace(found, fails_early=index.parametrization is NTP and index.size.width == 32)

    world = World(staged(), statistics)
    world.run()

    control = [cell for cell in world.cells.values() if cell.parametrization is NTP and cell.width == 32]
    assert said(control) == [("ntp", 32, [3, 4, 5], 3, False)]
    assert world.ask() == Done()


def with_controls(exceeding):
    """Return a world with both controls, of which one is shown to cost more than allowed."""

    def statistics(index, evidence):
        found = valleys(MIDDLE | {("sp", 0, 0): 4})(index, evidence)
        is_shown = index.parametrization is exceeding and index.size.width == 32
        return replace(found, exceeds=is_shown, fails_early=is_shown)

    # The usual control, NTP under cross-entropy and SGD, is not the first one listed.
    return World(staged(arms=only(MUP, SP, NTP)), statistics)


def trained(world, name):
    return {cell.width for cell in world.cells.values() if cell.parametrization is name}


def test_a_second_control_is_not_run_where_the_usual_one_is_shown_to_be_worse():
    world = with_controls(exceeding=NTP)
    world.run()

    assert (trained(world, NTP), trained(world, SP)) == ({8, 32}, set())
    assert world.ask() == Done(StopReason.SETTLED)


def test_a_second_control_follows_where_the_usual_one_shows_nothing():
    world = with_controls(exceeding=SP)
    stages = world.run()

    assert (trained(world, NTP), trained(world, SP)) == ({8, 32}, {8, 32})
    order = [cell.parametrization for cells in stages for cell in cells if cell.parametrization is not MUP]
    assert order == sorted(order)
    assert world.ask() == Done()


def test_no_control_is_run_beyond_its_base_where_the_arm_fails():
    world = World(staged(arms=only(MUP, SP, NTP)), failing_at(16, valleys(MIDDLE | {("sp", 0, 0): 4})))
    world.run()

    assert trained(world, SP) == set()


def test_the_price_of_a_plan_holds_both_controls():
    asked = staged(arms=only(MUP, SP, NTP))
    world = with_controls(exceeding=SP)
    world.run()

    assert said(foreseen_cells(asked)) == said(world.cells.values())


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
