"""Work of the settle stage is foreseen: what is left of one, what is usual before it is known, the most."""

from dataclasses import replace

import pytest

from muscope.backend.domain.protocol import Add, foreseen_batches, most_settling, usual_settling
from muscope.backend.domain.protocol.evidence import Evidence, Settling
from muscope.backend.domain.spec.experiment import Arm, Protocol
from muscope.backend.domain.spec.judging.decision import Settle
from muscope.backend.domain.spec.parametrization import Parametrization
from tests.backend.domain.protocol_world import World, num_seeds_at, valleys
from tests.backend.domain.specs import spec

MUP, NTP = Parametrization.MUP, Parametrization.NTP
LRS = tuple(2.0**power for power in range(-6, 3))
SEEDS, REUSED, CONTENDERS = tuple(range(8)), 4, frozenset({3, 4, 5})
TARGET = 32


def plan(settle: Settle | None = Settle(max_work=10.0), **changes):  # noqa: B008 (frozen)
    arms = tuple(Arm(parametrization=name, lrs=LRS) for name in (MUP, NTP))
    wanted = {"protocol": Protocol.STAGED, "arms": arms, "widths": (8, 16, TARGET), "seeds": SEEDS}
    return spec(**wanted | {"settle": settle} | changes)


def world_of(asked, *, needed: float, decided_at: int) -> World:
    """Let the cost be open until the reused LR has `decided_at` seeds; it is told to need `needed`."""
    known = valleys({("mup", 0, 0): 4, ("ntp", 0, 0): 4})

    def statistics(group, evidence):
        given = num_seeds_at(evidence, REUSED)
        settling = Settling(given < decided_at, CONTENDERS, given, needed)
        return replace(known(group, evidence), settling=settling, carried=REUSED)

    return World(asked, statistics)


def until_open(world: World) -> Evidence:
    """Run until the first batch of the settle stage is wanted; return the evidence at that moment."""
    while True:
        evidence, decision = world.evidence(), world.ask()
        assert isinstance(decision, Add)
        if any(run.seed not in SEEDS for cell in decision.cells for run in cell.runs):
            return evidence
        world.carry_out(decision)
        for cell_id in world.open_cells():
            world.end(cell_id)


def further(cells) -> list[tuple[int, int, int]]:
    """List the runs of seeds beyond the planned ones as (width, LR, seed)."""
    runs = ((cell.width, run.lr_index, run.seed) for cell in cells for run in cell.runs)
    return sorted(run for run in runs if run[2] not in SEEDS)


@pytest.mark.parametrize("decided_at", [16, 24, 48])
def test_a_settle_stage_that_begins_is_foreseen_until_the_seeds_it_needs(decided_at):
    asked = plan()
    world = world_of(asked, needed=decided_at - 1.0, decided_at=decided_at)
    evidence = until_open(world)

    foreseen = [cell for batch in foreseen_batches(asked, evidence) for cell in batch]

    assert further(foreseen) == further(cell for stage in world.run() for cell in stage)
    assert further(foreseen) == [
        (TARGET, lr, seed) for lr in sorted(CONTENDERS) for seed in range(8, decided_at)
    ]


def test_of_a_hopeless_cost_no_more_is_foreseen_than_the_protocol_runs():
    asked = plan()
    world = world_of(asked, needed=float("inf"), decided_at=1000)

    foreseen = [cell for batch in foreseen_batches(asked, until_open(world)) for cell in batch]

    assert further(foreseen) == further(cell for stage in world.run() for cell in stage)


def test_the_usual_settling_is_further_seeds_of_some_rates_at_the_target():
    [cell] = usual_settling(plan())

    assert (cell.width, cell.parametrization, cell.has_curvature) == (TARGET, MUP, False)
    assert {run.seed for run in cell.runs} == set(range(8, 24))
    assert len(cell.runs) == 4 * 16


@pytest.mark.parametrize("settle", [None, Settle(max_seeds=8)])
def test_a_plan_that_does_not_settle_has_nothing_to_foresee(settle):
    assert usual_settling(plan(settle)) == most_settling(plan(settle)) == ()


@pytest.mark.parametrize("max_seeds", [16, 24, 48])
def test_no_settle_stage_has_more_runs_than_the_most(max_seeds):
    """The reused LR, the best one, and both neighbours of each: six at most, of nine."""
    asked = plan(Settle(max_seeds=max_seeds, max_work=10.0))
    world = world_of(asked, needed=100.0, decided_at=1000)
    ran = further(cell for stage in world.run() for cell in stage)

    [most] = most_settling(asked)

    assert len(ran) == len(CONTENDERS) * (max_seeds - 8) <= len(most.runs) == 6 * (max_seeds - 8)
    assert {seed for _, _, seed in ran} == {run.seed for run in most.runs}
