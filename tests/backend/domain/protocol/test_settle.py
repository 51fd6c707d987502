"""The settle stage adds seeds where they decide, and ends (ADR 0031)."""

import math
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muscope.backend.domain.lifecycle import CellState
from muscope.backend.domain.protocol import Add, Done, Skip, Wait
from muscope.backend.domain.protocol.arms import ArmEvidence
from muscope.backend.domain.protocol.evidence import Settling, group_of
from muscope.backend.domain.protocol.grid import full_grid
from muscope.backend.domain.protocol.settle import targets_of
from muscope.backend.domain.spec.experiment import Arm, Protocol, controls_of
from muscope.backend.domain.spec.judging.decision import HOPELESS, Settle, further_seeds
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario, ScenarioKind
from tests.backend.domain.protocol_world import World, anything, num_seeds_at, valleys
from tests.backend.domain.specs import some, spec, specs

OCTAVES = tuple(2.0**power for power in range(-6, 3))
MUP, NTP, SP = Parametrization.MUP, Parametrization.NTP, Parametrization.SP
MIDDLE = {("mup", 0, 0): 4, ("ntp", 0, 0): 4}
REUSED, CONTENDERS = 4, frozenset({3, 4, 5})
AS_MUCH_AS_IT_TAKES = Settle(max_work=10.0)


def plan(*names, **changes):
    arms = tuple(Arm(parametrization=name, lrs=OCTAVES) for name in names or (MUP,))
    wanted = {"protocol": Protocol.STAGED, "arms": arms, "widths": (8, 16, 32), "seeds": (0, 1, 2, 3, 4)}
    return spec(**wanted | {"settle": AS_MUCH_AS_IT_TAKES} | changes)


def open_until(num_seeds, *, contenders=CONTENDERS, needed=10.0, base=None):
    """Let the cost of every size be open until the reused LR has so many seeds there."""
    known = base or valleys(MIDDLE)

    def statistics(group, evidence):
        given_seeds = num_seeds_at(evidence, REUSED)
        settling = Settling(given_seeds < num_seeds, contenders, given_seeds, needed)
        return replace(known(group, evidence), settling=settling, carried=REUSED)

    return statistics


def added(stages, seeds=range(5)):
    """Return the batches of seeds beyond the planned ones: sizes, LRs and seeds of every stage with some."""
    batches = []
    for cells in stages:
        further = [cell for cell in cells if any(run.seed not in seeds for run in cell.runs)]
        if further:
            runs = [run for cell in further for run in cell.runs]
            batches.append(
                (
                    sorted({(cell.width, cell.depth) for cell in further}),
                    sorted({run.lr_index for run in runs}),
                    sorted({run.seed for run in runs}),
                )
            )
    return batches


TARGET = [(32, 2)]


@pytest.mark.parametrize("protocol", Protocol)
def test_seeds_are_added_batch_by_batch_at_the_target_until_the_cost_is_decided(protocol):
    stages = World(plan(protocol=protocol), open_until(16)).run()

    assert added(stages) == [(TARGET, [3, 4, 5], [5, 6, 7]), (TARGET, [3, 4, 5], list(range(8, 16)))]


@pytest.mark.parametrize("protocol", Protocol)
def test_it_ends_with_the_most_seeds_allowed(protocol):
    asked = plan(protocol=protocol, settle=Settle(max_seeds=24, max_work=10.0))

    stages = World(asked, open_until(1000)).run()

    assert [max(seeds) for _, _, seeds in added(stages)] == [7, 15, 23]


@pytest.mark.parametrize("protocol", Protocol)
def test_a_plan_without_a_settle_stage_runs_as_it_did_before(protocol):
    asked = plan(MUP, NTP, protocol=protocol, settle=None)

    open_, decided = (World(asked, open_until(num_seeds)).run() for num_seeds in (1000, 0))

    assert open_ == decided
    assert added(open_) == []


@pytest.mark.parametrize("protocol", Protocol)
def test_seeds_granted_after_the_plans_end_are_used_without_a_limit_of_work(protocol):
    asked = plan(protocol=protocol, settle=None)
    tight = asked.model_copy(update={"settle": Settle(max_seeds=16, max_work=1e-6)})

    for each in (asked, tight):
        world = World(each, open_until(1000), granted_seeds=16)
        assert [max(seeds) for _, _, seeds in added(world.run())] == [7, 15]


def test_no_more_work_is_added_than_the_plan_allows():
    """A batch of 3 runs at width 32 takes 3·3·1024; the plan itself some 5·(9·64 + 3·256 + 3·1024)."""
    planned = 5 * 2 * (9 * 8**2 + 3 * 16**2 + 3 * 32**2)
    batches = [3 * 2 * 32**2 * num for num in (3, 8, 8)]
    for allowed in range(1, 4):
        share = sum(batches[:allowed]) / planned
        enough, short = (
            World(plan(settle=Settle(max_work=share * factor)), open_until(1000)) for factor in (1.01, 0.99)
        )

        assert len(added(enough.run())) == allowed
        assert len(added(short.run())) == allowed - 1


@pytest.mark.parametrize("protocol", Protocol)
def test_scenarios_that_settle_at_once_share_one_allowance(protocol):
    scenarios = tuple(map(Scenario, SCENARIOS[:3]))
    asked = plan(protocol=protocol, scenarios=scenarios, widths=(8, 32))
    world = World(asked.model_copy(update={"settle": None}), open_until(1000))
    planned, batch = _work(cell for cells in world.run() for cell in cells), 3 * 3 * 2 * 32**2

    for allowed in (1, 2, 3):
        settle = Settle(max_work=1.01 * allowed * batch / planned)
        world = World(asked.model_copy(update={"settle": settle}), open_until(8))
        world.run()

        assert sum(cell.runs[-1].seed > 4 for cell in world.cells.values()) <= allowed
        assert _work(world.cells.values()) <= planned * (1 + settle.max_work)


def test_a_rate_that_becomes_a_contender_later_gets_every_seed():
    def statistics(group, evidence):
        few = num_seeds_at(evidence, REUSED) < 8
        return open_until(16, contenders=CONTENDERS - {5} if few else CONTENDERS)(group, evidence)

    stages = World(plan(), statistics).run()

    (_, first, _), (_, second, _) = added(stages)
    assert (first, second) == ([3, 4], [3, 4, 5])
    runs = {
        (run.lr_index, run.seed)
        for cells in stages
        for cell in cells
        for run in cell.runs
        if cell.width == 32
    }
    assert {seed for lr_index, seed in runs if lr_index == 5} == set(range(16))


@pytest.mark.parametrize(("needed", "most"), [(HOPELESS * 48, 48), (HOPELESS * 48 + 1, 24), (math.inf, 24)])
def test_a_cost_next_to_its_limit_is_left_open_once_that_is_known(needed, most):
    stages = World(plan(), open_until(1000, needed=needed)).run()

    assert max(seed for _, _, seeds in added(stages) for seed in seeds) == most - 1


def test_a_batch_that_is_lost_is_not_run_again():
    world = World(plan(), open_until(1000))
    num_batches = 0
    while isinstance(decision := world.ask(), Add | Skip):
        world.carry_out(decision)
        for cell_id in world.open_cells():
            is_further = world.cells[cell_id].runs[0].seed > 4
            num_batches += is_further
            world.end(cell_id, CellState.FAILED if is_further else CellState.COMPLETED)

    assert (decision, num_batches) == (Done(), 1)


def test_nothing_is_settled_where_an_arm_fails_or_in_a_control():
    failing = open_until(
        1000, base=lambda group, evidence: replace(valleys(MIDDLE)(group, evidence), fails=True)
    )

    assert added(World(plan(), failing).run()) == []
    assert {batch[0][0] for batch in added(World(plan(MUP, NTP), open_until(1000)).run())} == {(32, 2)}
    world = World(plan(MUP, NTP), open_until(1000))
    world.run()
    assert {cell.parametrization for cell in world.cells.values() if cell.runs[-1].seed > 4} == {MUP}


def test_the_target_of_every_axis_is_settled():
    asked = plan(widths=(8, 16), depths=(2, 4))

    stages = World(asked, open_until(8)).run()

    assert added(stages) == [([(8, 4), (16, 2), (16, 4)], [3, 4, 5], [5, 6, 7])]


SCENARIOS = ("as_given", "label_noise:0.2", "momentum:0.9", "horizon:4")


@st.composite
def questions(draw):
    """Draw a spec under any protocol, with a settle stage or seeds granted later."""
    changes = {
        "protocol": draw(st.sampled_from(Protocol)),
        "scenarios": tuple(map(Scenario, draw(some(st.sampled_from(SCENARIOS), 3)))),
        "settle": draw(
            st.none() | st.builds(Settle, max_seeds=st.integers(2, 48), max_work=st.sampled_from([0.3, 2.0]))
        ),
    }
    return spec(**draw(specs()).model_dump() | changes)


def _work(cells, seeds=None):
    """Count width² times depth of the runs, times the steps of a horizon."""
    return sum(
        cell.width**2
        * cell.depth
        * (cell.scenario.number if cell.scenario.kind is ScenarioKind.HORIZON else 1)
        * sum(seeds is None or run.seed in seeds for run in cell.runs)
        for cell in cells
    )


def test_a_seed_of_a_larger_batch_counts_the_examples_it_sees():
    asked = plan(scenarios=("as_given", "batch_axis:32"), widths=(8, 16))
    full = World(asked.model_copy(update={"settle": None}), open_until(1000, contenders=frozenset({4})))
    planned = sum(
        cell.width**2 * (4 if cell.scenario == "batch_axis:32" else 1)
        for cells in full.run()
        for cell in cells
        for _ in cell.runs
    )
    batch = 3 * (16**2 + 4 * 8**2)  # of the target as given, and of the base's size at four times the batch

    seeds = []
    for factor in (1.01, 0.99):
        settle = Settle(max_work=factor * batch / planned)
        world = World(asked.model_copy(update={"settle": settle}), open_until(8, contenders=frozenset({4})))
        world.run()
        seeds.append({str(cell.scenario): cell.runs[-1].seed for cell in world.cells.values()})

    assert [each["batch_axis:32"] for each in seeds] == [7, 4]


def _asserts_a_batch_is_allowed(world, evidence, cell, granted):
    """Check the seeds, the size and the LRs of a cell of the settle stage."""
    asked = world.spec
    most = max(granted, asked.settle.max_seeds if asked.settle else 0)
    of_cell = {run.seed for run in cell.runs}
    assert of_cell <= {*asked.seeds, *further_seeds(asked.seeds, most)}
    arm = ArmEvidence(asked, cell.scenario, cell.parametrization, evidence, has_curvature=False)
    assert group_of(cell).size in set(targets_of(arm.spec))
    assert cell.parametrization not in controls_of(asked)
    settling = evidence.at(group_of(cell)).statistics.settling
    assert settling is not None
    assert settling.is_open
    assert {run.lr_index for run in cell.runs} <= settling.contenders


@pytest.mark.slow
@settings(max_examples=80, deadline=None)
@given(questions(), st.integers(0, 2**32), st.sampled_from([0, 0, 8, 20]), st.data())
def test_whatever_happens_it_ends_within_its_seeds_its_work_and_its_places(asked, seed, granted, data):
    world = World(asked, anything(seed, asked), granted_seeds=granted)
    order = data.draw(st.randoms(use_true_random=False))

    while not isinstance(decision := world.ask(), Done):
        evidence = world.evidence()
        if isinstance(decision, Add):
            further = [c for c in decision.cells if any(run.seed not in asked.seeds for run in c.runs)]
            for cell in further:
                _asserts_a_batch_is_allowed(world, evidence, cell, granted)
        world.carry_out(decision)
        assert isinstance(decision, Wait) <= bool(world.open_cells())
        for cell_id in order.sample(world.open_cells(), min(2, len(world.open_cells()))):
            world.end(cell_id, order.choice((CellState.COMPLETED, CellState.COMPLETED, CellState.FAILED)))

    cells = list(world.cells.values())
    runs = Counter((group_of(cell), run.lr_index, run.seed) for cell in cells for run in cell.runs)
    assert set(runs.values()) <= {1}
    planned = _work(cells, set(asked.seeds))
    if asked.settle is None and not granted:
        assert _work(cells) == planned <= _work(full_grid(asked))
    elif not granted:
        assert _work(cells) - planned <= asked.settle.max_work * planned * (1 + 1e-9)
