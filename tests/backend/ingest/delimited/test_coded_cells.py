"""Cells that are neither plain numbers nor plain words: hexadecimal codes, coordinates, several answers."""

import numpy as np
import pytest

from muscope.backend.errors import InvalidInput
from tests.backend.ingest.delimited.text_files import ROWS, column, notes, profile_of


def written(cells):
    rows = "".join(f"{place / 4},{cell},{place % 2}\n" for place, cell in enumerate(cells))
    return f"speed,cell,target\n{rows}"


def taken(cells):
    return [cells[place % len(cells)] for place in range(ROWS)]


@pytest.mark.parametrize(
    "cells",
    [
        ["12e4", "0e15", "7afb", "3321"],  # as numbers, two of them would be very large and one missing
        ["9F3C", "00A1", "1E05", "1234"],
        ["0x1F", "0x0A", "0x33"],
    ],
)
def test_hexadecimal_codes_are_categories_also_where_some_read_as_numbers(read, cells):
    found = column(read(written(taken(cells))), "cell")

    assert (found.kind, found.read_as, found.num_missing) == ("categorical", "codes", 0)
    assert found.num_distinct == len(cells)


def test_numbers_with_an_exponent_are_no_hexadecimal_codes(read):
    found = column(read(written(taken(["12e4", "13e2", "15e1", "n/a"]))), "cell")

    assert (found.kind, found.maximum) == ("numeric", 120_000)


@pytest.mark.parametrize(
    ("cells", "least", "most"),
    [
        (["35°41′22″N", "35°42′00″N", "34°30′36″S"], -34.51, 35.7),
        (["35°30'N", "36°15'N"], 35.5, 36.25),
        (["139度45分0秒", "140度0分36秒"], 139.75, 140.01),
        (["西経122度30分", "東経10度6分"], -122.5, 10.1),
        (["-0°30′0″", "1°0′0″"], -0.5, 1.0),
    ],
)
def test_degrees_minutes_and_seconds_are_decimal_degrees(read, cells, least, most):
    prepared = read(written(taken(cells)))

    found = column(prepared, "cell")
    assert (found.kind, found.read_as, found.num_missing) == ("numeric", "degrees", 0)
    np.testing.assert_allclose((found.minimum, found.maximum), (least, most), rtol=1e-12)
    assert "read_degrees" in notes(prepared)


@pytest.mark.parametrize("cells", [["①", "②", "③"], ["㉑", "㊿"], ["❶", "❷"]])
def test_numerals_in_rings_are_categories(read, cells):
    found = column(read(written(taken(cells))), "cell")

    assert (found.kind, found.num_distinct, found.num_missing) == ("categorical", len(cells), 0)


def test_sixty_minutes_are_no_coordinate(read):
    assert column(read(written(taken(["35°61′00″N", "35°62′00″N"]))), "cell").kind == "categorical"


@pytest.mark.parametrize("separator", [";", "|", "、", "/"])
def test_several_answers_in_a_cell_are_named_and_stay_together(read, separator):
    cells = [separator.join(answers) for answers in ("AB", "B", "AC", "C", ["A", "B", "C"], "BC")]

    prepared = read(written(taken(cells)))

    note = next(each for each in profile_of(prepared).notes if each.code == "dataset.several_answers")
    assert note.params == {
        "column": "cell",
        "separator": separator,
        "count": 3,
        "answers": "A, B, C",
        "texts": 6,
    }
    assert column(prepared, "cell").num_distinct == 6


@pytest.mark.parametrize(
    "cells",
    [
        ["red", "green", "blue", "grey"],
        ["Kyoto/Uji", "Osaka/Sakai", "Tokyo/Mitaka", "Nara/Ikoma"],  # no part occurs twice
        ["1/2", "1/4", "3/4", "2/4", "2/2"],
    ],
)
def test_other_cells_with_separators_are_not_taken_for_several_answers(read, cells):
    assert "several_answers" not in notes(read(written(taken(cells))))


@pytest.mark.parametrize(("first", "second"), [("utf-8", "cp932"), ("cp932", "utf-8"), ("euc-jp", "utf-8")])
def test_a_file_joined_of_two_encodings_is_refused_with_the_row_at_which_they_meet(read, first, second):
    row = "東京,良品,1.5\n大阪,不良,2.5\n"
    content = ("地域,判定,売上\n" + row * 15).encode(first) + (row * 15).encode(second)

    with pytest.raises(InvalidInput) as refused:
        read(content)

    assert (refused.value.code, refused.value.params["row"]) == ("dataset.mixed_encodings", 32)
