from collections import Counter
from dataclasses import replace
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from muscope.backend.domain.protocol.grid import full_grid
from muscope.backend.domain.spec.parametrization import Parametrization
from tests.backend.domain.specs import SPEC, spec, specs

EXPERIMENT = UUID(int=7)


def _all_runs(cells):
    return Counter(
        (cell.scenario, cell.parametrization, cell.width, cell.depth, *run)
        for cell in cells
        for run in cell.runs
    )


@given(specs())
def test_every_lr_and_seed_of_every_size_comes_exactly_once(spec):
    runs = _all_runs(full_grid(spec))

    assert runs == {
        (scenario, arm.parametrization, width, depth, i, lr, seed): 1
        for scenario in spec.scenarios
        for arm in spec.under(scenario).arms
        for width in spec.widths
        for depth in spec.depths
        for i, lr in enumerate(arm.lrs)
        for seed in spec.seeds
    }
    assert runs.total() == spec.num_runs()


@given(specs(), st.integers(1, 20))
def test_splitting_keeps_every_run_once_and_every_cell_small_enough(spec, most):
    cells = full_grid(spec, max_runs_per_cell=dict.fromkeys(spec.widths, most))

    assert _all_runs(cells) == _all_runs(full_grid(spec))
    assert max(len(cell.runs) for cell in cells) <= most
    assert len({cell.id_in(EXPERIMENT) for cell in cells}) == len(cells)


def test_cells_under_momentum_have_the_learning_rates_of_that_scenario():
    under = spec(scenarios=("as_given", "momentum:0.9"))

    lrs = {cell.scenario: {run.lr for run in cell.runs} for cell in full_grid(under) if cell.width == 8}

    assert lrs == {"as_given": {0.05, 0.1, 0.2}, "momentum:0.9": {0.05 / 8, 0.1 / 8, 0.2 / 8}}


def test_a_longer_horizon_is_probed_at_the_base_with_the_chosen_arm_and_without_curvature():
    probing = spec(scenarios=("as_given", "horizon:4"), depths=(3, 2))

    cells = [cell for cell in full_grid(probing) if cell.scenario == "horizon:4"]

    assert [(cell.parametrization, cell.width, cell.depth) for cell in cells] == [("mup", 8, 2)]
    assert [(run.lr, run.seed) for run in cells[0].runs] == [(0.1, 0), (0.1, 1), (0.2, 0), (0.2, 1)]
    assert not cells[0].has_curvature
    assert probing.num_runs() == sum(len(cell.runs) for cell in full_grid(probing))


def test_only_the_named_widths_are_split():
    cells = full_grid(SPEC, max_runs_per_cell={16: 3})

    parts = [(cell.parametrization, cell.width, cell.part, len(cell.runs)) for cell in cells]
    assert parts == [
        ("mup", 8, 0, 4),
        ("mup", 16, 0, 3),
        ("mup", 16, 1, 1),
        ("ntp", 8, 0, 6),
        ("ntp", 16, 0, 3),
        ("ntp", 16, 1, 3),
    ]


@given(specs())
def test_an_id_does_not_depend_on_stage_part_or_what_else_is_planned(spec):
    alone = spec.model_copy(update={"arms": spec.arms[:1], "widths": spec.widths[:1]})
    first = full_grid(alone)[0]

    assert first.id_in(EXPERIMENT) in {cell.id_in(EXPERIMENT) for cell in full_grid(spec)}
    assert replace(first, stage=3, part=2).id_in(EXPERIMENT) == first.id_in(EXPERIMENT)


@given(specs(), st.randoms(use_true_random=False))
def test_ids_do_not_depend_on_the_order_of_arms_and_sizes(spec, random):
    shuffled = spec.model_copy(
        update={
            name: tuple(random.sample(values, len(values)))
            for name, values in (("arms", spec.arms), ("widths", spec.widths), ("depths", spec.depths))
        }
    )

    ids, other = ({cell.id_in(EXPERIMENT) for cell in full_grid(of)} for of in (spec, shuffled))
    assert ids == other


def test_an_id_changes_with_every_scientific_field_and_the_experiment():
    cell = full_grid(SPEC)[0]
    variants = [
        cell,
        replace(cell, parametrization=Parametrization.SP),
        replace(cell, width=9),
        replace(cell, depth=3),
        replace(cell, runs=cell.runs[:-1]),
        replace(cell, runs=(*cell.runs[:-1], cell.runs[-1]._replace(seed=9))),
    ]

    ids = {variant.id_in(EXPERIMENT) for variant in variants} | {cell.id_in(UUID(int=8))}

    assert len(ids) == len(variants) + 1


def test_an_id_stays_the_same_over_versions():
    assert str(full_grid(SPEC)[0].id_in(EXPERIMENT)) == "4a800508-24bf-53e5-b170-79aae39c24f0"
