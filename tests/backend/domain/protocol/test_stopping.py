"""The staged protocol where something is proven early: failures, and one control after another."""

from dataclasses import replace

from muscope.backend.domain.lifecycle import CellState, StopReason
from muscope.backend.domain.protocol import Done, Skip, Wait, foreseen_cells
from tests.backend.domain.protocol.staged_plans import MIDDLE, MUP, NTP, SP, only, said, staged
from tests.backend.domain.protocol_world import World, valleys


def failing_at(width, statistics_of, *, early=False):
    """Let statistics prove a failure at one width."""

    def statistics(index, evidence):
        found = statistics_of(index, evidence)
        return replace(found, fails=not early, fails_early=early) if index.size.width == width else found

    return statistics


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
