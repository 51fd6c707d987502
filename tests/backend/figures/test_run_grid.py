"""Grid of all runs: what each square says, and that its shade is not all it says."""

from __future__ import annotations

import itertools

import pytest

from muscope.backend.catalogue import LANGUAGES
from muscope.backend.figures.run_grid import SHADES, run_grid_figure
from muscope.backend.figures.theme import SHADES as PAGE
from muscope.backend.figures.theme import Mode, Style
from tests.backend.figures.infos import ARMS, WIDTHS, drawn, lr_loss_info, texts
from tests.backend.figures.test_figures import contrast

STYLE = Style("en")


def squares(**changes):
    return drawn(run_grid_figure(lr_loss_info(**changes), STYLE))["data"][0]


def test_every_square_says_its_loss_and_its_diverged_runs():
    found = squares()

    assert found["text"][:4] == ["0.4", "0.1", "0.3<br>×2", "×"]
    assert found["x"][:4] == [0, 1, 2, 3]  # a place for every rate, however far apart they are
    assert found["y"] == [row for row in range(len(WIDTHS)) for _ in range(4)]
    assert "2 of 5 seeds diverged" in found["hovertext"][2]


def test_the_lowest_of_each_width_is_framed():
    widths = squares()["marker"]["line"]["width"]

    assert [width > 2 for width in widths] == [False, True, False, False] * len(WIDTHS)


def test_the_lowest_has_the_strongest_shade_and_what_diverged_has_none():
    colours = squares()["marker"]["color"]

    assert colours[1] == SHADES[Mode.LIGHT][1]
    assert colours[3] == PAGE[Mode.LIGHT].paper


@pytest.mark.parametrize("mode", Mode)
def test_the_text_can_be_read_on_every_shade(mode: Mode):
    assert min(contrast(PAGE[mode].ink, shade) for shade in SHADES[mode]) >= 4.5


@pytest.mark.parametrize("style", [Style(*each) for each in itertools.product(LANGUAGES, Mode)], ids=str)
def test_it_is_drawn_in_every_state_and_style(style: Style):
    whole, partial = lr_loss_info(), lr_loss_info(curves=lr_loss_info().curves[:2])
    for info in (whole, partial, lr_loss_info(curves=())):
        content = drawn(run_grid_figure(info, style))
        assert len(content["data"]) == len(ARMS)
        assert (style.say("empty") in texts(content)) is (info is not whole)


def test_only_the_chosen_sizes_have_rows():
    curves = tuple(curve for curve in lr_loss_info().curves if curve.width == 32)

    layout = drawn(run_grid_figure(lr_loss_info(curves=curves, shown=(32,)), STYLE))["layout"]

    assert layout["yaxis"]["ticktext"] == ["32"]
