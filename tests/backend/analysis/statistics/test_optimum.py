import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muscope.backend.analysis.measures.transfer import optima
from muscope.backend.analysis.statistics.optimum import find_optimum, seed_optima
from muscope.backend.domain.spec.metrics import Metric
from tests.backend.analysis.fixtures import mup66

GRID = np.arange(-6.0, 3.0)


def the_optimum(grid, losses):
    optimum = find_optimum(grid, losses)
    assert optimum is not None
    return optimum


def test_the_vertex_of_a_parabola_is_found_between_grid_points():
    optimum = the_optimum(GRID, np.exp(0.3 * (GRID + 1.7) ** 2 - 1))

    assert (optimum.log2_lr, optimum.index, optimum.is_edge) == (pytest.approx(-1.7), 4, False)


def test_an_uneven_grid_has_the_same_vertex():
    grid = np.array([-6.0, -2.5, -2.0, -1.0, 2.0])

    assert the_optimum(grid, np.exp(0.3 * (grid + 1.7) ** 2)).log2_lr == pytest.approx(-1.7)


def test_oracle_30_public_losses_have_the_vertices_found_by_hand():
    """Oracle 30: mup #66, log2 optima -8.70, -9.54, -10.58, -11.27."""
    found = [optimum.log2_lr for optimum in optima(mup66(), Metric.VAL_LOSS) if optimum]

    assert found == pytest.approx([-8.70, -9.54, -10.58, -11.27], abs=0.005)


@pytest.mark.parametrize(("losses", "index"), [((1, 2, 3), 0), ((3, 2, 1), 2), ((1, 1, 1), 0)])
def test_a_best_point_without_two_neighbours_is_an_edge(losses, index):
    optimum = the_optimum(np.arange(3.0), np.array(losses, dtype=float))

    assert (optimum.index, optimum.is_edge, optimum.log2_lr) == (index, True, index)


def test_a_missing_neighbour_makes_an_edge():
    assert the_optimum(np.arange(4.0), np.array([3, 1, math.nan, 2])).is_edge


def test_nothing_measured_has_no_optimum():
    assert find_optimum(np.arange(3.0), np.full(3, math.nan)) is None


@pytest.mark.parametrize("losses", [(1, 0, 1), (2, -1, 2), (1e300, 0, 1e300)])
def test_losses_that_have_no_log_still_have_a_vertex(losses):
    optimum = the_optimum(np.arange(3.0), np.array(losses, dtype=float))

    assert (optimum.log2_lr, optimum.is_edge) == (pytest.approx(1.0), False)


@given(st.lists(st.floats(1e-30, 1e30), min_size=3, max_size=9))
def test_the_vertex_stays_within_half_a_step_of_the_best_point(losses):
    grid = np.arange(float(len(losses)))

    optimum = the_optimum(grid, np.array(losses))

    assert abs(optimum.log2_lr - optimum.index) <= 0.5 + 1e-9
    assert losses[optimum.index] == min(losses)


def test_every_seed_has_its_own_vertex():
    centres = np.array([-2.2, -1.0, 0.4])

    found = seed_optima(GRID, np.exp(0.3 * (GRID[:, None] - centres) ** 2))

    assert found == pytest.approx(centres)


def test_a_seed_without_losses_has_no_vertex():
    assert np.isnan(seed_optima(GRID, np.full((len(GRID), 1), math.nan))).all()
