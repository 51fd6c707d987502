"""Reading of a border of divergence from shares of seeds that are alive."""

from __future__ import annotations

import math

import numpy as np
import pytest

from studies.borders.measuring import OCTAVES, half_survival


@pytest.mark.parametrize(
    ("alive", "above"),
    [((1.0, 1.0, 0.0, 0.0), 1.5), ((1.0, 2 / 3, 1 / 3, 0.0), 1.5), ((1.0, 0.25, 0.0, 0.0), 2 / 3)],
)
def test_the_border_is_where_half_of_the_seeds_are_alive(alive: tuple[float, ...], above: float) -> None:
    assert half_survival(np.array(alive)) == pytest.approx(OCTAVES[0] + above)


def test_a_grid_on_which_all_seeds_live_has_no_border() -> None:
    assert math.isnan(half_survival(np.ones(4)))
